"""What kind of clone this is, and what slows it down or stands in its way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promptgit.edges.git import Git, GitFailed
from promptgit.edges.lock import Holder

OLDEST_GIT = (2, 31)  # `rev-parse --path-format`
RECORDS = "refs/promptgit/records"
GRAPH_HEAD = 4096  # bytes; the table of chunks is at the beginning
PATH_FILTERS = b"BIDX"  # the chunk of Bloom filters (Git manual, "gitformat-commit-graph")


@dataclass(frozen=True)
class Clone:
    git: Git

    @property
    def partial(self) -> bool:
        """Whether objects are fetched when they are first read."""
        return self.git.succeeds("config", "--get-regexp", r"^remote\..*\.promisor$")

    @property
    def linked(self) -> bool:
        """Whether this is one of several work trees, and not the main one."""
        return self.git.git_dir != self.git.common_dir

    @property
    def ref_format(self) -> str:
        """`files` or `reftable`."""
        return self.git.setting("extensions.refStorage") or "files"

    @property
    def commits(self) -> int:
        """How many commits HEAD reaches; 0 when there is none yet."""
        try:
            return int(self.git.text("rev-list", "--count", "HEAD"))
        except GitFailed:
            return 0

    @property
    def has_path_filters(self) -> bool:
        """Whether the commit-graph can say quickly which commits touched a path."""
        info = self.git.common_dir / "objects" / "info"
        graphs = [info / "commit-graph", *sorted((info / "commit-graphs").glob("*.graph"))]
        return any(PATH_FILTERS in _beginning(graph) for graph in graphs)

    @property
    def records(self) -> int:
        """How many evidence records there are."""
        try:
            names = self.git.records(b"\0", "ls-tree", "-r", "-z", "--name-only", RECORDS)
            return sum(1 for name in names if re.fullmatch(rb"[0-9a-f]{2}/[0-9a-f]+\.json", name))
        except GitFailed:
            return 0

    def git_locks(self) -> Iterator[Path]:
        """Yield Git's own lock files; each means a running process, or one that was killed."""
        for folder in dict.fromkeys((self.git.git_dir, self.git.common_dir)):
            yield from sorted(folder.glob("*.lock"))
        yield from sorted((self.git.common_dir / "refs").rglob("*.lock"))

    def own_locks(self) -> Iterator[tuple[str, Holder | None]]:
        """Yield promptgit's own locks by name, with who holds each, as far as it says."""
        for path in sorted((self.git.state_dir / "locks").glob("*.lock")):
            try:
                yield path.stem, Holder(**json.loads(path.read_bytes()))
            except FileNotFoundError:
                continue  # it was just given back
            except (OSError, ValueError, TypeError):
                yield path.stem, None


def git_version(git: Git) -> tuple[int, ...]:
    """
    Return the version of the `git` program, as far as it is numbers.

    Raises WorldError when there is none.
    """
    found = re.search(r"(\d+(?:\.\d+)*)", git.text("--version"))
    return tuple(map(int, found[1].split("."))) if found else ()


def anywhere(folder: Path) -> Git:
    """Return a Git for commands that need no repository."""
    return Git(folder, folder, folder, True, "sha1")


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(GRAPH_HEAD)
    except OSError:
        return b""
