"""
The race: try a patched prompt against its parent on few cases, then on more.

Most patches help nobody, and ten cases usually show it.  A racing rule spends the calls on the
few that may: Maron and Moore, "Hoeffding races", NIPS 6 (1993), with the simplest test there
is, for this is search and a confirmation on sealed cases follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation

Compare = Callable[[Dataset], tuple[Evaluation, Evaluation]]  # parent and child, on these cases

FIRST = 10  # cases; then twice as many, and so on
MAX_UNSCORED = 0.2  # above this share of pairs lost to failures the race says nothing
ROUNDING = 1e-9  # sums of equal scores may differ by this much


@dataclass(frozen=True, slots=True)
class Race:
    """How a race ended."""

    survived: bool
    reason: str  # one sentence; the mentor reads it when the patch was dropped
    before: float  # mean score of the parent over the pairs of the race, 0 when there is none
    after: float
    raced: int  # cases that the race took, scored or not
    invalid: bool = False  # too many pairs without a score: neither better nor worse


@dataclass(frozen=True, slots=True)
class Score:
    """The running score of a race, over the cases that both sides have a score for."""

    before: float = 0.0  # weighted sums
    after: float = 0.0
    weight: float = 0.0
    pairs: int = 0
    changed: bool = False

    def plus(self, batch: Dataset, parent: Evaluation, child: Evaluation) -> Score:
        for case in batch:
            before, after = parent.scores.get(case.id), child.scores.get(case.id)
            if before is not None and after is not None:
                self = Score(
                    self.before + case.weight * before,
                    self.after + case.weight * after,
                    self.weight + case.weight,
                    self.pairs + 1,
                    self.changed or abs(after - before) > ROUNDING,
                )
        return self

    @property
    def means(self) -> tuple[float, float]:
        return (self.before / self.weight, self.after / self.weight) if self.weight else (0.0, 0.0)

    @property
    def leads(self) -> bool:
        return self.after - self.before > ROUNDING


def race(
    cases: Dataset, compare: Compare, *, order_seed: str, min_improvement: float = 0.0
) -> Race:
    """
    Compare child and parent on 10, 20, 40, … cases; drop the child as soon as it does not lead.

    `compare` is given only the cases that are new at each step.  The order is shuffled by
    `order_seed`.  `min_improvement` is the gain in the mean that is asked for at the end, in
    score points (0 to 1).
    """
    order = cases.shuffled(order_seed).cases
    score, done = Score(), 0
    for size in sizes(len(order)):
        batch = replace(cases, cases=order[done:size])
        score, done = score.plus(batch, *compare(batch)), size
        if size - score.pairs > MAX_UNSCORED * size:
            lost = size - score.pairs
            return _ended(score, size, f"{lost} of {size} cases had no score", invalid=True)
        if not score.leads:
            return _ended(score, size, _no_lead(score, size))

    before, after = score.means
    if not done:
        return _ended(score, 0, "there was no case to race on", invalid=True)
    if after - before < min_improvement - ROUNDING:
        short = f"gained {after - before:.4f} on {done} cases, less than {min_improvement:g}"
        return _ended(score, done, short)
    gained = f"gained {after - before:.4f} on {done} cases"
    return Race(True, gained, before, after, done)


def sizes(count: int) -> Iterator[int]:
    """
    Yield how many cases a race of `count` has seen after each step.

    >>> list(sizes(75)), list(sizes(6)), list(sizes(0))
    ([10, 20, 40, 75], [6], [])
    """
    size = FIRST
    while size < count:
        yield size
        size *= 2
    if count:
        yield count


def _ended(score: Score, size: int, reason: str, *, invalid: bool = False) -> Race:
    return Race(False, reason, *score.means, raced=size, invalid=invalid)


def _no_lead(score: Score, size: int) -> str:
    if not score.changed:
        return f"changed the score of none of {size} cases"
    before, after = score.means
    return f"no gain on {size} cases: {before:.4f} -> {after:.4f}"
