"""The history of prompts in JSON's terms.  The keys are part of the interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from promptgit.core.revision import Revision, WholeRun
from promptgit.history.blame import Blamed
from promptgit.history.diff import Flip, Line, Measured
from promptgit.history.revert import Reversal, evidence_word
from promptgit.history.verify import Checked

SCHEMA = 1


def revision(found: Revision) -> dict[str, Any]:
    """
    A commit as it concerns one prompt.

    `when` is the committer's time in UTC; `blob` the text after, `was` the text before;
    `evidence` one of confirmed, screening, evaluated, claimed, stale, unevaluated,
    incomplete-history.  `score`, `before`, `half` and what follows are of this step; `whole_run`
    is the comparison that confirmed the text, null where that is the step's own or there is none.
    Scores make a trend only where `terms` are equal; `takes_back` says that the text before was
    confirmed to be better.
    """
    return {
        "commit": found.commit,
        "parents": list(found.parents),
        "when": datetime.fromtimestamp(found.when, tz=UTC).isoformat(),
        "author": found.author,
        "subject": found.subject,
        "path": found.path,
        "blob": found.blob,
        "was": found.was,
        "evidence": found.evidence.value,
        "score": found.score,
        "before": found.before,
        "n": found.n,
        "fixed": found.fixed,
        "broke": found.broke,
        "record": found.record,
        "problem": found.problem,
        "steps": [
            {"blob": step.blob, "before": step.before, "after": step.after} for step in found.steps
        ],
        "half": found.half,
        "whole_run": _whole_run(found.whole_run),
        "terms": found.terms,
        "takes_back": found.takes_back,
    }


def measured(found: Measured | None) -> dict[str, Any] | None:
    """
    Two texts' scores; None when no record holds both on the same cases.

    `backwards` says that the comparison is of the step back: `confirmed` then means the loss.
    """
    if found is None:
        return None
    return {
        "score": {"before": found.score[0], "after": found.score[1]},
        "n": found.n,
        "metrics": {
            name: {"before": before, "after": after}
            for name, (before, after) in found.metrics.items()
        },
        "fixed": [_flip(flip) for flip in found.fixed],
        "broke": [_flip(flip) for flip in found.broke],
        "cases": found.cases,
        "half": found.half,
        "stage": found.stage,
        "records": list(found.records),
        "backwards": found.backwards,
    }


def words(lines: Sequence[Line | None]) -> list[Any]:
    """A word diff: lines of [kind, text], null where unchanged lines are left out."""
    return [None if line is None else [[span.kind, span.text] for span in line] for line in lines]


def blamed(found: Blamed) -> dict[str, Any]:
    return {
        "line": found.line.number,
        "text": found.line.text,
        "commit": found.line.commit,
    }


def checked(found: Checked) -> dict[str, Any]:
    """A claim and its state: ok, claimed, stale, mismatch or altered."""
    return {
        "commit": found.commit,
        "subject": found.subject,
        "path": found.path,
        "state": found.state.word,
        "why": found.why,
        "record": found.record,
    }


def reversal(found: Reversal, message: str, diff: str, commit: str | None) -> dict[str, Any]:
    """What a revert does; `commit` is the new one, null in a dry run."""
    known = found.known
    return {
        "schema": SCHEMA,
        "path": found.path,
        "reverts": found.reverts,
        "to": found.to,
        "before": found.before,
        "blob": found.after,
        "evidence": evidence_word(found).value,
        "score": known.score if known else None,
        "half": known.half if known else "",
        "n": known.n if known else None,
        "record": known.digest if known else "",
        "drops": [revision(one) for one in found.drops],
        "message": message,
        "diff": diff,
        "commit": commit,
    }


def _whole_run(found: WholeRun | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "score": found.score,
        "before": found.before,
        "half": found.half,
        "n": found.n,
        "fixed": found.fixed,
        "broke": found.broke,
        "record": found.record,
        "steps": found.steps,
    }


def _flip(flip: Flip) -> dict[str, Any]:
    return {
        "case": flip.case,
        "before": flip.before,
        "after": flip.after,
        "output_before": flip.output_before,
        "output_after": flip.output_after,
        "why_before": flip.why_before,
        "why_after": flip.why_after,
    }
