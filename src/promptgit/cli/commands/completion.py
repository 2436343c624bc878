"""`promptgit completion`: what makes a shell finish our words."""

from __future__ import annotations

import click

VARIABLE = "_PROMPTGIT_COMPLETE"  # click derives this name from the program's
INSTALL = {
    "bash": 'add to ~/.bashrc: eval "$(promptgit completion bash)"',
    "zsh": 'add to ~/.zshrc, after compinit: eval "$(promptgit completion zsh)"',
    "fish": "type once: promptgit completion fish > ~/.config/fish/completions/promptgit.fish",
}


@click.command(
    short_help="Print a shell completion script",
    epilog="""\b
Example:
  eval "$(promptgit completion bash)"
  promptgit completion fish > ~/.config/fish/completions/promptgit.fish""",
)
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """
    Print a script that makes SHELL complete commands and options of promptgit, and the names of
    prompts, models, strategies, runs, revisions, cases and rules.

    Its first comment says where to put it.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    script = found(ctx.find_root().command, {}, "promptgit", VARIABLE).source()
    first, _, rest = script.partition("\n")
    note = f"# To keep it, {INSTALL[shell]}"
    # zsh looks for #compdef in the very first line.
    lines = [first, note, rest] if first.startswith("#compdef") else [note, script]
    click.echo("\n".join(lines).rstrip("\n"))
