"""
Drafted cases at the end of a case file, in its own columns; what is there stays byte for byte.

A table that lacks the columns `id` or `tags` gets them, and `from_log`, with empty cells at the
end of each row.  One that has both stays as it is: there a tag says which log line it was.
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
OURS = (*NEEDED, "from_log")


def can_hold_drafts(path: str) -> bool:
    """Say whether rows can be added to a file of this kind without rewriting it."""
    return path.lower().endswith((*LINES, *TABLES))


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
    first = text.split("\n", 1)[0]
    mark = delimiter or ("\t" if path.lower().endswith(".tsv") else sniffed_delimiter(first))
    try:
        records = _records(text, mark)
    except csv.Error as error:
        raise _unreadable(path, error) from error
    header = [cell.strip().removeprefix("\ufeff") for cell in records[0][1]]
    played = roles([name for name in header if name], columns, f"{path}:1")
    bare = not set(NEEDED) <= set(played.parts)
    missing = [name for name in OURS if bare and name not in played.parts]
    end = "\r\n" if first.endswith("\r") else "\n"
    whole = "".join(
        _extended(raw, mark, missing if number == 0 else [""] * len(missing))
        for number, (raw, _) in enumerate(records)
    )
    place = header.index(played.parts["id"]) if "id" in played.parts else None
    known = {cells[place] for _, cells in records if place is not None and place < len(cells)}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator=end)
    for draft in drafts:
        if draft.id not in known:
            values = _cells(draft, played, tagged=not bare and "from_log" not in played.parts)
            writer.writerow([values.get(name, "") for name in (*header, *missing)])
    return _joined(whole, [out.getvalue()[: -len(end)]] if out.getvalue() else [], end)


def _unreadable(path: str, error: Exception) -> UserError:
    return UserError(
        f"{path}: cases cannot be added to it: {error}", hint="`promptgit lint` says what is wrong"
    )


def _records(text: str, mark: str) -> list[tuple[str, list[str]]]:
    """Each record as it is written, its line end included, and its cells."""
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    reader = csv.reader(iter(lines), delimiter=mark, strict=True)
    found, start = [], 0
    for cells in reader:
        found.append(("".join(lines[start : reader.line_num]), cells))
        start = reader.line_num
    return found


def _extended(raw: str, mark: str, cells: Sequence[str]) -> str:
    body = raw.rstrip("\r\n")
    return body + "".join(mark + cell for cell in cells) + raw[len(body) :] if body else raw


def _cells(draft: Draft, played: Roles, *, tagged: bool) -> dict[str, str]:
    parts = played.parts
    found = {column: draft.inputs.get(name, "") for name, column in played.inputs.items()}
    if "expected" in parts:
        found[parts["expected"]] = draft.expected
    found[parts.get("id", "id")] = draft.id
    source = (f"from-log:{draft.log.replace(',', '_')}",) if tagged else ()
    found[parts.get("tags", "tags")] = ",".join((*draft.tags, *source))
    found[parts.get("from_log", "from_log")] = draft.log
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
