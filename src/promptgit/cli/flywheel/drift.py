"""`promptgit flywheel drift`: what got worse and stayed so, since when, and whose drop it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from promptgit.cli.past import JSON_HELP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptgit.flywheel.cube import Metric
    from promptgit.flywheel.plan import Plan

SINCE = "28d"
USUAL = ("quality_score", "satisfaction", "escalation_rate", "error_rate", "latency_ms")


@click.command(
    "drift",
    short_help="Say what got worse, since when, and whose drop it is",
    epilog="""\b
Examples:
  promptgit flywheel drift
  promptgit flywheel drift --metric quality_score --since 14d
  promptgit flywheel drift --check --json

\b
JSON: {schema, window: {since, until}, engine, streams: [{prompt, metric, unit, observations, block,
newest_only, drifted, drifts: [{began, found, before, after, observations, proven,
standing, recovered, causes: [{kind, name}], said}]}], notices}.

\b
Exit codes:
  0  looked (also where something drifted)
  1  with --check: something drifted and has not recovered""",
)
@click.option(
    "--since",
    default=SINCE,
    show_default=True,
    metavar="TIME",
    help="Look so far back (14d, 12 hours), or from a day on",
)
@click.option("--until", metavar="TIME", help="End so long ago, or before a day  [default: now]")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Look at this metric; repeatable  [default: those of triggers, and the usual]",
)
@click.option("--prompt", default="", metavar="NAME", help="Show this prompt only")
@click.option(
    "--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL  [default: flywheel.yaml's]"
)
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--check", is_flag=True, help="Exit with 1 if an alarm stands")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    since: str,
    until: str | None,
    metrics: tuple[str, ...],
    prompt: str,
    engine: str | None,
    table: str,
    check: bool,
    as_json: bool,
) -> None:
    """
    Watch metrics of every prompt for drift: a mean that got worse and stayed so.

    ADWIN finds it, with about one false alarm in 10,000 conversations of a metric; an alarm rings
    once, with the hour in which it began.  Versions, models and prompts are compared to tell whose
    drop it is: all versions on one model is the model, one version alone is its text.
    """
    from datetime import UTC, datetime

    from promptgit.cli import console
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.named_prompts import named_prompts
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.drift import MOST, watch
    from promptgit.report import drift_text

    repository = Repository.open()
    plan = flywheel_plan(repository)
    window = window_of(since, until, plan, datetime.now(UTC))
    logs = opened_logs(repository, plan, engine=engine, table=table)
    known = {name: one.metric for name, one in logs.rulebook.metrics.items()}
    chosen = _chosen(metrics, known, plan)
    prompts, left_out = named_prompts(logs.cube(window), window, prompt)
    watched = [
        one
        for metric in chosen
        for one in watch(
            metric,
            {name: logs.series(metric.name, window, prompt=name, limit=MOST) for name in prompts},
        )
        if prompt in ("", one.prompt)
    ]
    notices = [*drift_text.limits(watched), *left_out]
    if as_json:
        told = {
            "schema": 1,
            "window": {"since": window.since, "until": window.until},
            "engine": logs.engine,
            "streams": [drift_text.facts(one) for one in watched],
            "notices": notices,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        console.show_lines(drift_text.screen(watched, notices))
    ctx.exit(1 if check and any(one.drifted for one in watched) else 0)


def _chosen(asked: Sequence[str], known: Mapping[str, Metric], plan: Plan) -> list[Metric]:
    """What was asked for, or what triggers name and the usual; each can get worse."""
    from promptgit.flywheel.condition import metrics_of
    from promptgit.flywheel.grammar import parse

    if asked:
        meant = [name for one in asked for name in metrics_of(parse(f"drift({one})", known))]
        return [known[name] for name in dict.fromkeys(meant)]
    named = [name for rule in plan.triggers for name in metrics_of(parse(rule.when, known))]
    found = [known[name] for name in dict.fromkeys((*USUAL, *named)) if name in known]
    return [metric for metric in found if metric.better and metric.unit != "count"]
