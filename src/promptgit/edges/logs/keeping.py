"""
Close the files of days that are over, and delete those that are older than is kept.

A file is renamed to `….jsonl.closing` while nobody may write to it (writers hold a shared lock of
the kernel while they append, and look whether their file is still there), packed beside it, put in
its place as `….jsonl.gz` in one step, and then removed.  A crash leaves the one or the other, and
readers take no notice of a `.closing` whose `.gz` is there.  Lines that come after that begin a new
file of the day, which is closed as `<stem>~1`.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from promptgit.edges.lock import Held, lock
from promptgit.edges.logs.folder import CLOSED, CLOSING, LogFile, LogFolder
from promptgit.edges.logs.seen import LOCK, NAME, Seen
from promptgit.errors import WorldError

_DRAFT = ".draft"
_LEVEL = 6  # of gzip
QUARANTINE = "quarantine"


@dataclass(slots=True)
class Kept:
    """What was closed and deleted, or would be."""

    closed: list[str] = field(default_factory=list)  # names of files
    bytes_before: int = 0  # of what was closed
    bytes_after: int = 0
    deleted: list[str] = field(default_factory=list)
    bytes_freed: int = 0
    busy: list[str] = field(default_factory=list)  # somebody writes to them: next time


def keep(folder: Path, today: date, retention: timedelta | None, *, dry_run: bool = False) -> Kept:
    """
    Delete what is older than `retention` (None: nothing is), close what is older than `today`.

    today: in UTC.  Only files of days are touched, those of the quarantine among them; links and
    all else stay.  Raises WorldError when the disk refuses.
    """
    kept = Kept()
    oldest = (today - retention).isoformat() if retention is not None else ""
    try:
        with _alone(folder, dry_run) as may_close_imports:
            for place in (LogFolder(folder), LogFolder(folder / QUARANTINE)):
                for file in _all_files(place):
                    if file.day < oldest:
                        _delete(file, kept, folder, dry_run)
                    elif file.end == CLOSED or file.day >= today.isoformat():
                        continue
                    elif ".import" in file.stem and not may_close_imports:
                        kept.busy.append(file.path.name)
                    else:
                        _close(file, kept, dry_run)
            if oldest and not dry_run and may_close_imports and (folder / NAME).exists():
                with Seen.opened(folder) as seen:
                    seen.forget(date.fromisoformat(oldest))
    except OSError as error:
        raise WorldError(f"{folder} cannot be tidied: {error.strerror}") from error
    return kept


def _all_files(place: LogFolder) -> Iterator[LogFile]:
    """Real files of days, also those `.closing` that readers pass over."""
    listed = {file.path: file for file in place.files()}
    for path in place.path.glob(f"*.jsonl{CLOSING}") if place.path.is_dir() else ():
        day, _, _ = path.name.partition(".")
        stem = path.name.removesuffix(f".jsonl{CLOSING}")
        listed.setdefault(path, LogFile(path, day, stem, CLOSING))
    for _, file in sorted(listed.items()):
        with suppress(ValueError):
            date.fromisoformat(file.day)
            if file.path.is_file() and not file.path.is_symlink():
                yield file


@contextmanager
def _alone(folder: Path, dry_run: bool) -> Iterator[bool]:
    """Hold the lock of imports: whether their files may be closed; undo what one left undone."""
    with ExitStack() as stack:
        if dry_run or not folder.is_dir():
            yield True
            return
        try:
            stack.enter_context(lock(folder / "locks", LOCK, doing="close the logs"))
        except Held:
            yield False
            return
        if (folder / NAME).exists():
            with Seen.opened(folder):  # opening it undoes what was interrupted
                pass
        yield True


def _delete(file: LogFile, kept: Kept, folder: Path, dry_run: bool) -> None:
    kept.deleted.append(file.path.relative_to(folder).as_posix())
    kept.bytes_freed += file.path.stat().st_size
    if not dry_run:
        with _exclusive(file.path):
            file.path.unlink(missing_ok=True)


def _close(file: LogFile, kept: Kept, dry_run: bool) -> None:
    size = file.path.stat().st_size
    kept.closed.append(file.path.name)
    kept.bytes_before += size
    if dry_run:
        return
    closing = file.path
    if file.is_open:
        with _exclusive(file.path):
            if not size and not file.path.stat().st_size:
                file.path.unlink()
                return
            closing = _free_name(file)
            file.path.rename(closing)
    kept.bytes_after += _packed(closing)


def _packed(closing: Path) -> int:
    """Pack a `.closing` into its `.gz`, unless a crash left that one whole; return its size."""
    target = closing.with_name(closing.name.removesuffix(CLOSING) + CLOSED)
    if not target.exists():
        draft = target.with_name(f".{target.name}{_DRAFT}")
        with closing.open("rb") as source, draft.open("wb") as packed:
            with gzip.GzipFile("", "wb", _LEVEL, packed, mtime=0) as out:
                shutil.copyfileobj(source, out, 1 << 20)
            packed.flush()
            os.fsync(packed.fileno())
        shutil.copymode(closing, draft)
        draft.replace(target)
        sync_folder(target.parent)
    closing.unlink()
    return target.stat().st_size


def _free_name(file: LogFile) -> Path:
    """A name that neither a closed file of the day nor one on the way there has."""
    number = 0
    while True:
        stem = f"{file.stem}~{number}" if number else file.stem
        closing = file.path.with_name(f"{stem}.jsonl{CLOSING}")
        if not closing.exists() and not closing.with_name(f"{stem}.jsonl{CLOSED}").exists():
            return closing
        number += 1


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Wait until nobody appends to a file, and keep it so."""
    if sys.platform == "win32":
        yield  # an open file can neither be renamed nor removed there
        return
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
