"""How sure a mean is: the 95 % interval that goes with every score we print."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import isnan, sqrt
from statistics import NormalDist, fmean, stdev

from promptgit.core.dataset import Case, together


def independent(cases: Iterable[Case], scored: Collection[str]) -> float:
    """
    Return how many independent cases those with the ids `scored` are worth to a mean.

    Cases of a group, and cases that say the same, are taken to get one score: Kish, "Survey
    Sampling" (1965), 8.2, with an intraclass correlation of 1.  Equal numbers of each count as
    that many; one that is repeated more often than others makes it fewer.

    >>> said = [Case(f"c{n}", {"input": "Hi" if n < 3 else "Bye"}) for n in range(6)]
    >>> independent(said, ["c0", "c1", "c2", "c3", "c4", "c5"])
    2.0
    """
    found = together(case for case in cases if case.id in scored).values()
    sizes = [len(members) for members in found]
    return sum(sizes) ** 2 / sum(size * size for size in sizes) if sizes else 0.0


def interval(
    scores: Sequence[float], confidence: float = 0.95, *, worth: float | None = None
) -> tuple[float, float]:
    """
    Return the interval for the mean of `scores` (each 0 to 1), clipped to 0 and 1.

    All 0 or 1: Wilson, "Probable inference", JASA 22 (1927).  Otherwise Student's t.
    Fewer than two scores say nothing: (0, 1).  `worth`: as how many independent ones they count.

    >>> [round(bound, 3) for bound in interval([1.0] * 8 + [0.0] * 2)]
    [0.49, 0.943]
    """
    n = len(scores) if worth is None else min(worth, len(scores))
    if n < 2:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    mean = fmean(scores)
    if all(score in (0.0, 1.0) for score in scores):
        centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(mean * (1 - mean) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    else:
        centre, half = mean, t_quantile(z, n - 1) * stdev(scores) / sqrt(n)
    return max(0.0, centre - half), min(1.0, centre + half)


def t_quantile(z: float, degrees: float) -> float:
    """
    Turn a normal quantile into Student's t, to three digits from 4 degrees of freedom on.

    Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5.

    >>> round(t_quantile(1.959964, 10), 3)
    2.228
    """
    if isnan(z):
        return z
    v = degrees
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / v + g2 / v**2 + g3 / v**3 + g4 / v**4
