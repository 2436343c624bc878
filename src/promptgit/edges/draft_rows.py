"""
Drafted cases at the end of a case file, in its own columns; what is there stays byte for byte.

A table without a column for ids, or for tags, holds no drafts: each of its rows would have to
change.  In one without `from_log` a tag says which log line it was.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptgit.edges.columns import Columns, Roles, roles
from promptgit.edges.rows import sniffed_delimiter
from promptgit.errors import UserError
from promptgit.flywheel.drafting import Draft

LINES = (".jsonl", ".ndjson")
TABLES = (".csv", ".tsv")
NEEDED = ("id", "tags")  # columns without which a draft is none


def can_hold_drafts(path: str, text: str, columns: Columns, *, delimiter: str = "") -> bool:
    """Say whether drafts can be added to this case file without a change to what is there."""
    if not path.lower().endswith(TABLES):
        return path.lower().endswith(LINES)
    try:
        header, _ = _header(text, path, delimiter)
        played = roles(header, columns, f"{path}:1")
    except (UserError, csv.Error, StopIteration):
        return False
    return set(NEEDED) <= set(played.parts)


def with_drafts(
    text: str, path: str, drafts: Sequence[Draft], columns: Columns, *, delimiter: str = ""
) -> str:
    """
    Return a case file with the drafts added; an empty one is begun, as JSON Lines.

    `path` says by its suffix what it is.  A draft whose id the file has already is left out.
    Raises UserError where the columns of the file are not clear.
    """
    if path.lower().endswith(TABLES):
        return _table(text, path, drafts, columns, delimiter)
    return _lines(text, path, drafts, columns)


def _lines(text: str, path: str, drafts: Sequence[Draft], columns: Columns) -> str:
    try:
        held = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise _unreadable(path, error) from error
    header = list(dict.fromkeys(name for row in held for name in row))
    played = roles(header, columns, f"{path}:1") if held else None
    known = {str(_at(row, played.parts.get("id", "id"))) for row in held} if played else set()
    added = [
        json.dumps(_row(draft, played), ensure_ascii=False)
        for draft in drafts
        if draft.id not in known
    ]
    return _joined(text, added)


def _row(draft: Draft, played: Roles | None) -> dict[str, Any]:
    """The object of one draft: nested where the eval file says `a.b`."""
    parts = played.parts if played else {"expected": "expected"}
    inputs = played.inputs if played else {name: name for name in draft.inputs}
    found: dict[str, Any] = {}
    _put(found, parts.get("id", "id"), draft.id)
    for name, column in inputs.items():
        _put(found, column, draft.inputs.get(name, ""))
    if "expected" in parts:
        _put(found, parts["expected"], draft.expected)
    _put(found, parts.get("tags", "tags"), list(draft.tags))
    _put(found, parts.get("from_log", "from_log"), draft.log)
    return found


def _table(text: str, path: str, drafts: Sequence[Draft], columns: Columns, delimiter: str) -> str:
    if not can_hold_drafts(path, text, columns, delimiter=delimiter):
        raise UserError(
            f"{path}: drafts need a column for ids and one for tags", hint="add `id` and `tags`"
        )
    header, mark = _header(text, path, delimiter)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise _unreadable(path, error) from error
    played = roles([name for name in header if name], columns, f"{path}:1")
    end = "\r\n" if text.split("\n", 1)[0].endswith("\r") else "\n"
    place = header.index(played.parts["id"])
    known = {cells[place] for cells in records if place < len(cells)}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator=end)
    for draft in drafts:
        if draft.id not in known:
            values = _cells(draft, played)
            writer.writerow([values.get(name, "") for name in header])
    return _joined(text, [out.getvalue()[: -len(end)]] if out.getvalue() else [], end)


def _unreadable(path: str, error: Exception) -> UserError:
    return UserError(
        f"{path}: cases cannot be added to it: {error}", hint="`promptgit lint` says what is wrong"
    )


def _header(text: str, path: str, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns, and what is between them."""
    first = text.split("\n", 1)[0]
    mark = delimiter or ("\t" if path.lower().endswith(".tsv") else sniffed_delimiter(first))
    cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    return [cell.strip().removeprefix("\ufeff") for cell in cells], mark


def _cells(draft: Draft, played: Roles) -> dict[str, str]:
    parts = played.parts
    found = {column: draft.inputs.get(name, "") for name, column in played.inputs.items()}
    if "expected" in parts:
        found[parts["expected"]] = draft.expected
    found[parts["id"]] = draft.id
    source = () if "from_log" in parts else (f"from-log:{draft.log.replace(',', '_')}",)
    found[parts["tags"]] = ",".join((*draft.tags, *source))
    if "from_log" in parts:
        found[parts["from_log"]] = draft.log
    return found


def _joined(text: str, added: Iterable[str], end: str = "\n") -> str:
    before = text if not text or text.endswith("\n") else text + end
    return before + "".join(line + end for line in added)


def _put(found: dict[str, Any], column: str, value: Any) -> None:
    *outer, last = column.split(".")
    for name in outer:
        found = found.setdefault(name, {})
    found[last] = value


def _at(row: Mapping[str, Any], column: str) -> Any:
    found: Any = row
    for name in column.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
