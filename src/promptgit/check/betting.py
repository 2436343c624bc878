"""
Betting: tests that hold whenever one looks, and for the very cases at hand.

A gambler bets on each next difference at odds that are fair if the mean is on the line.  Wealth
of 1/alpha happens with chance alpha at most if the line is true (Ville's inequality), so getting
rich is evidence.  Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 86 (2024).  We bet a fixed mixture of ten fractions, heavy on the big ones,
instead of adapting the bet: it needs half the cases when failures are rare.

Exact at every sample size, and 15 to 20 points less powerful than a `Plan`: use it when there is
no last case (`anytime_gate`), or when the cases are all that matters (`suite_gate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from promptgit.check.sequential import ROUNDING, Finding

FRACTIONS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06, 0.04)  # of what may be bet
STAKES = (0.30, 0.14, 0.12, 0.10, 0.09, 0.08, 0.07, 0.05, 0.03, 0.02)  # of the wealth, sum 1
SHARP = 1e-3  # score points; an interval need not be sharper


@dataclass(frozen=True, slots=True)
class Bet:
    """What a bettor found, and how many differences it took."""

    finding: Finding
    n: int
    mean: float


@dataclass(slots=True)
class Purse:
    """Wealth of a bet that the mean is above a line, one part for each fraction."""

    parts: list[float]

    @classmethod
    def full(cls) -> Purse:
        return cls(list(STAKES))

    def bet(self, difference: float, line: float) -> None:
        """Bet that the next difference (-1 to 1) is above `line`, its mean if the null is true."""
        reach = max(line + 1, ROUNDING)  # the most that can be lost
        gain = (difference - line) / reach
        self.parts = [
            part * max(0.0, 1 + fraction * gain)
            for part, fraction in zip(self.parts, FRACTIONS, strict=True)
        ]

    @property
    def wealth(self) -> float:
        return sum(self.parts)


def anytime_gate(differences: Iterable[float], *, margin: float = 0.05, alpha: float = 0.05) -> Bet:
    """
    Say whether the mean dropped by `margin` or more; valid at any stopping time.

    Takes differences (-1 to 1, independent) until it knows.  OPEN when they ran out.  With only
    ties it takes 78 of them to rule out a drop of 0.05.

    >>> anytime_gate([0.0] * 200).n
    78
    """
    no_drop, drop = Purse.full(), Purse.full()
    total, n = 0.0, 0
    for difference in differences:
        no_drop.bet(difference, -margin)
        drop.bet(-difference, 0.0)
        total, n = total + difference, n + 1
        if no_drop.wealth >= 1 / alpha:
            return Bet(Finding.NO_DROP, n, total / n)
        if drop.wealth >= 1 / alpha and total / n <= -margin + ROUNDING:
            return Bet(Finding.DROP, n, total / n)
    return Bet(Finding.OPEN, n, total / n if n else 0.0)


def suite_gate(
    differences: Iterable[float],
    n_max: int,
    *,
    margin: float = 0.05,
    alpha: float = 0.05,
    drop_alpha: float | None = None,
) -> Bet:
    """
    Foretell, with error `alpha`, what the mean over all `n_max` cases of the suite will be.

    NO_DROP: above -margin; DROP: at or below it, with error `drop_alpha` if that is given.  The
    order must be random.  Says nothing about other inputs.  At the last case it is certain, so it
    is never undecided; OPEN only when fewer than `n_max` differences come.

    >>> suite_gate([0.0] * 100, 100)  # doctest: +ELLIPSIS
    Bet(finding=<Finding.NO_DROP: 'no drop'>, n=..., mean=0.0)
    """
    no_drop, drop = Purse.full(), Purse.full()
    total, n = 0.0, 0
    for difference in differences:
        left = n_max - n
        due = -n_max * margin - total  # what the rest must sum to, for the mean to be -margin
        if due < left:
            no_drop.bet(difference, max(due / left, -1.0))
        if -due < left:
            drop.bet(-difference, max(-due / left, -1.0))
        total, n, left = total + difference, n + 1, left - 1
        due = -n_max * margin - total
        if no_drop.wealth >= 1 / alpha or -left > due + ROUNDING:
            return Bet(Finding.NO_DROP, n, total / n)
        if drop.wealth >= 1 / (drop_alpha or alpha) or left <= due + ROUNDING:
            return Bet(Finding.DROP, n, total / n)
    return Bet(Finding.OPEN, n, total / n if n else 0.0)


def suite_range(
    differences: Sequence[float], n_max: int, *, alpha: float = 0.05
) -> tuple[float, float]:
    """
    Foretell between which ends the mean over all `n_max` cases will lie; each errs by `alpha`.

    >>> suite_range([0.25] * 20, 20)
    (0.25, 0.25)
    """
    if len(differences) >= n_max:
        mean = sum(differences) / n_max
        return mean, mean
    mirrored = [-difference for difference in differences]
    return _lowest(differences, n_max, alpha), -_lowest(mirrored, n_max, alpha)


def suite_wealth(differences: Iterable[float], n_max: int, line: float) -> float:
    """
    Return the most that was won by betting that the mean over the suite is above `line`.

    Infinite when that is certain.  One over it is a p-value, whenever one stops.
    """
    purse = Purse.full()
    total, n, most = 0.0, 0, 1.0
    for difference in differences:
        left, due = n_max - n, n_max * line - total
        if due < left:
            purse.bet(difference, max(due / left, -1.0))
        total, n = total + difference, n + 1
        most = max(most, purse.wealth)
        if -(n_max - n) > n_max * line - total + ROUNDING:
            return inf
    return most


def _lowest(differences: Sequence[float], n_max: int, alpha: float) -> float:
    """Bisect for the lowest mean of the suite that is not ruled out."""
    low, high = -1.0, sum(differences) / len(differences) if differences else 0.0
    if suite_wealth(differences, n_max, low) < 1 / alpha:
        return low
    while high - low > SHARP:
        middle = (low + high) / 2
        if suite_wealth(differences, n_max, middle) < 1 / alpha:
            high = middle
        else:
            low = middle
    return high
