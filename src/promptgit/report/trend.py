"""
Where the parts of a small plot of one metric over days lie: its line, its range, its deploys.

A day on which nothing was counted is a gap, never a zero.  The scale starts at 0 for counts and
shares, so that a small change looks small; other numbers have the room that they need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.tally import Tally
from promptgit.report import metric_words as words

WIDTH, HEIGHT = 300.0, 96.0
LEFT, RIGHT, TOP, BOTTOM = 6.0, 294.0, 18.0, 80.0  # of the frame
MOST_ROOM = 2.0  # times the highest value, for the ranges; what is wider is cut off
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    told: str  # day, value and range


@dataclass(frozen=True, slots=True)
class Mark:
    """The day on which a version was first seen."""

    x: float
    told: str


@dataclass(frozen=True, slots=True)
class Trend:
    lines: Sequence[str]  # `points` of polylines: one for each stretch of days without a gap
    ribbons: Sequence[str]  # `points` of polygons: the 95 % ranges
    dots: Sequence[Dot]
    marks: Sequence[Mark]
    first: str  # day
    last: str
    top: str  # the highest value of the scale


def trend(cube: Cube, metric: Metric) -> Trend | None:
    """Draw a metric of a cube over its days; None where it was never counted."""
    found = {
        cell.day: row[metric.name]
        for cell, row in cube.by("day").items()
        if metric.name in row and metric.value(row[metric.name]) is not None
    }
    days = _days(found)
    if not days:
        return None
    scale = _Scale.of(metric, list(found.values()))
    place = {
        day: LEFT + (RIGHT - LEFT) * (index / (len(days) - 1) if len(days) > 1 else 0.5)
        for index, day in enumerate(days)
    }
    stretches = _stretches(days, found)
    return Trend(
        lines=[
            " ".join(f"{place[d]:.1f},{scale.y(_shown(metric, found[d])):.1f}" for d in stretch)
            for stretch in stretches
            if len(stretch) > 1
        ],
        ribbons=[
            _ribbon(metric, scale, place, found, stretch)
            for stretch in stretches
            if len(stretch) > 1 and metric.unit != "count"
        ],
        dots=[
            Dot(place[d], scale.y(_shown(metric, found[d])), _told(metric, d, found[d]))
            for d in days
            if d in found
        ],
        marks=_marks(cube, place),
        first=days[0],
        last=days[-1],
        top=words.amount(metric.unit, scale.high),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, metric: Metric, tallies: Sequence[Tally]) -> _Scale:
        values = [_shown(metric, tally) for tally in tallies]
        low, high = min(0.0, *values), max(0.0, *values)
        if metric.unit == "number" and min(values) > 0:
            low = max(0.0, min(values) - (high - min(values)) - 0.1 * high)
        if metric.unit != "count":
            bounds = [tally.interval(share=metric.unit == "share")[1] for tally in tallies]
            high = max(high, min(MOST_ROOM * high, max(bounds)))
        return cls(low, high if high > low else low + 1.0)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, share))


def _shown(metric: Metric, tally: Tally) -> float:
    value = metric.value(tally)
    assert value is not None
    return value


def _told(metric: Metric, day: str, tally: Tally) -> str:
    span = words.span(metric, tally)
    ranged = f" ({span})" if span else ""
    return f"{day}: {words.value(metric, tally)}{ranged}, {tally.clusters:,} conversations"


def _days(found: Mapping[str, Tally]) -> list[str]:
    """Every day from the first on which something was counted to the last."""
    if not found:
        return []
    first, last = (date.fromisoformat(day) for day in (min(found), max(found)))
    days = min(MOST_DAYS, (last - first).days + 1)
    return [(last - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def _stretches(days: Sequence[str], found: Mapping[str, Tally]) -> list[list[str]]:
    stretches: list[list[str]] = [[]]
    for day in days:
        if day in found:
            stretches[-1].append(day)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]


def _ribbon(
    metric: Metric,
    scale: _Scale,
    place: Mapping[str, float],
    found: Mapping[str, Tally],
    stretch: Sequence[str],
) -> str:
    above: list[str] = []
    below: list[str] = []
    for day in stretch:
        low, high = found[day].interval(share=metric.unit == "share")
        for points, bound in ((above, high), (below, low)):
            at = scale.y(bound) if isfinite(bound) else (TOP if bound > 0 else BOTTOM)
            points.append(f"{place[day]:.1f},{at:.1f}")
    return " ".join([*above, *reversed(below)])


def _marks(cube: Cube, place: Mapping[str, float]) -> list[Mark]:
    """Versions that were not there on the first day."""
    first_seen: dict[str, str] = {}
    for cell in cube.rows:
        if cell.version:
            first_seen[cell.version] = min(cell.day, first_seen.get(cell.version, cell.day))
    return [
        Mark(place[day], f"{day}: version {version[:12]}")
        for version, day in sorted(first_seen.items(), key=lambda found: found[1])
        if day in place and day != min(place)
    ]
