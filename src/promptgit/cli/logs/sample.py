"""`promptgit logs sample`: conversations drawn by chance, to be read."""

from __future__ import annotations

import json

import click

from promptgit.cli.console import show_lines
from promptgit.cli.log_place import LogPlace, show_json, told, window_of
from promptgit.core.naming import name_of
from promptgit.report import logs_text


@click.command(
    "sample",
    short_help="Show conversations drawn by chance",
    epilog="""\b
Examples:
  promptgit logs sample support-reply --limit 5
  promptgit logs sample --since 7d --seed 2 --json
  promptgit logs sample support-reply --jsonl > to-read.jsonl

\b
JSON: {schema, seed, conversations: [{id, calls: [the lines]}]}
JSON Lines: the lines of the logs, a call each, as `logs import` reads them.""",
)
@click.argument("prompt", required=False, default="")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=10, show_default=True, help="At most so many"
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed draws others")
@click.option("--since", metavar="TIME", help="Of the last so long, e.g. 7d; else of all there is")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
@click.option("--jsonl", is_flag=True, help="Print the lines of the calls, a call a line")
def command(
    prompt: str, limit: int, seed: int, since: str | None, as_json: bool, jsonl: bool
) -> None:
    """
    Show conversations of PROMPT, or of all prompts, each drawn with the same chance.

    The same seed draws the same ones from the same logs.
    """
    from promptgit.edges.logs.best import sample

    place = LogPlace.here()
    name = name_of(prompt) if "/" in prompt else prompt
    with told():
        drawn = sample(place.logs, name, window_of(since), limit, seed)
    if as_json:
        listed = [
            {"id": one.id, "calls": [json.loads(call.line()) for call in one.calls]}
            for one in drawn
        ]
        show_json({"schema": 1, "seed": seed, "conversations": listed})
        return
    if jsonl:
        for call in (call for one in drawn for call in one.calls):
            click.echo(json.dumps(json.loads(call.line())))
        return
    if not drawn:
        click.echo(f"no calls{f' of {name!r}' if name else ''} in {place.folder}")
    for number, one in enumerate(drawn):
        if number:
            click.echo()
        for call in one.calls:
            show_lines(logs_text.listed(call))
