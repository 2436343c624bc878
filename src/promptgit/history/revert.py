"""Take back a change of a prompt: which text comes back, and what is known about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promptgit.core import trailers
from promptgit.core.naming import name_of
from promptgit.core.revision import Evidence, Revision
from promptgit.errors import UserError, WorldError
from promptgit.history.evidence import state_of
from promptgit.history.finding import Finding
from promptgit.history.log import Change, RawCommit
from promptgit.history.message import SUBJECT, body, shortened

_REVERTS = re.compile(r'revert(?:\([^)]*\):|\s")', re.IGNORECASE)  # ours, and `git revert`'s
_QUOTED = re.compile(r'(?:Revert|Reapply) "(.+)"\Z')


@dataclass(frozen=True, slots=True)
class Reversal:
    """One commit to be made."""

    path: str
    reverts: str  # the commit that is taken back, or with `to` the one that is gone back to
    to: bool
    before: str  # blob now
    after: str  # blob that comes back
    text: str  # its content
    known: Finding | None  # what records say of that text
    drops: tuple[Revision, ...]  # later changes that go too, newest first
    proof: Finding | None = None  # a sealed comparison that it won, be it with a third one

    @property
    def name(self) -> str:
        return name_of(self.path)

    @property
    def score_now(self) -> float | None:
        """The score that goes, where one record compares the two texts."""
        same = self.known is not None and self.known.was == self.before
        return self.known.before if self.known and same else None


def undoable(commit: RawCommit, change: Change, shallow: frozenset[str]) -> str:
    """Return the blob that was there before the change; raise unless it can be taken back."""
    short = commit.id[:12]
    if commit.id in shallow:
        raise WorldError(
            f"the parent of {short} is not in this shallow clone, so nobody here can tell what "
            "it changed (`git revert` would delete every file)",
            hint="git fetch --unshallow",
        )
    if len(commit.parents) > 1:
        raise UserError(
            f"{short} is a merge: it has no single change to take back",
            hint="revert one of the commits it merged, or go back with --to",
        )
    if not change.before or change.old_path:
        verb = "moved" if change.old_path else "added"
        raise UserError(
            f"{short} {verb} {change.path}: taking that back would delete it",
            hint=f"`git revert {short}` does that, if you mean it",
        )
    if not change.after:
        raise UserError(
            f"{short} deleted {change.path}",
            hint=f"`git revert {short}` brings it back",
        )
    return change.before


def conflicting(commit: RawCommit, path: str, drops: Sequence[Revision]) -> UserError:
    """Later commits changed what it changed, or next to it: name the way out and its cost."""
    short = commit.id[:12]
    count = len(drops)
    later = f"{count} later change{'s' if count != 1 else ''}"
    return UserError(
        f"{short} cannot be taken back alone: what came later changed the same lines of {path}, "
        "or lines right beside them",
        hint=f"`promptgit revert --to {short}^ {path}` goes back to the text before it, "
        f"and drops {later}",
    )


def elsewhere(commit: str, branch: str, others: Sequence[str]) -> UserError:
    """
    There is nothing to take back here: `others` are the branches that hold the commit.

    >>> elsewhere("c" * 40, "main", ["side"]).message
    'cccccccccccc is not in main'
    """
    short = commit[:12]
    hint = f"`promptgit revert --to {short}` takes the text as of that commit"
    if others:
        there = others[0]
        hint = f"it is in {there}: add `--branch {there}`, or `git switch {there}` first"
    return UserError(f"{short} is not in {branch}", hint=hint)


def improvements(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Those of the revisions that are known, or claimed, to have raised the score."""
    return tuple(
        one
        for one in revisions
        if one.score is not None and one.before is not None and one.score > one.before
    )


def message(reversal: Reversal, subject: str) -> str:
    """Write the commit message; `subject` is the reverted commit's."""
    return f"{_subject(reversal, subject)}\n\n{_body(reversal)}\n\n{_block(reversal)}"


def _subject(reversal: Reversal, subject: str) -> str:
    """Name what goes; to take back what took something back is to apply it again."""
    again = not reversal.to and bool(_REVERTS.match(subject))
    _, colon, rest = subject.partition("): ")
    quoted = _QUOTED.match(subject)
    what = trailers.clean_value(quoted[1] if quoted else rest if colon else subject)
    verb = f"back to {reversal.reverts[:12]}, " if reversal.to else ""
    scope = re.sub(r"[^\w.-]+", "-", trailers.clean_value(reversal.name))[:30].strip("-")
    head = f"{'reapply' if again else 'revert'}({scope or 'prompt'}): {verb}"
    return head + shortened(what, SUBJECT - len(head))


def _body(reversal: Reversal) -> str:
    short = reversal.reverts[:12]
    first = (
        f"Goes back to the text as of {short}."
        if reversal.to
        else f"Takes back {short} and keeps what came after it."
    )
    known = reversal.known
    if known and known.score is not None:
        second = f"The score of the text that comes back is {known.score:.4f}."
        if known.takes_back and known.was == reversal.before:
            second += " The text that goes was confirmed to be better."
    else:
        second = "No record here knows the score of the text that comes back."
    dropped = improvements(reversal.drops)
    third = (
        "Later improvements that go with it: " + ", ".join(one.commit[:12] for one in dropped) + "."
        if dropped
        else ""
    )
    return body(f"{first} {second} {third}".strip())


def _block(reversal: Reversal) -> str:
    lines = [
        ("Reverts", reversal.reverts),
        ("Prompt-Path", trailers.path_value(reversal.path)),
        ("Prompt-Blob", reversal.after),
        ("Prompt-Base", reversal.before),
    ]
    if reversal.to:
        lines[0] = ("Restores", reversal.reverts)
    known = reversal.known
    if known and known.score is not None:
        now = reversal.score_now
        before = f"{now:.4f} -> " if now is not None else ""
        count = f" n={known.n}" if known.n is not None else ""
        lines.append(("Eval-Score", f"{before}{known.score:.4f}{count}"))
        lines.append(("Eval-Record", f"sha256:{known.digest}"))
    lines.append((trailers.SCHEMA_KEY, "1"))
    return trailers.block(lines)


def evidence_word(reversal: Reversal) -> Evidence:
    """What `promptgit log` will say of the new commit."""
    if reversal.known is None:
        return Evidence.UNEVALUATED
    return state_of(reversal.known, reversal.proof)
