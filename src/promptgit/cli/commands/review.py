"""`promptgit review`: what a reviewer of a change of prompts wants to see."""

from __future__ import annotations

import click

from promptgit.cli import past
from promptgit.cli.completing import model_names, prompt_names, range_ends, revisions


@click.command(
    short_help="Show what a change of prompts does, case by case",
    epilog="""\b
Examples:
  promptgit review                          HEAD against where it left the default branch
  promptgit review main..my-branch --html review.html
  promptgit review --worktree --prompt support-reply""",
)
@click.argument("base", required=False, shell_complete=range_ends)
@click.argument("head", required=False, shell_complete=revisions)
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    metavar="P",
    shell_complete=prompt_names,
    help="Review P only; may be repeated",
)
@click.option("--html", "file", metavar="FILE", help="Write a page with every case to FILE")
@click.option("--worktree", is_flag=True, help="Take the files as they are now for HEAD")
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--model", metavar="M", shell_complete=model_names, help="Run M on both sides")
@click.option(
    "--limit-cases", type=click.IntRange(0), default=10, help="Show N broken cases of a prompt"
)
@click.option("--allow-code", is_flag=True, help="Let base's `python` assertions run their code")
@click.option("--allow-head-code", is_flag=True, help="Let head's run theirs; read it first")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    base: str | None,
    head: str | None,
    prompts: tuple[str, ...],
    file: str | None,
    worktree: bool,
    budget: str | None,
    model: str | None,
    limit_cases: int,
    allow_code: bool,
    allow_head_code: bool,
    as_json: bool,
) -> None:
    """
    Show what the change from BASE to HEAD does: words, metrics, and the cases that broke, with
    both answers and what the scorers say.

    It runs what `promptgit check` runs, pays for no answer twice, and ends with 0 whatever the
    verdict.  `A..B` names both ends.
    """
    from promptgit.cli import check_reports, checking
    from promptgit.cli.commands.check import in_ci
    from promptgit.cli.console import show_lines, width
    from promptgit.cli.gates import Permissions
    from promptgit.report import check_text, review_text

    if file:
        check_reports.expect(file)
    wanted = checking.Wanted(
        prompts=prompts,
        budget=budget,
        model=model,
        permissions=Permissions(allow_code or allow_head_code, allow_head_code),
    )
    git, ends = checking.between(base, head, work_tree=worktree)
    prepared = checking.prepare(git, ends, wanted)
    report = checking.run(prepared, quiet=ctx.obj["quiet"], keep=True, trust_records=not in_ci())
    if file:
        check_reports.save(report, "html", file)
    if as_json:
        click.echo(check_reports.as_json(report))
    elif file:
        show_lines(check_text.summary(report, width()))
        click.echo(f"every case: {click.format_filename(file)}")
    else:
        show_lines(review_text.lines(report, width(), most=limit_cases))
