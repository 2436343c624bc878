"""
When to look, and how strong the evidence must be at each look.

Whoever tests after every batch at the usual 1.645 errs in one run of four.  A group-sequential
plan spends the allowed error bit by bit instead: Lan and DeMets, "Discrete sequential
boundaries for clinical trials", Biometrika 70 (1983), with the power spending function
alpha · t² (Kim and DeMets, Biometrika 74, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, erfc, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

FIRST_LOOK = 20  # pairs; with fewer, the tests' approximations are too coarse to peek with
GROWTH = 1.5  # from one look to the next: within two points of the best power at every size
LAST_STEP = 0.15  # a smaller share of all pairs does not deserve a look of its own
GRID = 240  # points of the integration; the bounds are then good to 1e-9
FAR = 8.0  # standard deviations: nothing is beyond


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pairs there are at each look, and the z that settles the question there."""

    looks: tuple[int, ...]  # pairs, ascending; the last is all there are
    bounds: tuple[float, ...]  # z at or above which a look decides, one a look
    alpha: float  # one-sided error over all looks together
    spent: tuple[float, ...]  # of alpha, up to and with each look

    @classmethod
    def of(cls, n_max: int, alpha: float = 0.05, *, kept: float = 0.0) -> Plan:
        """
        Plan for `n_max` pairs (at least 1) at one-sided error `alpha` (0 to 0.5).

        `kept`: the share of alpha that is left for looks to come after the last pair.
        """
        sizes = looks(n_max)
        return cls._spending(sizes, tuple(spending(sizes, alpha * (1 - kept))), alpha)

    @classmethod
    def once(cls, n_max: int, alpha: float = 0.05) -> Plan:
        """Plan a single look, when all pairs are in."""
        return cls._spending((n_max,), (alpha,), alpha)

    @classmethod
    def _spending(cls, sizes: tuple[int, ...], spent: tuple[float, ...], alpha: float) -> Plan:
        return cls(sizes, bounds_for(sizes, spent), alpha, spent)

    def to_the_end(self) -> Plan:
        """Spend at the last look all that was kept."""
        return self._spending(self.looks, (*self.spent[:-1], self.alpha), self.alpha)

    def with_look(self, size: int, spent: float) -> Plan:
        """
        Append a look at evidence worth `size` pairs, more than any before it.

        What counts is how much the mean's variance fell: pairs that were asked again are worth
        as many pairs, asked once, as would make it fall alike.
        """
        return self._spending((*self.looks, size), (*self.spent, spent), self.alpha)

    @property
    def last(self) -> int:
        """Index of the last look."""
        return len(self.looks) - 1


def looks(n_max: int) -> tuple[int, ...]:
    """
    Return after how many pairs to look: 20, 30, 45, … and when all are in.

    >>> looks(200), looks(50), looks(12)
    ((20, 30, 45, 68, 102, 153, 200), (20, 30, 50), (12,))
    """
    sizes = []
    size = FIRST_LOOK
    while size < n_max and n_max - size >= LAST_STEP * n_max:
        sizes.append(size)
        size = ceil(size * GROWTH)
    return (*sizes, n_max)


def spending(sizes: tuple[int, ...], alpha: float) -> list[float]:
    """Return how much of `alpha` may be spent up to each look: alpha · t², t the share of pairs."""
    return [alpha * (size / sizes[-1]) ** 2 for size in sizes]


def bounds(sizes: tuple[int, ...], alpha: float = 0.05) -> tuple[float, ...]:
    """
    Return the z to reach at each look so that all looks together err with chance `alpha`.

    >>> [round(bound, 3) for bound in bounds(looks(100))]
    [2.878, 2.713, 2.431, 2.099, 1.75]
    """
    return bounds_for(sizes, tuple(spending(sizes, alpha)))


@lru_cache(maxsize=512)
def bounds_for(sizes: tuple[int, ...], spent: tuple[float, ...]) -> tuple[float, ...]:
    """
    Return the z to reach at each look so that the looks up to it err with chance `spent`.

    Under the null the running z is a Brownian motion over the square root of the share of all
    pairs; the part of it that has not crossed yet is carried from look to look on a grid.
    """
    found: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    before = 0.0
    for size, so_far in zip(sizes, spent, strict=True):
        share = size / sizes[-1]
        found += (_walked(shares, found).z_for(share, so_far - before),)
        shares += (share,)
        before = so_far
    return found


def p_value(plan: Plan, look: int, z: float) -> float:
    """
    Return the one-sided p of stopping at `look` (from 0) with `z`, earlier looks counted.

    Stage-wise ordering: Tsiatis, Rosner and Mehta, "Exact confidence intervals following a
    group sequential test", Biometrics 40 (1984).  It is below the error spent so far exactly
    when `z` reaches the bound.
    """
    n_max = plan.looks[-1]
    shares = tuple(size / n_max for size in plan.looks[:look])
    earlier = plan.spent[look - 1] if look else 0.0
    uncrossed = _walked(shares, plan.bounds[:look])
    return min(1.0, earlier + uncrossed.beyond(plan.looks[look] / n_max, z))


@dataclass(frozen=True)
class Walk:
    """A Brownian motion that has not crossed a bound yet, as point masses at time `share`."""

    share: float = 0.0
    places: NDArray[float64] | None = None  # None: all mass is at 0
    masses: NDArray[float64] | None = None

    def beyond(self, share: float, z: float) -> float:
        """Return the chance to be at z or above at `share`, without an earlier crossing."""
        if self.places is None or self.masses is None:
            return _tail(z)
        unit = sqrt(2 * (share - self.share))
        height = z * sqrt(share)
        walkers = zip(self.places.tolist(), self.masses.tolist(), strict=True)  # floats: fast
        reached = (mass * erfc((height - place) / unit) for place, mass in walkers)
        return float(sum(reached) / 2)

    def z_for(self, share: float, chance: float) -> float:
        """Return the z that is exceeded at `share`, for the first time, with `chance`."""
        if self.places is None:
            return -NormalDist().inv_cdf(chance)
        low, high = 0.0, FAR
        while high - low > 1e-10:
            middle = (low + high) / 2
            if self.beyond(share, middle) > chance:
                low = middle
            else:
                high = middle
        return high

    def to(self, share: float, bound: float) -> Walk:
        """Walk on to `share` and forget what is beyond `bound` there."""
        import numpy as np

        points, widths = _quadrature()
        top, bottom = bound * sqrt(share), -FAR * sqrt(share)
        places = bottom + (top - bottom) * (points + 1) / 2
        if self.places is None or self.masses is None:
            density = np.exp(-(places**2) / (2 * share)) / sqrt(2 * np.pi * share)
        else:
            spread = share - self.share
            gaps = places[:, None] - self.places[None, :]
            density = np.exp(-(gaps**2) / (2 * spread)) @ self.masses / sqrt(2 * np.pi * spread)
        return Walk(share, places, density * widths * (top - bottom) / 2)


@lru_cache(maxsize=64)
def _walked(shares: tuple[float, ...], bounds: tuple[float, ...]) -> Walk:
    """Walk past these looks."""
    if not shares:
        return Walk()
    return _walked(shares[:-1], bounds[:-1]).to(shares[-1], bounds[-1])


@lru_cache(maxsize=1)
def _quadrature() -> tuple[NDArray[float64], NDArray[float64]]:
    """Gauss and Legendre's points and weights on -1 to 1."""
    import numpy as np

    points, widths = np.polynomial.legendre.leggauss(GRID)
    return points, widths


def _tail(z: float) -> float:
    return 0.5 * erfc(z / sqrt(2))
