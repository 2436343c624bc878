"""`promptgit help`: the help of a command, as Git's users ask for it."""

from __future__ import annotations

import click

from promptgit.cli.completing import command_names


@click.command(
    "help",
    short_help="Show the help of a command",
    epilog="Example: promptgit help runs show",
)
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=command_names)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of COMMAND, as `promptgit COMMAND --help` does; of promptgit without one."""
    root = ctx.find_root()
    asked = root
    rest = list(words)
    while rest:
        if not isinstance(asked.command, click.Group):
            raise click.UsageError(f"{asked.command_path!r} has no command {rest[0]!r}.", asked)
        name, found, rest = asked.command.resolve_command(asked, rest)
        assert found is not None  # or click would have refused the word
        asked = click.Context(found, parent=asked, info_name=name)
    click.echo(asked.get_help())
