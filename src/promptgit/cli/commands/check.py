"""`promptgit check`: may the change land?"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import click

from promptgit.cli.completing import model_names, prompt_names, range_ends, revisions
from promptgit.core.gate import Report
from promptgit.core.verdict import Outcome
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.cli.check_reports import Form
    from promptgit.cli.checking import Checking
    from promptgit.edges.git import Git


@click.command(
    short_help="Say whether a change makes a prompt worse",
    epilog="""\b
Examples:
  promptgit check                       HEAD against where it left the default branch
  promptgit check main my-branch --report review.html --report junit.xml
  promptgit check --worktree --explain  what would be run, without a call

\b
Exit codes: 0 passed, 1 got worse, 2 usage, 3 could not be compared, 5 not settled
(with `on_inconclusive: fail`, or --strict).""",
)
@click.argument("base", required=False, shell_complete=range_ends)
@click.argument("head", required=False, shell_complete=revisions)
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    metavar="P",
    shell_complete=prompt_names,
    help="Check P only; may be repeated",
)
@click.option("--worktree", is_flag=True, help="Take the files as they are now for HEAD")
@click.option(
    "--margin", type=click.FloatRange(0, 1, min_open=True), help="Tolerate a drop below D"
)
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--model", metavar="M", shell_complete=model_names, help="Run M on both sides")
@click.option("--concurrency", type=click.IntRange(1, 512), help="Calls at a time")
@click.option("--strict", is_flag=True, help="Fail what is not settled, too")
@click.option("--explain", is_flag=True, help="Say what would be run and what it could show; stop")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "github", "json", "junit", "sarif", "html"]),
    default="text",
    help="Print the report in this form",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json")
@click.option("--output", metavar="FILE", help="Write the report to FILE instead")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    help="Write a further report; .md .json .html .sarif .xml (JUnit) tell its form",
)
@click.option("--allow-code", is_flag=True, help="Let base's `python` assertions run their code")
@click.option("--allow-head-code", is_flag=True, help="Let head's run theirs; read it first")
@click.option("--no-record", is_flag=True, help="Keep no evidence record")
@click.option(
    "--records/--no-records",
    "trust_records",
    default=None,
    help="Take over answers that evidence records hold; in CI off unless asked for",
)
@click.pass_context
def command(
    ctx: click.Context,
    base: str | None,
    head: str | None,
    prompts: tuple[str, ...],
    worktree: bool,
    margin: float | None,
    budget: str | None,
    model: str | None,
    concurrency: int | None,
    strict: bool,
    explain: bool,
    form: str,
    as_json: bool,
    output: str | None,
    reports: tuple[str, ...],
    allow_code: bool,
    allow_head_code: bool,
    no_record: bool,
    trust_records: bool | None,
) -> None:
    """
    Say whether the change from BASE to HEAD makes a prompt worse.

    BASE is where HEAD left the default branch, unless you name it; `A..B` names both.  In GitHub
    Actions both come from the event.  Prompts, cases and rules are read from the commits: BASE's
    rules judge, and where HEAD changes them, its own must hold too.
    """
    from promptgit.cli import check_reports, checking
    from promptgit.cli.gates import Permissions

    if as_json and _given(ctx, "form") and form != "json":
        raise UserError(f"--json and --format {form} are two forms", hint="leave one of them out")
    form = "json" if as_json else form
    if explain and (output or reports):
        raise UserError("--explain writes no report", hint="leave --output and --report out")
    for file in reports:
        check_reports.form_of(file)  # what is wrong is said before anything is spent
    for file in (*reports, *([output] if output else [])):
        check_reports.expect(file)
    if output and not as_json and not _given(ctx, "form"):
        form = check_reports.form_of(output, default="text")
    wanted = checking.Wanted(
        prompts=prompts,
        margin=margin,
        budget=budget,
        model=model,
        concurrency=concurrency,
        permissions=Permissions(allow_code or allow_head_code, allow_head_code),
    )
    git, found_ends = checking.between(base, head, work_tree=worktree)
    prepared = checking.prepare(git, found_ends, wanted)
    if head is None and not worktree and not in_ci() and not ctx.obj["quiet"]:
        _tell_of_edits(git)
    if explain:
        _explain(prepared, form)
        return
    report = checking.run(
        prepared,
        quiet=ctx.obj["quiet"],
        keep=not no_record,
        trust_records=not in_ci() if trust_records is None else trust_records,
    )
    if strict:
        report = replace(report, on_inconclusive="fail")
    if output:
        check_reports.save(report, cast("Form", form), output)
    else:
        _print(report, cast("Form", form))
    for file in reports:
        check_reports.save(report, check_reports.form_of(file), file)
    ctx.exit(exit_code(report))


def in_ci() -> bool:
    """Say whether this is a machine that judges what others push."""
    return os.environ.get("CI", "").lower() in ("true", "1")


def exit_code(report: Report) -> int:
    """What the verdict means to the shell (docs/concepts.md, "Exit codes")."""
    if any(prompt.faults for prompt in report.prompts):
        return 1
    if report.outcome is Outcome.INCONCLUSIVE:
        return 5 if report.on_inconclusive == "fail" else 0
    return {Outcome.PASS: 0, Outcome.REGRESSION: 1}.get(report.outcome, 3)


def _print(report: Report, form: Form) -> None:
    from promptgit.cli import check_reports
    from promptgit.cli.streams import discard_output

    try:
        if form == "text":
            from promptgit.cli.console import show_lines, width
            from promptgit.report import check_text

            show_lines(check_text.summary(report, width()))
        else:
            click.echo(check_reports.written(report, form), nl=False)
        sys.stdout.flush()
    except BrokenPipeError:  # `check | head -1`: the verdict stands, whoever stopped reading it
        discard_output()


def _given(ctx: click.Context, option: str) -> bool:
    return ctx.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _tell_of_edits(git: Git) -> None:
    """Say that what is not committed is not looked at: people forget."""
    if not git.bare and git.read("status", "--porcelain", "-z", "--untracked-files=no"):
        click.echo("not looked at: what is not committed yet (--worktree takes it)", err=True)


def _explain(prepared: Checking, form: str) -> None:
    from promptgit.cli import explaining

    if form not in ("text", "json"):
        raise UserError(f"--explain has no {form} form", hint="--format text or json")
    explaining.show(prepared, as_json=form == "json")
