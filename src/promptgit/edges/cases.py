"""
Case files as a Dataset.

A row without what it needs is left out, counted and named by its line; a row that contradicts
the file (too many values, a weight that is no number) is an error.  Text stays as it is; other
values become text: JSON for lists and mappings, `3` for 3.0, `true` for true.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from promptgit.core.dataset import (
    NEEDS_REVIEW,
    Case,
    Dataset,
    Dropped,
    JsonText,
    checked_unique,
    content_id,
)
from promptgit.edges.columns import Columns, Roles, roles
from promptgit.edges.rows import Row, rows
from promptgit.errors import UserError

LOOK_AHEAD = 1000  # rows of a file without a header, whose keys together are its columns

# promptfoo writes assertions into its `__expected` cells: `contains: refund`, `similar(0.8): hi`.
PROMPTFOO_CELL = re.compile(
    r"(not-)?(equals|i?contains(-all|-any)?|starts-with|regex|is-json|similar|levenshtein"
    r"|llm-rubric|grade|factuality|javascript|fn|python|eval|file|latency|cost)(\([\d.]+\))?:.*",
    re.DOTALL,
)


def read(
    path: Path,
    *,
    name: str = "",
    columns: Columns | None = None,
    delimiter: str = "",
    limit: int | None = None,
) -> Dataset:
    """Read the first `limit` cases of a file; raise UserError naming the line that is wrong."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UserError(
            f"{name or path}: {error.strerror or error}", hint="is the path right?"
        ) from error
    shown = name or path.as_posix()
    with stream:
        try:
            found = rows(stream, shown, delimiter=delimiter)
            return from_rows(found, shown, columns=columns, limit=limit)
        except OSError as error:
            raise UserError(
                f"{shown}: {error.strerror or error}", hint="can you read it?"
            ) from error


def parse(
    data: bytes,
    name: str,
    *,
    columns: Columns | None = None,
    delimiter: str = "",
    limit: int | None = None,
) -> Dataset:
    """Do the same for the bytes of a blob; the suffix of `name` says what they hold."""
    found = rows(io.BytesIO(data), name, delimiter=delimiter)
    return from_rows(found, name, columns=columns, limit=limit)


def from_rows(
    found: Iterable[Row],
    name: str,
    *,
    columns: Columns | None = None,
    limit: int | None = None,
) -> Dataset:
    """Turn rows into a Dataset, in file order."""
    reading = _Reading(name, columns or Columns())
    kept = list(islice(reading.cases(iter(found)), limit))
    if any(case.expected is not None for _, case in kept):
        for line, case in kept:
            if case.expected is None:
                reading.drop(line, "the expected answer is missing")
        kept = [(line, case) for line, case in kept if case.expected is not None]
    if not kept and limit != 0:
        why = "; ".join(f"line {d.line}: {d.why}" for d in reading.dropped[:3])
        raise UserError(
            f"{name}: there are no cases in it" + (f" ({why})" if why else ""),
            hint="a case file has a header like `input,expected` and a row per case",
        )
    dropped = tuple(sorted(reading.dropped, key=lambda d: d.line))
    return Dataset(checked_unique(kept, name), name, dropped)


@dataclass(frozen=True, slots=True)
class Written:
    """Cases as a file has them, with their lines: an id may occur twice."""

    cases: tuple[tuple[int, Case], ...]
    roles: Roles | None  # None: there is no row


def as_written(found: Iterable[Row], name: str, columns: Columns) -> Written:
    """Turn rows into cases for whoever looks for mistakes in them; raise UserError."""
    reading = _Reading(name, columns)
    cases = tuple(reading.cases(iter(found)))
    return Written(cases, reading.played)


@dataclass
class _Reading:
    name: str
    columns: Columns
    played: Roles | None = None
    dropped: list[Dropped] = field(default_factory=list)
    unnamed: dict[str, int] = field(default_factory=dict)  # content id → line

    def drop(self, line: int, why: str) -> None:
        self.dropped.append(Dropped(line, why))

    def cases(self, found: Iterator[Row]) -> Iterator[tuple[int, Case]]:
        first = list(islice(found, LOOK_AHEAD))
        if not first:
            return
        header = list(dict.fromkeys(name for row in first for name in row.values))
        played = roles(header, self.columns, f"{self.name}:{first[0].line}")
        self.played = played
        known = set(header)
        for row in first:
            yield from self._case(row, played)
        for row in found:
            late = next((name for name in row.values if name not in known), None)
            if late is not None:
                raise UserError(
                    f"{self.name}:{row.line}: the column {late!r} is not in the first "
                    f"{LOOK_AHEAD} cases",
                    hint="name every column in the first case, null where it is empty",
                )
            yield from self._case(row, played)

    def _case(self, row: Row, played: Roles) -> Iterator[tuple[int, Case]]:
        where = f"{self.name}:{row.line}"
        if row.short:
            self.drop(row.line, row.short)
            return
        tags = _tags(_value(row.values, played.parts.get("tags", "")), where)
        if NEEDS_REVIEW in tags:
            self.drop(row.line, "it needs a review")
            return
        inputs = _parsed(_texts(row, played.inputs, where), self.columns.json_inputs, where)
        missing = _missing(inputs, played.main_input)
        if missing:
            self.drop(row.line, missing)
            return
        parts = _texts(row, played.parts, where, skip=("tags", "weight"))
        expected = parts.get("expected") or None
        if expected and played.parts["expected"].strip() == "__expected":
            _refuse_promptfoo_cell(expected, where)
        case = Case(
            id=_checked_id(parts.get("id", "").strip(), where),
            inputs=inputs,
            expected=expected if expected and expected.strip() else None,
            reference={k: v for k, v in _texts(row, played.reference, where).items() if v},
            tags=tags,
            weight=_weight(_value(row.values, played.parts.get("weight", "")), where),
            group=parts.get("group", "").strip(),
        )
        if not case.id:
            case = self._named(case, row.line)
        if case.id:
            yield row.line, case

    def _named(self, case: Case, line: int) -> Case:
        """Name a case by its content; the second of two equal ones gets no name."""
        name = content_id({**case.inputs, **case.reference}, case.expected)
        if name in self.unnamed:
            self.drop(line, f"the same as line {self.unnamed[name]}")
            return case
        self.unnamed[name] = line
        return replace(case, id=name)


def _parsed(inputs: dict[str, str], names: Iterable[str], where: str) -> dict[str, str]:
    """Mark the inputs that a template reads as JSON; raise UserError where one is none."""
    for name in names:
        try:
            json.loads(inputs[name])
        except (ValueError, RecursionError) as error:
            found = repr(inputs[name][:30]) if inputs[name].strip() else "nothing"
            raise UserError(
                f"{where}: {name}: found {found}, which is not JSON",
                hint='the eval file says `json` of this input; write [], null or "text"',
            ) from error
        inputs[name] = JsonText(inputs[name])
    return inputs


def _missing(inputs: Mapping[str, str], main: str) -> str:
    if main and not inputs[main].strip():
        return f"{main} is missing"
    if not any(value.strip() for value in inputs.values()):
        return "every input is missing"
    return ""


def _texts(
    row: Row, named: Mapping[str, str], where: str, *, skip: tuple[str, ...] = ()
) -> dict[str, str]:
    texts = {}
    for ours, theirs in named.items():
        if ours not in skip:
            value = _value(row.values, theirs)
            plain = isinstance(value, str) and value.isascii() and "\0" not in value
            texts[ours] = value if plain else as_text(value, f"{where}: {ours}")
    return texts


def _value(values: Mapping[str, Any], column: str) -> Any:
    """Return the value of a column, or of a dotted path into nested ones; None if absent."""
    if column in values:
        return values[column]
    found: Any = values
    for name in column.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def as_text(value: Any, where: str = "value") -> str:
    """
    Return a cell as text; None is empty.

    >>> [as_text(value) for value in ("007", 3.0, True, None, {"urgency": "high"})]
    ['007', '3', 'true', '', '{"urgency": "high"}']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _checked_text(value, where)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return _checked_text(json.dumps(value, ensure_ascii=False, default=str), where)


def _checked_text(text: str, where: str) -> str:
    if "\0" in text:
        raise UserError(f"{where}: there is a NUL character", hint="take it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"{where}: the character {error.start + 1} is half of a pair (\\ud800 to \\udfff)",
            hint="write the whole character, or both halves",
        ) from error
    return text


def _checked_id(name: str, where: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise UserError(
            f"{where}: the case id {name!r} has control characters", hint="keep ids to one line"
        )
    return name


def _tags(value: Any, where: str) -> tuple[str, ...]:
    items = value if isinstance(value, list) else as_text(value, where).split(",")
    words = (as_text(item, where).strip() for item in items)
    return tuple(dict.fromkeys(word for word in words if word))


def _weight(value: Any, where: str) -> float:
    if value is None or value == "":
        return 1.0
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0) or isinstance(value, bool):
        raise UserError(
            f"{where}: the weight {value!r} is not a number above 0",
            hint="2 counts a case twice; leave it empty for 1",
        )
    return weight


def _refuse_promptfoo_cell(cell: str, where: str) -> None:
    if PROMPTFOO_CELL.fullmatch(cell):
        raise UserError(
            f"{where}: the __expected cell is a promptfoo assertion ({cell.split(':', 1)[0]})",
            hint="write the assertion under `assert:` in the eval file, and the plain answer here",
        )
