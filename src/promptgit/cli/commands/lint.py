"""`promptgit lint`: what is wrong with prompt files, found offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import rule_names

if TYPE_CHECKING:
    from promptgit.cli.linting import Done

COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}


@click.command(
    short_help="Find mistakes in prompts, offline",
    epilog="""\b
Example:
  promptgit lint
  promptgit lint prompts/support-reply.md --fix
  promptgit lint --format sarif > lint.sarif
  promptgit lint --explain undefined-hole""",
)
@click.argument("files", nargs=-1, metavar="[FILES]...", type=click.Path())
@click.option("--fix", is_flag=True, help="Mend what is mechanical, in the files")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "json", "sarif"]),
    default="text",
    help="How to print the findings  [default: text]",
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    shell_complete=rule_names,
    help="Only this rule (repeatable)",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    shell_complete=rule_names,
    help="Not this rule (repeatable)",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for advice too")
@click.option(
    "--only-prompts", is_flag=True, help="Leave out FILES that promptgit.yaml does not call prompts"
)
@click.option(
    "--explain",
    metavar="RULE",
    shell_complete=rule_names,
    help="Say what a rule is about (all: list them)",
)
@click.pass_context
def command(
    ctx: click.Context,
    files: Sequence[str],
    fix: bool,
    form: str,
    select: Sequence[str],
    ignore: Sequence[str],
    strict: bool,
    only_prompts: bool,
    explain: str | None,
) -> None:
    """
    Find what is wrong with prompts: holes without a column, broken includes, conflict markers,
    invisible characters, secrets, copied cases and more.

    Without FILES, all prompts of the repository.  A file of cases or an eval file stands for the
    prompt that it lies beside.  No model is called, and for FILES no Git either.

    Exits with 1 when there are errors or warnings.  A rule is silenced by a comment
    `promptgit: ignore RULE` in the prompt, which the model is sent as well unless it is a Jinja
    comment, or under `lint:` in promptgit.yaml.
    """
    if explain is not None:
        _explain(explain)
        return
    from promptgit import __version__
    from promptgit.cli.linting import run
    from promptgit.lint.rules import chosen

    rules = chosen(_names(select), _names(ignore))
    done = run(files, rules, fix=fix, only_prompts=only_prompts)
    if form == "text":
        _print(done, quiet=ctx.obj["quiet"])
    elif form == "json":
        import json

        from promptgit.report.lint_report import as_json

        written = as_json(done.findings, checked=done.checked, mended=done.mended)
        click.echo(json.dumps(written, indent=2, ensure_ascii=False))
    elif form == "sarif":
        import json

        from promptgit.report.lint_report import as_sarif

        click.echo(json.dumps(as_sarif(done.findings, rules, __version__), indent=2))
    else:
        from promptgit.report.lint_report import as_annotation

        # GitHub shows the first ten of a step: errors before advice.
        ranks = list(COLOURS)
        for found in sorted(done.findings, key=lambda found: ranks.index(found.severity.value)):
            click.echo(as_annotation(found))
    ctx.exit(1 if done.fails(strict=strict) else 0)


def _names(words: Sequence[str]) -> list[str]:
    return [name.strip() for word in words for name in word.split(",") if name.strip()]


def _print(done: Done, *, quiet: bool) -> None:
    from promptgit.report.lint_report import place, summary, visible

    for found, shown in zip(done.findings, done.shown, strict=True):
        level = click.style(found.severity.value, fg=COLOURS[found.severity.value])
        click.echo(f"{place(found, shown)}: {level} {found.rule}: {visible(found.message)}")
        if found.hint:
            click.echo(f"    {visible(found.hint)}")
    if not quiet:
        click.echo(summary(done.findings, done.checked, done.mended))


def _explain(name: str) -> None:
    from promptgit.lint.rules import RULES, named

    if name == "all":
        width = max(len(rule.name) for rule in RULES)
        for rule in RULES:
            fix = " (--fix)" if rule.fixable else ""
            click.echo(f"{rule.name:<{width}}  {rule.severity:<7}  {rule.says}{fix}")
        return
    rule = named(name)
    fix = ", mended by --fix" if rule.fixable else ""
    click.echo(f"{rule.name} ({rule.severity}{fix})\n\n{rule.why}")
