"""`promptgit flywheel predict`: which conversations are likely to be escalated."""

from __future__ import annotations

import json

import click

from promptgit.cli.past import JSON_HELP


@click.command(
    "predict",
    short_help="Predict which conversations will be escalated, if that is proven possible",
    epilog="""\b
Examples:
  promptgit flywheel predict
  promptgit flywheel predict --outcome refusal --prompt support-reply --json

\b
JSON: {schema, window: {since, until}, engine, predictions: [{prompt, outcome, conversations,
answers, outcomes, enough, useful, said, base_rate, gain, brier_gain, slope, caught, bins, odds,
riskiest}], notices}; gain, brier_gain and slope are {value, low, high}, a bin is {answers,
predicted, observed, low, high}, one at risk {conversation, risk}; from slope on only where
`useful`.""",
)
@click.option(
    "--outcome",
    default="escalation",
    show_default=True,
    metavar="DETECTOR",
    help="Predict the answers in which this detector fires",
)
@click.option(
    "--since",
    default="28d",
    show_default=True,
    metavar="TIME",
    help="Learn from so far back (14d, 12 hours), or from a day on",
)
@click.option("--until", metavar="TIME", help="End so long ago, or before a day  [default: now]")
@click.option("--prompt", default="", metavar="NAME", help="Look at this prompt only")
@click.option(
    "--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL  [default: flywheel.yaml's]"
)
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def command(
    outcome: str,
    since: str,
    until: str | None,
    prompt: str,
    engine: str | None,
    table: str,
    as_json: bool,
) -> None:
    """
    Learn from what detectors saw before each answer how likely it is to end badly.

    A small logistic model is fitted to the earlier conversations and held against the base rate on
    the newest ones.  Only where it is proven better is it shown, with its calibration.
    """
    from datetime import UTC, datetime

    from promptgit.cli import console
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.named_prompts import named_prompts
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.prediction import predict
    from promptgit.report import prediction_text

    repository = Repository.open()
    plan = flywheel_plan(repository)
    window = window_of(since, until, plan, datetime.now(UTC))
    logs = opened_logs(repository, plan, engine=engine, table=table)
    prompts, notices = named_prompts(logs.cube(window), window, prompt)
    found = [
        predict(outcome, name, logs.steps(outcome, window, prompt=name))
        for name in prompts
        if prompt in ("", name)
    ]
    if as_json:
        told = {
            "schema": 1,
            "window": {"since": window.since, "until": window.until},
            "engine": logs.engine,
            "predictions": [prediction_text.facts(one) for one in found],
            "notices": notices,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        console.show_lines(line for one in found for line in prediction_text.screen(one))
        console.show_lines(((f"note: {note}", "dim"),) for note in notices)
