"""`promptgit doctor`: is everything here that the other commands need?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from promptgit.cli.checkup import Check, State, checkup
from promptgit.cli.console import show_lines
from promptgit.report.history_text import Styled

INDENT = " " * 6
COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command(
    short_help="Check Git, config, models and caches",
    epilog="""\b
Example:
  promptgit doctor
  promptgit doctor --no-network --json""",
)
@click.option("--no-network", is_flag=True, help="Do not ask the providers whether they are there")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@click.pass_context
def command(ctx: click.Context, no_network: bool, as_json: bool) -> None:
    """
    Check that Git, the settings, the prompts, the models and the caches are as they should be.

    Each line says ok, warn or fail, and what to do next.  Nothing is changed, and no model is
    called: a provider is only asked for the list of its models.  Exits with 1 when a check
    fails.  Works outside a repository too.
    """
    found = []
    for check in checkup(Path.cwd(), network=not no_network):
        found.append(check)
        if not as_json:
            show_lines(_lines(check), hanging=len(INDENT))
    failed = any(check.state is State.FAIL for check in found)
    if as_json:
        click.echo(json.dumps({"schema": 1, "ok": not failed, "checks": _plain(found)}, indent=2))
    ctx.exit(1 if failed else 0)


def _lines(check: Check) -> Iterator[Styled]:
    first, *rest = check.said.split("\n")
    yield ((f"{check.state:<5} ", COLOURS[check.state]), (f"{check.name}: {first}", ""))
    yield from (((f"{INDENT}{line}", ""),) for line in rest)
    if check.next:
        first, *rest = check.next.split("\n")
        yield ((f"{INDENT}→ {first}", ""),)
        yield from (((f"{INDENT}{line}", ""),) for line in rest)


def _plain(found: list[Check]) -> list[dict[str, str]]:
    return [
        {
            "name": check.name,
            "state": check.state.value,
            "said": check.said,
            "next": check.next,
        }
        for check in found
    ]
