"""Case files as rows: CSV, JSON Lines, JSON, YAML and Parquet, one row at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from promptgit.errors import UserError

DELIMITERS = ",;\t|"
FIELD_LIMIT = 16 << 20  # characters in one cell; a quote that is never closed stops here
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, before anybody has said what its columns mean."""

    line: int  # 1-based, where it begins; in Parquet the row's number
    values: Mapping[str, Any]
    short: str = ""  # why it is not whole: `2 of 3 columns`


def rows(stream: IO[bytes], name: str, *, delimiter: str = "") -> Iterator[Row]:
    """
    Yield the rows of a file; the suffix of `name` says what it holds.

    CSV and JSON Lines are read line by line.  Raises UserError with the line.
    """
    suffix = name.rpartition(".")[2].lower()
    if suffix not in READERS:
        raise UserError(
            f"{name}: cases cannot be read from this kind of file",
            hint=f"use one of {', '.join('.' + known for known in READERS)}",
        )
    if suffix in ("csv", "tsv"):
        return csv_rows(stream, name, delimiter=delimiter or ("\t" if suffix == "tsv" else ""))
    return READERS[suffix](stream, name)


def csv_rows(stream: IO[bytes], name: str, *, delimiter: str = "") -> Iterator[Row]:
    """Yield the rows of a CSV file with a header (RFC 4180; `;`, tab and `|` are recognised)."""
    import csv

    csv.field_size_limit(FIELD_LIMIT)  # the module's own setting; its 128 KB is too small for mail
    lines = text_lines(stream, name)
    first = next(lines, "")
    reader = csv.reader(
        _again(first, lines), delimiter=delimiter or sniffed_delimiter(first), strict=True
    )
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _csv_error(error, name, line, reader.line_num) from error
        if cells is None:
            return
        if not cells:
            continue  # an empty line
        if header is None:
            header = _checked_header(cells, f"{name}:{line}")
        else:
            yield _csv_row(header, cells, name, line)


def sniffed_delimiter(header: str) -> str:
    """
    Return the delimiter that occurs most often outside quotes; a comma when none does.

    >>> sniffed_delimiter('comment;"a, b, c";response')
    ';'
    """
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=lambda mark: (outside.count(mark), mark == ","))


def jsonl_rows(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Yield one row per line; each is a JSON object."""
    for number, line in enumerate(text_lines(stream, name), start=1):
        if line.strip():
            value, end = _json_value(line, _blank(line, 0), name, number - 1)
            rest = line[_blank(line, end) :]
            if rest:
                raise UserError(
                    f"{name}:{number}:{_blank(line, end) + 1}: more text after the JSON object: "
                    f"{_shown(rest)}",
                    hint="write one JSON object per line",
                )
            yield Row(number, _mapping(value, f"{name}:{number}"))


def json_rows(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Yield the objects of one JSON array; a file of JSON Lines is recognised."""
    from promptgit.core.located import decoded

    text = decoded(_without_pointer(stream.read(), name), name)
    start = _blank(text, 0)
    if text[start : start + 1] == "{":
        import io

        yield from jsonl_rows(io.BytesIO(text.encode()), name)
        return
    if text[start : start + 1] != "[":
        raise UserError(
            f"{name}:1: found {_shown(text[start:]) or 'nothing'} where a list of cases begins",
            hint='write [{"input": …, "expected": …}, …]',
        )
    yield from _array(text, start + 1, name)


def yaml_rows(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Yield the mappings of one YAML list; a plain scalar stays as it is written."""
    from promptgit.core.located import parse_yaml

    located = parse_yaml(
        _without_pointer(stream.read(), name), name, verbatim=lambda path: len(path) == 2
    )
    if not isinstance(located.data, list):
        raise UserError(
            f"{located.at(())}: the cases are not a list",
            hint="begin each case with `- `: `- {input: …, expected: …}`",
        )
    for index, value in enumerate(located.data):
        yield Row(located.position((index,)).line, _mapping(value, located.at((index,))))


def parquet_rows(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Yield the rows of a Parquet file."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UserError(
            f"{name}: reading Parquet needs the package pyarrow",
            hint="pip install pyarrow",
        ) from error
    try:
        batches = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(stream.read())).iter_batches()
        number = 0
        for batch in batches:
            for values in batch.to_pylist():
                number += 1
                yield Row(number, values)
    except pyarrow.ArrowException as error:
        raise UserError(
            f"{name}: this is not a Parquet file that can be read: {error}",
            hint="was it copied whole?",
        ) from error


READERS: Mapping[str, Callable[[IO[bytes], str], Iterator[Row]]] = {
    "csv": csv_rows,
    "tsv": csv_rows,
    "jsonl": jsonl_rows,
    "ndjson": jsonl_rows,
    "json": json_rows,
    "yaml": yaml_rows,
    "yml": yaml_rows,
    "parquet": parquet_rows,
}


def text_lines(stream: IO[bytes], name: str) -> Iterator[str]:
    """Decode line by line, without a byte order mark; raise UserError at the first bad line."""
    from promptgit.core.located import decoded

    offset = 0
    for number, raw in enumerate(stream, start=1):
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if number == 1:
            _without_pointer(line, name)
            if line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                decoded(line, name)
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise UserError(
                f"{name}:{number}: byte 0x{line[error.start]:02x} at offset "
                f"{offset + error.start} is not UTF-8",
                hint="save the file as UTF-8",
            ) from error
        if "\0" in text:
            raise UserError(
                f"{name}:{number}: there is a NUL character", hint="is it a binary file?"
            )
        offset += len(raw)
        yield text


def _without_pointer(data: bytes, name: str) -> bytes:
    if data.startswith(LFS_POINTER):
        raise UserError(
            f"{name}: this is a Git LFS pointer, not the cases themselves",
            hint=f"git lfs pull, then give the file: --cases {name}",
        )
    return data


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _checked_header(cells: list[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if name and header.count(name) > 1:
            raise UserError(
                f"{where}: the column {name!r} occurs twice", hint="give each column its own name"
            )
    return header


def _csv_row(header: list[str], cells: list[str], name: str, line: int) -> Row:
    if len(cells) > len(header):
        columns = f"{len(header)} column{'' if len(header) == 1 else 's'}"
        raise UserError(
            f"{name}:{line}: {len(cells)} values for {columns}; the extra one is "
            f"{_shown(cells[len(header)]) or 'empty'}",
            hint="put a value that holds the delimiter in double quotes",
        )
    for column, cell in zip(header, cells, strict=False):
        if not column and cell.strip():
            raise UserError(
                f"{name}:{line}: the value {_shown(cell)} is in a column without a name",
                hint="name the column in the first line",
            )
    padded = cells + [""] * (len(header) - len(cells))
    values = {column: cell for column, cell in zip(header, padded, strict=True) if column}
    short = f"{len(cells)} of {len(header)} columns" if len(cells) < len(header) else ""
    return Row(line, values, short)


def _csv_error(error: Exception, name: str, line: int, reached: int) -> UserError:
    what = str(error)
    if "unexpected end of data" in what or "field larger" in what:
        what = "a double quote opens here and is not closed"
    elif "new-line character" in what:
        return UserError(
            f"{name}:{line}: the line ends are those of an old Mac (CR alone)",
            hint="save the file with LF or CRLF line ends",
        )
    elif "expected after" in what:
        line, what = max(line, reached), "text follows a closing double quote"
    return UserError(
        f"{name}:{line}: {what}", hint='inside a quoted value, write a double quote twice: ""'
    )


def _array(text: str, position: int, name: str) -> Iterator[Row]:
    line, counted = 1, 0
    position = _blank(text, position)
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        value, end = _json_value(text, position, name, 0)
        yield Row(line, _mapping(value, f"{name}:{line}"))
        position = _blank(text, end)
        if text[position : position + 1] == ",":
            position = _blank(text, position + 1)
            if text[position : position + 1] == "]":
                _json_value(text, position, name, 0)  # a trailing comma: JSON has none
        elif text[position : position + 1] != "]":
            raise UserError(
                f"{name}:{text.count(chr(10), 0, position) + 1}: found "
                f"{_shown(text[position:]) or 'the end of the file'} after a case",
                hint="cases are separated by commas, and the list ends with ]",
            )
    rest = text[position + 1 :]
    if rest.strip():
        raise UserError(
            f"{name}:{text.count(chr(10), 0, _blank(text, position + 1)) + 1}: more text after "
            f"the list of cases: {_shown(rest)}",
            hint="a .json file holds one list; use .jsonl for one object per line",
        )


def _json_value(text: str, position: int, name: str, lines_before: int) -> tuple[Any, int]:
    """Return the JSON value at `position` and where it ends."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        found = _shown(text[error.pos :]) or "the end"
        raise UserError(
            f"{name}:{lines_before + error.lineno}:{error.colno}: this is not JSON: "
            f"{error.msg[0].lower()}{error.msg[1:]}, found {found}",
            hint="text goes in double quotes, line breaks inside it are written \\n",
        ) from error
    except (ValueError, RecursionError) as error:
        line = lines_before + text.count("\n", 0, position) + 1
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UserError(f"{name}:{line}: {what}", hint="correct this case") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON value")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UserError(
            f"{where}: a case is a mapping of columns to values, found {_shown(json.dumps(value))}",
            hint="write each case like {input: …, expected: …}",
        )
    return value


def _blank(text: str, position: int) -> int:
    """Return where the blanks at `position` end."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _shown(text: str, limit: int = 30) -> str:
    """Quote the beginning of `text` on one line; empty for nothing."""
    line = text.strip().split("\n", 1)[0]
    return repr(line if len(line) <= limit else line[:limit] + "…") if line else ""
