"""What changed against the window before, and what of it is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.insights import Change
from promptgit.flywheel.tally import Tally, difference

ALPHA = 0.05  # the chance that any of the changes of one analysis is called proven wrongly
SMALLEST_P = 1e-9
FEWEST = 20  # conversations on either side


def is_share(metric: Metric) -> bool:
    """Whether x cannot be more than n: a count is held against how often it could have been."""
    return metric.unit in ("share", "count")


def changes(now: Cube, before: Cube, prompts: Sequence[str]) -> list[Change]:
    """
    Compare every metric of every prompt that has both windows, by Holm's rule.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979):
    the chance of one wrong `proven` or more, over all of them, is at most ALPHA.
    """
    found = []
    for prompt in prompts:
        there, here = before.only(prompt=prompt), now.only(prompt=prompt)
        for name, metric in now.metrics.items():
            if name not in before.metrics:
                continue
            change = compared(prompt, metric, there.total(name), here.total(name))
            if change is not None:
                found.append(change)
    proven: set[int] = set()
    ranked = sorted(range(len(found)), key=lambda place: found[place].p)
    for rank, place in enumerate(ranked):
        if found[place].p > ALPHA / (len(found) - rank):
            break
        proven.add(place)
    return [replace(one, proven=place in proven) for place, one in enumerate(found)]


def compared(prompt: str, metric: Metric, before: Tally, after: Tally) -> Change | None:
    """Compare two tallies of a metric; None where one of them says too little."""
    if min(before.clusters, after.clusters) < FEWEST:
        return None
    found = difference(before, after, share=is_share(metric), top=metric.top)
    if found is None:
        return None
    p = _p_value(before, after, share=is_share(metric), top=metric.top)
    return Change(prompt, metric, before, after, found, p, proven=p <= ALPHA)


def _p_value(before: Tally, after: Tally, *, share: bool, top: float = 0.0) -> float:
    """
    The smallest alpha at which the interval of the difference leaves out 0.

    >>> some = Tally.of([(1, 1)] * 10 + [(0, 1)] * 90)
    >>> more = Tally.of([(1, 1)] * 24 + [(0, 1)] * 76)
    >>> round(_p_value(some, more, share=True), 3)
    0.01
    """

    def proven(alpha: float) -> bool:
        found = difference(before, after, share=share, confidence=1 - alpha, top=top)
        return found is not None and found.proven

    low, high = SMALLEST_P, 1.0 - SMALLEST_P
    if proven(low):
        return low
    if not proven(high):
        return 1.0
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if proven(middle) else (middle, high)
    return high
