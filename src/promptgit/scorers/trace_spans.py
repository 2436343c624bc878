"""How many spans a trace has, how long they took, and which failed."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.core.trace import is_error
from promptgit.errors import UserError
from promptgit.scorers import spans
from promptgit.scorers.wording import counted, listed, quoted

COUNT, DURATION, ERRORS = "trace-span-count", "trace-span-duration", "trace-error-spans"


def span_count(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """Pass when `min` to `max` spans have a name that fits `pattern`."""
    given = spans.mapping_of(value, COUNT, ("pattern", "min", "max"))
    pattern = spans.pattern_of(given, COUNT)
    least, most = spans.bounds_of(given, COUNT)
    if least is None and most is None:
        raise UserError(f"{COUNT} needs a min or a max")
    if answer.trace is None:
        return spans.without_trace()
    count = sum(spans.matches(span.name, pattern) for span in answer.trace)
    wanted = "unwanted are" if negated else "expected"
    said = f"{counted(count, 'span')} called {quoted(pattern)}, {wanted} "
    return Score(
        float(spans.within(count, least, most) is not negated), said + spans.expected(least, most)
    )


def span_duration(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """
    Pass when each span whose name fits `pattern` took `max` milliseconds at most.

    With `percentile`, 0 to 100, that percentile of them is held against `max`: the nearest rank,
    or with `method: linear` the value between two.  No such span passes, and with `not-` fails;
    `requirePresence: true` is the other way round.
    """
    fields = ("pattern", "max", "percentile", "method", "requirePresence")
    given = spans.mapping_of(value, DURATION, fields)
    pattern = spans.text_of(given, "pattern", DURATION) or "*"
    most = spans.number_in(given, "max", DURATION)
    if most is None:
        raise UserError(f"{DURATION} needs a max, in milliseconds")
    percentile = spans.number_in(given, "percentile", DURATION, 100)
    method = given.get("method", "nearest")
    if method not in ("nearest", "linear"):
        raise UserError(f"the method of {DURATION} is nearest or linear, not {method!r}")
    needed = _flag(given.get("requirePresence", False), DURATION)
    if answer.trace is None:
        return spans.without_trace()
    took = sorted(
        (span.duration_ms, span.name)
        for span in answer.trace
        if span.duration_ms is not None and spans.matches(span.name, pattern)
    )
    if not took:
        return spans.verdict(not needed, negated, f"no span called {quoted(pattern)} was timed")
    if percentile is None:
        figure, name = took[-1]
        what = f"the slowest of {counted(len(took), 'span')}, {quoted(name)}, took"
    else:
        figure = _percentile([duration for duration, _ in took], percentile, method == "linear")
        what = f"percentile {percentile:g} of {counted(len(took), 'span')} is"
    holds = figure <= most
    return spans.verdict(holds, negated, f"{what} {figure:g} ms, {most:g} ms at most")


def error_spans(
    _case: Case, _output: str, *, answer: Answer, value: Any = None, negated: bool
) -> Score:
    """
    Pass when at most `max_count` spans failed, 0 by default, and at most `max_percentage` of them.

    `value` is that count, or an object, with a `pattern` for the names.  No such span passes, and
    with `not-` fails.
    """
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        value = {"max_count": value}
    fields = ("max_count", "max_percentage", "pattern", "requirePresence")
    given = spans.mapping_of({} if value is None else value, ERRORS, fields)
    pattern = spans.text_of(given, "pattern", ERRORS) or "*"
    most = spans.number_in(given, "max_count", ERRORS)
    share = spans.number_in(given, "max_percentage", ERRORS, 100)
    if most is None and share is None:
        most = 0
    needed = _flag(given.get("requirePresence", False), ERRORS)
    if answer.trace is None:
        return spans.without_trace()
    found = [span for span in answer.trace if spans.matches(span.name, pattern)]
    if not found:
        return spans.verdict(not needed, negated, f"no span is called {quoted(pattern)}")
    failed = [span for span in found if is_error(span)]
    rate = 100 * len(failed) / len(found)
    holds = (most is None or len(failed) <= most) and (share is None or rate <= share)
    names = [
        quoted(f"{span.name}: {span.message}" if span.message else span.name) for span in failed
    ]
    bounds = ["" if most is None else f"{most:g}", "" if share is None else f"{share:g} %"]
    said = f"{len(failed)} of {counted(len(found), 'span')} failed, at most "
    said += " and ".join(filter(None, bounds)) + (f": {listed(names)}" if names else "")
    return spans.verdict(holds, negated, said)


def _flag(value: Any, kind: str) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"requirePresence of {kind} is true or false, not {value!r}")
    return value


def _percentile(durations: list[float], percentile: float, linear: bool) -> float:
    """
    Return a percentile of sorted durations.

    >>> _percentile([10, 20, 30, 40], 50, False), _percentile([10, 20, 30, 40], 50, True)
    (20, 25.0)
    """
    if not linear:
        return durations[max(0, ceil(percentile / 100 * len(durations)) - 1)]
    place = percentile / 100 * (len(durations) - 1)
    below = floor(place)
    above = min(below + 1, len(durations) - 1)
    return durations[below] + (durations[above] - durations[below]) * (place - below)
