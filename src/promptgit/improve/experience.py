"""What a search has learnt from its patches: whether being alike tells much, and what breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from promptgit.improve.race import ROUNDING

HELPS = 0.02  # score points (0 to 1) by which a case must gain to count as mended
RARE = 0.06  # share of cases that got worse, below which a few are enough to look at


@dataclass
class Kinship:
    """How often patches that were kept have mended their kin: whether being alike says much."""

    mended: int = 0
    missed: int = 0

    def add(self, kin: Kin) -> None:
        """Take note of what a patch that was kept did to its kin."""
        self.mended += kin.helped
        self.missed += kin.amiss

    def chance_of_none(self, tested: int) -> float:
        """The chance that a good patch mends none of so many kin, with Laplace's prior."""
        rate = (self.mended + 1) / (self.mended + self.missed + 2)
        return (1 - rate) ** tested


@dataclass(frozen=True, slots=True)
class Kin:
    """What a patch did to misses like the one that it was written for."""

    names: frozenset[str] = frozenset()  # of the cases that were tested
    gains: tuple[float, ...] = ()  # of each, in score points
    share: float = 0.0  # of all cases, that they stand for

    @property
    def tested(self) -> int:
        return len(self.gains)

    @property
    def helped(self) -> int:
        return sum(gain > HELPS for gain in self.gains)

    @property
    def amiss(self) -> int:
        return self.tested - self.helped

    @property
    def ahead(self) -> float:
        """The gain in points of the whole, as far as it goes by kin."""
        return self.share * sum(self.gains) / self.tested if self.gains else 0.0


@dataclass
class Breakage:
    """How often patches that mend something have cost another case some of its score."""

    worse: int = 0
    tested: int = 0
    broken: Counter[str] = field(default_factory=Counter)  # how often each case was, by its id

    def add(self, gains: Mapping[str, float]) -> None:
        """Take note of what a patch did to cases that had something to lose."""
        worse = [name for name, gain in gains.items() if gain < -ROUNDING]
        self.tested += len(gains)
        self.worse += len(worse)
        self.broken.update(worse)

    @property
    def is_rare(self) -> bool:
        """Whether a few cases are enough to look at; not before there is some experience."""
        return (self.worse + 1) / (self.tested + 10) < RARE
