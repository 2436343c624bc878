"""Reads many records, for a long history, through one process that is already running."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from promptgit.core.record import Record
from promptgit.edges.git import ObjectReader
from promptgit.errors import UserError

REF = "refs/promptgit/records"  # of `records`, which takes longer to import than a log to read
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class RecordReader:
    """The records as they were when the first one was asked for; see `records` for the layout."""

    reader: ObjectReader
    oid_bytes: int = 20  # of an object id in a tree: 20 (SHA-1) or 32 (SHA-256)
    ref: str = REF

    def find(self, blob: str) -> list[Record]:
        """Return the records filed under this blob, newest first; altered ones are left out."""
        folder = f"by-blob/{blob[:2]}/{blob}"
        tree = self._read(folder)
        found = []
        for name in names_in(tree, self.oid_bytes) if tree else ():
            data = self._read(f"{folder}/{name}") if _DIGEST.match(name) else None
            record = _believed(data, name) if data else None
            if record and blob.encode() in record.data:
                found.append(record)
        return sorted(found, key=_when, reverse=True)

    def get(self, digest: str) -> Record | None:
        """Return the record of this name, None if it is not here; raise UserError if altered."""
        data = self._read(f"{digest[:2]}/{digest}.json") if _DIGEST.match(digest) else None
        return Record.read(data, digest) if data is not None else None

    @cached_property
    def _tip(self) -> str:
        found = self.reader.read(self.ref)
        return found[0] if found else ""

    def _read(self, path: str) -> bytes | None:
        found = self.reader.read(f"{self._tip}:{path}") if self._tip else None
        return found[1] if found else None


def names_in(tree: bytes, oid_bytes: int) -> list[str]:
    """
    List the names in a tree object: `<mode> <name>`, NUL, and the bare object id, repeated.

    >>> names_in(b"100644 one.json" + bytes([0]) + bytes(20) + b"40000 two" + bytes(21), 20)
    ['one.json', 'two']
    """
    names, start = [], 0
    while start < len(tree):
        end = tree.index(b"\0", start)
        names.append(tree[start:end].partition(b" ")[2].decode(errors="replace"))
        start = end + 1 + oid_bytes
    return names


def _believed(data: bytes, digest: str) -> Record | None:
    try:
        return Record.read(data, digest)
    except UserError:
        return None


def _when(record: Record) -> tuple[str, str]:
    return str(record.body.get("when")), record.digest
