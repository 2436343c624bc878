"""
The race of a shorter prompt: it need not lead, it may only not fall behind.

It is run against the first prompt of the search, not against the parent: many small losses, each
of them within the tolerance, would add up otherwise.  This is search; a test of non-inferiority
on sealed cases follows (`promptgit.check.not_worse`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.race import MAX_UNSCORED, ROUNDING, Race, sizes


@dataclass(frozen=True, slots=True)
class Sums:
    """Weighted sums over the cases that both sides have a score for."""

    weight: float = 0.0
    before: float = 0.0
    after: float = 0.0
    squares: float = 0.0  # of the differences
    pairs: int = 0

    def plus(self, case: Case, before: float, after: float) -> Sums:
        return Sums(
            self.weight + case.weight,
            self.before + case.weight * before,
            self.after + case.weight * after,
            self.squares + case.weight * (after - before) ** 2,
            self.pairs + 1,
        )

    @property
    def means(self) -> tuple[float, float]:
        total = self.weight or 1.0
        return self.before / total, self.after / total

    @property
    def loss(self) -> float:
        """How far the mean fell; below 0 where it rose."""
        before, after = self.means
        return before - after

    @property
    def error(self) -> float:
        """The standard error of `loss`."""
        if not self.pairs:
            return 0.0
        variance = self.squares / self.weight - self.loss**2
        return sqrt(max(0.0, variance) / self.pairs)


def keeps_up(
    cases: Dataset,
    baseline: Evaluation,
    evaluate: Callable[[Dataset], Evaluation],
    *,
    order_seed: str,
    tolerance: float,
) -> Race:
    """
    Compare on 10, 20, 40, … cases; drop the child as soon as it surely fell behind `baseline`.

    Surely is: by more than `tolerance` (score points, 0 to 1) and a standard error.  In the end,
    on all cases, the mean may be lower by `tolerance` at most.
    """
    order, sums, done = cases.shuffled(order_seed).cases, Sums(), 0
    for size in sizes(len(order)):
        batch = replace(cases, cases=order[done:size])
        scores, done = evaluate(batch).scores, size
        for case in batch:
            if case.id in scores and case.id in baseline.scores:
                sums = sums.plus(case, baseline.scores[case.id], scores[case.id])
        if size - sums.pairs > MAX_UNSCORED * size:
            reason = f"{size - sums.pairs} of {size} cases had no score"
            return Race(False, reason, *sums.means, raced=size, invalid=True)
        doubt = sums.error if size < len(order) else 0.0
        if sums.loss > tolerance + doubt + ROUNDING:
            before, after = sums.means
            reason = f"it got worse on {size} cases: {before:.4f} -> {after:.4f}"
            return Race(False, reason, before, after, size)
    if not done:
        return Race(False, "there was no case to compare on", 0.0, 0.0, 0, invalid=True)
    return Race(True, f"held its score on {done} cases", *sums.means, raced=done)


def held(
    lab: Lab, parent: Candidate, draft: Draft, *, against: Evaluation, tolerance: float
) -> Candidate | None:
    """Keep a shorter text that does as well as `against` on its cases, or note why not."""
    assert draft.patch is not None
    child = parent.prompt.edited(draft.patch.after)
    lab.notebook.note("racing", round=lab.round, cases=len(against.cases))
    result = keeps_up(
        against.cases,
        against,
        lambda batch: lab.evaluate(child, batch),
        order_seed=child.blob,
        tolerance=tolerance,
    )
    if not result.survived:
        fate = Fate.UNSCORED if result.invalid else Fate.DROPPED
        facts = {"before": result.before, "after": result.after, "raced": result.raced}
        lab.refuse(parent, draft, fate, result.reason, **facts)
        return None
    harm = lab.harm(parent, child)
    if harm:
        lab.refuse(parent, draft, Fate.DROPPED, harm)
        return None
    return lab.keep(parent, draft, result.reason, mean=result.after)
