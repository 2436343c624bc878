"""
Drift: a metric got worse and stayed so.  Since when, by how much, and whose drop it is.

Each prompt and metric is one stream of conversations, watched by ADWIN (`adwin.py`); `culprit.py`
tells prompts from models.  An alarm rings for what is worse, never for what is better, and once:
a later change for the better ends it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promptgit.flywheel.adwin import HISTORY, Change, changes
from promptgit.flywheel.cube import Metric
from promptgit.flywheel.culprit import Cause, Sides, causes
from promptgit.flywheel.logs import Point
from promptgit.flywheel.tally import Tally, difference

LITTLE = 100  # observations; below, nothing but a collapse can be found
MOST = 200_000  # observations of a stream that are looked at: the newest
MOST_VALUES = 10_000  # that ADWIN is given; a longer stream is given as means of blocks


@dataclass(frozen=True, slots=True)
class Drift:
    """One alarm."""

    prompt: str
    metric: Metric
    began: str  # when the first conversation of the worse part began: an instant in UTC
    found: str  # the conversation at which it showed
    before: float  # the mean, in the unit of the metric
    after: float
    observations: int  # since it began, to the end of the stream or of the drift
    proven: bool  # by all that followed, and not only by what rang the alarm
    causes: tuple[Cause, ...] = ()  # likeliest first; empty: too little is known
    recovered: str = ""  # when it got better again

    @property
    def standing(self) -> bool:
        return self.proven and not self.recovered


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of one stream."""

    prompt: str
    metric: Metric
    observations: int
    block: int = 1  # conversations to one value of ADWIN: a drift is seen to within that many
    cut: bool = False  # only the newest were looked at
    drifts: tuple[Drift, ...] = ()

    @property
    def little(self) -> bool:
        return self.observations < LITTLE

    @property
    def drifted(self) -> bool | None:
        """For triggers: whether an alarm stands; None if there is too little to say."""
        if self.drifts and self.drifts[-1].standing:
            return True
        return None if self.little else False


def watch(metric: Metric, streams: Mapping[str, Sequence[Point]]) -> list[Watched]:
    """
    Look for drift in a metric of every prompt.

    streams: prompt → its observations, oldest first.
    """
    assert metric.better, metric.name
    scaled = {prompt: _scaled(points) for prompt, points in streams.items()}
    return [_watched(prompt, metric, points, scaled) for prompt, points in streams.items()]


def _watched(
    prompt: str,
    metric: Metric,
    points: Sequence[Point],
    scaled: Mapping[str, Sequence[Point]],
) -> Watched:
    block = -(-len(points) // MOST_VALUES) or 1
    found = changes(_blocks([point.value for point in scaled[prompt]], block))
    drifts: list[Drift] = []
    for place, change in enumerate(found):
        if change.rises == (metric.better == "higher"):
            if drifts and not drifts[-1].recovered:
                better = points[change.began * block].at
                drifts[-1] = replace(drifts[-1], recovered=better)
            continue
        begin = found[place - 1].began * block if place else 0
        end = found[place + 1].began * block if place + 1 < len(found) else len(points)
        drifts.append(_drift(prompt, metric, points, change, (begin, end), block, scaled))
    return Watched(prompt, metric, len(points), block, len(points) >= MOST, tuple(drifts))


def _drift(
    prompt: str,
    metric: Metric,
    points: Sequence[Point],
    change: Change,
    span: tuple[int, int],
    block: int,
    scaled: Mapping[str, Sequence[Point]],
) -> Drift:
    at = change.began * block
    found = min(len(points) - 1, (change.found + 1) * block - 1)
    since = max(span[0], at - HISTORY * block)
    until = min(span[1], at + HISTORY * block)
    first, last = points[since].at, points[until - 1].at
    sides = {
        name: Sides(_between(own, first, points[at].at), _between(own, points[at].at, last, True))
        for name, own in scaled.items()
    }
    return Drift(
        prompt,
        metric,
        points[at].at,
        points[found].at,
        _mean(points[since:at]),
        _mean(points[at : span[1]]),
        span[1] - at,
        _lasts(scaled[prompt][since:at], scaled[prompt][at : span[1]], metric),
        causes(prompt, sides),
    )


def _between(
    points: Sequence[Point], since: str, until: str, inclusive: bool = False
) -> Sequence[Point]:
    low = bisect_left(points, since, key=lambda point: point.at)
    high = bisect_left(points, until + "~" if inclusive else until, key=lambda point: point.at)
    return points[low:high]


def _lasts(before: Sequence[Point], after: Sequence[Point], metric: Metric) -> bool:
    """Whether all that followed, and not only what rang the alarm, is proven worse."""
    old, new = (Tally.of([(point.value, 1) for point in side]) for side in (before, after))
    found = difference(old, new, share=False)
    if found is None:
        return False
    return found.high < 0 if metric.better == "higher" else found.low > 0


def _mean(points: Sequence[Point]) -> float:
    return sum(point.value for point in points) / len(points)


def _blocks(values: Sequence[float], size: int) -> Sequence[float]:
    """Take means of `size` values; what is left over at the end is too young to be a block."""
    if size == 1:
        return values
    whole = len(values) - len(values) % size
    return [sum(values[at : at + size]) / size for at in range(0, whole, size)]


def _scaled(points: Sequence[Point]) -> Sequence[Point]:
    """
    Bring values to 0 to 1: as they are, or by their rank, which no outlier can bend.

    Ranks among all values of the stream are as exchangeable as the values.
    """
    import numpy as np

    values = np.array([point.value for point in points])
    if not len(values) or (values.min() >= 0 and values.max() <= 1):
        return points
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2 - 0.5) / len(values)  # ties share the middle
    return [
        replace(point, value=float(rank)) for point, rank in zip(points, ranks[place], strict=True)
    ]
