"""`promptgit flywheel improve`: what a trigger starts, asked for by a person."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import prompt_names
from promptgit.cli.past import JSON_HELP
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.cli.turns.turn import Facts, Turn

USUAL = ("quality_score", "security_incidents", "escalation_rate")  # metrics, where none is named


@click.command(
    "improve",
    short_help="Draft cases from the failures of a prompt, and search, on a branch",
    epilog="""\b
Examples:
  promptgit flywheel improve support-reply --dry-run
  promptgit flywheel improve support-reply --metric escalation_rate --since 14d""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Draft from what makes this metric bad; repeatable  [default: quality, security, …]",
)
@click.option("--since", metavar="TIME", help="Begin so long ago (7d, 12 hours), or on a day")
@click.option("--until", metavar="TIME", help="End so long ago, or before a day  [default: now]")
@click.option("--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL")
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be drafted, change nothing")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str,
    metrics: tuple[str, ...],
    since: str | None,
    until: str | None,
    engine: str | None,
    table: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Do for PROMPT what a trigger of flywheel.yaml would start: draft cases from the conversations
    that went wrong, for a person to review, and search for a better text with the best answers of
    production as material.  Both go to a branch of their own, with the body of a pull request.
    """
    from promptgit.cli.turns import performing

    quiet = bool(ctx.obj["quiet"]) or as_json
    asked = performing.Asked(since, until, engine, table, dry_run, quiet)
    turn, start = performing.begun(asked)
    name = Path(turn.repository.prompt_path(prompt)).name.partition(".")[0]
    ordered = performing.stages()
    ordered["insights"] = partial(by_hand, name, metrics)
    code = performing.perform(turn, start, ordered)
    performing.tell(turn, start, code, None, as_json=as_json)
    ctx.exit(code)


def by_hand(prompt: str, metrics: tuple[str, ...], turn: Turn) -> Facts:
    """What the stage of insights says where a person has decided already."""
    known = turn.rulebook.metrics
    for metric in metrics:
        if metric not in known:
            from difflib import get_close_matches

            close = get_close_matches(metric, known, n=1)
            raise UserError(
                f"no metric is called {metric!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}",
            )
    if prompt not in turn.cube.values("prompt"):
        raise UserError(
            f"no call of {prompt} from {turn.window.since[:16]} to {turn.window.until[:16]}",
            hint=f"the logs name: {', '.join(turn.cube.values('prompt')) or 'none'}",
        )
    wanted = list(metrics) or [name for name in USUAL if name in known]
    asked = {
        "when": "asked for by hand",
        "prompt": prompt,
        "do": "improve",
        "why": f"asked for by hand: {', '.join(wanted)}",
        "metrics": wanted,
        "at": turn.window.until,
        "evidence": {},
    }
    return {"fired": [asked], "resting": [], "quiet": [], "drifts": []}
