"""
Locks between processes: one writer per prompt, one delivery per repository.

A lock is a file that only one process can create (`O_EXCL`).  It says who holds it.  It is
broken only when its holder ran on this machine and is gone; two who break it at once cannot
both win, for breaking is itself guarded by a lock that the kernel forgets with its process.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from promptgit.errors import UserError, WorldError

GLANCE_S = 0.05  # mean time between two tries
UNSIGNED_S = 10.0  # a lock without a name in it is being written, for no longer than this


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    pid: int
    host: str
    started: str  # when the process started, as the system counts; empty when it does not say
    since: str  # UTC, for a person to read
    doing: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.doing}, since {self.since})"

    @property
    def is_gone(self) -> bool:
        """Say whether the process surely ended; a process of another machine never surely did."""
        if self.host != socket.gethostname():
            return False
        if not _is_running(self.pid):
            return True
        started = _started(self.pid)
        return bool(self.started and started) and self.started != started


class Held(UserError):
    """Somebody else holds the lock."""


@contextmanager
def lock(folder: Path, name: str, *, doing: str, wait_s: float = 0.0) -> Iterator[None]:
    """
    Hold the lock `name` in `folder`; wait at most `wait_s` for who has it, then raise Held.

    `doing` is what others read: `improve prompts/reply.md`.
    """
    path = folder / f"{name}.lock"
    mine = _me(doing)
    deadline = time.monotonic() + wait_s
    _make(folder)
    while not _create(path, mine):
        holder = _holder(path)
        if _is_stale(path, holder):
            _break(path)
        elif time.monotonic() >= deadline:
            raise Held(
                f"{holder or 'another process'} holds {path.name}",
                hint=f"wait for it; if it is surely gone, remove {path}",
            )
        else:
            time.sleep(GLANCE_S * random.uniform(0.5, 1.5))  # noqa: S311  (only to spread out)
    try:
        yield
    finally:
        if _holder(path) == mine:
            path.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorldError(
            f"{folder} cannot be made: {error.strerror}",
            hint="promptgit keeps its locks and journals there; make it writable",
        ) from error


def _create(path: Path, mine: Holder) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except PermissionError as error:
        if os.name == "nt":  # somebody is just removing it
            return False
        raise WorldError(f"{path} cannot be written: {error.strerror}") from error
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {error.strerror}") from error
    try:
        os.write(handle, json.dumps(asdict(mine)).encode())
    finally:
        os.close(handle)
    return True


def _holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _is_stale(path: Path, holder: Holder | None) -> bool:
    if holder:
        return holder.is_gone
    try:
        return time.time() - path.stat().st_mtime > UNSIGNED_S
    except OSError:
        return False  # it was just given back


def _break(path: Path) -> None:
    """Remove a stale lock, unless somebody else did and it is a fresh one by now."""
    with path.with_suffix(".breaking").open("w") as guard:
        _lock_in_kernel(guard.fileno())
        if _is_stale(path, _holder(path)):
            path.unlink(missing_ok=True)


def _lock_in_kernel(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


def _me(doing: str) -> Holder:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    pid = os.getpid()
    return Holder(pid, socket.gethostname(), _started(pid), since, doing)


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        limited = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
        handle = ctypes.windll.kernel32.OpenProcess(limited, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Return the start time in clock ticks since boot (proc(5), field 22), where there is /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
