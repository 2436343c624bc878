"""The files of one commit, read as blobs: no work tree, no index, no filter."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from promptgit.edges.git import Git
from promptgit.edges.workspace import EXECUTABLE, FILE
from promptgit.errors import UserError

SUBMODULE = "160000"
KEPT = 1 << 20  # bytes of a file that stays in memory


@dataclass(frozen=True)
class Snapshot:
    """
    Stands where a `WorkTree` stands, for a commit.  Paths are from the top level, with `/`.

    Only regular files are files: a symlink in somebody's branch may point anywhere.
    """

    git: Git
    commit: str  # full object id, of a commit or a tree

    def files(self) -> list[str]:
        return list(self._blobs)

    def is_file(self, path: str) -> bool:
        return path in self._blobs

    def instead(self, path: str) -> str:
        """Say what lies at a path, or above it, that is no file: "a symbolic link", or nothing."""
        places = (path[:end] for end in range(len(path) + 1) if path[end : end + 1] in ("", "/"))
        return next((self._others[place] for place in places if place in self._others), "")

    def blob(self, path: str) -> str | None:
        """The blob id of a file, or None."""
        return self._blobs.get(path)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file as the commit holds them, or None when there is none."""
        oid = self._blobs.get(path)
        return None if oid is None else self._content(oid)

    def load(self, paths: Iterable[str]) -> None:
        """Read many files through one process, and keep them at hand; what is missing is not."""
        wanted = {oid for path in paths if (oid := self._blobs.get(path))} - self._at_hand.keys()
        if not wanted:
            return
        with self.git.objects() as reader:
            for oid in sorted(wanted):
                read = reader.read(oid)
                if read is not None and len(read[1]) <= KEPT:
                    self._at_hand[oid] = read[1]

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """Read many files, as `load` does; what is missing or not UTF-8 is left out."""
        listed = list(paths)
        self.load(listed)
        found = {}
        for path in filter(self.is_file, listed):
            with suppress(UnicodeDecodeError):
                found[path] = (self.read(path) or b"").decode()
        return found

    def differing(self, other: Snapshot) -> frozenset[str]:
        """The paths whose content is not the same in both."""
        ours, theirs = self._blobs, other._blobs
        return frozenset(p for p in ours.keys() | theirs.keys() if ours.get(p) != theirs.get(p))

    def as_stored(self, path: str) -> tuple[bytes, str]:
        """Return (content, blob id); raise UserError when there is no such file."""
        oid = self._blobs.get(path)
        if oid is None:
            raise UserError(
                f"{path} is not a file in {self.commit[:12]}",
                hint=f"`promptgit log {path}` lists where it is",
            )
        return self._content(oid), oid

    def _content(self, oid: str) -> bytes:
        kept = self._at_hand.get(oid)
        return self.git.blob(oid) if kept is None else kept

    @cached_property
    def _at_hand(self) -> dict[str, bytes]:
        """Contents that were loaded, by blob id."""
        return {}

    @property
    def _blobs(self) -> dict[str, str]:
        """Blob ids of all regular files, by path, in Git's order."""
        return self._entries[0]

    @property
    def _others(self) -> dict[str, str]:
        """What is no regular file, in words, by path."""
        return self._entries[1]

    @cached_property
    def _entries(self) -> tuple[dict[str, str], dict[str, str]]:
        listed = self.git.read("ls-tree", "-r", "-z", "--full-tree", self.commit)
        files: dict[str, str] = {}
        others: dict[str, str] = {}
        for entry in filter(None, listed.split(b"\0")):
            meta, _, name = entry.partition(b"\t")
            mode, _, oid = meta.decode().split()
            if mode in (FILE, EXECUTABLE):
                files[os.fsdecode(name)] = oid
            else:
                others[os.fsdecode(name)] = (
                    "a submodule" if mode == SUBMODULE else "a symbolic link"
                )
        return files, others
