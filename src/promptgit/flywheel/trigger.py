"""
Whether a condition holds of what was measured, and when it may fire again.

A count is what happened: `security_incidents > 5` holds when there were six.  A share or a mean is
an estimate, so a comparison of one holds when it is *proven*: the one-sided 95 % bound is beyond
the number, and at least 20 conversations were measured.  `seen(...)` asks for the value alone.
What is neither proven nor ruled out is unknown, and so is `not` of it: unknown never fires
(Kleene, "Introduction to Metamathematics", 1952, §64).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf, sqrt
from operator import ge, gt, le, lt
from statistics import NormalDist

from promptgit.flywheel.condition import All, Any, Comparison, Condition, Drifting, Not
from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.window import instant

ENOUGH = 20  # conversations; fewer prove nothing
SURE = 0.90  # of a two-sided interval: 95 % on the side that is asked for
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison, or one drift, held against the measurements."""

    asked: Comparison | Drifting
    holds: bool | None  # None: neither proven nor ruled out
    metric: Metric
    value: float | None = None  # of a change: the relative one
    low: float = -inf  # the range that holds it (two-sided, 90 %), where there is one
    high: float = inf
    conversations: int = 0
    before: float | None = None  # the value of the window before, of a change

    @property
    def few(self) -> bool:
        """Whether too little was measured to prove anything."""
        return self.conversations < ENOUGH and self.metric.unit != "count"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A whole condition; it fires only if it `holds`."""

    holds: bool | None
    findings: tuple[Finding, ...]  # from left to right


def judged(
    condition: Condition,
    now: Cube,
    before: Cube | None = None,
    drifts: Mapping[str, bool | None] | None = None,
) -> Judgement:
    """
    Hold a condition against a window.

    before: the window before, for `change(...)`.  drifts: metric → whether it drifted to the
    worse; None or left out: unknown.  Names and units were held against `now.metrics` before.
    """
    if isinstance(condition, Not):
        inner = judged(condition.part, now, before, drifts)
        return Judgement(None if inner.holds is None else not inner.holds, inner.findings)
    if isinstance(condition, All | Any):
        parts = [judged(part, now, before, drifts) for part in condition.parts]
        findings = tuple(finding for part in parts for finding in part.findings)
        decisive = isinstance(condition, Any)  # one True decides an `or`, one False an `and`
        verdicts = {part.holds for part in parts}
        if decisive in verdicts:
            return Judgement(decisive, findings)
        return Judgement(None if None in verdicts else not decisive, findings)
    metric = now.metrics[condition.metric]
    if isinstance(condition, Drifting):
        drifted = (drifts or {}).get(condition.metric)
        value = metric.value(now.total(metric.name))
        finding = Finding(condition, drifted, metric, value)
    elif condition.changed:
        finding = _changed(condition, metric, now, before)
    else:
        finding = _compared(condition, metric, now)
    return Judgement(finding.holds, (finding,))


def _compared(asked: Comparison, metric: Metric, now: Cube) -> Finding:
    tally = now.total(metric.name)
    value = metric.value(tally)
    limit = asked.limit(metric.unit)
    if value is None or not now.rows:
        return Finding(asked, None, metric)
    if metric.unit == "count":
        holds = _COMPARE[asked.operator](value, limit)
        return Finding(asked, holds, metric, value, value, value, tally.clusters)
    low, high = tally.interval(share=metric.unit == "share", confidence=SURE, top=metric.top)
    if asked.demand == "seen":
        verdict: bool | None = _COMPARE[asked.operator](value, limit)
    elif tally.clusters < ENOUGH:
        verdict = None
    else:
        verdict = _beyond(asked.below, low - limit, high - limit)
    return Finding(asked, verdict, metric, value, low, high, tally.clusters)


def _changed(asked: Comparison, metric: Metric, now: Cube, before: Cube | None) -> Finding:
    """
    Hold `after - (1 + change) * before` against 0.

    Its interval is put together from those of the two, as in `tally.difference`.
    """
    after = now.total(metric.name)
    earlier = before.total(metric.name) if before else Tally()
    one, zero = metric.value(after), metric.value(earlier)
    few = min(after.clusters, earlier.clusters)
    if one is None or zero is None or zero <= 0:
        return Finding(asked, None, metric, None, conversations=few, before=zero)
    change = one / zero - 1
    if asked.demand == "seen":
        holds = _COMPARE[asked.operator](change, asked.limit(metric.unit))
        return Finding(asked, holds, metric, change, conversations=few, before=zero)
    if metric.unit != "count" and few < ENOUGH:
        return Finding(asked, None, metric, change, conversations=few, before=zero)
    times = max(0.0, 1 + asked.limit(metric.unit))
    low_1, high_1 = _interval(metric, after)
    low_0, high_0 = _interval(metric, earlier)
    value = one - times * zero
    down = sqrt((one - low_1) ** 2 + (times * (high_0 - zero)) ** 2)
    up = sqrt((high_1 - one) ** 2 + (times * (zero - low_0)) ** 2)
    holds = _beyond(asked.below, value - down, value + up)
    return Finding(asked, holds, metric, change, conversations=few, before=zero)


def _interval(metric: Metric, tally: Tally) -> tuple[float, float]:
    """The range of a value; a count is a sum of as many independent events as conversations."""
    if metric.unit != "count":
        return tally.interval(share=metric.unit == "share", confidence=SURE, top=metric.top)
    half = NormalDist().inv_cdf((1 + SURE) / 2) * sqrt(max(1.0, tally.xx))
    return tally.x - half, tally.x + half


def _beyond(below: bool, low: float, high: float) -> bool | None:
    """Say on which side of 0 a range lies; None: on both."""
    if high < 0:
        return below
    return not below if low > 0 else None


@dataclass(frozen=True, slots=True)
class Fired:
    """What the journal of turns remembers of a trigger."""

    at: str  # an instant in UTC
    when: str  # the canonical text of its condition
    prompt: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)  # metric → value, for a person


def rests_until(
    when: str, prompt: str, fired: Iterable[Fired], cooldown: timedelta, now: str
) -> str:
    """
    Say until when a trigger that has fired may not fire again; empty: it may now.

    fired: all that ever fired, in any order.  A condition that is written otherwise but reads the
    same is the same trigger.

    >>> before = [Fired("2026-11-02T04:17:00.000Z", "quality_score < 7", "reply")]
    >>> rests_until("quality_score < 7", "reply", before, timedelta(weeks=1),
    ...             "2026-11-08T04:17:00.000Z")
    '2026-11-09T04:17:00.000Z'
    """
    last = max((one.at for one in fired if (one.when, one.prompt) == (when, prompt)), default="")
    if not last:
        return ""
    until = instant(_moment(last) + cooldown)
    return until if now < until else ""


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00"))
