"""The prompt's file in the work tree: read whole, replaced whole, through no symlink."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promptgit.edges.git import Git
from promptgit.edges.workspace import refuse_links
from promptgit.errors import UserError, WorldError

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def read(place: Path) -> tuple[bytes, int]:
    """Return (content, permission bits) of a regular file; raise WorldError."""
    try:
        handle = os.open(place, os.O_RDONLY | _NO_FOLLOW | _BINARY)
        with os.fdopen(handle, "rb") as file:
            return file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    except OSError as error:
        raise WorldError(f"{place} cannot be read: {error.strerror}") from error


def replace(
    git: Git, path: str, content: bytes, mode: int, *, expected: bytes, temporary: str
) -> None:
    """
    Replace the prompt at `path`, if it still holds `expected`; a crash leaves old or new, whole.

    `temporary` is the name, in the same folder, under which the new content is written first.
    """
    refuse_links(git, path)
    rewrite(git.cwd / path, path, content, mode, expected=expected, temporary=temporary)


def rewrite(
    place: Path, path: str, content: bytes, mode: int, *, expected: bytes, temporary: str
) -> None:
    """`replace` for a file in no repository, or anywhere in one; `path` is what people call it."""
    draft = place.with_name(temporary)
    try:
        write_new(draft, content, mode)
        if read(place)[0] != expected:
            raise UserError(
                f"{path} was edited meanwhile", hint="your edit is kept; run the command again"
            )
        with _said(place):
            os.replace(draft, place)
            _sync_folder(place.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_new(place: Path, content: bytes, mode: int) -> None:
    """Write a file that does not exist yet, down to the disk; raise WorldError if it does."""
    with _said(place):
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        place.chmod(mode)


@contextmanager
def _said(place: Path) -> Iterator[None]:
    """Turn what the disk says into a WorldError."""
    try:
        yield
    except OSError as error:
        raise WorldError(
            f"{place} cannot be written: {error.strerror}", hint="is the disk full, or read-only?"
        ) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
