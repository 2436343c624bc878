"""The files that the user sees, read as Git would store them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError


@dataclass(frozen=True)
class WorkTree:
    """
    Paths are from the top level, with `/`.  A bare repository has no files: HEAD stands for them.

    A file elsewhere on the disk is no file of the repository, whether its path leads there or a
    symlink does: what a repository names is sent to a model, and must not be the user's own.
    """

    git: Git

    def files(self) -> list[str]:
        """List what is tracked, or untracked and not ignored."""
        if self.git.bare:
            listed = self.git.read("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
        else:
            listed = self.git.read(
                "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"
            )
        names = (os.fsdecode(name) for name in listed.split(b"\0") if name)
        return [name for name in names if self.git.bare or self.is_file(name)]

    def is_file(self, path: str) -> bool:
        if self.git.bare:
            return self.git.blob_at("HEAD", path) is not None
        return self._is_inside(path) and (self.git.cwd / path).is_file()

    def is_ignored(self, path: str) -> bool:
        """Say whether Git ignores a file, or what it links to; what is tracked is not ignored."""
        if self.git.bare or not self._is_inside(path):
            return False
        target = (self.git.cwd / path).resolve().relative_to(self._top).as_posix()
        names = dict.fromkeys((path, target))
        listing = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--")
        return bool(self.git.read(*listing, *names))

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file as they are on disk, or None when there is no such file."""
        if self.git.bare:
            oid = self.git.blob_at("HEAD", path)
            return self.git.blob(oid) if oid else None
        if not self._is_inside(path):
            return None
        try:
            return (self.git.cwd / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error

    def as_stored(self, path: str) -> tuple[bytes, str]:
        """
        Return (content, blob id) as `git add` would store the file: filters and EOL rules applied.

        A score must not depend on `core.autocrlf`, so neither may the text it is for.
        """
        if path in self._at_hand:
            return self._at_hand[path]
        data = self.read(path)
        if data is None:
            raise UserError(
                f"{path} is not a file here",
                hint="`git status` may say where it went; --ref REV reads an older revision",
            )
        if self.git.bare:
            oid = self.git.blob_at("HEAD", path)
            assert oid is not None
            return data, oid
        tracked = self.git.blob_at("HEAD", path) if self._has_commits else None
        asked = ("hash-object", "--stdin", "--path", path)
        oid = self.git.text(*asked, stdin=data)
        if oid == tracked:
            return self.git.blob(oid), oid
        written = self.git.text("hash-object", "-w", "--stdin", "--path", path, stdin=data)
        return self.git.blob(written), written

    def gather(self, paths: Iterable[str]) -> None:
        """Read many files as `as_stored` does, in a handful of processes; it then knows them."""
        found = [path for path in paths if self._may_be_listed(path)]
        if self.git.bare or not found:
            return
        try:
            oids = self._hashed(found)
            tracked = self._tracked
            new = [path for path, oid in zip(found, oids, strict=True) if tracked.get(path) != oid]
            if new:
                self._hashed(new, "-w")
        except GitFailed:
            return  # one of them cannot be read: who asks for it alone hears why
        with self.git.objects() as reader:
            for path, oid in zip(found, oids, strict=True):
                stored = reader.read(oid)
                if stored is not None:
                    self._at_hand[path] = stored[1], oid

    def _hashed(self, paths: Sequence[str], *options: str) -> list[str]:
        names = b"".join(os.fsencode(path) + b"\n" for path in paths)
        return self.git.text("hash-object", *options, "--stdin-paths", stdin=names).split("\n")

    def _may_be_listed(self, path: str) -> bool:
        """Git reads a path a line, and takes a quotation mark for the beginning of a quoted one."""
        return "\n" not in path and not path.startswith('"') and self.is_file(path)

    @property
    def _tracked(self) -> dict[str, str]:
        """Blob id by path, of all that HEAD holds."""
        if not self._has_commits:
            return {}
        found = {}
        for entry in self.git.records(b"\0", "ls-tree", "-r", "-z", "--full-tree", "HEAD"):
            meta, _, name = entry.partition(b"\t")
            found[os.fsdecode(name)] = meta.decode().split()[2]
        return found

    @cached_property
    def _at_hand(self) -> dict[str, tuple[bytes, str]]:
        return {}

    @cached_property
    def unmerged(self) -> frozenset[str]:
        """Paths with a conflict that nobody has settled; a bare repository has none."""
        listed = b"" if self.git.bare else self.git.read("ls-files", "-u", "-z")
        entries = filter(None, listed.split(b"\0"))
        return frozenset(os.fsdecode(entry.partition(b"\t")[2]) for entry in entries)

    def _is_inside(self, path: str) -> bool:
        """Say whether the path stays in the work tree and out of `.git`, links followed."""
        try:
            found = (self.git.cwd / path).resolve().relative_to(self._top)
        except (ValueError, OSError, RuntimeError):  # elsewhere; or links that go round in circles
            return False
        return not any(part.lower() == ".git" for part in found.parts)

    @cached_property
    def _top(self) -> Path:
        return self.git.cwd.resolve()

    @property
    def _has_commits(self) -> bool:
        return self.git.succeeds("rev-parse", "--verify", "--quiet", "HEAD")
