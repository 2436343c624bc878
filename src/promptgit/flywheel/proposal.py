"""What follows from a measurement: promote, abort, or wait.  A robot may only abort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from promptgit.core.record import SCHEMA, Record
from promptgit.flywheel.measure import Effect, Measurement
from promptgit.flywheel.tally import Difference
from promptgit.flywheel.window import Window

KIND = "measurement"  # of a record

Move = Literal["promote", "abort", "wait"]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guard of a rollout, held against what the candidate did."""

    condition: str  # as written: `leaks > 0`
    holds: bool | None  # True: the condition came true, so the rollout has to end; None: unknown
    figures: str  # `leaks 3 of 120 conversations`


@dataclass(frozen=True, slots=True)
class Proposal:
    move: Move
    why: str  # one sentence


def proposed(found: Measurement, guards: Sequence[Guarded]) -> Proposal:
    """
    Say what to do with a candidate that was compared side by side.

    Abort where a guard came true or a guard metric is proven worse by more than its margin.
    Promote where something is proven better, nothing proven worse by more than the usual margin,
    and every guard is known to hold.  Else wait.
    """
    fired = [guard for guard in guards if guard.holds]
    if fired:
        said = " and ".join(f"`{guard.condition}` ({guard.figures})" for guard in fired)
        return Proposal("abort", f"a guard came true: {said}")
    if found.broken:
        return Proposal("abort", f"proven worse by more than the margin: {_names(found.broken)}")
    worse = [one for one in found.worse if one.matters and one.guard != "holds"]
    if worse:
        return Proposal("wait", f"proven worse: {_names(worse)}")
    unknown = [f"`{guard.condition}`" for guard in guards if guard.holds is None]
    unknown += [f"`{one.metric.name}`" for one in found.unshown]
    if not found.better:
        return Proposal("wait", "nothing is proven better yet")
    if unknown:
        better = _names(found.better)
        return Proposal("wait", f"{better} proven better, and nobody knows yet of: {unknown[0]}")
    return Proposal("promote", f"proven better: {_names(found.better)}; no guard is broken")


def _names(effects: Sequence[Effect]) -> str:
    return ", ".join(one.metric.name for one in effects)


@dataclass(frozen=True, slots=True)
class Compared:
    """Which two texts a measurement is about, and where."""

    prompt: str
    path: str
    before: str  # blob ids
    after: str
    environment: str
    window: Window
    earlier: Window | None = None  # of before and after: where `before` was looked at


def measurement_record(found: Measurement, of: Compared, *, engine: str, when: str) -> Record:
    """
    Make the record of a measurement; it is found by either blob, as other evidence is.

    when: the day and time in UTC.  Holds sums and no text of a log.
    """
    windows = {"window": [of.window.since, of.window.until]}
    if of.earlier:
        windows["earlier"] = [of.earlier.since, of.earlier.until]
    return Record(
        {
            "schema": SCHEMA,
            "kind": KIND,
            "when": when,
            "prompt": {"name": of.prompt, "path": of.path, "blob": of.after},
            "baseline": {"blob": of.before},
            "environment": of.environment,
            "how": found.how,
            "engine": engine,
            "days": found.days,
            "conversations": list(found.conversations),
            "left_out": found.left_out,
            "effects": effects_json(found),
            **windows,
        }
    )


def effects_json(found: Measurement) -> dict[str, Any]:
    """Every metric that both sides have, by the name of its difference."""
    return {one.name: _effect(one, one.difference) for one in found.effects if one.difference}


def _effect(one: Effect, difference: Difference) -> Mapping[str, Any]:
    return {
        "metric": one.metric.name,
        "unit": one.metric.unit,
        "before": _rounded(one.before),
        "after": _rounded(one.after),
        "difference": _rounded(difference.value),
        "low": _rounded(difference.low),
        "high": _rounded(difference.high),
        "verdict": one.verdict or "not proven",
        "conversations": list(one.conversations),
        "more": None if one.proven else one.more,
        "margin": _rounded(one.margin),
        "guard": one.guard or None,
    }


def _rounded(value: float | None) -> float | None:
    from math import isfinite

    return None if value is None or not isfinite(value) else round(value, 6)
