"""Where the parts of a small drawing of an interval lie: zero in the middle, the margin marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from promptgit.core.gate import MetricFinding

WIDTH = 200
MIDDLE = WIDTH / 2


@dataclass(frozen=True, slots=True)
class Bar:
    """Places from the left, in units of a drawing that is `WIDTH` wide."""

    low: float
    width: float  # of the interval
    effect: float
    margin: float  # where what is not tolerated begins
    beyond_x: float  # the side of the margin that is not tolerated
    beyond_width: float


def bar(metric: MetricFinding, span: float) -> Bar | None:
    """Lay out a metric's interval such that `span` reaches from the middle to either end."""
    verdict = metric.verdict
    if not verdict.n or not all(map(isfinite, (verdict.low, verdict.high, verdict.effect))):
        return None
    low, high, effect = (_place(at, span) for at in (verdict.low, verdict.high, verdict.effect))
    worse = 1 if metric.kind == "guard" else -1  # a guard is worse when it grows
    margin = _place(worse * metric.margin, span)
    beyond = (margin, WIDTH - margin) if worse > 0 else (0.0, margin)
    return Bar(low, round(max(high - low, 1.0), 1), effect, margin, beyond[0], round(beyond[1], 1))


def span_of(metrics: Sequence[MetricFinding], like: MetricFinding) -> float:
    """How far from zero the metrics that are measured as `like` is reach, with some air."""
    alike = [metric for metric in metrics if (metric.kind == "guard") == (like.kind == "guard")]
    ends = [
        abs(end)
        for metric in alike
        for end in (metric.verdict.low, metric.verdict.high, metric.margin)
        if isfinite(end) and metric.verdict.n
    ]
    return 1.1 * max(ends, default=0.0) or 1.0


def _place(value: float, span: float) -> float:
    """
    >>> _place(0.0, 0.5), _place(-0.5, 0.5), _place(0.25, 0.5)
    (100.0, 0.0, 150.0)
    """
    return round(MIDDLE + MIDDLE * max(-1.0, min(1.0, value / span)), 1)
