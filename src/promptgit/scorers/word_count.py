"""The output has as many words as asked for."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.wording import counted


def word_count(_case: Case, output: str, *, value: Any) -> Score:
    """Pass when the words (what white space parts) are `value`, or within its `min` and `max`."""
    words = len(output.split())
    least, most = _bounds(value)
    said = counted(words, "word")
    if least is not None and words < least:
        exactly = "expected" if least == most else "at least"
        return Score(0.0, f"{said}, {least} {exactly}")
    if most is not None and words > most:
        exactly = "expected" if least == most else "at most"
        return Score(0.0, f"{said}, {most} {exactly}")
    return Score(1.0, said)


def _bounds(value: Any) -> tuple[int | None, int | None]:
    if not isinstance(value, dict):
        exact = _number(value, "value")
        return exact, exact
    unknown = sorted(value.keys() - {"min", "max"})
    if unknown or not value:
        named = f"not {unknown[0]!r}" if unknown else "and it has neither"
        raise UserError(
            f"the value of word-count has `min` and `max`, {named}",
            hint="write, for example, `value: {max: 60}`",
        )
    least, most = (
        _number(value[key], key) if value.get(key) is not None else None for key in ("min", "max")
    )
    if least is not None and most is not None and least > most:
        raise UserError(f"min is {least}, more than max, which is {most}")
    return least, most


def _number(value: Any, name: str) -> int:
    try:
        count = int(value) if not isinstance(value, bool | float) else -1
    except (TypeError, ValueError):
        count = -1
    if count < 0:
        raise UserError(f"{name} is a number of words, 0 or more, not {value!r}")
    return count
