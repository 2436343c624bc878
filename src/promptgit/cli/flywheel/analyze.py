"""`promptgit flywheel analyze`: rates, changes, patterns and opportunities of a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from promptgit.cli.past import JSON_HELP

if TYPE_CHECKING:
    from rich.console import Group

    from promptgit.flywheel.cube import Dimension


@click.command(
    "analyze",
    short_help="Say what the logs show: rates, changes, patterns, opportunities",
    epilog="""\b
Examples:
  promptgit flywheel analyze --since 7d
  promptgit flywheel analyze --prompt support-reply --by version
  promptgit flywheel analyze --since 2026-11-02 --until 2026-11-09 --json

\b
JSON: {schema, window: {since, until}, before, engine, limits, prompt, calls, conversations,
metrics, cells, cells_before, by: {prompt, version, variant, model, day}, changes, performers,
suspicious, patterns, opportunities, sampled, notices}; a number is {value, low, high, x, n,
conversations}.""",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Begin so long ago (7d, 12 hours), or on a day  [default: window of flywheel.yaml]",
)
@click.option("--until", metavar="TIME", help="End so long ago, or before a day  [default: now]")
@click.option(
    "--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL  [default: flywheel.yaml's]"
)
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--prompt", default="", metavar="NAME", help="Look at this prompt only")
@click.option(
    "--by",
    type=click.Choice(["day", "version", "variant", "model"]),
    help="Show a column for each of them, instead of the change",
)
@click.option(
    "--judge",
    "judged",
    type=click.IntRange(min=0),
    metavar="N",
    help="Let the judge grade a sample of N conversations of each prompt",
)
@click.option("--budget", metavar="CAP", help="Spend at most CAP on the judge: 2usd, 500calls")
@click.option("--allow-code", is_flag=True, help="Let `python` detectors run their code")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every sample")
@click.option("--markdown", type=click.Path(dir_okay=False), help="Write the report to a file")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def command(
    since: str | None,
    until: str | None,
    engine: str | None,
    table: str,
    prompt: str,
    by: Dimension | None,
    judged: int | None,
    budget: str | None,
    allow_code: bool,
    seed: int,
    markdown: str | None,
    as_json: bool,
) -> None:
    """
    Say what production logs show in a window of time: every metric with its interval, what
    changed against the window before, what the best answers share, attacks that no rule knows,
    and the best opportunities with the command that acts on each.

    Detectors and metrics are files: those of the package, and yours in detectors/*.yaml.  Answers
    are equal on every engine.
    """
    from promptgit.cli.analyzing import Asked, analyzed
    from promptgit.report import analysis_json, analysis_text

    found = analyzed(Asked(since, until, engine, table, prompt, judged, budget, allow_code, seed))
    if markdown:
        from promptgit.cli.analyzing import write_markdown

        write_markdown(markdown, found)
    if as_json:
        click.echo(json.dumps(analysis_json.analysis(found), indent=2, ensure_ascii=False))
    else:
        _show(analysis_text.analysis(found, by))


def _show(report: Group) -> None:
    """Print tables as they are, and sentences so that what is too long goes on further in."""
    from rich.text import Text

    from promptgit.cli import console

    for part in report.renderables:
        if isinstance(part, Text):
            lines = part.plain.split("\n")
            console.show_lines(((line, str(part.style)),) for line in lines)
        else:
            console.show(part)
