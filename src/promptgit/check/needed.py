"""About how many cases would settle a question, and what so many cases can show at all."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from promptgit.check.sequential import Kind, Tally

POWER = 0.8
PEEKING = 1.75 / 1.645  # what looking early adds to the last bound, about
TYPICAL_SPREAD = 0.4  # of a difference: pass/fail at 0.8, moderately alike on both sides
SHARP = 1e-4  # score points
MOST = 1_000_000  # cases; "more than that" is not an answer


def cases_to_settle(tally: Tally, *, kind: Kind, margin: float, alpha: float) -> int | None:
    """
    Return about how many cases would decide whether the mean dropped by `margin` or more.

    Supposes that the truth is what the differences show, and takes the answer that is nearer.
    None when neither is in reach.
    """
    if tally.mean <= -margin:
        return cases_needed(-tally.mean, tally.spread, kind=kind, alpha=alpha)
    rare = sqrt(margin * (1 - margin))  # even if all ties: what the line itself would spread
    spread = max(tally.spread, rare)
    return cases_needed(tally.mean + margin, spread, kind=kind, alpha=alpha)


def cases_needed(gap: float, spread: float, *, kind: Kind, alpha: float = 0.05) -> int | None:
    """
    Return the fewest cases that show a mean to be on its side of a line with chance 0.8.

    `gap` is the distance between the two, `spread` the standard deviation of one difference.

    >>> cases_needed(0.05, 0.25, kind=Kind.PASS_FAIL), cases_needed(0.1, 0.4, kind=Kind.SCORE)
    (167, 131)
    """
    if gap <= 0 or smallest_effect(MOST, spread, kind=kind, alpha=alpha) > gap:
        return None
    low, high = 0, MOST
    while high - low > 1:
        middle = (low + high) // 2
        if smallest_effect(middle, spread, kind=kind, alpha=alpha) <= gap:
            high = middle
        else:
            low = middle
    return high


def smallest_effect(
    n: int, spread: float = TYPICAL_SPREAD, *, kind: Kind = Kind.SCORE, alpha: float = 0.05
) -> float:
    """
    Return the smallest mean difference (0 to 1) that `n` cases show with chance 0.8.

    >>> round(smallest_effect(100), 3)
    0.116
    """
    normal = NormalDist()
    reach = -normal.inv_cdf(alpha) * PEEKING + normal.inv_cdf(POWER)
    n1 = n + 1
    if kind is Kind.PASS_FAIL:
        return reach * spread / sqrt(n1)
    return 1 / n1 + reach * sqrt((spread**2 + 1 / n1) / n1)  # the imaginary adverse case


def smallest_drop(
    n: int, spread: float, *, kind: Kind, alpha: float, margin: float, confirmed: bool = False
) -> float:
    """
    Return the smallest mean drop (0 to 1) that the gate calls a regression with chance 0.8.

    Never less than the margin, and with `confirmed` beyond it.  Where all was alike so far the
    spread is still not nothing: right or wrong answers that drop scatter by it.

    >>> round(smallest_drop(60, 0.0, kind=Kind.PASS_FAIL, alpha=0.05, margin=0.05), 3)
    0.099
    """
    found = margin
    while found < 1:
        own = sqrt(found * (1 - found)) if kind is Kind.PASS_FAIL else 0.0
        shown = smallest_effect(n, max(spread, own), kind=kind, alpha=alpha)
        shown += margin if confirmed else 0.0
        if shown <= found + SHARP:
            return found
        found = shown
    return 1.0
