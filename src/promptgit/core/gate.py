"""
What the gate found: for each prompt that a change concerns, metric by metric and case by case.

These are values to be shown.  `check/` fills them, `report/` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from promptgit.core.attribution import Attribution
from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.verdict import Outcome, Policy, Quarantined, Verdict

GUARDS = ("cost", "latency", "length")  # what may grow by so much: US dollars, seconds, characters


class Flip(StrEnum):
    """What became of a case."""

    BROKE = "broke"  # its score fell
    FIXED = "fixed"  # its score rose
    SAME = "same"
    UNSCORED = "unscored"  # one side, or both, has no score
    NOT_RUN = "not run"  # the answer was known before its turn came


class Origin(StrEnum):
    """Where a case stands: in base and head alike, or not."""

    BOTH = "both"
    ADDED = "added"  # by head
    DELETED = "deleted"  # by head, and run all the same
    CHANGED = "changed"  # by head; base's wording was run


@dataclass(frozen=True, slots=True)
class Side:
    """One case with one of the two prompts; the mean where it was asked several times."""

    score: float | None  # None: unscored
    output: str = ""  # of the first repeat
    scores: Mapping[str, Score] = field(default_factory=dict)  # of the first repeat, by metric
    failure: str = ""  # why there is no score
    flags: tuple[str, ...] = ()  # empty, cut, refused
    repeats: int = 1
    wobble: float = 0.0  # standard deviation of the score over its repeats

    @property
    def why(self) -> str:
        """What the scorers found wanting, in one line."""
        found = (f"{name}: {s.why}" for name, s in self.scores.items() if s.value < 1 and s.why)
        return "; ".join(found)


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """One case, before and after."""

    case: Case
    flip: Flip
    before: Side | None  # None: not run
    after: Side | None
    origin: Origin = Origin.BOTH
    must_pass: bool = False
    already_failing: bool = False  # below the pass line in base too: not this change's doing
    quarantined: Quarantined | None = None
    flaky: bool = False  # changed by itself: repeats of one prompt differ, here or in the records


@dataclass(frozen=True, slots=True)
class MetricFinding:
    """One thing that is measured: the score, one of its metrics, or a guard."""

    name: str  # score, a metric's name, or one of GUARDS
    kind: Literal["score", "metric", "guard"]
    verdict: Verdict  # of a guard: effect and range are relative growth (0.1 is 10 % more)
    margin: float  # the drop, or the growth of a guard, that is not tolerated
    gated: bool  # False: for information


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One prompt by one set of rules."""

    rules: Literal["base", "head"]  # whose policy, scorers and cases
    outcome: Outcome
    policy: Policy
    metrics: tuple[MetricFinding, ...]  # the score first
    cases: tuple[CaseFinding, ...]  # the worst loss first, then as in the case file
    reasons: tuple[str, ...] = ()  # each one sentence
    smallest_effect: float | None = None  # that so many cases show with chance 0.8; score points
    faults: tuple[str, ...] = ()  # of the quarantine: they fail the check whatever the scores say

    @property
    def score(self) -> MetricFinding:
        return self.metrics[0]

    def flipped(self, flip: Flip) -> tuple[CaseFinding, ...]:
        return tuple(found for found in self.cases if found.flip is flip)


@dataclass(frozen=True, slots=True)
class GateChange:
    """Something that decides what is a good answer, and that the change itself touches."""

    what: str  # policy, scorers, cases, model, judge, template
    path: str  # of the file
    line: int  # in head's file, 1-based; 0 where there is none
    says: str  # one sentence: what it was and what it is


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule of `lint` says of a line, as far as a report shows it."""

    rule: str
    severity: Literal["error", "warning", "advice"]
    path: str
    line: int  # 1-based
    message: str
    column: int = 0  # 1-based; 0 where there is none


Standing = Literal["changed", "new", "deleted", "unchecked"]


@dataclass(frozen=True, slots=True)
class PromptFinding:
    """All about one prompt that the change concerns."""

    path: str
    standing: Standing  # new: nothing to compare with; unchecked: `note` says why
    why: tuple[str, ...]  # why it is tested, each a few words: "its text changed"
    gates: tuple[GateFinding, ...] = ()  # base's rules first; head's too where they differ
    changes: tuple[GateChange, ...] = ()
    lint: tuple[Finding, ...] = ()
    old_path: str = ""  # where it was renamed
    blobs: tuple[str, str] = ("", "")  # of base and head
    texts: tuple[str, str] = ("", "")  # of base and head
    model: str = ""  # as people know it, `offline/rules-1`
    note: str = ""  # one sentence
    record: str = ""  # digest of the comparison's record
    first_changed_line: int = 1  # in head's text
    decided: Outcome | None = None  # without a comparison; `note` says why
    attribution: Attribution | None = None  # of a pipeline: which step's change flipped each case

    @property
    def outcome(self) -> Outcome:
        """The worst that any set of rules says; where there is nothing to compare, it passes."""
        without = [self.decided] if self.decided else []
        return worst([*without, *(gate.outcome for gate in self.gates)])

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the quarantine, one sentence each."""
        return tuple(dict.fromkeys(fault for gate in self.gates for fault in gate.faults))


@dataclass(frozen=True, slots=True)
class Spent:
    """What the check cost, and what it did without."""

    calls: int = 0  # that were paid for now
    reused: int = 0  # answers from the cache or the records
    saved: int = 0  # answers that were not needed, because the verdict was known before
    tokens: int = 0
    usd: float | None = 0.0  # None: a price is unknown
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """The gate's answer to one change."""

    base: str  # commit id
    head: str  # commit id; empty: the work tree
    merge: str = ""  # commit id of GitHub's trial merge, where that was tested
    prompts: tuple[PromptFinding, ...] = ()
    notices: tuple[str, ...] = ()  # each one sentence, for the top of a report
    spent: Spent = Spent()
    on_inconclusive: Literal["pass", "warn", "fail"] = "warn"

    @property
    def outcome(self) -> Outcome:
        return worst(prompt.outcome for prompt in self.prompts)

    @property
    def gate_changed(self) -> bool:
        return any(prompt.changes for prompt in self.prompts)


SEVERITY = (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INVALID, Outcome.REGRESSION)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """
    Return the outcome that decides; PASS where there is none.

    >>> worst([Outcome.PASS, Outcome.REGRESSION, Outcome.INVALID]).value
    'REGRESSION'
    """
    return max(outcomes, key=SEVERITY.index, default=Outcome.PASS)
