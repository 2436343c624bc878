"""`promptgit suite`: the same cases on several models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import model_names, prompt_names, run_names, strategy_names
from promptgit.errors import UserError, WorldError

if TYPE_CHECKING:
    from promptgit.cli.best_prompts import Search
    from promptgit.cli.lineups import Task
    from promptgit.core.lineup import Lineup

FORMS = ("table", "json", "markdown", "html")


@click.command(
    short_help="Run a prompt on several models and say which is better",
    epilog="""\b
Examples:
  promptgit suite support-reply --models gpt-5-mini,ollama/llama3.2 --budget 2usd
  promptgit suite support-reply --models gpt-5-mini --improve --write best/
  promptgit suite --again -o models.html""",
)
@click.argument("prompt", metavar="[PROMPT]", required=False, shell_complete=prompt_names)
@click.option(
    "--models",
    multiple=True,
    metavar="A,B",
    shell_complete=model_names,
    help="Run these models beside the current one",
)
@click.option("--improve", is_flag=True, help="Search for the best prompt of each model, too")
@click.option("--format", "form", type=click.Choice(FORMS), help="Print the report in this form")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the report to FILE too; .md .json .html .txt tell its form",
)
@click.option("--limit", type=click.IntRange(1), help="Use the first N cases only")
@click.option("--cases", "file", metavar="FILE", help="Use the cases in FILE")
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--concurrency", type=click.IntRange(1, 512), help="Calls at a time, of all models")
@click.option("--write", "folder", metavar="DIR", help="Write the best text of each model to DIR")
@click.option(
    "--mentor", metavar="M", shell_complete=model_names, help="Let M critique and patch for all"
)
@click.option(
    "--strategy", metavar="S", shell_complete=strategy_names, help="Search with strategy S"
)
@click.option("--rounds", type=click.IntRange(1), help="Try N proposals for each model at most")
@click.option("--allow-code", is_flag=True, help="Let `python` assertions run their code")
@click.option("--no-record", is_flag=True, help="Keep no evidence record of the comparison")
@click.option(
    "--again",
    metavar="[RUN]",
    is_flag=False,
    flag_value="latest",
    shell_complete=run_names,
    help="Show a suite that was run before, without a call  [default: the latest]",
)
@click.option("--dry-run", is_flag=True, help="Estimate, and stop before the first call")
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str | None,
    models: tuple[str, ...],
    improve: bool,
    form: str | None,
    as_json: bool,
    output: str | None,
    limit: int | None,
    file: str | None,
    budget: str | None,
    concurrency: int | None,
    folder: str | None,
    mentor: str | None,
    strategy: str | None,
    rounds: int | None,
    allow_code: bool,
    no_record: bool,
    again: str | None,
    dry_run: bool,
) -> None:
    """
    Run PROMPT on several models and say which is better, how surely, how fast and for how much.

    All models are asked about the same cases in turns, the current one among them, on one budget.
    A `>` in the ranking is proven; so is each difference whose range leaves out 0.  With --improve
    each model gets a search of its own, judged as `promptgit improve` judges; nothing is delivered
    to a branch: the best texts stay on the refs of their runs, --write writes them to files, and
    the report names the command that delivers one.
    """
    from promptgit.cli import best_prompts, lineups
    from promptgit.cli.console import progress
    from promptgit.cli.lineup_reports import expect
    from promptgit.cli.wiring import Repository
    from promptgit.report import suite_json, suite_text

    if as_json and form not in (None, "json"):
        raise UserError(f"--json and --format {form} are two forms", hint="leave one of them out")
    form = "json" if as_json else form or "table"
    expect(output)
    if again is not None:
        _show_again(again, prompt, form, output)
        return
    search = best_prompts.Search("", strategy, rounds, mentor, file, allow_code)
    _refuse_stray(search, improve=improve, folder=folder, limit=limit)
    repository = Repository.open()
    if prompt is None:
        raise repository.which("suite")
    names = lineups.names_of(models)
    if not names:
        current = repository.model_choice(repository.eval_file(repository.prompt_path(prompt)))
        raise UserError(
            "which models?",
            hint=f"--models gpt-5-mini,ollama/llama3.2: beside the current one, {current}",
        )
    task = lineups.prepare(
        repository,
        prompt,
        names,
        file=file,
        limit=limit,
        budget=budget,
        concurrency=concurrency,
        allow_code=allow_code,
        dry_run=dry_run,
    )
    for notice in task.notices:
        click.echo(notice, err=True)
    search = best_prompts.Search(prompt, strategy, rounds, mentor, file, allow_code)
    plans = list(best_prompts.plans(search, task.contestants)) if improve else []
    guesses = [(each.name, each.estimate) for each in task.contestants]
    whole = lineups.total([guess for _, guess in guesses])
    quiet = ctx.obj["quiet"]
    if dry_run and form == "json":
        _print_json(suite_json.plan_facts(guesses, whole, len(task.cases), plans))
        return
    if dry_run or not (quiet or form == "json"):
        console = progress()
        console.print(suite_text.estimates(guesses, whole, len(task.cases), task.budget.cap))
        if plans:
            console.print(suite_text.searches(plans))
    if dry_run:
        return

    try:
        compared = lineups.compare(task, quiet=quiet)
        found = lineups.lineup(task, compared)
        lineups.keep(task.journal, found)
        if not no_record and limit is None and compared.stopped is None:
            lineups.keep_records(repository, task, compared)
        if improve and compared.stopped is None:
            found = _improved(task, search, found, folder, quiet=quiet or form == "json")
    except KeyboardInterrupt:
        click.echo("interrupted: the same command again pays only for what is missing", err=True)
        ctx.exit(130)
    lineups.conclude(task.journal, found)
    if task.store.notice:
        progress().print(task.store.notice)
    _tell(found, form, output)
    if compared.stopped:
        raise compared.stopped
    if found.silent:
        silent = ", ".join(each.name for each in found.silent)
        raise WorldError(
            f"{len(found.silent)} of {len(found.entrants)} models gave no score: {silent}",
            hint="the report says why; the others are compared, and paid for once",
        )


def _refuse_stray(search: Search, *, improve: bool, folder: str | None, limit: int | None) -> None:
    """Raise UserError for options that go with --improve only, or not at all."""
    from promptgit.cli.best_prompts import refuse_folder

    given = {
        "--write": folder,
        "--mentor": search.mentor,
        "--strategy": search.strategy,
        "--rounds": search.rounds,
    }
    stray = [option for option, value in given.items() if value is not None]
    if stray and not improve:
        goes = "goes" if len(stray) == 1 else "go"
        raise UserError(f"{' and '.join(stray)} {goes} with --improve", hint="add --improve")
    if improve and limit is not None:
        raise UserError(
            "--limit leaves out cases that --improve would confirm with", hint="leave one out"
        )
    if folder:
        refuse_folder(folder)


def _improved(
    task: Task, search: Search, found: Lineup, folder: str | None, *, quiet: bool
) -> Lineup:
    """Search for each model that answers; note every result as soon as it is there."""
    from promptgit.cli import best_prompts, lineups
    from promptgit.core.spend import Spend

    answering = [each for each in task.contestants if _answers(found, each.name)]
    best, spend = [], Spend()
    cap, spent = task.budget.cap, task.budget.spend
    for one, text, took in best_prompts.searches(search, answering, cap, spent, quiet=quiet):
        best.append(best_prompts.write(folder, task.path, one, text) if folder and text else one)
        spend += took
        lineups.keep(task.journal, lineups.with_best(found, best, spend))
    return lineups.with_best(found, best, spend)


def _answers(found: Lineup, name: str) -> bool:
    return any(each.name == name for each in found.ranked)


def _show_again(run: str, prompt: str | None, form: str, output: str | None) -> None:
    from pathlib import Path

    from promptgit.cli.lineups import kept_lineup
    from promptgit.edges.git import Git

    if prompt is not None:
        raise UserError(
            "--again shows what was run before, of whatever prompt", hint=f"leave {prompt} out"
        )
    _tell(kept_lineup(Git.discover(Path.cwd()), run), form, output)


def _tell(found: Lineup, form: str, output: str | None) -> None:
    from promptgit.cli import lineup_reports
    from promptgit.cli.console import show
    from promptgit.report import suite_text

    if output:
        lineup_reports.save(found, output)
    if form == "table":
        show(suite_text.lineup(found))
    else:
        click.echo(lineup_reports.written(found, form), nl=False)
    if output:
        click.echo(f"report: {click.format_filename(output)}", err=True)


def _print_json(value: object) -> None:
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
