"""
A detector of single calls, asked in plain Python: which call of a conversation fired.

Counting is the engines' work; this finds the call that an example shows.
"""

from __future__ import annotations

from collections.abc import Mapping

from promptgit.flywheel.detectors.detector import (
    Compared,
    Detector,
    Leaks,
    Length,
    OneOf,
    Patterns,
    Together,
)
from promptgit.flywheel.detectors.pattern import joined
from promptgit.flywheel.interaction import Interaction

LONGEST = 8_000  # characters of a text that patterns are sought in
TIMEOUT_S = 1.0  # of one search; engines count in linear time, this one may not


def fires(detector: Detector, call: Interaction, known: Mapping[str, Detector]) -> bool:
    """
    Say whether a detector fires in a call; what only a whole conversation shows, it does not.

    >>> short = Detector("short", Length("output", shorter_than=20))
    >>> fires(short, Interaction("a", "2026-11-21T20:40:05.123Z", output="Yes."), {})
    True
    """
    match detector.rule:
        case Patterns(field=field, patterns=patterns):
            return _found(patterns, _text(call, field).lower()[:LONGEST])
        case Length(field=field, shorter_than=shorter, longer_than=longer):
            size = len(_text(call, field).strip(" "))
            return (shorter is None or size < shorter) and (longer is None or size > longer)
        case OneOf(field=field, values=values):
            return _text(call, field).lower() in values
        case Compared() as compared:
            return _lies_within(_number(call, compared.field), compared)
        case Together(how=how, parts=parts, level="call"):
            each = [fires(known[part], call, known) for part in parts]
            return all(each) if how == "all" else any(each) == (how == "any")
        case Leaks(characters=characters, lines=lines):
            sent = {line.strip(" ") for line in call.system.split("\n")}
            long = [line for line in sent if len(line) >= characters]
            return sum(line in call.output for line in long) >= lines
    return False


def firing(
    detector: Detector, calls: tuple[Interaction, ...], known: Mapping[str, Detector]
) -> Interaction | None:
    """The first call in which a detector fires, or one that it is made of; None for none."""
    found = next((call for call in calls if fires(detector, call, known)), None)
    if found is not None or detector.level == "call":
        return found
    parts = [firing(known[part], calls, known) for part in detector.parts]
    return next((call for call in parts if call is not None), None)


def _found(patterns: tuple[str, ...], text: str) -> bool:
    """Whether one is in a text; not where that takes longer than an example is worth."""
    import regex as engine

    try:
        return engine.search(joined(patterns), text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        return False


def _text(call: Interaction, field: str) -> str:
    first, dot, rest = field.partition(".")
    found = getattr(call, first)
    return str(found.get(rest, "")) if dot else str(found)


def _number(call: Interaction, field: str) -> float | None:
    first, dot, rest = field.partition(".")
    found = getattr(call, first, None)
    if dot:
        found = found.get(rest) if found else None
    try:
        return None if found is None else float(found)
    except ValueError:
        return None


def _lies_within(value: float | None, bounds: Compared) -> bool:
    if value is None:
        return False
    return (
        (bounds.least is None or value >= bounds.least)
        and (bounds.most is None or value <= bounds.most)
        and (bounds.above is None or value > bounds.above)
        and (bounds.below is None or value < bounds.below)
    )
