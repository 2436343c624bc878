"""Plain CSV or JSON Lines: which column, or path into an object, is which field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptgit.errors import UserError
from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Record, Rejected, Unfit, mapped
from promptgit.flywheel.interaction import FEEDBACK, FORMS, Interaction

_GROUPS = ("inputs", "scores", "facts")  # `scores.quality=rating`
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "request_id", "message_id"),
    "at": ("at", "timestamp", "created_at", "time", "date", "datetime", "created"),
    "input": ("input", "question", "query", "user_message", "user_input"),
    "output": ("output", "answer", "response", "completion", "assistant_message", "reply"),
    "system": ("system", "system_prompt"),
    "conversation": ("conversation", "conversation_id", "session_id", "thread_id"),
    "turn": ("turn",),
    "unit": ("unit", "user_id", "account_id"),
    "prompt": ("prompt_name",),
    "version": ("version", "prompt_version"),
    "variant": ("variant",),
    "environment": ("environment",),
    "model": ("model",),
    "provider": ("provider",),
    "error": ("error",),
    "latency_ms": ("latency_ms", "duration_ms"),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cost_usd": ("cost_usd", "cost"),
    "kind": ("kind",),
    "of": ("of",),
    "propensity": ("propensity",),
}


def recognises(value: dict[str, Any]) -> bool:
    """Whether the columns have names that can only be a question and its answer."""
    found = guessed(value)
    return "input" in found and "output" in found


def guessed(columns: Iterable[str]) -> dict[str, str]:
    """The field for each column whose name says it."""
    by_name = {name.strip().lower().replace(" ", "_"): name for name in columns}
    found = {}
    for field, names in ALIASES.items():
        column = next((by_name[name] for name in names if name in by_name), None)
        if column is not None:
            found[field] = column
    return found


def columns_of(written: str) -> dict[str, str]:
    """
    Read `output=answer,input=question`: field = column, or a path such as `reply.text`.

    Raises UserError for a field that there is not.

    >>> columns_of("output=answer,scores.quality=rating")
    {'output': 'answer', 'scores.quality': 'rating'}
    """
    found: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in written.split(","))):
        field, equals, column = (part.strip() for part in item.partition("="))
        group, dot, name = field.partition(".")
        known = (group in _GROUPS and name) if dot else (field in FORMS and field not in _GROUPS)
        if not equals or not column or not known:
            from difflib import get_close_matches

            close = get_close_matches(field, [name for name in FORMS if name not in _GROUPS], n=1)
            raise UserError(
                f"--map: {item!r} is no FIELD=COLUMN"
                + (f"; did you mean {close[0]!r}?" if equals and close else ""),
                hint="fields: "
                + ", ".join(name for name in FORMS if name not in _GROUPS)
                + ", inputs.NAME, scores.NAME, facts.NAME",
            )
        found[field] = column
    return found


def interactions(
    records: Iterable[Record | Rejected],
    *,
    columns: Mapping[str, str] | None = None,
    at: str = "",
) -> Iterator[Outcome]:
    """
    Read rows; columns: by field, added to what the names say.

    at: when rows happened that do not say so.
    """
    return mapped(records, lambda record: _read(record, columns or {}, at))


def _read(record: Record, columns: Mapping[str, str], at: str) -> Iterator[Interaction]:
    value = record.value
    wanted = {**guessed(value), **columns}
    found: dict[str, Any] = {"inputs": {}, "scores": {}, "facts": {}}
    for field, column in wanted.items():
        cell = _cell(value, column)
        if cell is None or cell == "":
            continue
        group, dot, name = field.partition(".")
        if not dot:
            found[field] = _as(FORMS[field], cell, field)
        elif group == "scores":
            found["scores"][name] = _as("number", cell, field)
        else:
            found[group][name] = fields.text(cell)
    if not found.get("output") and not found.get("error") and found.get("kind") != FEEDBACK:
        raise Unfit(f"no output ({columns.get('output', 'the column of the answer')} is empty)")
    when = fields.at(found.pop("at", None), at)
    ident = found.pop("id", "") or fields.digest(value, record.line)
    propensity = found.get("propensity", 1.0)
    if not 0 < propensity <= 1:
        raise Unfit(f"propensity is {propensity:g}, which is no chance")
    yield Interaction(**{"source": "table", **found, "id": ident, "at": when})


def _cell(value: Mapping[str, Any], column: str) -> Any:
    if column in value:
        return value[column]
    found: Any = value
    for part in column.split("."):
        if isinstance(found, list):
            place = int(part) if part.lstrip("-").isdigit() else None
            found = (
                found[place] if place is not None and -len(found) <= place < len(found) else None
            )
        else:
            found = fields.mapping(found).get(part)
    return found


def _as(form: str, cell: Any, field: str) -> Any:
    if form == "text":
        return fields.text(cell) if field != "id" else fields.word(cell) or fields.text(cell)
    number = fields.real(cell)
    if number is None:
        raise Unfit(f"{field} is {cell!r:.40}, which is no number")
    return int(number) if form == "integer" else number
