"""What assertions on a trace have in common: patterns, bounds, and the answer without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.wording import listed, quoted

NO_TRACE = "the answer carries no trace: its model reports no spans and was offered no tools"


def verdict(holds: bool, negated: bool, said: str) -> Score:
    """Pass when `holds`, or with `not-` when it does not."""
    return Score(float(holds is not negated), f"{'unwanted: ' if holds and negated else ''}{said}")


def without_trace() -> Score:
    """Fail, with `not-` as well: nobody knows what was done."""
    return Score(0.0, NO_TRACE)


def matches(name: str, pattern: str) -> bool:
    """
    Match a whole name, in any case; `*` is any text, `?` one character.

    >>> matches("Search_orders", "search*"), matches("research", "search")
    (True, False)
    """
    name, pattern = name.lower(), pattern.lower()
    at = star = taken = 0
    back = -1
    while at < len(name):  # linear in what a star takes: no pattern makes it hang
        if star < len(pattern) and pattern[star] == "*":
            back, taken, star = star, at, star + 1
        elif star < len(pattern) and pattern[star] in ("?", name[at]):
            star, at = star + 1, at + 1
        elif back >= 0:
            taken += 1
            star, at = back + 1, taken
        else:
            return False
    return not pattern[star:].strip("*")


def mapping_of(value: Any, kind: str, fields: Sequence[str]) -> Mapping[str, Any]:
    """Return the value of an assertion that is an object; raise UserError for other fields."""
    if not isinstance(value, Mapping):
        raise UserError(f"the value of {kind} is an object with {', '.join(fields)}")
    unknown = sorted(str(key) for key in value.keys() - set(fields))
    if unknown:
        raise UserError(f"{kind} has no `{unknown[0]}`; it has {', '.join(fields)}")
    return value


def text_of(value: Mapping[str, Any], name: str, kind: str) -> str:
    """Return a text among the fields, empty when it is not there."""
    found = value.get(name)
    if found is not None and (not isinstance(found, str) or not found.strip()):
        raise UserError(f"the {name} of {kind} is a text, not {found!r}")
    return found.strip() if isinstance(found, str) else ""


def pattern_of(value: Mapping[str, Any], kind: str) -> str:
    """Return the `pattern`, or else the `name`; raise UserError where there is neither."""
    found = text_of(value, "pattern", kind) or text_of(value, "name", kind)
    if not found:
        raise UserError(f"{kind} needs a name or a pattern")
    return found


def number_in(value: Mapping[str, Any], name: str, kind: str, most: float = inf) -> float | None:
    """Return a number from 0 to `most`; a template may have written it as text."""
    found = value.get(name)
    if found is None:
        return None
    try:
        number = float(found) if isinstance(found, int | float | str) else -1.0
    except ValueError:
        number = -1.0
    if isinstance(found, bool) or not isfinite(number) or not 0 <= number <= most:
        top = "up" if most == inf else f"to {most:g}"
        raise UserError(f"the {name} of {kind} is a number from 0 {top}, not {found!r}")
    return number


def bounds_of(value: Mapping[str, Any], kind: str) -> tuple[int | None, int | None]:
    """Return `min` and `max`, whole numbers in order."""
    found = [number_in(value, name, kind) for name in ("min", "max")]
    for number in found:
        if number is not None and not number.is_integer():
            raise UserError(f"the bounds of {kind} are whole numbers, not {number:g}")
    least, most = (None if number is None else int(number) for number in found)
    if least is not None and most is not None and most < least:
        raise UserError(f"the max of {kind} is less than its min")
    return least, most


def within(count: int, least: int | None, most: int | None) -> bool:
    return (least is None or count >= least) and (most is None or count <= most)


def expected(least: int | None, most: int | None) -> str:
    """
    Say which counts are right.

    >>> expected(1, None), expected(0, 3), expected(2, 2)
    ('at least 1', 'at most 3', '2')
    """
    if most is None:
        return f"at least {least or 0}"
    if not least:
        return f"at most {most}"
    return f"{least}" if least == most else f"{least} to {most}"


def named(names: Sequence[str]) -> str:
    return listed([quoted(name) for name in names]) or "none"
