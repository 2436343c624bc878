"""Open what is to be imported: a file, compressed or not, a database, standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from promptgit.errors import UserError
from promptgit.flywheel.importers import Record, Rejected
from promptgit.flywheel.importers.documents import records as records_of
from promptgit.flywheel.window import instant

STDIN = "-"
_GZIP = b"\x1f\x8b"
_SQLITE = b"SQLite format 3\0"


@dataclass(slots=True)
class Source:
    """Something to import, open."""

    name: str
    records: Iterator[Record | Rejected]
    at: str  # when the file was written: when what it holds happened, if it does not say
    damage: list[str] = field(default_factory=list)  # why it ended before its time


@contextmanager
def opened(path: str) -> Iterator[Source]:
    """Open a path, or `-`.  Raises UserError when it cannot be read."""
    if path == STDIN:
        now = instant(datetime.now(UTC))
        yield _source("standard input", sys.stdin.buffer, now)
        return
    try:
        with Path(path).open("rb") as file:
            at = instant(datetime.fromtimestamp(Path(path).stat().st_mtime, UTC))
            if file.read(len(_SQLITE)) == _SQLITE:
                yield Source(path, _rows(path), at)
                return
            file.seek(0)
            yield _source(path, file, at)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error


def _source(name: str, stream: IO[bytes], at: str) -> Source:
    damage: list[str] = []
    whole = _Stream(stream, damage)
    return Source(name, records_of(cast(IO[bytes], whole)), at, damage)


class _Stream:
    """Bytes, unpacked if they are packed; a file that is cut off ends where it is cut off."""

    def __init__(self, stream: IO[bytes], damage: list[str]) -> None:
        self._damage = damage
        self._first = stream.read(2)
        self._read_some: Any = stream.read
        if self._first == _GZIP:
            packed = cast(IO[bytes], _Again(self._first, stream))
            self._read_some = gzip.GzipFile(fileobj=packed).read1  # all there is before a cut
            self._first = b""

    def read(self, size: int) -> bytes:
        """Read as much as is asked for, less only at the end."""
        found, self._first = self._first, b""
        while len(found) < size:
            try:
                piece = cast(bytes, self._read_some(size - len(found)))
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                if not self._damage:
                    self._damage.append(str(error))
                break
            if not piece:
                break
            found += piece
        return found


class _Again:
    """A stream whose first bytes were read before."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = first
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        first, self._first = self._first, b""
        return first or self._stream.read(size)

    def seekable(self) -> bool:
        return False


def _rows(path: str) -> Iterator[Record | Rejected]:
    """The rows of `responses` in a database of the command llm."""
    import sqlite3

    database = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT * FROM responses ORDER BY rowid")
        names = [column[0] for column in rows.description]
        for number, row in enumerate(rows, start=1):
            yield Record(number, dict(zip(names, row, strict=True)))
    except sqlite3.Error as error:
        raise UserError(
            f"{path} is no database of the command llm: {error}",
            hint="`llm logs path` says where that is; other databases: export CSV, and use --map",
        ) from error
    finally:
        database.close()
