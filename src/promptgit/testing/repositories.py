"""
Throwaway Git repositories for tests.

Whatever the global Git settings are, these behave alike: identity, dates and branch name are
fixed, so that the same steps give the same commit ids.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NAME = "Ada Example"
EMAIL = "ada@example.com"
DATE = "2026-01-02T03:04:05+00:00"
BRANCH = "main"

SETTINGS = f"""\
[user]
    name = {NAME}
    email = {EMAIL}
[commit]
    gpgSign = false
[core]
    autocrlf = false
[gc]
    auto = 0
"""


@dataclass(frozen=True)
class Repository:
    """A repository under `path`, and a plain `git` in it."""

    path: Path

    def git(
        self,
        *arguments: str,
        stdin: str | bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run git at `path` and return what it printed, without the last line feed."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=data,
            capture_output=True,
            env={**_environment(), **(environment or {})},
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise AssertionError(f"git {' '.join(arguments)}: {said}")
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files into the work tree, making their folders."""
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(
        self,
        files: Mapping[str, str | bytes],
        message: str = "change\n",
        *,
        when: str = DATE,
    ) -> str:
        """Write files, commit exactly these, and return the commit's id."""
        self.write(files)
        self.git("--literal-pathspecs", "add", "--", *files)
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        self.git(
            *("-c", "i18n.commitEncoding=UTF-8"),
            *("commit", "--quiet", "--allow-empty", "--no-verify"),
            *("--cleanup=verbatim", "-F", "-"),
            stdin=message,
            environment=dates,
        )
        return self.head

    def commit_many(self, steps: Iterable[tuple[Mapping[str, str], str]]) -> str:
        """
        Make a commit of each (files, message), a second apart, and return the last one's id.

        One `git fast-import` makes thousands in the time of a few `git commit`.
        """
        branch = self.git("symbolic-ref", "HEAD")
        start = int(datetime.fromisoformat(DATE).timestamp())
        stream = [f"reset {branch}\nfrom {branch}^0\n"] if self._has_commits else []
        for number, (files, message) in enumerate(steps, 1):
            stream.append(f"commit {branch}\ncommitter {NAME} <{EMAIL}> {start + number} +0000\n")
            stream.append(_data(message))
            stream += [f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items()]
        self.git("fast-import", "--quiet", stdin="".join(stream))
        self.git("reset", "--quiet", "--hard")
        return self.head

    @property
    def _has_commits(self) -> bool:
        return bool(self.git("for-each-ref", "--count=1", "refs/heads"))

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def blob(self, name: str, revision: str = "HEAD") -> str:
        """Return the blob id of a file in a revision."""
        return self.git("rev-parse", "--verify", f"{revision}:{name}")

    def message(self, revision: str = "HEAD") -> str:
        """Return a commit's message, exactly."""
        raw = self.git("cat-file", "commit", revision)
        return raw.split("\n\n", 1)[1] + "\n"

    def status(self) -> str:
        """Return `git status`, in the stable format; empty when everything is committed."""
        return self.git("status", "--porcelain=v1", "--untracked-files=all")


def a_repository(
    path: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    message: str = "first\n",
    bare: bool = False,
    object_format: str = "sha1",
) -> Repository:
    """
    Make a repository at `path`, with one commit that holds `files`, if there are any.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     repository = a_repository(Path(folder) / "here", {"prompts/reply.md": "Be kind.\\n"})
    ...     repository.git("log", "--format=%an")
    'Ada Example'
    """
    path.mkdir(parents=True, exist_ok=True)
    repository = Repository(path)
    shape = ["--bare"] if bare else []
    repository.git(
        *("init", "--quiet", "--template=", f"--object-format={object_format}"),
        *(f"--initial-branch={BRANCH}", *shape),
    )
    with Path(repository.git("rev-parse", "--absolute-git-dir"), "config").open("a") as config:
        config.write(SETTINGS)
    if files:
        repository.commit(files, message)
    return repository


def _data(text: str) -> str:
    """A piece of a fast-import stream, counted in bytes."""
    return f"data {len(text.encode())}\n{text}\n"


def _environment() -> dict[str, str]:
    """The caller's environment without what would point git elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
    }
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
        "LC_ALL": "C",
    }
