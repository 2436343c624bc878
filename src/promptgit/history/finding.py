"""
What one record says of one text: its score, and that of the text before.

A comparison is read from both sides.  Read from the side of the text that was there before, its
scores are backwards: so a revert shows what it gives up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.record import Record

Pair = tuple[float | None, float | None]  # before, after

PART = "part"  # the half of a check that stopped early


@dataclass(frozen=True)
class Finding:
    """One record, read from the side of one text: its score, and that of the text before."""

    record: Record
    digest: str
    stage: str  # of a comparison: screening, confirmed, …; evaluation; or baseline
    score: float | None
    before: float | None = None
    was: str = ""  # blob of the text that `before` is the score of
    n: int | None = None
    fixed: int | None = None
    broke: int | None = None
    metrics: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        return self.stage == "confirmed"

    @property
    def takes_back(self) -> bool:
        """Whether it is a confirmed gain, read from the side of the text that was beaten."""
        body = self.record.body
        passed = entry(body, "verdict").get("outcome") == "PASS"
        return self.stage == "baseline" and text(body, "stage") == "confirmed" and passed

    @property
    def half(self) -> str:
        """Which cases: search, sealed, all or part of all; empty where the record is silent."""
        return text(self.record.body, "half")

    @property
    def terms(self) -> tuple[str, ...]:
        """Cases, suite, model and half: scores under different terms are not compared."""
        body = self.record.body
        digests = tuple(text(entry(body, name), "digest") for name in ("cases", "suite", "model"))
        return (*digests, self.half)

    def comparable(self, other: Finding) -> bool:
        """
        Say whether the scores of two texts may stand side by side.

        A check that stopped early saw some cases only, and nobody says which: so it compares with
        nothing but its other side.
        """
        return self.terms == other.terms and self.n == other.n and self.half != PART


def read(record: Record, blob: str) -> Finding | None:
    """Read what `record` says of the text `blob`; None when it says nothing of it."""
    if record.body.get("kind") == "comparison":
        return _of_comparison(record, blob)
    if record.body.get("kind") == "measurement" or not _is_of(record, blob):
        return None  # what production said is no score
    means = entry(record.body, "metrics")
    score = number(record.body.get("mean"))
    return Finding(
        record,
        record.digest,
        "evaluation",
        score,
        n=_scored_cases(record),
        metrics={name: (None, number(mean)) for name, mean in means.items()},
    )


def _is_of(record: Record, blob: str) -> bool:
    return text(entry(record.body, "prompt"), "blob") == blob


def _of_comparison(record: Record, blob: str) -> Finding | None:
    body = record.body
    verdict = entry(body, "verdict")
    before, after = number(verdict.get("baseline")), number(verdict.get("candidate"))
    flips = [flip for flip in verdict.get("flips", ()) if isinstance(flip, Mapping)]
    changes = [(number(flip.get("before")), number(flip.get("after"))) for flip in flips]
    rose = sum(1 for was, now in changes if was is not None and now is not None and now > was)
    pairs = {
        name: (number(pair.get("before")), number(pair.get("after")))
        for name, pair in entry(body, "metrics").items()
        if isinstance(pair, Mapping)
    }
    new, old = text(entry(body, "prompt"), "blob"), text(entry(body, "baseline"), "blob")
    n, digest = verdict.get("n"), record.digest
    count = n if isinstance(n, int) else None
    if blob == new:
        stage = text(body, "stage")
        if stage == "confirmed" and verdict.get("outcome") != "PASS":
            stage = "not-confirmed"
        fell = len(changes) - rose
        return Finding(record, digest, stage, after, before, old, count, rose, fell, pairs)
    if blob == old:
        back = {name: (after, before) for name, (before, after) in pairs.items()}
        fell = len(changes) - rose
        return Finding(record, digest, "baseline", before, after, new, count, fell, rose, back)
    return None


def _scored_cases(record: Record) -> int | None:
    results = record.body.get("results")
    if not isinstance(results, Sequence):
        return None
    scored = [row for row in results if isinstance(row, Mapping) and row.get("score") is not None]
    return len({str(row.get("case")) for row in scored})


def entry(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`, empty when there is none: a record may be of any make."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""


def number(value: object) -> float | None:
    """Return a finite number, or None for anything else."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real and math.isfinite(value) else None  # type: ignore[arg-type]
