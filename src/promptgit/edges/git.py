"""
Git, through the `git` program and nothing else.

GitPython starts the processes; its object API is never used (it drops other processes' commits,
skips signing and CRLF rules, fails on sha256 and reftable).  Reads are hermetic: no setting of
the user, no attribute and no hook can change what they print.  Writes run as the user would.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from promptgit.errors import UserError, WorldError

READ_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # an object is what its id says, whatever refs/replace holds
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
READ_SETTINGS = (
    "core.quotePath=false",
    "core.commentChar=#",
    "core.fsmonitor=false",
    "trailer.separators=:",
    "trailer.ifexists=addIfDifferentNeighbor",
    "diff.renames=false",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.context=3",
    "diff.interHunkContext=0",
    "diff.relative=false",
    "diff.colorMoved=no",
    "diff.algorithm=myers",
    "apply.whitespace=nowarn",
    "apply.ignoreWhitespace=no",
    "log.showSignature=false",
    "log.mailmap=false",
    "log.decorate=no",
    "i18n.logOutputEncoding=UTF-8",
    "color.ui=false",
)
WRITE_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_EDITOR": ":"}
WRITE_SETTINGS = ("i18n.commitEncoding=UTF-8",)  # what we hand over is UTF-8
# Set for hooks, they name another repository (`git rev-parse --local-env-vars`).
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")

CHUNK = 1 << 20  # bytes


class GitFailed(WorldError):
    """A git command that ended with an error."""

    def __init__(self, arguments: Sequence[str], code: int, stderr: str) -> None:
        lines = [line.strip() for line in stderr.splitlines() if line.strip()]
        grave = [line for line in lines if line.startswith(("fatal:", "error:"))]
        first = next(iter(grave or lines), f"exit code {code}")
        super().__init__(f"git {arguments[0]}: {first}")
        self.arguments = tuple(arguments)
        self.code = code
        self.stderr = stderr


@dataclass(frozen=True)
class Git:
    """One repository, found once; every path in arguments is relative to its top level."""

    cwd: Path  # where git runs: the top level, or the git directory of a bare repository
    git_dir: Path  # of this work tree
    common_dir: Path  # shared by all work trees
    bare: bool
    object_format: str  # sha1 or sha256
    prefix: str = ""  # from the top level to where the user stands, `sub/dir/` or empty

    @classmethod
    def discover(cls, where: Path) -> Git:
        """
        Find the repository around `where`; raise UserError when there is none.

        Refuses when the environment names a repository, as it does inside a Git hook: the
        one that is meant and the one around `where` may not be the same.
        """
        if not where.is_dir():
            raise UserError(f"{where} is not a directory", hint="go to a Git repository")
        foreign = [name for name in FOREIGN if os.environ.get(name)]
        if foreign:
            raise UserError(
                f"{foreign[0]} is set, so that Git would act on {os.environ[foreign[0]]}",
                hint=f"unset {' '.join(foreign)}",
            )
        wanted = (
            "--is-bare-repository --git-dir --git-common-dir --show-object-format --show-prefix"
        )
        asked = ("rev-parse", "--path-format=absolute", *wanted.split())
        try:
            found = os.fsdecode(_run(where, asked, environment=READ_ENVIRONMENT))
        except GitFailed as error:
            raise _not_a_repository(where, error) from error
        bare, git_dir, common_dir, object_format, prefix = found.split("\n")[:5]
        if bare == "true":
            return cls(Path(git_dir), Path(git_dir), Path(common_dir), True, object_format)
        try:
            top = _run(
                where,
                ("rev-parse", "--path-format=absolute", "--show-toplevel"),
                environment=READ_ENVIRONMENT,
            )
        except GitFailed as error:
            raise _not_a_repository(where, error) from error
        return cls(
            Path(os.fsdecode(top).rstrip("\n")),
            Path(git_dir),
            Path(common_dir),
            False,
            object_format,
            prefix,
        )

    @property
    def state_dir(self) -> Path:
        """Where promptgit keeps what is not history: `<common dir>/promptgit`."""
        return self.common_dir / "promptgit"

    @cached_property
    def hex_digits(self) -> int:
        return 64 if self.object_format == "sha256" else 40

    @property
    def shallow(self) -> bool:
        return (self.common_dir / "shallow").exists()

    def read(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run a command that changes nothing, in neutral settings; raise GitFailed."""
        return _run(
            self.cwd,
            (*_settings(), *arguments),
            stdin=stdin,
            environment={**READ_ENVIRONMENT, **(environment or {})},
        )

    def text(self, *arguments: str, stdin: bytes = b"") -> str:
        """`read`, decoded, without the last line feed."""
        return os.fsdecode(self.read(*arguments, stdin=stdin)).removesuffix("\n")

    def succeeds(self, *arguments: str) -> bool:
        """Say whether a read exits with 0."""
        try:
            self.read(*arguments)
        except GitFailed:
            return False
        return True

    def write(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run a command as the user would: their settings, hooks, signing key and language."""
        spoken = {name: os.environ.get(name, "") for name in ("LC_ALL", "LANGUAGE")}
        return _run(
            self.cwd,
            (*_settings(WRITE_SETTINGS), *arguments),
            stdin=stdin,
            environment={**spoken, **WRITE_ENVIRONMENT, **(environment or {})},
        )

    def stream(self, *arguments: str) -> Iterator[bytes]:
        """Run a read and yield its output in chunks of at most 1 MB, as they come."""
        process = _start(self.cwd, (*_settings(), *arguments), READ_ENVIRONMENT)
        process.stdin.close()
        try:
            while chunk := process.stdout.read1(CHUNK):
                yield chunk
            stderr = process.stderr.read()
            code = process.wait()
        finally:
            _end(process)
        if code:
            raise _failed(arguments, code, stderr)

    def records(self, separator: bytes, *arguments: str) -> Iterator[bytes]:
        """`stream`, cut at `separator`; what follows the last one is left out when empty."""
        rest = b""
        for chunk in self.stream(*arguments):
            *whole, rest = (rest + chunk).split(separator)
            yield from whole
        if rest.strip(b"\n"):
            yield rest

    @contextmanager
    def objects(self) -> Iterator[ObjectReader]:
        """Open one `git cat-file --batch` for many reads."""
        process = _start(self.cwd, (*_settings(), "cat-file", "--batch"), READ_ENVIRONMENT)
        try:
            yield ObjectReader(process)
            process.stdin.close()
            process.wait()
        finally:
            _end(process)

    def resolve(self, revision: str, kind: str = "commit") -> str:
        """Return the object id of `revision`; raise UserError when there is no such thing."""
        try:
            return self.text(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{{kind}}}"
            )
        except GitFailed as error:
            if revision == "HEAD":
                raise UserError(
                    "there is no commit yet", hint="commit the prompt first: git add, git commit"
                ) from error
            raise UserError(
                f"there is no {kind} called {revision!r} here", hint=self._like(revision)
            ) from error

    def _like(self, revision: str) -> str:
        """Say which branch or tag may be meant: a remote's, or one that is spelt alike."""
        from difflib import get_close_matches

        kinds = ("refs/heads", "refs/remotes", "refs/tags")
        names = self.text("for-each-ref", "--format=%(refname:short)", *kinds).split("\n")
        close = [name for name in names if name.endswith(f"/{revision}")]
        close = close or get_close_matches(revision, names, n=1)
        if close:
            return f"did you mean {close[0]!r}?"
        if self.shallow:
            return "this clone is shallow: `git fetch --deepen=100` fetches more of its history"
        return "`git branch --all` lists branches, and `git log --oneline` commits"

    def blob_at(self, revision: str, path: str) -> str | None:
        """Return the blob id of `path` in `revision`, or None when it is not a file there."""
        listed = self.read("ls-tree", "-z", "--full-tree", revision, "--", path)
        for entry in listed.split(b"\0"):
            if entry:
                meta, name = entry.split(b"\t", 1)
                _, kind, oid = meta.decode().split()
                if kind == "blob" and os.fsdecode(name) == path:
                    return oid
        return None

    def blob(self, oid: str) -> bytes:
        return self.read("cat-file", "blob", oid)

    def setting(self, name: str) -> str:
        """Return the user's setting; empty when it is not set."""
        try:
            return os.fsdecode(_run(self.cwd, ("config", "--get", name))).removesuffix("\n")
        except GitFailed:
            return ""


class ObjectReader:
    """Reads objects, one after the other, from a running `git cat-file --batch`."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Return (object id, content) of `name` (an id, or `rev:path`), or None if missing."""
        if "\n" in name:
            return None
        self._process.stdin.write(os.fsencode(name) + b"\n")
        self._process.stdin.flush()
        header: bytes = self._process.stdout.readline()
        fields = header.split()
        if len(fields) != 3 or not fields[2].isdigit():
            return None  # `<name> missing`, `<name> ambiguous`
        content: bytes = self._process.stdout.read(int(fields[2]))
        self._process.stdout.read(1)
        return fields[0].decode(), content


def _settings(settings: Sequence[str] = READ_SETTINGS) -> tuple[str, ...]:
    return tuple(word for setting in settings for word in ("-c", setting))


def _run(
    cwd: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> bytes:
    process = _start(cwd, arguments, environment or {})
    try:
        stdout, stderr = process.communicate(stdin)
    finally:
        _end(process)
    if process.returncode:
        raise _failed(_command(arguments), process.returncode, stderr)
    out: bytes = stdout
    return out


def _failed(arguments: Sequence[str], code: int, stderr: bytes) -> GitFailed:
    """Make the error, and tell of it: often it is an answer, and nobody else will hear of it."""
    import logging

    error = GitFailed(arguments, code, stderr.decode(errors="replace"))
    if stderr or code != 1:  # 1 without a word is Git's plain no
        said, why = " ".join(arguments), error.message.partition(": ")[2]
        logging.getLogger("promptgit").debug("`git %s`: exit %d: %s", said, code, why)
    return error


def _command(arguments: Sequence[str]) -> Sequence[str]:
    """Leave out the settings that come before the command.

    >>> _command(("-c", "color.ui=false", "log", "-c"))
    ('log', '-c')
    """
    while len(arguments) > 2 and arguments[0] == "-c":
        arguments = arguments[2:]
    return arguments


def _start(cwd: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Any:
    try:
        import git
    except ImportError as error:  # GitPython tries the program as it is imported
        raise _no_git() from error
    try:
        started = git.Git(str(cwd)).execute(
            ["git", *arguments],
            as_process=True,
            istream=subprocess.PIPE,
            env=dict(environment),
        )
    except git.GitCommandNotFound as error:
        raise _no_git() from error
    process: Any = started.proc
    process.wrapper = started  # GitPython kills the process when its wrapper is collected
    return process


def _no_git() -> WorldError:
    return WorldError("git could not be started", hint="install Git 2.31 or newer, and check PATH")


def _end(process: Any) -> None:
    """Close the pipes; if we were interrupted, let git clean up its locks before we go on."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _not_a_repository(where: Path, error: GitFailed) -> UserError:
    if "dubious ownership" in error.stderr:
        return UserError(
            f"{where} belongs to another user, so Git does not trust it",
            hint=f"git config --global --add safe.directory {where}",
        )
    if "not a git repository" in error.stderr:
        return UserError(
            f"{where} is not in a Git repository",
            hint="run `git init` there, or go to a repository",
        )
    return UserError(f"{where}: {error.message}", hint="`git status` there may say more")
