"""The work of `promptgit github reattach`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from promptgit.cli import past
from promptgit.core import trailers
from promptgit.edges import notes
from promptgit.edges.github_event import in_actions, read_event
from promptgit.errors import UserError
from promptgit.history.log import Change, RawCommit, parse_log
from promptgit.history.reattach import Attached, Attachment, attached
from promptgit.report.text import printable

SAID = {
    Attachment.KEPT: "has its trailers",
    Attachment.LOST: "lost its trailers",
    Attachment.NONE: "has no evidence",
}


def run(revisions: str | None, remote: str | None, *, dry_run: bool) -> None:
    """Say where the evidence of each change is, and write notes for what lost it."""
    with past.here() as here:
        old, new = _ends(here, revisions)
        found = list(attached(here.judge, _changes(here, old, new)))
    for one in found:
        subject = printable(one.subject, 80)
        path = printable(one.path, 200)
        click.echo(f"{one.commit[:10]} {SAID[one.state]} ({one.evidence})  {path}  {subject}")
    if not found:
        click.echo("no prompt changed")
    lost = [one for one in found if one.state is Attachment.LOST]
    if dry_run or not lost:
        return
    if remote:
        notes.fetch(here.git, remote)
    count = sum(notes.attach(here.git, commit, _note(some)) for commit, some in _by_commit(lost))
    if remote and count:
        notes.push(here.git, remote)
    where = f", pushed to {remote}" if remote and count else ""
    click.echo(f"{count} notes written{where}: git log --notes=promptgit")


def _ends(here: past.Here, revisions: str | None) -> tuple[str, str]:
    if revisions is None:
        if not in_actions(os.environ):
            raise UserError(
                "which commits?", hint="name a range: promptgit github reattach HEAD~5..HEAD"
            )
        event = read_event(here.git, os.environ)
        return event.base, event.subject
    old, dots, new = revisions.partition("..")
    if not dots or new.startswith("."):
        raise UserError(f"{revisions!r} is no range of commits", hint="write A..B")
    return here.git.resolve(old or "HEAD"), here.git.resolve(new or "HEAD")


def _changes(here: past.Here, old: str, new: str) -> Iterator[tuple[RawCommit, Change]]:
    roots, wanted = past.prompts()
    for commit in parse_log(here.commits.log((new, f"^{old}"), roots, renames=True)):
        for change in commit.changes:
            if wanted(change.path):
                yield commit, change


def _by_commit(lost: Sequence[Attached]) -> Iterator[tuple[str, list[Attached]]]:
    for commit in dict.fromkeys(one.commit for one in lost):
        yield commit, [one for one in lost if one.commit == commit]


def _note(lost: Sequence[Attached]) -> str:
    return "\n".join(trailers.block(one.block) for one in lost)
