"""What an import of a table would lose, or looks for in vain: said before anybody misses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from promptgit.errors import UserError
from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.table import guessed

_MEANT = {
    **dict.fromkeys(("user", "customer", "account", "username", "email", "customer_id"), "unit"),
    **dict.fromkeys(("session", "chat_id", "chat", "thread", "dialog", "ticket"), "conversation"),
    **dict.fromkeys(("rating", "score", "grade", "stars", "quality"), "scores.quality"),
    **dict.fromkeys(("satisfaction", "csat", "nps", "feedback", "thumbs"), "scores.satisfaction"),
}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")  # what can be written in --map, and told
_LISTED = 12  # columns in a hint


def unread_columns(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, str]:
    """
    The columns of some rows that no field is read from, each with the field that it may be.

    Empty for a column that no field is meant by: an object, a name that cannot be written.

    >>> unread_columns([{"answer": "a", "rating": "0.5", "user": "u"}], {"output": "answer"})
    {'rating': 'scores.quality', 'user': 'unit'}
    """
    names = dict.fromkeys(name for row in rows for name in row)
    read = {**guessed(names), **columns}
    used = set(read.values()) | {path.partition(".")[0] for path in read.values()}
    taken = set(read)
    found = {}
    for name in names:
        if name in used:
            continue
        field = _field_of(name, [row[name] for row in rows if row.get(name) not in (None, "")])
        found[name] = "" if field in taken else field
        taken.add(field)
    return found


def _field_of(name: str, values: Sequence[Any]) -> str:
    if not _PLAIN.fullmatch(name) or any(isinstance(value, (dict, list)) for value in values):
        return ""
    field = _MEANT.get(name.lower(), f"facts.{name}")
    if not field.startswith("scores."):
        return field
    numbers = [fields.real(value) for value in values]
    if not numbers or None in numbers:
        return f"facts.{name}"
    return (
        field
        if all(0 <= number <= 1 for number in numbers if number is not None)
        else (
            f"scores.{name}"  # stars of five are no share of what could be
        )
    )


def missing(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> tuple[str, ...]:
    """
    The columns that `columns` names and no row has.

    Raises UserError where that can only be a mistake: all rows have the same columns, or one has
    nearly this name.
    """
    if not rows:
        return ()
    names = dict.fromkeys(name for row in rows for name in row)
    lost = tuple(
        column for column in columns.values()
        if column not in names and column.partition(".")[0] not in names
    )  # fmt: skip
    is_table = all(row.keys() == rows[0].keys() for row in rows)
    for column in lost:
        close = get_close_matches(column, names, n=1)
        if close or is_table:
            raise UserError(
                f"--map: there is no column {column!r}"
                + (f"; did you mean {close[0]!r}?" if close else ""),
                hint=f"columns: {_told(names)}",
            )
    return lost


def _told(names: Iterable[str]) -> str:
    """Columns, but for what is none: a file without a header has a person's words there."""
    told = [name for name in names if _PLAIN.fullmatch(name)]
    return ", ".join(told[:_LISTED]) + (" …" if len(told) > _LISTED else "")
