"""`promptgit library show`."""

from __future__ import annotations

import json

import click


@click.command(
    "show",
    short_help="Show one learning, and where it comes from",
    epilog="""\b
Examples:
  promptgit library show ask-first
  promptgit library show signatures/role-swap.yaml --json""",
)
@click.argument("name")
@click.option(
    "--from", "url", metavar="URL", help="Read this repository, not that of flywheel.yaml"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(name: str, url: str | None, as_json: bool) -> None:
    """Show the learning NAME: its text or its expressions, its evidence and its origin."""
    from promptgit.cli.console import show_lines
    from promptgit.cli.learnings import named, shared
    from promptgit.cli.wiring import Repository
    from promptgit.report import learning_text

    commit, one = named(shared(Repository.open(), url), name)
    if as_json:
        click.echo(json.dumps({**one.facts, "commit": commit}, indent=2, ensure_ascii=True))
    else:
        show_lines(learning_text.whole(one, commit))
