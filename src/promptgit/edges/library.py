"""
A Git repository of learnings that applications share: read at its newest commit, written by push.

It is mirrored, bare, in this repository's own folder of state; no work tree of it exists, so no
hook, filter or link of it can take effect.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from promptgit.edges.git import Git, GitFailed
from promptgit.edges.lock import lock
from promptgit.edges.plumbing import tip
from promptgit.errors import UserError, WorldError

TRIES = 4  # pushes, each on top of what others pushed meanwhile
MOST_FILES = 2_000
THERE = "refs/promptgit/library"  # in the mirror: the remote's branch, as it was last seen
FIRST = "refs/heads/main"  # where the first learning of an empty repository goes
WAIT_S = 60.0

_HELPER = re.compile(r"\w+::")  # `ext::sh -c …` would run a program


@dataclass(frozen=True)
class SharedLibrary:
    """One shared repository, by its address; `branch` is where learnings are, empty: its HEAD."""

    own: Git  # the repository of the application
    url: str
    branch: str = ""

    @classmethod
    def at(cls, own: Git, url: str) -> SharedLibrary:
        """Raise UserError for an address that Git would take for an option or a program."""
        if not url or url.startswith("-") or _HELPER.match(url):
            raise UserError(
                f"{url!r} is no address of a Git repository",
                hint="https://HOST/REPOSITORY, git@HOST:REPOSITORY or a folder",
            )
        return cls(own, str(Path(url).resolve()) if Path(url).is_dir() else url)

    @cached_property
    def mirror(self) -> Git:
        name = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        place = self.own.state_dir / "library" / f"{name}.git"
        if not (place / "HEAD").exists():
            place.mkdir(parents=True, exist_ok=True)
            self.own.write(
                "init", "--quiet", "--bare", f"--object-format={self.own.object_format}", str(place)
            )
        return Git.discover(place)

    def fetch(self) -> str:
        """
        Bring the newest commit here and return its id; empty: the repository has none yet.

        Raises WorldError when it cannot be reached.
        """
        with lock(self.mirror.git_dir, "library", doing="fetch the library", wait_s=WAIT_S):
            name = self._branch()
            if not name:
                return ""
            self._remotely("fetch", "--quiet", "--no-tags", "--depth=1", "--force",
                           "--no-recurse-submodules", "--no-write-fetch-head",
                           "--", self.url, f"{name}:{THERE}")  # fmt: skip
        return tip(self.mirror, THERE)

    def files(self, commit: str, folder: str, *, largest: int) -> dict[str, bytes | int]:
        """
        The YAML files directly in a folder, by path; links and programs are no files.

        largest: in bytes; of a larger file only its size is read.
        """
        if not commit:
            return {}
        asked = ("ls-tree", "-z", "--long", "--full-tree", commit, "--", f"{folder}/")
        listed = self.mirror.read(*asked)
        found: dict[str, bytes | int] = {}
        for entry in filter(None, listed.split(b"\0")):
            meta, _, name = entry.partition(b"\t")
            mode, _, oid, size = meta.decode().split()
            path = os.fsdecode(name)
            if mode == "100644" and path.endswith(".yaml"):
                if len(found) == MOST_FILES:
                    raise UserError(f"{self.url}: more than {MOST_FILES:,} files in {folder}/")
                found[path] = self.mirror.blob(oid) if int(size) <= largest else int(size)
        return found

    def publish(self, files: Mapping[str, str], message: str, *, branch: str = "") -> str:
        """
        Push one commit with these files on top of what is there; return its id.

        branch: push it there, for review; empty: to where learnings are.  Raises UserError where
        the remote refuses, WorldError when it cannot be reached.
        """
        for _ in range(TRIES):
            base = self.fetch()
            name = f"refs/heads/{branch}" if branch else self._branch() or FIRST
            made = self._commit(base, files, message)
            try:
                self.mirror.write(
                    *("push", "--quiet", "--no-follow-tags", "--no-recurse-submodules"),
                    *("--", self.url, f"{made}:{name}"),
                )
            except GitFailed as error:
                if self.fetch() != base:
                    continue  # somebody was faster
                raise self._refused(error, name) from error
            return made
        raise WorldError(f"{self.url}: others pushed each time", hint="try again in a moment")

    def _branch(self) -> str:
        """The full name of the branch where learnings are; empty: there is no commit yet."""
        listed = os.fsdecode(self._remotely("ls-remote", "--symref", "--quiet", "--", self.url))
        rows = [line.partition("\t")[::2] for line in listed.split("\n")]
        for said, _ in rows:
            if said.startswith("ref: "):
                return said.removeprefix("ref: ")
        heads = [name for _, name in rows if name.startswith("refs/heads/")]
        if FIRST in heads or not heads:  # its HEAD names a branch that nobody pushed
            return FIRST if heads else ""
        return heads[0]

    def _commit(self, base: str, files: Mapping[str, str], message: str) -> str:
        """Write a commit without a work tree, with an index of its own."""
        git, index = self.mirror, self.mirror.git_dir / f"index.{os.getpid()}"
        own = {"GIT_INDEX_FILE": str(index)}
        try:
            git.write("read-tree", *([base] if base else ["--empty"]), environment=own)
            for path, text in files.items():
                blob = git.write("hash-object", "-w", "--stdin", stdin=text.encode()).decode()
                entry = f"100644,{blob.strip()},{path}"
                git.write("update-index", "--add", "--cacheinfo", entry, environment=own)
            tree = git.write("write-tree", environment=own).decode().strip()
        finally:
            index.unlink(missing_ok=True)
        parents = ("-p", base) if base else ()
        made = git.write(
            *("commit-tree", *parents, "-F", "-", tree),
            stdin=message.encode(),
            environment=self._identity,
        )
        return made.decode().strip()

    @property
    def _identity(self) -> dict[str, str]:
        """Who commits, as the application's repository has it: the mirror knows nobody."""
        found = {}
        for role in ("AUTHOR", "COMMITTER"):
            for part in ("name", "email"):
                said = os.environ.get(f"GIT_{role}_{part.upper()}") or self.own.setting(
                    f"user.{part}"
                )
                if said:
                    found[f"GIT_{role}_{part.upper()}"] = said
        return found

    def _remotely(self, *arguments: str) -> bytes:
        try:
            return self.mirror.write(*arguments)
        except GitFailed as error:
            raise WorldError(
                f"{self.url}: {_said(error)}",
                hint="`git ls-remote` tries whether it can be reached",
            ) from error

    def _refused(self, error: GitFailed, name: str) -> UserError | WorldError:
        said = _said(error)
        if "rejected" in said or "protected" in said or "declined" in said:
            return UserError(
                f"{self.url} refused the push to {name.removeprefix('refs/heads/')}: {said}",
                hint="push to a branch of its own for review: --branch NAME",
            )
        return WorldError(f"{self.url}: {said}", hint="are you allowed to push there?")


def _said(error: GitFailed) -> str:
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    wanted = ("rejected", "declined", "protected", "fatal", "error")
    return next((line for line in lines if any(word in line for word in wanted)), error.message)
