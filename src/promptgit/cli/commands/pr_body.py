"""`promptgit pr-body`: the body of a pull request, with the evidence at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import click

from promptgit.cli import past
from promptgit.core import trailers
from promptgit.core.run import Run
from promptgit.errors import UserError
from promptgit.history.claims import about, claims_in
from promptgit.history.log import Change, RawCommit, parse_log
from promptgit.history.reattach import evidence_block
from promptgit.report.pull_request import PromptChange, pull_request_body

RUN = re.compile(r"(?:latest|\d{8}T[0-9A-Za-z-]*)\Z")


@click.command(
    short_help="Print the body of a pull request, with the evidence at its end",
    epilog="""\b
Examples:
  promptgit pr-body main..better-replies > body.md
  gh pr create --head better-replies --body-file body.md""",
)
@click.argument("what", metavar="[RUN|RANGE]", default="latest")
def command(what: str) -> None:
    """
    Print what a RUN delivered (an id, or `latest`: the newest that delivered anything), or what
    the commits of a RANGE (A..B) change, as the body of a pull request: scores, commits, diff,
    learning curve.

    Last come the trailers.  GitHub keeps them through a squash when the repository's default
    squash message is the pull request's title and description; add nothing below them.
    """
    with past.here() as here:
        old, new = _ends(here, what)
        told = prompt_changes(here, old, new)
        if not told:
            raise UserError(f"{what} changes no prompt", hint="name a range of commits: A..B")
    click.echo(pull_request_body(told), nl=False)


def prompt_changes(here: past.Here, old: str, new: str) -> list[PromptChange]:
    """What the commits between two (full object ids) do to each prompt, with the evidence."""
    _, wanted = past.prompts()
    changes = (one for one in here.commits.between(old, new) if wanted(one.path) and one.after)
    return [_told(here, old, new, change) for change in changes]


def _ends(here: past.Here, what: str) -> tuple[str, str]:
    """Find the commit that the range left the other side at, and its last one."""
    if RUN.match(what):
        delivered = _delivered(here) if what == "latest" else _run(here, what).delivered
        if not delivered:
            raise UserError(f"run {what} delivered no commit", hint="name a range of commits: A..B")
        return here.git.resolve(f"{delivered[0]}^"), here.git.resolve(delivered[-1])
    old, dots, new = what.replace("...", "..").partition("..")
    if not dots:
        raise UserError(
            f"{what!r} is neither a run nor a range of commits",
            hint="`promptgit pr-body main..HEAD`, or a run: `promptgit runs` lists them",
        )
    left, right = here.git.resolve(old or "HEAD"), here.git.resolve(new or "HEAD")
    return here.git.text("merge-base", left, right), right


def _delivered(here: past.Here) -> Sequence[str]:
    """The commits of the newest run that made any."""
    from promptgit.edges.runs import run_ids

    runs = run_ids(here.git)
    found = next((made for run in runs if (made := _run(here, run).delivered)), ())
    if not found:
        none = f"none of the {len(runs)} runs here delivered a commit" if runs else "no run is here"
        raise UserError(none, hint="name a range of commits: A..B")
    return found


def _told(here: past.Here, old: str, new: str, change: Change) -> PromptChange:
    commits = list(_commits(here, old, new, change))
    said = [claim for commit in commits for claim in claims_in(commit.message)]
    claim = about(said[::-1], change.path, change.after)
    block = evidence_block(here.judge, new, change, claim)
    run = _run_of(here, trailers.value(block, "Promptgit-Run"))
    from promptgit.report.runs_text import points

    return PromptChange(
        path=change.path,
        before=here.text(change.before),
        after=here.text(change.after),
        subjects=tuple(commit.subject for commit in reversed(commits)),
        block=block,
        curve=tuple(points(run)) if run else (),
        sentence=run.sentence if run else "",
    )


def _commits(here: past.Here, old: str, new: str, change: Change) -> Iterator[RawCommit]:
    """The commits of the range that touch the prompt, newest first."""
    names = [name for name in (change.path, change.old_path) if name]
    return parse_log(here.commits.log((new, f"^{old}"), names))


def _run_of(here: past.Here, name: str) -> Run | None:
    """Read the journal of a run, where it is here."""
    from promptgit.edges.runs import run_ids

    return _run(here, name) if name in run_ids(here.git) else None


def _run(here: past.Here, name: str) -> Run:
    from promptgit.core.journal import read_run
    from promptgit.edges.runs import RunJournal, run_ids

    found = [run for run in run_ids(here.git) if run.startswith(name)]
    if len(found) != 1:
        many = f"{len(found)} runs begin with" if found else "there is no run"
        raise UserError(f"{many} {name!r}", hint="`promptgit runs` lists them")
    return read_run(found[0], RunJournal(here.git, found[0]).events())
