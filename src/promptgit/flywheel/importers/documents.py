"""
Read a stream of bytes record by record: JSON Lines, one JSON document of any size, CSV.

Of a document only the element at hand is in memory.  It is walked down to the lists that hold
records (`data`, `results`, `resourceSpans` → `scopeSpans` → `spans`, …).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from promptgit.flywheel.importers.record import Record, Rejected

CHUNK = 1 << 18  # bytes
LONGEST = 32 << 20  # bytes of one record
_BOM = b"\xef\xbb\xbf"
_RECORDS = frozenset({"data", "results", "spans", "logRecords", "observations", "items", "outputs"})
_CARRIERS = frozenset(
    {"resourceSpans", "scopeSpans", "instrumentationLibrarySpans", "resourceLogs", "scopeLogs"}
)
_SPACE = " \t\r\n"
_DELIMITERS = ",;\t|"


def records(stream: IO[bytes]) -> Iterator[Record | Rejected]:
    """Yield the records of a stream, whichever of the three it is."""
    head = stream.read(CHUNK).removeprefix(_BOM)
    start = head.lstrip()[:1]
    if start not in (b"{", b"["):
        yield from _csv(head, stream)
    elif start == b"[" or _is_document(head):
        yield from _Document(head, stream).records()
    else:
        yield from _json_lines(head, stream)


def _is_document(head: bytes) -> bool:
    """Whether a stream that begins with `{` is one object over many lines, not one a line."""
    first, _, rest = head.lstrip().partition(b"\n")
    if not rest.strip():
        return True  # one line, which is read as one object
    return not first.rstrip().endswith(b"}")


def lines(head: bytes, stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield (number, line without its end); None for one that is longer than `LONGEST`."""
    number, rest, is_too_long = 0, head, False
    while True:
        *found, rest = rest.split(b"\n")
        for line in found:
            number += 1
            yield number, None if is_too_long else line
            is_too_long = False
        if len(rest) > LONGEST:
            rest, is_too_long = b"", True
        chunk = stream.read(CHUNK)
        if not chunk:
            if rest.strip() or is_too_long:
                yield number + 1, None if is_too_long else rest
            return
        rest += chunk


def _json_lines(head: bytes, stream: IO[bytes]) -> Iterator[Record | Rejected]:
    for number, line in lines(head, stream):
        if line is None:
            yield Rejected(number, f"longer than {LONGEST >> 20} MB")
            continue
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Rejected(number, _why(error), line.decode("utf-8", "replace"))
            continue
        if isinstance(value, dict):
            yield from _within(value, number, {})
        else:
            yield Rejected(number, "not a JSON object", line.decode("utf-8", "replace"))


def _within(value: dict[str, Any], line: int, around: dict[str, Any]) -> Iterator[Record]:
    """A line that holds lists of records, as those; any other as it is."""
    held = [
        name
        for name, inner in value.items()
        if (name in _CARRIERS and isinstance(inner, list))
        or (name in ("spans", "logRecords") and isinstance(inner, list))
        or (name == "data" and value.get("object") == "list")
    ]
    if not held:
        yield Record(line, value, around)
        return
    around = {**around, **{name: one for name, one in value.items() if name not in held}}
    for name in held:
        for inner in value[name]:
            if isinstance(inner, dict):
                yield from _within(inner, line, around)


def _csv(head: bytes, stream: IO[bytes]) -> Iterator[Record | Rejected]:
    import csv

    csv.field_size_limit(LONGEST)
    begun = [0]
    too_long: list[Rejected] = []

    def decoded() -> Iterator[str]:
        for number, line in lines(head, stream):
            begun[0] = number
            if line is None:
                too_long.append(Rejected(number, f"longer than {LONGEST >> 20} MB"))
            yield (line or b"").decode("utf-8", "replace").replace("\0", "") + "\n"

    text = decoded()
    header_line = next((line for line in text if line.strip()), "")
    delimiter = max(_DELIMITERS, key=lambda mark: (header_line.count(mark), mark == ","))
    try:
        header = next(csv.reader([header_line], delimiter=delimiter), [])
    except csv.Error as error:
        yield Rejected(begun[0], f"no CSV: {error}", header_line)
        return
    if not header and head.strip() and not too_long:
        yield Rejected(1, "no text")
    rows = csv.reader(text, delimiter=delimiter)
    while True:
        line = begun[0] + 1
        while too_long:
            yield too_long.pop(0)
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Rejected(line, f"no CSV: {error}")
            continue
        if cells is None:
            yield from too_long
            return
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} columns where the header has {len(header)}"
            yield Rejected(line, reason, delimiter.join(cells))
        else:
            yield Record(line, dict(zip(header, cells, strict=True)))


class _Broken(ValueError):
    """The document cannot be read any further."""


class _Document:
    """A walk through one JSON document, which holds no more of it than the element at hand."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = self._decoder.decode(head)
        self._at = 0
        self._line = 1
        self._stream = stream
        self._json = json.JSONDecoder()
        self._is_over = False

    def records(self) -> Iterator[Record | Rejected]:
        """Yield the records; the last is Rejected when the document breaks off."""
        try:
            if self._next() == "[":
                yield from self._array({}, is_carrier=False)
            else:
                yield from self._object({}, is_top=True)
            if self._peek():
                raise _Broken("there is more text after the JSON document")
        except _Broken as error:
            yield Rejected(self._line, str(error), self._text[self._at : self._at + 200])

    def _array(self, around: dict[str, Any], *, is_carrier: bool) -> Iterator[Record | Rejected]:
        self._at += 1
        while (mark := self._next()) != "]":
            if mark == ",":
                self._at += 1
            elif is_carrier and mark == "{":
                yield from self._object(around)
            else:
                line = self._line
                value = self._value()
                if isinstance(value, dict):
                    yield from _within(value, line, around)
                else:
                    yield Rejected(line, "not a JSON object", json.dumps(value)[:200])
        self._at += 1

    def _object(
        self, around: dict[str, Any], *, is_top: bool = False
    ) -> Iterator[Record | Rejected]:
        self._at += 1
        line = self._line
        held = dict(around)
        own: dict[str, Any] = {}
        is_record = is_top
        while (mark := self._next()) != "}":
            if mark == ",":
                self._at += 1
                continue
            name = self._value()
            if not isinstance(name, str) or self._next() != ":":
                raise _Broken("no JSON: a key, and what it holds, were expected")
            self._at += 1
            mark = self._next()
            if mark == "[" and (name in _CARRIERS or name in _RECORDS):
                is_record = False
                yield from self._array(held, is_carrier=name in _CARRIERS)
            elif mark == "{" and name in ("results", "data"):
                is_record = False
                yield from self._object(held)
            else:
                own[name] = held[name] = self._value()
        self._at += 1
        if is_record:
            yield Record(line, own, around)

    def _value(self) -> Any:
        """Decode the value that begins here; read on until it is whole."""
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _Broken("nested too deeply") from error
            except ValueError as error:
                if self._is_over or len(self._text) - self._at > LONGEST:
                    raise _Broken(f"{_why(error)}; what follows is not read") from error
                self._fill(len(self._text) - self._at)
                continue
            if end == len(self._text) and not self._is_over:  # a number may go on
                self._fill(CHUNK)
                continue
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text) or self._is_over:
                return self._text[self._at : self._at + 1]
            self._fill(CHUNK)

    def _next(self) -> str:
        found = self._peek()
        if not found:
            raise _Broken("the JSON document breaks off")
        return found

    def _fill(self, wanted: int) -> None:
        """Read on, as much again as there is: a long value is decoded few times."""
        chunk = self._stream.read(max(CHUNK, wanted))
        self._is_over = not chunk
        self._text = self._text[self._at :] + self._decoder.decode(chunk, self._is_over)
        self._at = 0


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start + 1}"
    if isinstance(error, json.JSONDecodeError):
        what = error.msg.removesuffix(" at")  # as in "Unterminated string starting at"
        return f"no JSON: {what[:1].lower()}{what[1:]} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else f"no JSON: {error}"
