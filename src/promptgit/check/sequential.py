"""
The sequential engine: is the mean of paired differences above a line, yet?

It knows nothing of prompts.  Differences d (candidate minus baseline, one a case, -1 to 1) come
in an order that chance decided; after each look of a `Plan` it says whether they settle the
question.  The gate asks whether a drop of `margin` can be ruled out; confirming an improvement
is the same question asked of -d.

Two statistics, both as z.  Pass/fail cases: the score test of Tango, "Equivalence test and
confidence interval for the difference in proportions for the paired-sample design", Statistics
in Medicine 17 (1998), which at 0 is McNemar's.  Anything else: Student's t with one imaginary
case that went the worst way, because twenty ties in a row are not certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import copysign, inf, isinf, log1p, sqrt
from statistics import NormalDist

from promptgit.check.bounds import Plan, p_value

HOPELESS = 0.15  # stop early when even an optimist gives each answer a smaller chance
LEAST_SPREAD = 0.05  # for the optimist: a few ties do not make the future certain
FEWEST = 10  # pairs; whatever they show, fewer rule no drop out
ROUNDING = 1e-12

_NORMAL = NormalDist()


class Kind(StrEnum):
    """What the differences look like, which decides the statistic."""

    PASS_FAIL = "pass/fail"  # noqa: S105  (each is -1, 0 or 1: lost, tied, won)
    SCORE = "score"  # anything from -1 to 1


class Finding(StrEnum):
    """What a look concludes about the mean of the differences."""

    NO_DROP = "no drop"  # a drop of the margin or more is ruled out
    DROP = "drop"  # below zero, and at the margin or beyond by best guess
    UNDECIDED = "undecided"  # neither, and it is over
    OPEN = "open"  # look again with more pairs


@dataclass(frozen=True, slots=True)
class Tally:
    """Differences, as far as the tests need them."""

    n: int
    total: float
    squares: float  # sum of the squared differences

    @classmethod
    def of(cls, differences: Iterable[float]) -> Tally:
        seen = tuple(differences)
        return cls(len(seen), sum(seen), sum(d * d for d in seen))

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mirrored(self) -> Tally:
        """The same cases with the sides swapped."""
        return Tally(self.n, -self.total, self.squares)

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def spread(self) -> float:
        """Standard deviation of one difference."""
        return sqrt(max(0.0, self.squares / self.n - self.mean**2)) if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What was found, at which look, and what the differences say about the mean."""

    finding: Finding
    tally: Tally
    plan: Plan
    look: int  # index into the plan, from 0
    kind: Kind

    @property
    def interval(self) -> tuple[float, float]:
        """The means that the look's own bound does not rule out (each side errs by alpha)."""
        return interval(self.tally, self.plan.bounds[self.look], self.kind)

    @property
    def p_drop(self) -> float:
        """One-sided p that the mean is not below 0, with all looks accounted for."""
        return p_value(self.plan, self.look, z_above(self.tally.mirrored, 0.0, self.kind))


def gate(
    differences: Iterable[float],
    n_max: int,
    *,
    kind: Kind,
    margin: float = 0.05,
    alpha: float = 0.05,
    confirmed_drops_only: bool = False,
) -> Decision:
    """
    Take differences until they say whether the mean dropped by `margin` (0 to 1) or more.

    Takes no more than the decision needs, and `n_max` at most.  Over all looks together
    NO_DROP is wrong in at most `alpha` of runs when the true drop is `margin`, and DROP when
    there is none.  With `confirmed_drops_only` a DROP must itself be shown to exceed the margin.

    >>> decision = gate([-1.0] * 60, 60, kind=Kind.PASS_FAIL)
    >>> decision.finding.value, decision.tally.n
    ('drop', 20)
    """
    plan = Plan.of(n_max, alpha)
    source = iter(differences)
    tally = Tally(0, 0.0, 0.0)
    finding, look = Finding.OPEN, -1
    while finding is Finding.OPEN:
        look += 1
        tally += Tally.of(islice(source, plan.looks[look] - tally.n))
        finding = decide(
            tally, plan, look, kind=kind, margin=margin, confirmed_drops_only=confirmed_drops_only
        )
    return Decision(finding, tally, plan, look, kind)


def decide(
    tally: Tally,
    plan: Plan,
    look: int,
    *,
    kind: Kind,
    margin: float,
    confirmed_drops_only: bool = False,
    drops: Plan | None = None,
    may_give_up: bool = True,
) -> Finding:
    """
    Say what the differences so far settle, at this look of the plan.

    `drops`: the plan by which a DROP is shown, with the same looks; `plan` if there is none.
    `may_give_up`: stop undecided before the last look when an answer is unlikely.
    """
    drops = drops or plan
    z_no_drop = z_above(tally, -margin, kind)
    z_drop = z_above(tally.mirrored, margin if confirmed_drops_only else 0.0, kind)
    if z_no_drop >= plan.bounds[look] and tally.n >= FEWEST:
        return Finding.NO_DROP
    if z_drop >= drops.bounds[look] and tally.mean <= -margin + ROUNDING:
        return Finding.DROP
    if look == plan.last:
        return Finding.UNDECIDED
    if may_give_up and _hopeless(tally, (plan, drops), z_no_drop, z_drop, margin):
        return Finding.UNDECIDED
    return Finding.OPEN


def _hopeless(
    tally: Tally, plans: tuple[Plan, Plan], z_no_drop: float, z_drop: float, margin: float
) -> bool:
    """
    Say whether going on would hardly bring an answer.

    Each side is judged as if the truth lay one standard error in its favour.  Stopping here
    spends no error: it can only turn an answer into none.
    """
    spread = max(LEAST_SPREAD, tally.spread)
    error = spread / sqrt(max(1, tally.n))
    no_drop = _chance(tally, plans[0], z_no_drop, (tally.mean + error + margin) / spread)
    drop = _chance(tally, plans[1], z_drop, (error - tally.mean) / spread)
    return max(no_drop, drop) < HOPELESS


def _chance(tally: Tally, plan: Plan, z: float, gap: float) -> float:
    """Chance to end above the last bound from z, if the truth is `gap` spreads away."""
    n_max = plan.looks[-1]
    done = tally.n / n_max
    expected = z * sqrt(done) + gap * sqrt(n_max) * (1 - done)
    return _NORMAL.cdf((expected - plan.bounds[-1]) / sqrt(1 - done))


def z_above(tally: Tally, line: float, kind: Kind) -> float:
    """
    Return how strongly the differences say that their mean is above `line` (-1 to 1), as a z.

    >>> round(z_above(Tally.of([1.0] * 9 + [-1.0] * 3), 0.0, Kind.PASS_FAIL), 4)  # 6 / sqrt(12)
    1.7321
    """
    if not tally.n:
        return 0.0
    return _tango(tally, line) if kind is Kind.PASS_FAIL else _t_with_adverse_case(tally, line)


def _tango(tally: Tally, line: float) -> float:
    n = tally.n
    won = (tally.squares + tally.total) / 2
    lost = (tally.squares - tally.total) / 2
    b = (2 * n - won + lost) * line - won - lost
    c = -lost * line * (1 - line)
    lost_share = (sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)  # most likely, given the line
    variance = n * (2 * lost_share + line * (1 - line))
    return _over(won - lost - n * line, sqrt(max(0.0, variance)))


def _t_with_adverse_case(tally: Tally, line: float) -> float:
    n, n1 = tally.n, tally.n + 1
    mean = (tally.total - 1) / n1
    variance = max(0.0, (tally.squares + 1) / n1 - mean * mean) * n1 / n
    return z_of_t(_over(mean - line, sqrt(variance / n1)), n)


def z_of_t(t: float, degrees: int) -> float:
    """
    Turn Student's t into a z with the same tail, to about 1e-3 where it matters.

    Wallace, "Bounds on normal approximations to Student's and the chi-square distributions",
    Annals of Mathematical Statistics 30 (1959).
    """
    if isinf(t):
        return t
    size = sqrt(degrees * log1p(t * t / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return copysign(size, t)


def _over(gap: float, error: float) -> float:
    """Divide; no error at all makes any gap certain, and no gap says nothing."""
    if abs(gap) < ROUNDING:
        return 0.0
    return gap / error if error > ROUNDING else copysign(inf, gap)


def interval(tally: Tally, bound: float, kind: Kind) -> tuple[float, float]:
    """
    Return the lines between which the mean may lie: those that `bound` cannot tell it from.

    >>> [round(end, 3) for end in interval(Tally.of([0.0] * 60), 1.75, Kind.PASS_FAIL)]
    [-0.049, 0.049]
    """
    low = _root(lambda line: z_above(tally, line, kind) - bound, tally.mean)
    high = -_root(lambda line: z_above(tally.mirrored, line, kind) - bound, -tally.mean)
    return low, high


def _root(excess: Callable[[float], float], mean: float) -> float:
    """Bisect for the lowest line, from -1 to the mean, that is not ruled out."""
    low, high = -1.0, mean
    if excess(low) < 0:
        return low
    while high - low > 1e-9:
        middle = (low + high) / 2
        if excess(middle) < 0:
            high = middle
        else:
            low = middle
    return high
