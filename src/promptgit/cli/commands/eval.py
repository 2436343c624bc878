"""`promptgit eval`: run a prompt on its cases."""

from __future__ import annotations

import json
from typing import Any

import click

from promptgit.cli.completing import model_names, prompt_names, revisions
from promptgit.errors import BudgetSpent, WorldError


@click.command(
    "eval",
    short_help="Run a prompt on its cases and show the scores",
    epilog="Example: promptgit eval support-reply --limit 20 --model gpt-5-mini --budget 0.50usd",
)
@click.argument("prompt", metavar="PROMPT", required=False, shell_complete=prompt_names)
@click.option(
    "--ref", metavar="REV", shell_complete=revisions, help="Take the prompt from this revision"
)
@click.option("--cases", "file", metavar="FILE", help="Use the cases in FILE")
@click.option(
    "--model", metavar="M", shell_complete=model_names, help="Run M instead of the configured model"
)
@click.option("--repeats", type=click.IntRange(1), default=1, help="Ask N times for each case")
@click.option("--concurrency", type=click.IntRange(1, 512), help="Calls at a time")
@click.option("--limit", type=click.IntRange(1), help="Use the first N cases only")
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--worst", type=click.IntRange(0), default=5, help="Show the N worst cases")
@click.option(
    "--attribute", is_flag=True, help="Name the step of a pipeline that each failure comes from"
)
@click.option("--allow-code", is_flag=True, help="Let `python` assertions and steps run their code")
@click.option("--no-record", is_flag=True, help="Keep no evidence record")
@click.option("--dry-run", is_flag=True, help="Estimate, and stop before the first call")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str | None,
    ref: str | None,
    file: str | None,
    model: str | None,
    repeats: int,
    concurrency: int | None,
    limit: int | None,
    budget: str | None,
    worst: int,
    attribute: bool,
    allow_code: bool,
    no_record: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Run PROMPT on its cases and show the scores.

    PROMPT is a path, or the name of a prompt file without its suffix.  Its text is what Git
    would store now, or what it stores at --ref.  A case that the network or a provider fails
    stays unscored: it is counted, and left out of every mean.

    PROMPT may be a pipeline, pipelines/NAME.yaml: the score is that of its last step.  With
    --attribute each failed case is replayed with one step put right (by the case's column
    `expected_STEP`, or by what the step gave when the case passed), the earliest step first.
    """
    from promptgit.cli import evaluating
    from promptgit.cli.console import progress, show, width
    from promptgit.cli.wiring import Repository
    from promptgit.report import text

    repository = Repository.open(model=model)
    if prompt is None:
        raise repository.which("eval")
    task = evaluating.prepare(
        repository,
        prompt,
        revision=ref,
        file=file,
        limit=limit,
        repeats=repeats,
        budget=budget,
        concurrency=concurrency,
        allow_code=allow_code,
        dry_run=dry_run,
    )
    if attribute:
        from promptgit.cli import attributing

        attributing.refuse_prompt(task)
    quiet = ctx.obj["quiet"]
    if not quiet and not as_json:
        progress().print(text.estimate(task.estimate, len(task.cases), task.budget.cap))
    if dry_run:
        if as_json:
            _print_json({"schema": text.SCHEMA, **text.estimate_facts(task.estimate)})
        return

    stopped: BudgetSpent | None = None
    try:
        found = evaluating.evaluate(task, quiet=quiet)
    except evaluating.Stopped as error:
        found, stopped = error.evaluation, error.cause
    except KeyboardInterrupt:
        click.echo("interrupted: the same command again pays only for what is missing", err=True)
        ctx.exit(130)
    if task.store.notice:
        progress().print(task.store.notice)
    if not no_record and not stopped and limit is None:
        evaluating.keep(repository, task, found)
    blamed = attributing.attribute(repository, task, found, quiet=quiet) if attribute else None
    if as_json:
        facts = text.evaluation_facts(found, task.path, task.answers)
        _print_json(facts | attributing.facts(blamed) if blamed else facts)
    else:
        show(text.evaluation(found, worst=worst, width=width(), wanted=task.answers))
        if blamed:
            show(attributing.shown(blamed, worst))
    if stopped:
        raise stopped
    if not found.scores:
        raise WorldError("no case could be scored", hint="see the failures above")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
