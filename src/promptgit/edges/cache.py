"""
Answers on disk: one SQLite file, shared by threads, processes and work trees.

Write-ahead logging with synchronous=NORMAL (SQLite manual, "PRAGMA synchronous"): a committed
answer survives the death of our process; only a power cut may take the last ones.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from promptgit.core.ports import Answer, Usage
from promptgit.core.trace import read_trace, trace_text
from promptgit.errors import WorldError

SCHEMA = 3  # in user_version
BATCH = 500  # keys in one question; SQLite takes 999 at least
BUSY_S = 30.0  # how long to wait for another process that writes
UNREADABLE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
SIDE_FILES = ("", "-wal", "-shm")  # SQLite manual, "Temporary Files Used By SQLite"

_TABLE = """
create table if not exists answers (
    key blob primary key,  -- 32 bytes, the sha256 that names the request
    text blob not null,  -- UTF-8, surrogates allowed
    input_tokens integer not null,
    output_tokens integer not null,
    cached_input_tokens integer not null,
    cost_usd real,  -- null: unknown
    latency_s real not null,
    finish_reason text not null,
    model text not null,
    stored_at integer not null,  -- seconds since 1970
    mean_logprob real,  -- null: not sent; since 2
    trace text  -- JSON; null: nobody told; since 3
)
"""
_SINCE_2 = "alter table answers add column mean_logprob real"
_SINCE_3 = "alter table answers add column trace text"
_GET = """
select text, input_tokens, output_tokens, cached_input_tokens, cost_usd, latency_s, finish_reason,
model, mean_logprob, trace from answers where key = ?
"""
_PUT = (
    "insert into answers values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing"
)

Row = TypeVar("Row")


class SqliteAnswers:
    """
    An AnswerStore in a file.

    The first answer to a key stays: a later one was paid for by somebody who could not know.  A
    file that SQLite cannot read is moved aside, never deleted, and `notice` says so: a cache may
    cost money to lose, but must not stop the work.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self.notice = ""  # one sentence for the user, when the file had to be moved aside

    def get(self, key: str) -> Answer | None:
        row = self._run(lambda db: db.execute(_GET, (bytes.fromhex(key),)).fetchone())
        if row is None:
            return None
        text, tokens_in, tokens_out, tokens_cached, cost, latency, reason, model, sure, told = row
        usage = Usage(tokens_in, tokens_out, tokens_cached)
        said = text.decode("utf-8", "surrogatepass")
        known = Answer(said, usage, cost, latency, reason, model, cached=True, mean_logprob=sure)
        return known if told is None else replace(known, trace=read_trace(told))

    def held(self, keys: Iterable[str]) -> set[str]:
        """Return those of `keys` that have an answer, with one question per 500 of them."""
        wanted = [bytes.fromhex(key) for key in keys]
        found: set[str] = set()
        for start in range(0, len(wanted), BATCH):
            rows = self._run(partial(_held, keys=wanted[start : start + BATCH]))
            found.update(key.hex() for (key,) in rows)
        return found

    def put(self, key: str, answer: Answer) -> None:
        """Store an answer; return when it would survive `kill -9`."""
        row = (
            bytes.fromhex(key),
            answer.text.encode("utf-8", "surrogatepass"),
            answer.usage.input_tokens,
            answer.usage.output_tokens,
            answer.usage.cached_input_tokens,
            answer.cost_usd,
            answer.latency_s,
            answer.finish_reason,
            answer.model,
            int(time.time()),
            answer.mean_logprob,
            None if answer.trace is None else trace_text(answer.trace),
        )
        self._run(lambda db: db.execute(_PUT, row).rowcount)

    def size(self) -> tuple[int, int]:
        """Return how many answers there are, and the bytes that they take on disk."""
        (count,) = self._run(lambda db: db.execute("select count(*) from answers").fetchone())
        files = [Path(f"{self._path}{suffix}") for suffix in SIDE_FILES]
        return int(count), sum(file.stat().st_size for file in files if file.exists())

    def prune(self, keep: int) -> int:
        """Forget all but the `keep` newest answers; return how many went."""

        def forget(db: sqlite3.Connection) -> int:
            gone = db.execute(
                "delete from answers where rowid in "
                "(select rowid from answers order by stored_at desc, rowid desc limit -1 offset ?)",
                (keep,),
            ).rowcount
            db.execute("vacuum")
            return gone

        return self._run(forget)

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        self.close()  # Python 3.13 warns of connections that nobody closed

    def _run(self, ask: Callable[[sqlite3.Connection], Row]) -> Row:
        with self._lock:
            try:
                return ask(self._opened())
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in UNREADABLE:
                    raise _trouble(self._path, error) from error
                self._move_aside(error)
            try:
                return ask(self._opened())
            except sqlite3.Error as error:
                raise _trouble(self._path, error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _trouble(self._path, error) from error
        db = sqlite3.connect(
            self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            (schema,) = db.execute("pragma user_version").fetchone()
            if schema > SCHEMA:
                raise WorldError(
                    f"{self._path} was written by a newer promptgit",
                    hint="upgrade promptgit, or move the file away",
                )
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            if schema < SCHEMA:
                _bring_up(db)
        except (sqlite3.Error, WorldError):
            db.close()
            raise
        return db

    def _move_aside(self, error: sqlite3.Error) -> None:
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        aside = Path(f"{self._path}.damaged-{int(time.time())}-{os.getpid()}")
        for suffix in SIDE_FILES:
            try:
                Path(f"{self._path}{suffix}").replace(f"{aside}{suffix}")
            except FileNotFoundError:
                continue
            except OSError as trouble:
                raise _trouble(self._path, trouble) from trouble
        self.notice = (
            f"the cache could not be read ({error}) and was moved to {aside.name}; "
            "answers in it will be paid for again"
        )


def _bring_up(db: sqlite3.Connection) -> None:
    """Make the table, or give an older one what it lacks; another process may do so meanwhile."""
    db.execute("begin immediate")
    try:
        (schema,) = db.execute("pragma user_version").fetchone()
        if schema == 1:
            db.execute(_SINCE_2)
        if schema in (1, 2):
            db.execute(_SINCE_3)
        db.execute(_TABLE)
        db.execute(f"pragma user_version = {SCHEMA}")
    except sqlite3.Error:
        db.execute("rollback")
        raise
    db.execute("commit")


def _held(db: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes]]:
    marks = ",".join("?" * len(keys))
    return db.execute(f"select key from answers where key in ({marks})", keys).fetchall()  # noqa: S608


def _trouble(path: Path, error: Exception) -> WorldError:
    return WorldError(
        f"the cache {path}: {error}",
        hint="check the disk space and the permissions there; answers must be stored to be used",
    )
