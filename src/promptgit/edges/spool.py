"""
Where captured lines wait until they are in the file of their day, also across a `kill -9`.

Each process that captures takes a slot: `spool/sdk-<n>.ring`, a queue in a mapped file
(`edges/ring.py`) that it holds by a lock of the kernel, which ends with the process.  Whoever
holds the slot is the only one to append to `YYYY-MM-DD.sdk-<n>.jsonl`.  So the size that a file
had before a write tells how much of an interrupted write arrived, and the rest is written once,
by whoever finds the slot without a holder: the next process that captures, or `recover`.

Needs a file system that knows `flock` and shared mappings: local disks, and NFS 4.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from promptgit.edges.day_file import FLAGS, DayFile, is_at
from promptgit.edges.ring import HEADER, Batch, Flight, Ring

CAPACITY = 16 << 20  # bytes of lines that may wait, a process
SLOTS = 4096  # processes that may capture into one folder at the same time
FOLDER = "spool"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was brought home of processes that ended without doing so themselves."""

    spools: int = 0
    lines: int = 0
    damaged_bytes: int = 0  # unreadable, after a crash of the machine


class Spool:
    """
    One slot, held.  `put` is for one thread at a time; `drain` may be called from any.

    Nothing here waits for a disk but `drain`, and the first touch of a page.
    """

    def __init__(self, folder: Path, slot: str, handle: int, ring: Ring) -> None:
        self.folder = folder
        self.slot = slot  # sdk-0
        self.written = 0  # lines that `drain` wrote into files
        self.ring = ring
        self._handle = handle
        self._draining = threading.Lock()

    @classmethod
    def take(cls, folder: Path, *, capacity: int = CAPACITY) -> Spool:
        """
        Hold the first free slot of `folder`, which is made where it is missing.

        What its last holder left is in it still.  Raises OSError: no right, no room, no such
        file system.
        """
        below = folder / FOLDER
        below.mkdir(parents=True, exist_ok=True, mode=0o750)
        for number in range(SLOTS):
            path = below / f"sdk-{number}.ring"
            try:
                found = cls._hold(folder, path, capacity)
            except PermissionError:
                if path.exists():  # another user's
                    continue
                raise
            if found and _is_mine(path) and found.is_ours:
                return found
            if found:
                found.close()
        raise OSError(errno.EUSERS, f"{SLOTS} processes capture into one folder", str(below))

    @classmethod
    def _hold(cls, folder: Path, path: Path, capacity: int | None) -> Spool | None:
        """Open one slot; None while somebody holds it.  capacity: of a new one; None: make none."""
        flags = os.O_RDWR | (os.O_CREAT if capacity else 0) | FLAGS
        while True:
            handle = os.open(path, flags, 0o600)
            try:
                if not _locked(handle):
                    os.close(handle)
                    return None
                if is_at(handle, path):
                    return cls(folder, path.stem, handle, _mapped(handle, capacity))
            except OSError:
                os.close(handle)
                raise
            os.close(handle)  # its last holder removed it just now

    def put(self, day: int, line: bytes) -> bool:
        """Add a line of a day (20261121), line feed included; False: there is no room for it."""
        return self.ring.put(day, line)

    def drain(self, deadline: float | None = None) -> int:
        """
        Write what waits by now into the files of its days; return how many lines that were.

        deadline: of `time.monotonic()`; batches begun before it are written.  Raises OSError when
        the disk is full or the folder is not ours; what was not written waits on.
        """
        lines = 0
        goal = self.ring.head
        wait_s = -1 if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._draining.acquire(timeout=wait_s):
            return 0
        try:
            with DayFile(self.folder, self.slot) as file:
                while self.ring.tail < goal and (deadline is None or time.monotonic() < deadline):
                    flight = self.ring.flight
                    batch = self.ring.batch(flight.end if flight else None)
                    if batch is None:
                        break
                    self._write(file, batch, flight)
                    lines += batch.lines
                    self.written += batch.lines
                    self.ring.done(batch)
        finally:
            self._draining.release()
        return lines

    @property
    def is_ours(self) -> bool:
        """Whether this user may write to all files of the slot: another one may have begun them."""
        effective = os.access in os.supports_effective_ids
        files = self.folder.glob(f"*.{self.slot}.jsonl")
        return all(os.access(file, os.W_OK, effective_ids=effective) for file in files)

    @property
    def is_in_place(self) -> bool:
        """Whether the slot's file is still where others would look for it."""
        return is_at(self._handle, self._path)

    def close(self) -> None:
        """Give the slot back; remove its file if nothing waits in it."""
        if self.ring.is_empty and self.is_in_place:
            with suppress(OSError):
                self._path.unlink()
        self.let_go()

    def let_go(self) -> None:
        """Forget the slot without touching its file: a child after `fork` does not own it."""
        with suppress(BufferError):  # a thread that `fork` left behind was reading
            self.ring.close()
        os.close(self._handle)

    @property
    def _path(self) -> Path:
        return self.folder / FOLDER / f"{self.slot}.ring"

    def _write(self, file: DayFile, batch: Batch, flight: Flight | None) -> None:
        is_new = file.open(batch.day)
        done = file.arrived(batch.data, flight.offset) if flight else None
        if done is None:
            if is_new:
                file.end_the_last_line()
            self.ring.begin(batch, file.size)
            done = 0
        file.append(batch.data, done)


def recover(folder: Path) -> Recovered:
    """
    Write what processes that are gone left in their slots; those that run are left alone.

    Nothing is written twice, however often this, or a process in it, is interrupted.  A slot that
    belongs to another user is left for that one.  Raises OSError when the disk is full.
    """
    spools = lines = damaged = 0
    for path in sorted((folder / FOLDER).glob("sdk-*.ring")):
        try:
            spool = Spool._hold(folder, path, None)
        except (PermissionError, FileNotFoundError):
            continue
        if spool is None:
            continue
        if not _is_mine(path):  # its files are to stay those of the user who captures
            spool.let_go()
            continue
        try:
            lines += spool.drain()
            damaged += spool.ring.damaged
            spools += 1
        finally:
            spool.close()
    return Recovered(spools, lines, damaged)


def _is_mine(path: Path) -> bool:
    return sys.platform == "win32" or path.stat().st_uid == os.geteuid()


def _mapped(handle: int, capacity: int | None) -> Ring:
    """Map the slot's file, which gets its full size on disk first: a hole could kill the app."""
    size = os.fstat(handle).st_size
    if size < 2 * HEADER:
        wanted = HEADER + (capacity or HEADER)
        _reserve(handle, size, wanted)
        size = wanted
    return Ring(mmap.mmap(handle, size))


def _reserve(handle: int, size: int, wanted: int) -> None:
    """Give the file its size on disk; where there is no room for it, it takes none."""
    try:
        if sys.platform == "linux":
            try:
                os.posix_fallocate(handle, size, wanted - size)
                return
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
        os.lseek(handle, size, os.SEEK_SET)
        rest = memoryview(bytes(wanted - size))
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError:
        os.ftruncate(handle, size)
        raise


def _locked(handle: int) -> bool:
    """Take the lock of a slot if it is free; it ends with this process, however it ends."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
