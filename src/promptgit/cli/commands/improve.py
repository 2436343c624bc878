"""`promptgit improve`: search for a better prompt and commit what is proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from promptgit.cli.completing import model_names, prompt_names, run_names, strategy_names
from promptgit.errors import UserError


@click.command(
    "improve",
    short_help="Search for a better prompt and commit what is proven",
    epilog="Example: promptgit improve support-reply --budget 2usd --branch better-replies",
)
@click.argument("prompt", metavar="[PROMPT]", required=False, shell_complete=prompt_names)
@click.option(
    "--strategy",
    metavar="S",
    shell_complete=strategy_names,
    help="Search with strategy S  [default: mixture]",
)
@click.option(
    "--shorten", is_flag=True, help="Search for a shorter prompt that is not worse, instead"
)
@click.option("--rounds", type=click.IntRange(1), help="Ask the mentor N times at most")
@click.option("--patience", type=click.IntRange(1), help="Give up after N rounds without a gain")
@click.option("--target", type=click.FloatRange(0, 1), help="Stop at this mean search score")
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--min-effect", type=click.FloatRange(0, 1), help="Ask for a gain of D or more")
@click.option("--branch", metavar="NAME", help="Deliver to the branch NAME, for a pull request")
@click.option("--squash", is_flag=True, help="Deliver one commit instead of one per patch")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice")
@click.option(
    "--resume",
    metavar="[RUN]",
    is_flag=False,
    flag_value="latest",
    shell_complete=run_names,
    help="Go on with an interrupted run, without paying twice  [default: the latest]",
)
@click.option(
    "--model", metavar="M", shell_complete=model_names, help="Run M instead of the configured model"
)
@click.option("--mentor", metavar="M", shell_complete=model_names, help="Let M critique and patch")
@click.option("--cases", "file", metavar="FILE", help="Use the cases in FILE")
@click.option(
    "--for-all", is_flag=True, help="Improve PROMPT for all prompts that include it, by their cases"
)
@click.option("--step", metavar="STEP", help="Improve this step of a pipeline")
@click.option("--allow-code", is_flag=True, help="Let `python` assertions run their code")
@click.option("--no-outputs", is_flag=True, help="Keep model outputs out of the records")
@click.option("--plot", type=click.Path(dir_okay=False), help="Write the learning curve as PNG")
@click.option("--dry-run", is_flag=True, help="Say what it would do and cost, and stop")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    prompt: str | None,
    resume: str | None,
    shorten: bool,
    plot: str | None,
    dry_run: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """
    Search for a better PROMPT and commit what is proven.

    Half of the cases are searched with, the other half stays sealed until the end.  The branch
    moves only when the final prompt is better than the first one on the sealed cases; otherwise
    the work is kept under refs/promptgit/runs/ and the branch stays as it is.  With --shorten it
    moves when the final prompt is shorter and the sealed cases rule out that it got worse.

    PROMPT may be text that other prompts include, or a pipeline with --step: then the cases of
    all who use the text decide, and none of them may get worse.
    """
    from promptgit.cli import improving
    from promptgit.cli.asking import Asked
    from promptgit.cli.console import progress, show
    from promptgit.cli.job import enter, prepare
    from promptgit.cli.live import ImproveView
    from promptgit.cli.resuming import resumable
    from promptgit.cli.untracked import note, untracked
    from promptgit.improve.improvement import EXIT_CODES
    from promptgit.report import improve_text, improvement_text

    if shorten:
        typed["strategy"] = _shortening(typed["strategy"])
    door = enter(Asked.of(prompt, resume, typed))
    for notice in door.notices:
        click.echo(notice, err=True)
    ending = door.earlier.ending() if door.earlier else None
    if ending is not None:
        if as_json:
            _print_json(ending)
        else:
            show(improve_text.ended(ending))
        ctx.exit(EXIT_CODES[ending["state"]])
    job = prepare(door, dry_run=dry_run)
    if missing := () if job.asked.file else untracked(job.repository, job.base.path):
        click.echo(note(missing), err=True)
    quiet = ctx.obj["quiet"]
    if not quiet and not as_json:
        if door.earlier:
            progress().print(door.earlier.sentence)
        progress().print(improvement_text.plan(job.plan))
    if dry_run:
        if as_json:
            _print_json(improvement_text.plan_facts(job.plan))
        return
    if plot is not None:
        _refuse_plot_early(plot)

    view = ImproveView(job.title, lambda: job.budget.spend, quiet=quiet or as_json)
    with resumable(job.journal), view.watching():
        outcome = improving.perform(job, view)
    if plot is not None:
        from promptgit.report.curve import png_curve

        png = png_curve(outcome.curve, title=job.title, sealed=outcome.sealed_means)
        Path(plot).write_bytes(png)
    if as_json:
        _print_json(improvement_text.facts(outcome))
    else:
        show(improvement_text.outcome(outcome))
    ctx.exit(outcome.exit_code)


def _shortening(strategy: str | None) -> str:
    if strategy not in (None, "shorten"):
        raise UserError(
            f"--shorten is a strategy of its own, and --strategy {strategy} is another",
            hint="leave one of them out",
        )
    return "shorten"


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _refuse_plot_early(plot: str) -> None:
    """Find out before any money is spent that the plot could not be written."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise UserError("a PNG needs matplotlib", hint="pip install matplotlib")
    if not Path(plot).absolute().parent.is_dir():
        raise UserError(f"there is no folder for {plot}")
