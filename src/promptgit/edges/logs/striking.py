"""
Take lines out of the files of imports, so that what brought them can be imported anew.

A file is written beside itself without them and put in its place in one step; one that has none
of them is not touched, nor is any file of another writer.  To do it twice is to do it once.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, cast

from promptgit.edges.logs.folder import CLOSED, LogFile, LogFolder, Reading
from promptgit.edges.logs.keeping import sync_folder
from promptgit.edges.logs.seen import key_of
from promptgit.flywheel.interaction import Interaction

WRITER = ".import"  # 2026-11-21.import.jsonl, 2026-11-21.import~1.jsonl.gz
_AT_ONCE = 500  # lines
_LEVEL = 6  # of gzip


def strike_out(folder: Path, among: Callable[[Sequence[int]], set[int]]) -> int:
    """
    Remove the lines whose keys `among` returns; return how many there were.

    For who holds the lock of imports.  Raises OSError when the disk refuses.
    """
    logs = LogFolder(folder)
    gone = 0
    for file in logs.files():
        writer = file.stem.removeprefix(file.day).partition("~")[0]
        if writer != WRITER or file.path.is_symlink():
            continue
        struck = sum(not stays for _, stays in _judged(logs.raw(file, Reading()), among))
        if struck:
            kept = (raw for raw, stays in _judged(logs.raw(file, Reading()), among) if stays)
            _replace(file, kept)
            gone += struck
    return gone


def _judged(
    lines: Iterator[bytes], among: Callable[[Sequence[int]], set[int]]
) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether it stays; what is no line of ours does."""
    while some := list(islice(lines, _AT_ONCE)):
        keys = [_key(raw) for raw in some]
        gone = among([key for key in keys if key is not None])
        for raw, key in zip(some, keys, strict=True):
            yield raw, key is None or key not in gone


def _key(raw: bytes) -> int | None:
    try:
        line = Interaction.read(raw)
    except (ValueError, RecursionError):
        return None
    return key_of(line.kind, line.id)


def _replace(file: LogFile, lines: Iterable[bytes]) -> None:
    draft = file.path.with_name(f".{file.path.name}.draft")
    is_empty = True
    draft.unlink(missing_ok=True)
    with draft.open("xb") as written:
        out = gzip.GzipFile("", "wb", _LEVEL, written, mtime=0) if file.end == CLOSED else written
        for line in lines:
            is_empty = False
            cast(IO[bytes], out).write(line)
        if out is not written:
            out.close()
        written.flush()
        os.fsync(written.fileno())
    if is_empty:
        file.path.unlink()
        draft.unlink()
    else:
        shutil.copymode(file.path, draft)
        draft.replace(file.path)
    sync_folder(file.path.parent)
