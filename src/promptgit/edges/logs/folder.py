"""
Read the log lines of a window, whoever wrote them and however their writer ended.

`2026-11-21.jsonl` and `2026-11-21.<writer>.jsonl` are the lines of a day in UTC.  A file that is
closed is `….jsonl.gz`; on the way there it is `….jsonl.closing`, which counts until the other one
is there.  Whatever else lies in the folder is somebody else's.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from promptgit.errors import WorldError
from promptgit.flywheel.interaction import Interaction
from promptgit.flywheel.window import Window

_NAME = re.compile(
    r"(?P<stem>(?P<day>\d{4}-\d{2}-\d{2})(?:\.[A-Za-z0-9_~-]+)?)\.jsonl(?P<end>\.gz|\.closing)?"
)
CLOSED = ".gz"
CLOSING = ".closing"
LONGEST = 64 << 20  # bytes of a line; what is longer was not written by us
SHOWN = 5  # places of unreadable lines that are kept


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the lines of one day."""

    path: Path
    day: str  # 2026-11-21
    stem: str  # its name up to `.jsonl`
    end: str  # empty, `.gz` or `.closing`

    @property
    def is_open(self) -> bool:
        """Whether its writer may still append to it."""
        return not self.end


@dataclass(slots=True)
class Reading:
    """What a pass over the files met; it grows while lines are read."""

    lines: int = 0  # whole ones
    malformed: int = 0  # no interaction; left out
    torn: int = 0  # last lines without an end: being written, or cut off by a crash
    damaged: list[str] = field(default_factory=list)  # files that end before their time
    places: list[str] = field(default_factory=list)  # `file:line: why`, of the first malformed


@dataclass(frozen=True, slots=True)
class LogFolder:
    """The folder of the logs; one that does not exist is empty."""

    path: Path

    def files(self, window: Window | None = None) -> tuple[LogFile, ...]:
        """The files of the days that a window touches, oldest first; of all days without one."""
        found = {}
        for name in self._names():
            match = _NAME.fullmatch(name)
            if match and (window is None or _touches(window, match["day"])):
                found[name] = LogFile(
                    self.path / name, match["day"], match["stem"], match["end"] or ""
                )
        kept = [
            file
            for file in found.values()
            if file.end != CLOSING or f"{file.stem}.jsonl{CLOSED}" not in found
        ]
        return tuple(sorted(kept, key=lambda file: (file.day, file.stem)))

    def lines(
        self, window: Window | None = None, reading: Reading | None = None
    ) -> Iterator[Interaction]:
        """
        Yield what happened in a window, file by file; `reading` says what could not be read.

        Within a file lines are in the order in which they were written, which is not that of
        their times.
        """
        for file in self.files(window):
            for line in self.of_file(file, reading):
                if window is None or window.holds(line.at):
                    yield line

    def of_file(self, file: LogFile, reading: Reading | None = None) -> Iterator[Interaction]:
        """Yield the lines of one file; stops at the end of what can be read of it."""
        reading = reading if reading is not None else Reading()
        for number, raw in enumerate(self.raw(file, reading), start=1):
            if not raw.strip():
                continue
            try:
                line = Interaction.read(raw)
            except (ValueError, RecursionError) as error:
                if raw.endswith(b"\n"):
                    reading.malformed += 1
                    if len(reading.places) < SHOWN:
                        reading.places.append(f"{file.path.name}:{number}: {_why(error)}")
                else:
                    reading.torn += 1
                continue
            reading.lines += 1
            yield line

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.path) as entries:
                return [entry.name for entry in entries if entry.is_file()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise WorldError(
                f"{self.path} cannot be read: {error.strerror}",
                hint="the logs are there; `PROMPTGIT_LOGS=/a/folder` names another place",
            ) from error

    def raw(self, file: LogFile, reading: Reading) -> Iterator[bytes]:
        """Yield the lines of a file as they are written."""
        try:
            stream = _opened(file)
        except OSError as error:
            raise WorldError(f"{file.path} cannot be read: {error.strerror}") from error
        if stream is None:
            return
        with stream:
            while True:
                try:
                    line = stream.readline(LONGEST)
                except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                    reading.damaged.append(f"{file.path.name}: {error}")
                    return
                if not line:
                    return
                yield line


def _opened(file: LogFile) -> IO[bytes] | None:
    """Open a file; when it was closed just now, what it became; None: it is gone."""
    for path in (file.path, *_later_names(file)):
        try:
            return cast(IO[bytes], gzip.open(path)) if path.suffix == CLOSED else path.open("rb")
        except FileNotFoundError:
            continue
    return None


def _later_names(file: LogFile) -> Iterator[Path]:
    plain = file.path.with_name(f"{file.stem}.jsonl")
    if file.end != CLOSED:
        yield plain.with_name(plain.name + CLOSING)
        yield plain.with_name(plain.name + CLOSED)


def _touches(window: Window, day: str) -> bool:
    return window.since[:10] <= day and f"{day}T00:00:00.000Z" < window.until


def _why(error: Exception) -> str:
    return f"not JSON ({error.args[0]:.60})" if type(error) is not ValueError else str(error)
