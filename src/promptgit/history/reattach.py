"""
The evidence of a change whose message lost it: found by blob, written again as trailers.

A squash, an amended message or a rebase drops trailers; the records stay, because they are found
by the text.  The block is made from the record, never from what somebody typed, except where
there is no record and the message speaks of this very text: then it is passed on as the claim
that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from promptgit.core import trailers
from promptgit.core.record import Record
from promptgit.core.trailers import Trailers
from promptgit.history import message
from promptgit.history.choice import choose
from promptgit.history.claims import Claim, about, claims_in
from promptgit.history.evidence import Judge
from promptgit.history.finding import Finding, entry, text
from promptgit.history.log import Change, RawCommit

NO_COMPARISON = ("baseline", "evaluation")  # stages of records that say nothing of a change


class Attachment(StrEnum):
    """What became of the evidence of one change."""

    KEPT = "kept"  # the message has it
    LOST = "lost"  # the message has it no more, and a record has it
    NONE = "none"  # there is none


@dataclass(frozen=True, slots=True)
class Attached:
    commit: str
    subject: str
    path: str  # of the prompt
    blob: str
    state: Attachment
    evidence: str  # how far it can be believed: confirmed, screening, claimed, …
    block: Trailers = ()  # of the record; empty for NONE


def attached(judge: Judge, changes: Iterable[tuple[RawCommit, Change]]) -> Iterator[Attached]:
    """Say for each change of a prompt where its evidence is."""
    for commit, change in changes:
        if not change.after:
            continue
        said = about(claims_in(commit.message), change.path, change.after)
        kept = said is not None and said.blob == change.after
        block = evidence_block(judge, commit.id, change, said)
        state = Attachment.KEPT if kept else Attachment.LOST if block else Attachment.NONE
        revision = judge.revision(commit, change)
        yield Attached(
            commit.id,
            commit.subject,
            change.path,
            change.after,
            state,
            str(revision.evidence),
            block,
        )


def evidence_block(judge: Judge, commit: str, change: Change, said: Claim | None) -> Trailers:
    """Return the trailers that `commit` should carry for a change; empty when nothing is known."""
    found = judge.findings(commit, change.path, change.after)
    best = _best([one for one in found if one.stage not in NO_COMPARISON], change.before)
    of_this_text = said is not None and said.blob == change.after
    if best is not None:
        block = _written(best.record, change, said if of_this_text else None)
        if block:
            return block
    return said.trailers if said is not None and of_this_text else ()


def _best(found: Sequence[Finding], before: str) -> Finding | None:
    """What compares with the text before; a check does so only where nothing is confirmed."""
    exact = [one for one in found if one.was == before]
    steps = [one for one in exact if one.stage != message.CHECK]
    proofs = [one for one in found if one.confirmed]
    return choose(steps or proofs or exact or found, before)


def _written(record: Record, change: Change, said: Claim | None) -> Trailers:
    """
    Write the block of a record for a change; empty for a record of another make.

    Where the record compares with an older text than the one that is replaced, the message that
    says with which commit's is passed on.
    """
    known = said.trailers if said else ()
    older = text(entry(record.body, "baseline"), "blob") != change.before
    facts = message.Facts(
        why="",
        base=change.before,
        against=trailers.value(known, "Eval-Against") if older else "",
        data=trailers.path_of(trailers.value(known, "Eval-Data").rpartition(" sha256:")[0]),
        run=text(record.body, "run") or trailers.value(known, "Promptgit-Run"),
        strategy=trailers.value(known, "Promptgit-Strategy"),
    )
    try:
        found = trailers.find(message.improvement(record, facts))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()
    path = trailers.path_value(change.path)  # the record may know the text by another name
    written = tuple((key, path if key == "Prompt-Path" else value) for key, value in found)
    cost = trailers.value(known, "Eval-Cost")
    at = next((i for i, (key, _) in enumerate(written) if key == "Eval-Record"), len(written))
    return (*written[:at], ("Eval-Cost", cost), *written[at:]) if cost else written
