"""`promptgit flywheel improve`: what a trigger starts, asked for by a person."""

from __future__ import annotations

from pathlib import Path

import click

from promptgit.cli.completing import prompt_names
from promptgit.cli.past import JSON_HELP


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
    from promptgit.cli.turns.by_hand import refuse_without_calls, wanted_of

    quiet = bool(ctx.obj["quiet"]) or as_json
    asked = performing.Asked(since, until, engine, table, dry_run, quiet)
    turn, start = performing.begun(asked)
    name = Path(turn.repository.prompt_path(prompt)).name.partition(".")[0]
    start["asked"] = {"prompt": name, "metrics": wanted_of(metrics, turn.rulebook.metrics)}
    refuse_without_calls(turn, name)
    code = performing.perform(turn, start, performing.stages(start))
    performing.tell(turn, start, code, None, as_json=as_json)
    ctx.exit(code)
