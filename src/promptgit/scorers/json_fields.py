"""A JSON answer against the expected JSON, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.scorers.expected import expected_text
from promptgit.scorers.json_text import (
    NotJson,
    leaf_count,
    parsed,
    same,
    same_leaf,
    shown,
    unfenced,
)
from promptgit.scorers.wording import counted, listed, quoted, visible

Path = tuple[str | int, ...]

ABSENT = object()  # where the answer has nothing; null is something


def json_fields(
    case: Case,
    output: str,
    *,
    value: Any = None,
    fence: bool = False,
    ordered: bool = True,
    allow_extra: bool = True,
    ignore_case: bool = False,
) -> Score:
    """
    Grade by the share of expected leaves (text, number, truth value, null) that are equal.

    An item too many in a list is one more leaf, and wrong.  `fence` accepts a Markdown code
    fence around the answer, `ordered: false` the items of a list in any order, `allow_extra:
    false` counts every field that nobody expects as wrong, `ignore_case` forgives capitals in
    texts.  When what is expected is not JSON, the two are compared as text.
    """
    wanted_text = expected_text(case, value)
    try:
        wanted = parsed(wanted_text)
    except NotJson:
        return _as_text(output, wanted_text)
    try:
        answer = parsed(unfenced(output) if fence else output)
    except NotJson as error:
        fenced = not fence and unfenced(output) != output
        return Score(0.0, f"not JSON: {'it is in a code fence' if fenced else error}")

    fields = list(_fields(wanted, answer, ordered, allow_extra, ignore_case))
    wrong = [field for field in fields if field.why]
    if not wrong:
        return Score(1.0, f"{counted(len(fields), 'field')} as expected")
    total = sum(field.size for field in fields)
    share = 1 - sum(field.size for field in wrong) / total
    return Score(share, listed([field.why for field in wrong]))


@dataclass(frozen=True, slots=True)
class _Field:
    size: int  # leaves it stands for
    why: str = ""  # what is wrong with it; empty: nothing


def _fields(
    wanted: Any, answer: Any, ordered: bool, allow_extra: bool, ignore_case: bool
) -> Iterator[_Field]:
    """Walk the two side by side, never further into the answer than what is expected goes."""
    waiting: list[tuple[Path, Any, Any]] = [((), wanted, answer)]
    while waiting:
        path, want, have = waiting.pop()
        inner: list[tuple[Path, Any, Any]] = []
        if isinstance(want, dict) and isinstance(have, dict):
            inner = [((*path, key), item, have.get(key, ABSENT)) for key, item in want.items()]
            extra = [(*path, key) for key in have if key not in want]
            if not allow_extra:
                yield from (_Field(1, f"{_name(key)} is not expected") for key in extra)
            if not want and (allow_extra or not have):
                yield _Field(1)
        elif isinstance(want, list) and isinstance(have, list):
            items = have if ordered else _aligned(want, have)
            inner = [
                ((*path, i), item, items[i] if i < len(items) else ABSENT)
                for i, item in enumerate(want)
            ]
            many = items[len(want) :]
            yield from (_Field(1, f"{_name(path)} has {shown(item)} too many") for item in many)
            if not want and not have:
                yield _Field(1)
        elif _equal(want, have, ignore_case):
            yield _Field(1)
        else:
            yield _Field(leaf_count(want), _difference(path, want, have))
        waiting += reversed(inner)


def _equal(want: Any, have: Any, ignore_case: bool) -> bool:
    if ignore_case and isinstance(want, str) and isinstance(have, str):
        return want.casefold() == have.casefold()
    return same_leaf(want, have)


def _aligned(want: list[Any], have: list[Any]) -> list[Any]:
    """Put the items that are wanted at their places, and the others where a place is left."""
    rest = list(have)
    placed: list[Any] = []
    for item in want:
        at = next((i for i, other in enumerate(rest) if same(item, other)), None)
        placed.append(ABSENT if at is None else rest.pop(at))
    filled = [rest.pop(0) if item is ABSENT and rest else item for item in placed]
    return filled + rest


def _difference(path: Path, want: Any, have: Any) -> str:
    if have is ABSENT:
        return f"{_name(path)} is missing, expected {shown(want)}"
    return f"{_name(path)} is {shown(have)}, expected {shown(want)}"


def _name(path: Path) -> str:
    """
    Name a place in a JSON value.

    >>> _name(("items", 0, "price"))
    'items[0].price'
    """
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return visible(name.removeprefix(".")) or "the answer"


def _as_text(output: str, wanted: str) -> Score:
    if output.strip() == wanted.strip():
        return Score(1.0, f"is {quoted(wanted)}")
    return Score(0.0, f"is {quoted(output)}, expected {quoted(wanted)} (no JSON, so as text)")
