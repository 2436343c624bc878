"""
The race: try a patched prompt against its parent on few cases, then on more.

Most patches help nobody, and ten cases usually show it.  A racing rule spends the calls on the
few that may: Maron and Moore, "Hoeffding races", NIPS 6 (1993), with the simplest test there
is, for this is search and a confirmation on sealed cases follows.

A patch can only help where its parent is weak, so each look takes more of its cases from there.
Every case still counts for as many as it stands for, so that no look favours either side:
Neyman, "On the two different aspects of the representative method", JRSS 97 (1934).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation

Scores = Mapping[str, float]  # by case id; a case that failed is absent
Evaluate = Callable[[Dataset], Evaluation]  # the child, on these cases

FIRST = 10  # cases; then twice as many, and so on
WEAK = 0.3  # share of a look, at least, that is taken where the parent is weak, while it lasts
MAX_UNSCORED = 0.2  # above this share of pairs lost to failures the race says nothing
ROUNDING = 1e-9  # means of equal scores may differ by this much


@dataclass(frozen=True, slots=True)
class Race:
    """How a race ended."""

    survived: bool
    reason: str  # one sentence; the mentor reads it when the patch was dropped
    before: float  # mean score of the parent as the pairs of the race show it, 0 without any
    after: float
    raced: int  # cases that the race took, scored or not
    invalid: bool = False  # too many pairs without a score: neither better nor worse


@dataclass(frozen=True, slots=True)
class Score:
    """The running score over the cases of one kind that both sides have a score for."""

    share: float  # of the weight of all cases, raced or not
    before: float = 0.0  # weighted sums
    after: float = 0.0
    weight: float = 0.0
    pairs: int = 0
    changed: bool = False
    squares: float = 0.0  # sum of the squared gains

    def plus(self, case: Case, before: float, after: float) -> Score:
        return Score(
            self.share,
            self.before + case.weight * before,
            self.after + case.weight * after,
            self.weight + case.weight,
            self.pairs + 1,
            self.changed or abs(after - before) > ROUNDING,
            self.squares + (after - before) ** 2,
        )

    @property
    def variance(self) -> float:
        """Of the mean gain, with equal weights; one pair says nothing of it."""
        if self.pairs < 2:
            return 0.0
        mean = (self.after - self.before) / self.weight
        spread = max(0.0, self.squares - self.pairs * mean**2) / (self.pairs - 1)
        return spread / self.pairs


@dataclass(frozen=True, slots=True)
class Standing:
    """What a race knows so far: each kind of case counts by its share of them all."""

    weak: frozenset[str]  # ids of the cases that the parent does worse on than on average
    scores: tuple[Score, Score]  # on those, and on the others
    ahead: float = 0.0  # gained elsewhere, in score points of the whole

    def plus(self, batch: Dataset, parent: Scores, child: Scores) -> Standing:
        weak, rest = self.scores
        for case in batch:
            before, after = parent.get(case.id), child.get(case.id)
            if before is None or after is None:
                continue
            if case.id in self.weak:
                weak = weak.plus(case, before, after)
            else:
                rest = rest.plus(case, before, after)
        return replace(self, scores=(weak, rest))

    @property
    def means(self) -> tuple[float, float]:
        seen = [score for score in self.scores if score.weight]
        total = sum(score.share for score in seen) or 1.0
        before = sum(score.share * score.before / score.weight for score in seen) / total
        after = sum(score.share * score.after / score.weight for score in seen) / total
        return before, after

    @property
    def error(self) -> float:
        """The standard error of the gain, in score points."""
        seen = [score for score in self.scores if score.weight]
        total = sum(score.share for score in seen) or 1.0
        return sqrt(sum((score.share / total) ** 2 * score.variance for score in seen))

    @property
    def pairs(self) -> int:
        return sum(score.pairs for score in self.scores)

    @property
    def changed(self) -> bool:
        return any(score.changed for score in self.scores)

    @property
    def leads(self) -> bool:
        return self.gain > ROUNDING

    @property
    def gain(self) -> float:
        """What is gained in all, in score points."""
        before, after = self.means
        return after - before + self.ahead


def race(
    cases: Dataset,
    parent: Scores,
    evaluate: Evaluate,
    *,
    order_seed: str,
    longest: int = 0,
    wait: bool = False,
    known: Collection[str] = (),
    ahead: float = 0.0,
    weak_share: float | None = None,
    min_improvement: float = 0.0,
    errors: float = 0.0,
) -> Race:
    """
    Compare child and parent on 10, 20, 40, … cases; drop the child as soon as it does not lead.

    `parent` covers all `cases`, and is read anew after each step; `evaluate` is given only those
    that are new at each step.  Their order is shuffled by `order_seed`, but three of each ten are
    taken where the parent is weak, as long as there are any.  `longest`: cases after which a
    child that leads has won, 0 for all.  `wait`: go on while no score has changed.  `known`: ids
    of cases that the child has answered; they come first, and ten more at least.  `ahead`: what
    the child has gained on cases that do not race, in points of the whole.  `weak_share`: the
    share of the whole (0 to 1) on which the parent is weak, where `cases` do not tell it.  What
    is asked for at the end: `min_improvement`, a gain in the mean, in score points (0 to 1), and
    `errors`, the gain in its standard errors.
    """
    weak = weak_spots(cases, parent)
    order = sorted(
        mixed(cases.shuffled(order_seed).cases, weak), key=lambda case: case.id not in known
    )
    free = sum(case.id in known for case in order)
    most = max(longest, free + FIRST) if longest else len(order)
    standing, done = Standing(weak, _nothing_yet(cases, weak, weak_share), ahead), 0
    for size in (size for size in sizes(min(most, len(order))) if size >= free):
        batch = replace(cases, cases=tuple(order[done:size]))
        child = evaluate(batch).scores
        standing, done = standing.plus(batch, parent, child), size
        if size - standing.pairs > MAX_UNSCORED * size:
            lost = size - standing.pairs
            reason = f"{lost} of {size} cases had no score"
            return _ended(standing, size, reason, invalid=True)
        if not standing.leads and (standing.changed or not wait):
            return _ended(standing, size, _no_lead(standing, size))

    before, after = standing.means
    if not done:
        return _ended(standing, 0, "there was no case to race on", invalid=True)
    if not standing.leads:
        return _ended(standing, done, _no_lead(standing, done))
    if standing.gain < min_improvement - ROUNDING:
        short = f"gained {standing.gain:.4f} on {done} cases, less than {min_improvement:g}"
        return _ended(standing, done, short)
    gained = f"gained {standing.gain:.4f} on {done} cases"
    if standing.gain <= errors * standing.error + ROUNDING and errors:
        return _ended(standing, done, f"{gained}, no more than chance does (±{standing.error:.4f})")
    return Race(True, gained, before, after, done)


def weak_spots(cases: Dataset, parent: Scores) -> frozenset[str]:
    """Return the ids of the cases on which the parent scores below its own mean."""
    bar = weak_below(cases, parent)
    return frozenset(case.id for case in cases if case.id in parent and parent[case.id] < bar)


def weak_below(cases: Dataset, parent: Scores) -> float:
    """Return the score below which the parent is weak: its mean on these cases, each once."""
    scores = [parent[case.id] for case in cases if case.id in parent]
    return sum(scores) / len(scores) - ROUNDING if scores else 0.0


def mixed(order: Sequence[Case], weak: frozenset[str]) -> list[Case]:
    """
    Keep the order, but let weak spots be 30 % of every beginning as long as there are any.

    Where they are more of the whole, they are as much of every beginning.

    >>> order = [Case(name, {}) for name in "abcdef"]
    >>> "".join(case.id for case in mixed(order, frozenset("ef")))
    'eabfcd'
    >>> "".join(case.id for case in mixed(order, frozenset("cdef")))
    'cdaefb'
    """
    here = [case for case in order if case.id in weak]
    others = [case for case in order if case.id not in weak]
    share = max(WEAK, len(here) / len(order)) if order else 0.0
    found: list[Case] = []
    taken = 0
    for place in range(1, len(order) + 1):
        if taken < len(here) and (taken < share * place or place - taken > len(others)):
            found.append(here[taken])
            taken += 1
        else:
            found.append(others[place - taken - 1])
    return found


def _nothing_yet(cases: Dataset, weak: frozenset[str], share: float | None) -> tuple[Score, Score]:
    if share is None:
        total = sum(case.weight for case in cases) or 1.0
        share = sum(case.weight for case in cases if case.id in weak) / total
    return Score(share), Score(1.0 - share)


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


def _ended(standing: Standing, size: int, reason: str, *, invalid: bool = False) -> Race:
    return Race(False, reason, *standing.means, raced=size, invalid=invalid)


def _no_lead(standing: Standing, size: int) -> str:
    if not standing.changed:
        return f"changed the score of none of {size} cases"
    before, after = standing.means
    return f"no gain on {size} cases: {before:.4f} -> {after:.4f}"
