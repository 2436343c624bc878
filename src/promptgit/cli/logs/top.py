"""`promptgit logs top`: the calls that were scored best."""

from __future__ import annotations

import json

import click

from promptgit.cli.console import show_lines
from promptgit.cli.log_place import LogPlace, show_json, told, window_of
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.report import logs_text


@click.command(
    "top",
    short_help="Show the calls of a prompt that were scored best",
    epilog="""\b
Examples:
  promptgit logs top support-reply --above 0.9
  promptgit logs top support-reply --score satisfaction --below 0.3 --since 7d
  promptgit logs top support-reply --jsonl > performers.jsonl

\b
JSON: {schema, prompt, score, calls, scored, fitting, top: [{score, ...the line}]}
JSON Lines: {input, output, score}, as the strategy `patterns` reads them.""",
)
@click.argument("prompt")
@click.option("--score", default="quality", show_default=True, help="Which score")
@click.option("--above", type=float, metavar="S", help="Scored at least S")
@click.option("--below", type=float, metavar="S", help="Scored at most S; the worst come first")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=10, show_default=True, help="At most so many"
)
@click.option("--since", metavar="TIME", help="Of the last so long, e.g. 7d; else of all there is")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
@click.option("--jsonl", is_flag=True, help="Print what a strategy learns from, a call a line")
def command(
    prompt: str,
    score: str,
    above: float | None,
    below: float | None,
    limit: int,
    since: str | None,
    as_json: bool,
    jsonl: bool,
) -> None:
    """
    Show the calls of PROMPT with the highest score: of their feedback, else of the call itself.

    Calls that failed or came back empty are left out.
    """
    from promptgit.edges.logs.best import best_calls

    name = name_of(prompt) if "/" in prompt else prompt
    place = LogPlace.here()
    with told() as reading:
        found = best_calls(
            place.logs,
            name,
            score,
            window=window_of(since),
            above=above,
            below=below,
            limit=limit,
            reading=reading,
        )
    if not found.seen:
        known = ", ".join(
            logs_text.glance(one or "(none)", 40) for one, _ in found.prompts.most_common(8)
        )
        raise UserError(
            f"there is no call of {name!r} in {place.folder}"
            + (f" since {since}" if since else ""),
            hint=f"prompts there: {known}"
            if known
            else "`promptgit logs import` brings logs there",
        )
    if as_json:
        top = [{"score": one.score, **json.loads(one.call.line())} for one in found.calls]
        show_json(
            {
                "schema": 1,
                "prompt": name,
                "score": score,
                "calls": found.seen,
                "scored": found.scored,
                "fitting": found.fitting,
                "top": top,
            }
        )
        return
    if jsonl:
        for one in found.calls:
            row = {"input": one.call.input, "output": one.call.output, "score": one.score}
            click.echo(json.dumps(row, ensure_ascii=True))
        return
    click.echo(
        f"{name}: {found.seen:,} calls, {found.scored:,} with {score}"
        + (
            f", {found.fitting:,} {_asked(above, below)}"
            if above is not None or below is not None
            else ""
        )
    )
    if not found.scored:
        others = ", ".join(
            f"{logs_text.glance(one, 40)} ({n:,})" for one, n in found.scores.most_common(8)
        )
        click.echo(f"scores there are: {others}" if others else "feedback or a judge gives scores")
    for one in found.calls:
        show_lines(logs_text.listed(one.call, one.score))


def _asked(above: float | None, below: float | None) -> str:
    parts = [f"at least {above:g}"] if above is not None else []
    return " and ".join([*parts, *([f"at most {below:g}"] if below is not None else [])])
