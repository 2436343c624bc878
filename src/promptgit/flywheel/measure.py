"""
What a change was worth in production: before and after it, or side by side.

Side by side, candidate and stable are compared within days and the days are put together, each
with the weight of Mantel and Haenszel ("Statistical aspects of the analysis of data from
retrospective studies", JNCI 22, 1959): n n' / (n + n').  So a share that was raised midway does
not confound: a good week counts for both.  How much conversations of one variant and one day
differ is pooled over the days, so that a day with a handful of them still counts.

Before and after is what happened, and other things may have happened too; a sentence says so.

Many metrics are looked at, so a difference is called proven only if it holds at 5 % for all of
them together (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
Journal of Statistics 6, 1979): for the few that a change is made for by themselves, and for all
others by themselves.  The intervals are of 95 % each.

Conversations are what is counted.  Where one unit has many of them, they are not independent, and
intervals are too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite, sqrt
from statistics import NormalDist
from types import MappingProxyType
from typing import Literal

from promptgit.evaluate.interval import t_quantile
from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.rollout import CANDIDATE, STABLE
from promptgit.flywheel.tally import CONFIDENCE, EQUAL, Difference, Tally, difference, wilson

ERROR = 0.05  # of calling a difference proven that is none, over all metrics together
POWER = 0.8  # of the number of conversations that would tell
OUT_OF_SIGHT = 10_000_000  # conversations
MARGIN_SHARE = 0.02  # a guard metric may be worse by so much: 2 points,
MARGIN_PART = 0.05  # or this part of the stable value

Margins = Mapping[str, float | None]  # guard metric → how much worse it may be; None: as usual
USUAL: Margins = MappingProxyType(
    dict.fromkeys(("quality_score", "satisfaction", "escalation_rate", "churn_rate", "error_rate"))
)
How = Literal["side by side", "before and after"]
Guard = Literal["holds", "broken", "unknown", ""]

FIRST = ("block_rate", "quality_score", "upsell_rate", "average_value")  # what it is made for

# What people call the difference of a metric; of any other it is `<metric>_delta`.
NAMES = {
    "block_rate": "block_rate_improvement",
    "upsell_rate": "conversion_delta",
    "average_value": "revenue_delta",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric, before and after."""

    metric: Metric
    before: float | None  # or stable; a count is per conversation
    after: float | None  # or candidate
    difference: Difference | None  # None: one side has nothing to measure
    conversations: tuple[int, int]  # that have this metric, on either side
    proven: bool = False  # after Holm's correction
    margin: float | None = None  # of a guard metric: how much worse it may be, above 0
    guard: Guard = ""  # whether it is shown to be no worse than that
    per: float = 1.0  # conversations in all, for one that has this metric
    measured: bool = True  # on either side, be it on days that the other lacks

    @property
    def name(self) -> str:
        return NAMES.get(self.metric.name, f"{self.metric.name}_delta")

    @property
    def verdict(self) -> Literal["better", "worse", "different", ""]:
        """What is proven; empty: nothing."""
        if not self.proven or self.difference is None:
            return ""
        if not self.metric.better:
            return "different"
        return "better" if self._gain(self.difference.value) > 0 else "worse"

    @property
    def leans(self) -> bool:
        """Whether its own range leaves out 0, though it is not proven beside the others."""
        return not self.proven and self.difference is not None and self.difference.proven

    @property
    def matters(self) -> bool:
        """Whether the whole range is beyond the usual margin of a guard."""
        found = self.difference
        least = max(found.low, -found.high) if found else 0.0
        return least > self.usual_margin

    @property
    def usual_margin(self) -> float:
        of_value = MARGIN_PART * abs(self.before or 0.0)
        return MARGIN_SHARE if self.metric.unit == "share" else of_value

    @property
    def more(self) -> int | None:
        """
        About how many more conversations would prove a difference of this size; None: too many.

        At 80 % power, 5 % two-sided for this metric alone, and with shares as they are.
        """
        found = self.difference
        if found is None or not found.value:
            return None
        half = found.value - found.low if found.value > 0 else found.high - found.value
        if not isfinite(half) or half <= 0:
            return None
        normal = NormalDist()
        z = normal.inv_cdf((1 + CONFIDENCE) / 2)
        times = ((z + normal.inv_cdf(POWER)) / z * half / abs(found.value)) ** 2
        here = sum(self.conversations) * self.per
        return None if here * times > OUT_OF_SIGHT else max(0, ceil(here * (times - 1)))

    def _gain(self, value: float) -> float:
        return -value if self.metric.better == "lower" else value


@dataclass(frozen=True, slots=True)
class Measurement:
    """All metrics of one comparison."""

    how: How
    effects: tuple[Effect, ...]  # in the cube's order
    conversations: tuple[int, int]  # of the metric that most of them have
    days: int  # that were compared; before and after: of both periods
    left_out: int = 0  # conversations of days on which only one variant was there

    @property
    def proven(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.effects if one.verdict)

    @property
    def better(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.effects if one.verdict == "better")

    @property
    def worse(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.effects if one.verdict == "worse")

    @property
    def broken(self) -> tuple[Effect, ...]:
        """Guard metrics that are proven to be worse by more than their margin."""
        return tuple(one for one in self.effects if one.guard == "broken")

    @property
    def unshown(self) -> tuple[Effect, ...]:
        """Guard metrics that may be worse by more than their margin, for all that is known."""
        return tuple(one for one in self.effects if one.guard == "unknown")


def before_and_after(before: Cube, after: Cube, margins: Margins = USUAL) -> Measurement:
    """Compare two cubes: of two periods, or of two versions of a prompt."""
    effects = []
    for name, metric in after.metrics.items():
        if name not in before.metrics or _is_told_twice(metric, before, after):
            continue
        old, new = before.total(name), after.total(name)
        share = _is_share(metric, (old, new))
        effects.append(
            Effect(
                metric,
                old.value,
                new.value,
                difference(old, new, share=share, top=metric.top),
                (old.clusters, new.clusters),
                measured=bool(old.n or new.n),
            )
        )
    days = len({*before.values("day"), *after.values("day")})
    return _judged("before and after", effects, days, 0, margins)


def side_by_side(
    cube: Cube, stable: str = "", candidate: str = "", margins: Margins = USUAL
) -> Measurement:
    """
    Compare the candidate with the stable text, within days.

    stable, candidate: their blob ids; empty: whatever was served under that name.
    """
    found = _arms(cube, stable, candidate)
    effects, most, days, left_out = [], 0, 0, 0
    for name, metric in cube.metrics.items():
        if _is_told_twice(metric, cube):
            continue
        rows = [
            (found.get((STABLE, day), {}).get(name), found.get((CANDIDATE, day), {}).get(name))
            for day in cube.values("day")
        ]
        both = [(old, new) for old, new in rows if old and new and old.n and new.n]
        seen = sum(one.clusters for pair in rows for one in pair if one)
        if seen > most:
            compared = sum(old.clusters + new.clusters for old, new in both)
            most, days, left_out = seen, len(both), seen - compared
        measured = any(one.n for pair in rows for one in pair if one)
        effects.append(replace(_within_days(metric, both), measured=measured))
    return _judged("side by side", effects, days, left_out, margins)


def _arms(cube: Cube, stable: str, candidate: str) -> dict[tuple[str, str], dict[str, Tally]]:
    """Tallies by variant and day, of the texts that are meant."""
    wanted = {STABLE: stable, CANDIDATE: candidate}
    sums: dict[tuple[str, str], dict[str, Tally]] = {}
    for cell, row in cube.by("variant", "version", "day").items():
        if cell.variant not in wanted or wanted[cell.variant] not in ("", cell.version):
            continue
        into = sums.setdefault((cell.variant, cell.day), {})
        for metric, tally in row.items():
            into[metric] = into.get(metric, Tally()) + tally
    return sums


@dataclass(frozen=True, slots=True)
class _Mean:
    """The mean of one variant over days, with its interval."""

    value: float
    low: float
    high: float


def _within_days(metric: Metric, days: Sequence[tuple[Tally, Tally]]) -> Effect:
    counts = sum(old.clusters for old, _ in days), sum(new.clusters for _, new in days)
    if not days:
        return Effect(metric, None, None, None, (0, 0))
    share = _is_share(metric, [one for pair in days for one in pair])
    weights = [old.n * new.n / (old.n + new.n) for old, new in days]
    one = _mean([old for old, _ in days], weights, share=share, top=metric.top)
    two = _mean([new for _, new in days], weights, share=share, top=metric.top)
    return Effect(metric, one.value, two.value, _less(two, one), counts)


def _mean(days: Sequence[Tally], weights: Sequence[float], *, share: bool, top: float) -> _Mean:
    """
    Weigh the days' values; the spread within days is pooled, that between them is left out.

    With one day it is `Tally.interval`.
    """
    whole = sum(weights)
    clusters = sum(day.clusters for day in days)
    value = sum(w * day.x / day.n for w, day in zip(weights, days, strict=True)) / whole
    free = clusters - len(days)
    if free < 1:
        return _Mean(value, 0.0, 1.0) if share else _Mean(value, -inf, inf)
    spread = sum(map(_spread, days)) / free
    parts = [(w / whole) ** 2 / day.n for w, day in zip(weights, days, strict=True)]
    variance = sum(
        part * spread * day.clusters / day.n for part, day in zip(parts, days, strict=True)
    )
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    if not share:
        half = t_quantile(z, free) * sqrt(variance)
        if top and half <= EQUAL * top:
            low, high = wilson(value / top, float(clusters), z)
            return _Mean(value, top * low, top * high)
        return _Mean(value, value - half, value + half)
    r = min(1.0, max(0.0, value))
    n = min(1 / sum(parts), float(clusters))
    if 0 < r < 1 and variance > 0:
        n = min(n, r * (1 - r) / variance)
    return _Mean(value, *wilson(r, n, z))


def _spread(day: Tally) -> float:
    """How far its conversations lie from the day's own value, squared and summed."""
    r = day.x / day.n
    return max(0.0, day.xx - 2 * r * day.xn + r * r * day.nn)


def _less(after: _Mean, before: _Mean) -> Difference:
    """The difference of two independent means; as in `tally.difference`."""
    value = after.value - before.value
    down = sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    return Difference(value, value - down, value + up)


def _is_told_twice(metric: Metric, *cubes: Cube) -> bool:
    """Whether a count is a share of the same, as blocked attacks are beside the block rate."""
    if metric.unit != "count":
        return False
    shares = [one.name for one in cubes[0].metrics.values() if one.unit == "share"]
    return any(all(cube.total(metric.name) == cube.total(one) for cube in cubes) for one in shares)


def _is_share(metric: Metric, tallies: Iterable[Tally]) -> bool:
    """Whether values lie within 0 and 1: of a share, and of a count that no one has twice."""
    if metric.unit == "count":
        return all(one.xx == one.x <= one.n for one in tallies)
    return metric.unit == "share"


def _judged(
    how: How,
    effects: Sequence[Effect],
    days: int,
    left_out: int,
    margins: Margins,
) -> Measurement:
    first = [one for one in effects if one.metric.name in FIRST]
    others = [one for one in effects if one.metric.name not in FIRST]
    proven = _proven(first) | _proven(others)
    most = max((one.conversations for one in effects), key=sum, default=(0, 0))
    judged = tuple(
        _guarded(
            replace(
                one,
                proven=one.metric.name in proven,
                per=sum(most) / sum(one.conversations) if sum(one.conversations) else 1.0,
            ),
            margins,
        )
        for one in effects
    )
    return Measurement(how, judged, most, days, left_out)


def _proven(family: Sequence[Effect]) -> set[str]:
    """The metrics whose difference holds for all of the family together."""
    known = [(p, one) for one in family if (p := _p(one.difference)) is not None]
    proven: set[str] = set()
    for place, (p, one) in enumerate(sorted(known, key=lambda pair: pair[0])):
        if p > ERROR / (len(known) - place):
            break
        proven.add(one.metric.name)
    return proven


def _guarded(effect: Effect, margins: Margins) -> Effect:
    """Hold a guard metric against its margin, one-sided at 5 %."""
    name, metric, found = effect.metric.name, effect.metric, effect.difference
    if name not in margins or not metric.better:
        return effect
    margin = margins[name]
    if margin is None:
        if not effect.measured:  # nobody measures it here, so nobody ever will know
            return effect
        margin = effect.usual_margin
    if found is None or not isfinite(found.low) or not isfinite(found.high):
        return replace(effect, margin=margin, guard="unknown")
    normal = NormalDist()
    narrower = normal.inv_cdf(1 - ERROR) / normal.inv_cdf((1 + CONFIDENCE) / 2)
    low = found.value - narrower * (found.value - found.low)
    high = found.value + narrower * (found.high - found.value)
    worst, best = (-low, -high) if metric.better == "higher" else (high, low)
    guard: Guard = "holds" if worst < margin else "broken" if best > margin else "unknown"
    return replace(effect, margin=margin, guard=guard)


def _p(found: Difference | None) -> float | None:
    """The two-sided p of "no difference", as the interval has it; None where it has no end."""
    if found is None:
        return None
    half = found.value - found.low if found.value > 0 else found.high - found.value
    if not isfinite(half):
        return None
    if half <= 0:
        return 0.0 if found.value else 1.0
    normal = NormalDist()
    z = normal.inv_cdf((1 + CONFIDENCE) / 2) * abs(found.value) / half
    return 2 * (1 - normal.cdf(z))
