"""`promptgit flywheel status`: the turns over time, and whether each made things better."""

from __future__ import annotations

import json
from typing import Any

import click

from promptgit.cli.past import JSON_HELP


@click.command(
    "status",
    short_help="Show the turns, and whether each made things better",
    epilog="""\b
Examples:
  promptgit flywheel status
  promptgit flywheel status --json

\b
JSON: {schema, turns: [{turn, since, until, ended, given_up, conversations,
fired: [{prompt, when, do}],
improvements: [{prompt, state, branch, blob, drafts, since_then}],
aborted: [SENTENCE], rollouts: [SENTENCE]}]}""",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Newest N")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def command(limit: int, as_json: bool) -> None:
    """
    Show the turns of this repository, newest first: what was looked at, which triggers fired, what
    was proposed, which rollouts were taken back, and what is proven of each text that has come
    into use since.
    """
    from promptgit.cli import past
    from promptgit.cli.wiring import Repository
    from promptgit.report.turn_status import status_lines

    found = turns(Repository.open(), limit)
    if as_json:
        click.echo(json.dumps({"schema": 1, "turns": found}, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("no turn was made here yet: promptgit flywheel run")
        return
    past.show(status_lines(found))


def turns(repository: Any, limit: int) -> list[dict[str, Any]]:
    """What the journals of the newest turns say, in JSON's terms."""
    from promptgit.edges.turns import END, GIVEN_UP, START, TurnJournal, turn_ids

    journals = [TurnJournal(repository.git, name) for name in turn_ids(repository.git)[:limit]]
    since_then: dict[tuple[str, str], dict[str, Any]] = {}
    for journal in journals:  # newest first: the newest word on a text counts
        for effect in (journal.load("measure") or {}).get("effects", ()):
            since_then.setdefault((effect["turn"], effect["prompt"]), effect)
    found = []
    for journal in journals:
        start = journal.load(START)
        if start is None:
            continue
        measured = journal.load("measure") or {}
        improvements = (journal.load("improve") or {}).get("improvements", ())
        found.append(
            {
                "turn": journal.turn,
                "since": start["since"],
                "until": start["until"],
                "ended": journal.load(END) is not None,
                "given_up": journal.load(GIVEN_UP) is not None,
                "conversations": (journal.load("analyze") or {}).get("conversations"),
                "fired": [
                    {name: one[name] for name in ("prompt", "when", "do")}
                    for one in (journal.load("insights") or {}).get("fired", ())
                ],
                "improvements": [
                    {
                        "prompt": one["prompt"],
                        "state": one["state"],
                        "branch": one["branch"],
                        "blob": one["blob"],
                        "drafts": len(one["drafts"]["drafts"]),
                        "since_then": since_then.get((journal.turn, one["prompt"])),
                    }
                    for one in improvements
                ],
                "aborted": list(measured.get("aborted", ())),
                "rollouts": [*measured.get("broken", ()), *measured.get("rollouts", ())],
            }
        )
    return found
