"""
By which rule a measure is judged: for inputs like the cases, or for the very cases.

A drop is declared with the error that is left when it is shared among all that might be declared
by mistake; that no measure dropped needs no such share, for all of them must hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from promptgit.check.betting import suite_gate, suite_range, suite_wealth
from promptgit.check.bounds import Plan, looks, p_value
from promptgit.check.measures import Measure
from promptgit.check.pairs import Comparison
from promptgit.check.sequential import Finding, decide, interval, z_above


class Rule(Protocol):
    """Concludes from the pairs of one look; an index counts the looks from 0."""

    @property
    def looks(self) -> tuple[int, ...]: ...

    def finding(self, seen: Comparison, line: float, look: int) -> Finding:
        """Say whether the mean dropped by `line` (score points) or more."""
        ...

    def range(self, seen: Comparison, look: int) -> tuple[float, float]:
        """Return the interval for the mean of the scaled differences."""
        ...

    def p_value(self, seen: Comparison, look: int) -> float:
        """One-sided, that the effect is not positive."""
        ...


@dataclass(frozen=True)
class ByPlan:
    """Inputs like the cases: a plan for each answer, with the same looks."""

    no_drop: Plan
    drop: Plan
    confirmed_drops_only: bool = False
    may_give_up: bool = True

    @property
    def looks(self) -> tuple[int, ...]:
        return self.no_drop.looks

    def finding(self, seen: Comparison, line: float, look: int) -> Finding:
        return decide(
            seen.tally,
            self.no_drop,
            look,
            kind=seen.kind,
            margin=line * seen.scale,
            confirmed_drops_only=self.confirmed_drops_only,
            drops=self.drop,
            may_give_up=self.may_give_up,
        )

    def range(self, seen: Comparison, look: int) -> tuple[float, float]:
        return interval(seen.tally, self.no_drop.bounds[look], seen.kind)

    def p_value(self, seen: Comparison, look: int) -> float:
        return p_value(self.no_drop, look, z_above(seen.tally, 0.0, seen.kind))

    def to_the_end(self) -> ByPlan:
        """Spend at the last look what was kept for repeats."""
        return replace(self, no_drop=self.no_drop.to_the_end(), drop=self.drop.to_the_end())

    def with_look(self, size: int, spent: float) -> ByPlan:
        """Append a look at evidence worth `size` pairs; `spent`: share of alpha, with it."""
        plans = (plan.with_look(size, spent * plan.alpha) for plan in (self.no_drop, self.drop))
        no_drop, drop = plans
        return replace(self, no_drop=no_drop, drop=drop)


@dataclass(frozen=True)
class BySuite:
    """These cases and no others: foretells what all of them will say, and at the last is sure."""

    size: int  # units of evidence
    alpha: float
    drop_alpha: float
    at_once: bool = False  # all answers are there: one look

    @cached_property
    def looks(self) -> tuple[int, ...]:
        return (self.size,) if self.at_once else looks(self.size)

    def finding(self, seen: Comparison, line: float, look: int) -> Finding:
        return suite_gate(
            seen.differences,
            self._expected(seen, look),
            margin=line * seen.scale,
            alpha=self.alpha,
            drop_alpha=self.drop_alpha,
        ).finding

    def range(self, seen: Comparison, look: int) -> tuple[float, float]:
        return suite_range(seen.differences, self._expected(seen, look), alpha=self.alpha)

    def p_value(self, seen: Comparison, look: int) -> float:
        return 1 / suite_wealth(seen.differences, self._expected(seen, look), 0.0)

    def _expected(self, seen: Comparison, look: int) -> int:
        """How many units there will be, without those that are lost already."""
        return max(1, self.size - (self.looks[look] - seen.tally.n))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a measure says after a look."""

    measure: Measure
    rule: Rule
    look: int
    seen: Comparison
    finding: Finding
    lost: frozenset[str]  # ids of the cases whose pair is missing a side

    @property
    def is_settled(self) -> bool:
        return self.finding in (Finding.NO_DROP, Finding.DROP)

    @property
    def effect(self) -> float:
        return self.measure.shown(self.seen.effect)

    @property
    def range(self) -> tuple[float, float]:
        """The interval of the effect as it is reported: points, or relative growth."""
        low, high = self.seen.in_points(self.rule.range(self.seen, self.look))
        ends = sorted((self.measure.shown(low), self.measure.shown(high)))
        return ends[0], ends[1]

    @property
    def p_value(self) -> float:
        return self.rule.p_value(self.seen, self.look)
