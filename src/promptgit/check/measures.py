"""
What the gate measures of an answer: its score, one metric of it, or what it takes (a guard).

A guard is about growth: how much more the candidate costs, waits or writes, case by case.  The
growth of one case has no upper end, and the tests want differences within -1 to 1; so a case
counts with the difference of its two amounts over their mean, cut off at a tripling (for margins
above 1: with half of that, never cut off).  Swapping the sides swaps the sign, so noise that
favours neither side has mean 0; and one case that grew a thousandfold counts as one, not as all.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from statistics import fmean
from typing import Literal

from promptgit.check.pairs import plain_difference
from promptgit.core.evaluation import Metric, Result
from promptgit.core.gate import GUARDS
from promptgit.core.verdict import Policy
from promptgit.errors import UserError

WORTH_A_LOOK = 0.10  # growth, for guards that only inform


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is compared, and how much worse it may get."""

    name: str
    kind: Literal["score", "metric", "guard"]
    margin: float  # a drop in score points; of a guard, relative growth
    gated: bool = True

    @property
    def name_and_kind(self) -> tuple[str, str]:
        """A key: a metric may be called `cost` too."""
        return self.name, self.kind

    @property
    def line(self) -> float:
        """The margin on the scale of `difference`, 0 to 1."""
        return self.margin if self.kind != "guard" else -self.difference(1.0, 1.0 + self.margin)

    def difference(self, before: float, after: float) -> float:
        """By how much the candidate is better, -1 to 1."""
        if self.kind != "guard":
            return plain_difference(before, after)
        if not before + after:
            return 0.0
        return min(1.0, max(-1.0, 2 * (before - after) / (before + after) / self._reach))

    def shown(self, difference: float) -> float:
        """Turn a mean difference into what a verdict reports: points, or relative growth."""
        if self.kind != "guard":
            return difference
        swing = -difference * self._reach
        return 2 * swing / (2 - swing) if swing < 2 else float("inf")

    @property
    def _reach(self) -> float:
        return 1.0 if self.margin <= 1 else 2.0

    def of(self, result: Result) -> float | None:
        """What one answer has of it; None when it was not scored, or the amount is unknown."""
        if result.score is None:
            return None
        if self.kind == "score":
            return result.score
        if self.kind == "metric":
            return result.scores[self.name].value if self.name in result.scores else None
        return _amount(self.name, result)

    def by_case(
        self, answers: Mapping[str, Sequence[Result]], counted: Container[str]
    ) -> dict[str, float]:
        """The mean over each counted case's answers; cases with none that counts are absent."""
        values = {case: self._mean(results) for case, results in answers.items() if case in counted}
        return {case: value for case, value in values.items() if value is not None}

    def _mean(self, results: Sequence[Result]) -> float | None:
        if len(results) == 1:
            return self.of(results[0])
        values = [value for value in map(self.of, results) if value is not None]
        return fmean(values) if values else None


def _amount(guard: str, result: Result) -> float | None:
    if guard == "cost":
        return result.cost_usd
    return result.latency_s if guard == "latency" else float(len(result.output))


def measures(metrics: Sequence[Metric], policy: Policy) -> tuple[Measure, ...]:
    """
    List what is measured: the score, what else is gated, and what is for information.

    A metric that stands alone is the score; it is not listed twice.
    """
    gated = [Measure(name, "metric", margin) for name, margin in policy.metrics.items()]
    guards = [Measure(name, "guard", margin) for name, margin in policy.guards.items()]
    shown = [
        Measure(metric.name, "metric", policy.margin, gated=False)
        for metric in metrics
        if metric.name not in policy.metrics and len(metrics) > 1
    ]
    watched = [
        Measure(name, "guard", WORTH_A_LOOK, gated=False)
        for name in GUARDS
        if name not in policy.guards
    ]
    return (Measure("score", "score", policy.margin), *gated, *guards, *shown, *watched)


def why_no_cost(results: Iterable[Result]) -> str:
    """Say why there is no cost to compare; nothing where there is."""
    costs = {result.cost_usd for result in results if result.score is not None}
    if None in costs:
        return "a price is unknown"
    return "" if costs - {0.0} else "every answer was free"


def check_names(metrics: Sequence[Metric], policy: Policy) -> None:
    """Raise UserError if the policy gates a metric that nobody measures."""
    names = [metric.name for metric in metrics]
    for name in policy.metrics:
        if name not in names:
            known = f"the metrics are: {', '.join(names)}"
            close = get_close_matches(name, names, n=1)
            raise UserError(
                f"check.metrics: no metric is called {name!r}",
                hint=f"did you mean {close[0]!r}? {known}" if close else known,
            )
