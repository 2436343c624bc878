"""
Which records were imported, so that no line is written twice or lost, whenever an import ends.

Before a batch is appended, the sizes of its files are noted; after it, its ids, in the
transaction that strikes the note out.  Whoever finds a note cuts the files back to the sizes in
it: that batch was never imported.  A power cut is like a kill, for the files are synced in between.

What shall be imported anew is noted too, by its ids, before the first line of it is struck out;
whoever finds that note strikes out the rest, and then nobody knows these ids any more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.edges.day_file import FLAGS
from promptgit.edges.lock import lock
from promptgit.errors import WorldError

if TYPE_CHECKING:
    import sqlite3

NAME = "seen.db"
LOCK = "import"
PATIENCE_S = 5.0
_AT_ONCE = 500  # keys in one question; SQLite takes 999 at least
_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (key INTEGER PRIMARY KEY, day INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS note (file TEXT PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS struck (key INTEGER PRIMARY KEY);
"""


def key_of(*parts: str) -> int:
    """64 bits of a digest: ten million records collide once in four hundred thousand times."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big", signed=True)


class Seen:
    """The keys of what was imported into a folder; held by one process at a time."""

    def __init__(self, folder: Path, database: sqlite3.Connection) -> None:
        self._folder = folder
        self._database = database
        self._undo()
        if self._database.execute("SELECT 1 FROM struck LIMIT 1").fetchone():
            self._strike_out()

    @classmethod
    @contextmanager
    def held(cls, folder: Path, *, doing: str) -> Iterator[Seen]:
        """Hold the lock, and open it.  Raises Held, WorldError."""
        with (
            lock(folder / "locks", LOCK, doing=doing, wait_s=PATIENCE_S),
            cls.opened(folder) as seen,
        ):
            yield seen

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Seen]:
        """Open it, and undo a batch that was interrupted; for who holds the lock."""
        import sqlite3

        database = sqlite3.connect(folder / NAME, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.executescript(_SCHEMA)
            yield cls(folder, database)
        except sqlite3.Error as error:
            raise WorldError(
                f"{folder / NAME} cannot be used: {error}",
                hint="it knows what was imported; without it a second import makes duplicates",
            ) from error
        finally:
            database.close()

    def known(self, keys: Sequence[int]) -> set[int]:
        """Those of `keys` that were imported before."""
        return self._among("seen", keys)

    def take_back(self, batches: Iterable[Sequence[int]]) -> int:
        """
        Strike out the lines of imports that have these keys, and forget them; return how many.

        All of it or, after a crash, nothing or the rest when it is opened next.
        """
        with self._transaction():
            for keys in batches:
                rows = ((key,) for key in keys)
                self._database.executemany("INSERT OR IGNORE INTO struck VALUES (?)", rows)
        return self._strike_out()

    def _strike_out(self) -> int:
        from promptgit.edges.logs.striking import strike_out

        try:
            gone = strike_out(self._folder, lambda keys: self._among("struck", keys))
        except OSError as error:
            raise WorldError(
                f"{self._folder} cannot be written: {error.strerror}",
                hint="a part of what shall be imported anew is gone; run that import again",
            ) from error
        with self._transaction():
            self._database.execute("DELETE FROM seen WHERE key IN (SELECT key FROM struck)")
            self._database.execute("DELETE FROM struck")
        return gone

    def _among(self, table: str, keys: Sequence[int]) -> set[int]:
        found: set[int] = set()
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            asked = f"SELECT key FROM {table} WHERE key IN ({marks})"  # noqa: S608  (only ?s)
            found.update(row[0] for row in self._database.execute(asked, some))
        return found

    def write(self, files: Mapping[str, bytes], keys: Iterable[tuple[int, str]]) -> None:
        """
        Append to files (by their names in the folder) and remember the keys with their days.

        All of it or, after a crash, nothing.  Raises WorldError when the disk refuses.
        """
        places = {name: self._folder / name for name in files}
        try:
            sizes = [(name, _size(place)) for name, place in places.items()]
            with self._transaction():
                self._database.executemany("INSERT INTO note VALUES (?, ?)", sizes)
            for name, place in places.items():
                _append(place, files[name])
        except OSError as error:
            self._undo()
            raise WorldError(
                f"{self._folder} cannot be written: {error.strerror}",
                hint="nothing of the last batch was kept; run the import again, it goes on there",
            ) from error
        with self._transaction():
            rows = ((key, date.fromisoformat(day).toordinal()) for key, day in keys)
            self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)
            self._database.execute("DELETE FROM note")

    def forget(self, before: date) -> None:
        """Drop the keys of days before one: their lines are gone."""
        with self._transaction():
            self._database.execute("DELETE FROM seen WHERE day < ?", (before.toordinal(),))

    def _undo(self) -> None:
        notes = list(self._database.execute("SELECT file, size FROM note"))
        for name, size in notes:
            place = self._folder / name
            if size == 0:
                place.unlink(missing_ok=True)
            elif _size(place) > size:
                os.truncate(place, size)
        if notes:
            with self._transaction():
                self._database.execute("DELETE FROM note")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except FileNotFoundError:
        return 0


def _append(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | FLAGS
    handle = os.open(place, flags, 0o640)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
