"""`promptgit github`: what a GitHub workflow does with a report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from promptgit.edges.git import Git
from promptgit.edges.github_event import from_fork, pull_request_number, read_event
from promptgit.errors import UserError

MOST_COMMENT = 60_000  # bytes; GitHub takes 65,536 characters
CUT = "… cut: the whole report is in the summary and the artifacts of this run."
FORK = "a pull request from a fork has a token that only reads; the step summary has the report"
REPORT = click.Path(path_type=Path)


@click.group(
    short_help="Tell GitHub what a check found",
    epilog="""\b
Example, in a workflow:
  promptgit check --report report.md --report report.json
  promptgit github summary report.md
  promptgit github comment report.md""",
)
def command() -> None:
    """
    The steps of a GitHub workflow around `promptgit check`: outputs, summary, comment.

    They read what the runner sets (GITHUB_EVENT_PATH, GITHUB_OUTPUT, …), and GITHUB_TOKEN.
    """


@command.command()
def event() -> None:
    """
    Say which commits this run compares, also as outputs: base, head, merge, number, fork, changed.

    Of a pull request, what GitHub would merge is compared with what it would be merged into.
    `changed` is true when that concerns a prompt: its text, what it includes, its cases, its
    rules.  No model is asked, and no key is needed.
    """
    from promptgit.cli.subjects import subjects
    from promptgit.cli.wiring import Repository

    git = Git.discover(Path.cwd())
    found = read_event(git, os.environ)
    concerned, _ = subjects(Repository.at(git, found.base), Repository.at(git, found.subject))
    facts = {
        "base": found.base,
        "head": found.head,
        "merge": found.merge,
        "number": str(found.number or ""),
        "fork": str(found.fork).lower(),
        "changed": str(bool(concerned)).lower(),
    }
    _output(facts)
    for name, value in facts.items():
        click.echo(f"{name} {value}".rstrip())


@command.command()
@click.argument("report", type=REPORT)
def output(report: Path) -> None:
    """Write the step's outputs from REPORT, a report in JSON: verdict, delta, report."""
    facts = _facts(report)
    delta = facts.get("delta")
    _output(
        {
            "verdict": str(facts.get("verdict", "")),
            "delta": "" if delta is None else f"{delta:+.4f}" if _is_number(delta) else "",
            "report": str(report),
        }
    )


@command.command()
@click.argument("file", type=REPORT)
def summary(file: Path) -> None:
    """Append FILE, in Markdown, to the step's summary, as much of it as GitHub takes."""
    from promptgit.edges.github_files import add_summary

    add_summary(os.environ, _text(file))


@command.command()
@click.argument("file", type=REPORT)
@click.option("--key", default="check", show_default=True, help="Tell several comments apart")
def comment(file: Path, key: str) -> None:
    """
    Leave FILE, in Markdown, as the one comment with this key on the pull request of this run.

    The comment of an earlier run is edited.  Needs GITHUB_TOKEN with `pull-requests: write`.
    Without a pull request, or from a fork, it says so and does nothing.
    """
    from promptgit.edges.github import post_comment, repository_of
    from promptgit.edges.github_api import Api
    from promptgit.report.fitted import fitted

    number = pull_request_number(os.environ)
    if number is None:
        click.echo("no comment: this run is not about a pull request")
        return
    if from_fork(os.environ) and os.environ.get("GITHUB_EVENT_NAME") == "pull_request":
        click.echo(f"no comment: {FORK}")
        return
    text = fitted(_text(file), MOST_COMMENT, CUT)
    repository = repository_of(os.environ)
    posted = post_comment(Api.of(os.environ), repository, number, text, key=key)
    click.echo(f"{posted.what} {posted.url}")
    if posted.others:
        click.echo(f"note: {len(posted.others)} more comments of ours are there, left as they are")


@command.command("check-run")
@click.argument("report", type=REPORT)
@click.option("--name", default="promptgit", show_default=True, help="Call the check run NAME")
def check_run(report: Path, name: str) -> None:
    """
    Publish REPORT, a report in JSON, as a check run on the head commit.

    Needs GITHUB_TOKEN with `checks: write`; with the token of an app of yours, a required check
    can ask for that app, and nobody else can pass it.
    """
    from promptgit.edges.github import publish, repository_of
    from promptgit.edges.github_api import Api
    from promptgit.report import check_run as shapes

    made = shapes.check_run(_facts(report), name)
    if not made.head:
        raise UserError(f"{report} names no head commit", hint="check two commits, not a work tree")
    url = publish(Api.of(os.environ), repository_of(os.environ), made)
    click.echo(f"{made.conclusion} {url}")


@command.command()
@click.argument("revisions", metavar="[RANGE]", required=False)
@click.option("--push", "remote", metavar="REMOTE", help="Fetch the notes of REMOTE, and push ours")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and stop")
def reattach(revisions: str | None, remote: str | None, dry_run: bool) -> None:
    """
    Find the evidence of each prompt that the commits of RANGE (A..B) changed.

    Without RANGE, those that were pushed.  Evidence is found by the text, so a squash that dropped
    the trailers loses nothing; here it is put back as a Git note, for those who read plain
    `git log --notes=promptgit`.  No commit is changed.  Run `promptgit sync` first.
    """
    from promptgit.cli import reattaching

    reattaching.run(revisions, remote, dry_run=dry_run)


def _output(values: Mapping[str, str]) -> None:
    from promptgit.edges.github_files import write_outputs

    if os.environ.get("GITHUB_OUTPUT"):
        write_outputs(os.environ, values)


def _facts(report: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(_text(report))
    except ValueError as error:
        raise UserError(
            f"{report} is not JSON: {error}", hint="check --report FILE.json"
        ) from error
    if not isinstance(facts, dict) or "verdict" not in facts:
        raise UserError(f"{report} is no report of `promptgit check`", hint="--report FILE.json")
    return facts


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
