"""The history of one repository, for `history/` to read.  No process is started per commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from promptgit.core.trailers import SCHEMA_KEY
from promptgit.edges.git import Git, GitFailed, ObjectReader
from promptgit.errors import WorldError
from promptgit.history.log import FORMAT, Change, parse_changes

# What no setting of the user may change: `log.follow`, `log.showRoot`, `color.diff`, encodings.
_PLAIN = (
    "-z",
    "--raw",
    "--no-abbrev",
    "--root",
    "-c",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--encoding=UTF-8",
    f"--format={FORMAT}",
)


@dataclass(frozen=True)
class Commits:
    """Reads commits, and the blobs in them, through a few long-lived processes."""

    git: Git
    reader: ObjectReader

    @classmethod
    @contextmanager
    def open(cls, git: Git) -> Iterator[Commits]:
        with git.objects() as reader:
            yield cls(git, reader)

    @cached_property
    def shallow(self) -> frozenset[str]:
        if not self.git.shallow:
            return frozenset()
        listed = (self.git.common_dir / "shallow").read_text(encoding="ascii")
        return frozenset(listed.split())

    def log(
        self, tips: Sequence[str], paths: Sequence[str], *, renames: bool = False
    ) -> Iterator[bytes]:
        """Stream `git log`; raise WorldError where it would fetch every folder one by one."""
        if paths and self._treeless:
            raise WorldError(
                "this clone has no folders of older commits (--filter=tree:0)",
                hint="`git fetch --refetch --filter=blob:none` fetches them",
            )
        moves = "--find-renames" if renames else "--no-renames"
        return self.git.stream("log", *_PLAIN, "--no-follow", moves, *tips, "--", *paths)

    def renames(self, commits: Sequence[str]) -> Iterator[bytes]:
        yield self._alone(commits, "--find-renames", "--diff-filter=R")

    def alone(self, commits: Sequence[str]) -> Iterator[bytes]:
        """Stream these commits and no others."""
        yield self._alone(commits, "--find-renames")

    def claiming(self, tips: Sequence[str]) -> Iterator[bytes]:
        """Stream the commits that `tips` reach whose message may hold an evidence block."""
        searched = ("--regexp-ignore-case", "--fixed-strings", f"--grep={SCHEMA_KEY}")
        return self.git.stream("log", *_PLAIN, "--no-patch", "--no-follow", *searched, *tips, "--")

    def between(self, old: str, new: str) -> tuple[Change, ...]:
        """The files that differ between two commits; a moved file is one change."""
        raw = ("-r", "-z", "--raw", "--no-abbrev", "--find-renames")
        return parse_changes(self.git.read("diff-tree", *raw, old, new, "--"))

    def only_in(self, new: str, old: str) -> frozenset[str]:
        """The commits that `new` reaches and `old` does not."""
        return frozenset(self.git.text("rev-list", new, f"^{old}", "--").split())

    def blob_at(self, commit: str, path: str) -> str | None:
        found = self.reader.read(f"{commit}:{path}")
        return found[0] if found else None

    def blob(self, oid: str) -> bytes:
        """The content of a blob; raise WorldError when a partial clone cannot fetch it."""
        found = self.reader.read(oid)
        if found is None:
            raise WorldError(f"the text {oid[:12]} is not in this clone", hint="fetch more of it")
        return found[1]

    def blame(self, revision: str, path: str) -> bytes:
        """`git blame --porcelain`, whatever the user ignores."""
        return self.git.read(
            "blame",
            "--porcelain",
            "--ignore-revs-file=",  # forget those of the settings
            "--no-textconv",
            "--encoding=UTF-8",
            revision,
            "--",
            path,
        )

    def merged(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """
        Merge three texts without touching the work tree; None where they conflict.

        `git merge-file` exits with the number of conflicts, and with 255 for an error.
        """
        with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
            names = []
            for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
                (Path(folder) / name).write_bytes(content)
                names.append(str(Path(folder) / name))
            try:
                return self.git.read("merge-file", "--stdout", "--quiet", *names)
            except GitFailed as error:
                if 0 < error.code < 128:
                    return None
                raise

    def _alone(self, commits: Sequence[str], *options: str) -> bytes:
        listed = "".join(f"{commit}\n" for commit in commits).encode()
        return self.git.read("log", *_PLAIN, *options, "--no-walk", "--stdin", stdin=listed)

    @cached_property
    def _treeless(self) -> bool:
        pattern = r"^remote\..*\.partialclonefilter$"
        try:
            filters = self.git.text("config", "--get-regexp", pattern)
        except GitFailed:
            return False
        return any(line.split()[-1].startswith("tree:") for line in filters.splitlines())
