"""
How often, how much and how sure: a ratio of two sums over conversations.

A metric is Σx / Σn, summed over conversations: x incidents among n answers, x conversations
with an escalation among n conversations, a sum x of n scores.  Answers of one conversation are
not independent of each other, so conversations are what is counted: the variance is that of a
ratio estimator over clusters (Cochran, "Sampling Techniques", 3rd ed., 1977, 6.4).  Five sums are
all it takes, and sums of parts add up: a table of tallies is rolled up without looking at a log
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

from promptgit.evaluate.interval import t_quantile

CONFIDENCE = 0.95
EQUAL = 1e-6  # of a scale: a half width below it is what adding up leaves of equal values


@dataclass(frozen=True, slots=True)
class Tally:
    clusters: int = 0  # conversations that have an n above 0
    x: float = 0.0  # Σx
    n: float = 0.0  # Σn
    xx: float = 0.0  # Σx²
    xn: float = 0.0  # Σxn
    nn: float = 0.0  # Σn²

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Tally:
        """Sum up conversations, each with its x and its n."""
        counted = [(x, n) for x, n in pairs if n > 0]
        return cls(
            len(counted),
            sum(x for x, _ in counted),
            sum(n for _, n in counted),
            sum(x * x for x, _ in counted),
            sum(x * n for x, n in counted),
            sum(n * n for _, n in counted),
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.clusters + other.clusters,
            self.x + other.x,
            self.n + other.n,
            self.xx + other.xx,
            self.xn + other.xn,
            self.nn + other.nn,
        )

    @property
    def value(self) -> float | None:
        """Σx / Σn; None where there is nothing to divide by."""
        return self.x / self.n if self.n else None

    @property
    def variance(self) -> float:
        """
        Of `value`, with conversations as clusters; infinite below two of them.

        >>> alone = Tally.of([(1, 1)] * 30 + [(0, 1)] * 70)
        >>> round(sqrt(alone.variance), 4)  # as of 100 independent answers
        0.0461
        """
        if self.clusters < 2 or not self.n:
            return inf
        r = self.x / self.n
        spread = max(0.0, self.xx - 2 * r * self.xn + r * r * self.nn)
        return spread * self.clusters / (self.clusters - 1) / self.n**2

    def interval(
        self, *, share: bool, confidence: float = CONFIDENCE, top: float = 0.0
    ) -> tuple[float, float]:
        """
        Return the interval of `value`; a `share` lies within 0 and 1.

        A share: Wilson, "Probable inference", JASA 22 (1927), with as many answers as the spread
        over conversations leaves of them.  Else Student's t; where all values of a scale from 0 to
        `top` are equal, t would know them exactly, and Wilson's of the part of the scale is taken.
        Fewer than two conversations say nothing: (0, 1), or (-inf, inf).

        >>> [round(bound, 3) for bound in Tally.of([(0, 1)] * 50).interval(share=True)]
        [0.0, 0.071]
        >>> [round(bound, 2) for bound in Tally.of([(0, 1)] * 5).interval(share=False, top=10)]
        [0.0, 4.34]
        """
        nothing = (0.0, 1.0) if share else (-inf, inf)
        if self.clusters < 2 or not self.n:
            return nothing
        r = self.x / self.n
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        if not share:
            half = t_quantile(z, self.clusters - 1) * sqrt(self.variance)
            if top and half <= EQUAL * top:
                low, high = wilson(r / top, float(self.clusters), z)
                return top * low, top * high
            return r - half, r + half
        r = min(1.0, max(0.0, r))
        n = min(self.n, self.clusters * 1.0)
        if 0 < r < 1 and self.variance > 0:
            n = min(self.n, r * (1 - r) / self.variance)
        return wilson(r, n, z)


def wilson(r: float, n: float, z: float) -> tuple[float, float]:
    """The interval of a share r of n, z standard deviations wide on either side."""
    r = min(1.0, max(0.0, r))
    centre = (r + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(r * (1 - r) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Difference:
    """`after` less `before`, with its interval."""

    value: float
    low: float
    high: float

    @property
    def proven(self) -> bool:
        """Say whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def difference(
    before: Tally,
    after: Tally,
    *,
    share: bool,
    confidence: float = CONFIDENCE,
    top: float = 0.0,
) -> Difference | None:
    """
    Compare two independent tallies; None where one of them has no value.

    The interval is put together from those of the two: Zou and Donner, "Construction of
    confidence limits about effect measures", Statistics in Medicine 27 (2008); for shares of
    independent answers, that is Newcombe's to within 1 / n.

    >>> found = difference(Tally.of([(1, 1)] * 56 + [(0, 1)] * 14),
    ...                    Tally.of([(1, 1)] * 48 + [(0, 1)] * 32), share=True)
    >>> [round(bound, 3) for bound in (found.value, found.low, found.high)]
    [-0.2, -0.335, -0.051]
    """
    if before.value is None or after.value is None:
        return None
    low_0, high_0 = before.interval(share=share, confidence=confidence, top=top)
    low_1, high_1 = after.interval(share=share, confidence=confidence, top=top)
    value = after.value - before.value
    down = sqrt((after.value - low_1) ** 2 + (high_0 - before.value) ** 2)
    up = sqrt((high_1 - after.value) ** 2 + (before.value - low_0) ** 2)
    return Difference(value, value - down, value + up)
