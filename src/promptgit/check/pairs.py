"""
Pairs: two evaluations of the same cases, made into the differences that the tests take.

One unit of evidence is a case, or a group of cases that belong together (`Case.group`): turns of
one conversation say one thing, not ten.  Cases that ask the same and want the same are one unit
too: the second says nothing new.  Repeats are averaged into their case first, for the same
reason.  A case without a score on either side has no pair, and is named.

Weights: a unit's difference is scaled by its weight over the largest weight, so that it stays in
-1 to 1; the tests run on the scaled differences, against lines scaled alike, and what is
reported is divided by the mean scale again.  Effects are therefore weighted means, in score
points, whatever the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

from promptgit.check.sequential import Kind, Tally
from promptgit.core.dataset import Case, Dataset, drawn, together
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Flip

FEW_GROUPS = 20
ROUNDING = 1e-9  # means over repeats of equal scores may differ by this much


@dataclass(frozen=True, slots=True)
class Unit:
    """A case, all cases of a group, or cases that say the same: drawn and counted as one."""

    name: str
    cases: tuple[Case, ...]

    @property
    def weight(self) -> float:
        first, *others = self.cases
        return fmean((first.weight, *(case.weight for case in others))) if others else first.weight

    @property
    def repeats(self) -> int:
        """How many of the cases only say again what the first one says; of a group none."""
        return 0 if self.cases[0].group else len(self.cases) - 1


def units(cases: Dataset, order_seed: str) -> tuple[Unit, ...]:
    """Group the cases and put the groups in an order that only `order_seed` decides."""
    members = together(cases)
    order = sorted(members, key=lambda name: drawn(order_seed, name))
    return tuple(Unit(name, members[name]) for name in order)


def repeating(repeats: int, cases: int) -> str:
    """
    Say that some cases add nothing to what others say.

    >>> repeating(1, 40)
    '1 of the 40 cases says the same as another one, and counts with it as one'
    """
    if repeats == 1:
        return f"1 of the {cases} cases says the same as another one, and counts with it as one"
    return f"{repeats} of the {cases} cases say the same as others, and count with them as one"


def grouping(order: Sequence[Unit]) -> list[str]:
    """Say, a sentence each, why cases count less than they look; none where each stands alone."""
    repeats = sum(unit.repeats for unit in order)
    cases, groups = sum(len(unit.cases) for unit in order) - repeats, len(order)
    found = []
    if repeats:
        found.append(repeating(repeats, cases + repeats))
    if groups < cases:
        few = f"; fewer than {FEW_GROUPS} make the range uncertain" if groups < FEW_GROUPS else ""
        found.append(f"the {cases} cases form {groups} groups, and each group counts once{few}")
    return found


@dataclass(frozen=True)
class Scores:
    """Both sides' scores, by case id, as far as cases were compared."""

    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()  # ids of the cases that were run, scored or not
    repeated: bool = False  # some case was answered more than once

    def plus(self, cases: Dataset, baseline: Evaluation, candidate: Evaluation) -> Scores:
        results = (*baseline.results, *candidate.results)
        return Scores(
            {**self.before, **baseline.scores},
            {**self.after, **candidate.scores},
            self.asked | {case.id for case in cases},
            self.repeated or any(result.repeat > 0 for result in results),
        )

    @cached_property
    def paired(self) -> frozenset[str]:
        return frozenset(self.before.keys() & self.after.keys() & self.asked)

    @property
    def lost(self) -> frozenset[str]:
        """Ids of the cases whose pair is missing a side."""
        return self.asked - self.paired

    @property
    def flips(self) -> tuple[Flip, ...]:
        """The cases whose score changed, the worst loss first."""
        changed = [
            Flip(case, self.before[case], self.after[case])
            for case in self.paired
            if abs(self.after[case] - self.before[case]) > ROUNDING
        ]
        return tuple(sorted(changed, key=lambda flip: (flip.after - flip.before, flip.case_id)))

    def got_worse(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return those of the cases whose score fell, sorted."""
        return tuple(
            sorted(
                case
                for case in ids
                if case in self.paired and self.after[case] < self.before[case] - ROUNDING
            )
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the units so far say: the differences for the engine, and the means for people."""

    tally: Tally  # of the scaled differences, candidate minus baseline, one a unit
    kind: Kind
    scale: float  # mean of weight over largest weight; 1 when all weights are equal
    pairs: int  # cases that both sides have a score for
    baseline: float  # mean score over the units; NaN when there is none
    candidate: float
    differences: tuple[float, ...] = ()  # those of the tally, in order

    @property
    def effect(self) -> float:
        """Candidate minus baseline, in score points; 0 when nothing was compared."""
        return self.tally.mean / self.scale

    def in_points(self, bounds: tuple[float, float]) -> tuple[float, float]:
        """Turn an interval for the scaled differences into one for the effect."""
        low, high = bounds
        return max(-1.0, low / self.scale), min(1.0, high / self.scale)


def plain_difference(before: float, after: float) -> float:
    return after - before


def compared(
    order: Sequence[Unit],
    scores: Scores,
    heaviest: float,
    difference: Callable[[float, float], float] = plain_difference,
) -> Comparison:
    """
    Compare the units; `heaviest` is the largest weight among all units of the plan.

    `difference` says by how much a unit got better (-1 to 1).
    """
    shares, befores, afters = [], [], []
    pairs = again = 0
    for unit in order:
        members = [case for case in unit.cases if case.id in scores.paired]
        if members:
            pairs += len(members)
            again += min(unit.repeats, len(members) - 1)
            shares.append(unit.weight / heaviest)
            befores.append(_mean(members, scores.before))
            afters.append(_mean(members, scores.after))
    if not shares:
        return Comparison(Tally(0, 0.0, 0.0), Kind.SCORE, 1.0, 0, float("nan"), float("nan"))

    moves = zip(shares, befores, afters, strict=True)
    differences = tuple(share * difference(before, after) for share, before, after in moves)
    all_or_nothing = all(score in (0.0, 1.0) for score in (*befores, *afters))
    plain = min(shares) == max(shares) and pairs == len(shares) + again and not scores.repeated
    return Comparison(
        Tally.of(differences),
        Kind.PASS_FAIL if all_or_nothing and plain and shares[0] == 1.0 else Kind.SCORE,
        fmean(shares),
        pairs,
        fmean(befores, shares),
        fmean(afters, shares),
        differences,
    )


def _mean(members: Sequence[Case], scores: Mapping[str, float]) -> float:
    if len(members) == 1:
        return scores[members[0].id]
    return fmean([scores[case.id] for case in members], [case.weight for case in members])
