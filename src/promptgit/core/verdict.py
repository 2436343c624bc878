"""What a comparison concludes, and the rules it was made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal


class Outcome(StrEnum):
    PASS = "PASS"  # noqa: S105  (a verdict, not a password)
    REGRESSION = "REGRESSION"
    NOT_BETTER = "NOT BETTER"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A case that counts for nothing until a day, because it flips by itself, and who says so."""

    case: str  # its id
    owner: str  # who looks after it
    reason: str  # one sentence
    until: date  # the last day it holds


@dataclass(frozen=True, slots=True)
class Policy:
    """By which rules a candidate may replace a baseline."""

    margin: float = 0.05  # a mean drop of this much or more is a regression; 0 to 1
    alpha: float = 0.05  # the chance of a wrong verdict that is accepted, one-sided
    min_effect: float = 0.02  # an improvement must be estimated at least this big
    must_pass: tuple[str, ...] = ()  # case ids or tags that may never get worse
    max_unscored: float = 0.02  # above this share of pairs lost to failures: INVALID
    metrics: Mapping[str, float] = field(default_factory=dict)  # gated too: metric → own margin
    guards: Mapping[str, float] = field(default_factory=dict)  # cost, latency, length → growth
    repeats: int = 1  # answers a case at most, where more than one would settle it
    scope: Literal["population", "suite"] = "population"  # inputs like the cases, or just these
    confirmed_drops_only: bool = False  # a regression must be shown to exceed the margin
    quarantine: tuple[Quarantined, ...] = ()


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose score changed."""

    case_id: str
    before: float
    after: float

    @property
    def fixed(self) -> bool:
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with its uncertainty; truthy exactly when it says yes."""

    outcome: Outcome
    effect: float  # candidate minus baseline, in score points (-1 to 1)
    low: float  # of the 1 - 2·alpha interval that the stopping rule implies
    high: float
    n: int  # pairs that were compared
    of: int  # pairs there were
    baseline: float  # mean score over the compared pairs
    candidate: float
    p_value: float  # one-sided, that the effect is not positive; for show
    alpha: float
    reasons: tuple[str, ...] = ()  # each one sentence
    flips: tuple[Flip, ...] = ()
    unscored: tuple[str, ...] = ()  # cases whose pair was dropped
    aside: tuple[str, ...] = ()  # cases with a pair that `n` does not count: must-pass, asked first
    needed: int | None = None  # about how many cases would settle it
    looks: int = 1

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PASS
