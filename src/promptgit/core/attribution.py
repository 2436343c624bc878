"""Which step of a pipeline a failure comes from, or a change of score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Blame:
    """One case: the step that decided it, as far as replaying it told."""

    case_id: str
    steps: tuple[str, ...]  # one: it is to blame; several: one of them; none: no step alone
    why: str  # one sentence: what showed it
    scores: Mapping[str, float] = field(default_factory=dict)  # by step that was replaced
    calls: int = 0  # that replaying it took, and paid for
    reused: int = 0  # answers from the cache

    @property
    def step(self) -> str:
        """The step, or those that it may be.

        >>> Blame("a", ("sort", "reply"), "").step
        'sort or reply'
        """
        return " or ".join(self.steps) or "no single step"


@dataclass(frozen=True, slots=True)
class Attribution:
    """What became of all cases that failed, or flipped."""

    steps: tuple[str, ...]  # of the pipeline, in order
    blames: tuple[Blame, ...]  # in case order
    left: int = 0  # cases that were not replayed, because the budget ended

    @property
    def shares(self) -> tuple[tuple[str, int], ...]:
        """How many cases each step is to blame for: single steps in order, then the rest."""
        counts = Counter(blame.step for blame in self.blames)
        single = [(step, counts.pop(step, 0)) for step in self.steps]
        return (*single, *counts.most_common())

    @property
    def calls(self) -> int:
        return sum(blame.calls for blame in self.blames)

    @property
    def reused(self) -> int:
        return sum(blame.reused for blame in self.blames)
