"""The file of a day that one slot appends to; who closes or removes it locks it first."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

# A link in the place of a file may have been committed by anybody, and lead anywhere.
FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class DayFile:
    """
    The file of one day at a time, held open and locked (shared) until the block ends.

    Nobody else appends to it, so what it grows by is what was appended here.
    """

    def __init__(self, folder: Path, slot: str) -> None:
        self._folder = folder
        self._slot = slot
        self._day = 0
        self._handle = -1
        self.size = 0  # bytes

    def __enter__(self) -> DayFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def open(self, day: int) -> bool:
        """
        Turn to the file of a day, 20261121; return whether it was another one before.

        Makes file and folder where they are missing.
        """
        if day == self._day:
            return False
        self._close()
        said = str(day)
        path = self._folder / f"{said[:4]}-{said[4:6]}-{said[6:]}.{self._slot}.jsonl"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | FLAGS
        while True:
            try:
                self._handle = os.open(path, flags, 0o640)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
                continue
            _lock_shared(self._handle)
            if is_at(self._handle, path):
                break
            self._close()  # it was closed, or removed, just before
        self._day = day
        self.size = os.fstat(self._handle).st_size
        return True

    def arrived(self, data: bytes, offset: int) -> int | None:
        """How many bytes of `data`, begun at `offset`, are there; None: that was another file."""
        if not offset <= self.size <= offset + len(data):
            return None
        os.lseek(self._handle, offset, os.SEEK_SET)
        found = b""
        while len(found) < self.size - offset:
            piece = os.read(self._handle, self.size - offset - len(found))
            if not piece:
                return None
            found += piece
        return len(found) if data.startswith(found) else None

    def end_the_last_line(self) -> None:
        """Let a line that a crash of the machine cut off be a line of its own."""
        if self.size:
            os.lseek(self._handle, -1, os.SEEK_END)
            if os.read(self._handle, 1) != b"\n":
                self.append(b"\n")

    def append(self, data: bytes, start: int = 0) -> None:
        """Write `data` from `start` on; raises OSError where the disk takes no more of it."""
        rest = memoryview(data)[start:]
        while rest:
            done = os.write(self._handle, rest)
            self.size += done
            rest = rest[done:]

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1
        self._day = 0


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file is the one that lies at `path`."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(handle), there)


def _lock_shared(handle: int) -> None:
    """Keep others from closing the file; on Windows an open file cannot be replaced anyway."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_SH)
