"""
The commits that touched a prompt, read from one `git log`, however long the history is.

`git log -z --raw` tells in a single stream what each commit says and which blobs it changed, so
no process is started per commit.  A rename ends that stream; where a prompt was added, Git is
asked once whether it came from elsewhere, and the older name's history follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

FORMAT = "%H%n%P%n%ct%n%an%n%s%n%B"  # what `parse_log` reads, see "PRETTY FORMATS" in git-log(1)

_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to one file."""

    path: str
    before: str  # blob id; empty where the file is new
    after: str  # blob id; empty where the file is gone
    status: str  # Added, Modified, Deleted, Renamed, Type changed, Included text changed
    old_path: str = ""  # where it was, for a rename


@dataclass(frozen=True, slots=True)
class RawCommit:
    id: str
    parents: tuple[str, ...]
    when: int  # committer time, seconds since 1970, UTC
    author: str
    subject: str
    message: str
    changes: tuple[Change, ...] = ()

    def change_of(self, path: str) -> Change | None:
        return next((change for change in self.changes if change.path == path), None)


class Past(Protocol):
    """What history asks of a repository.  Revisions are full commit ids."""

    @property
    def shallow(self) -> frozenset[str]:
        """Commits whose parents are not in this clone."""
        ...

    def log(
        self, tips: Sequence[str], paths: Sequence[str], *, renames: bool = False
    ) -> Iterator[bytes]:
        """
        Stream the commits that `tips` reach, newest first, that change anything in `paths`.

        With `renames`, a file that moves inside `paths` is one change, not two.
        """
        ...

    def renames(self, commits: Sequence[str]) -> Iterator[bytes]:
        """Stream these commits alone, each with the files it renamed."""
        ...

    def blob_at(self, commit: str, path: str) -> str | None:
        """The blob id of a file in a commit, or None."""
        ...


def parse_log(chunks: Iterable[bytes]) -> Iterator[RawCommit]:
    """
    Read `git log -z --raw --no-abbrev -c --format=FORMAT`.

    Neither a message nor a path can hold a NUL, and a commit starts with its id where a change
    starts with a colon, so that no message can pass itself off as something else.
    """
    tokens = _tokens(chunks)
    commit: RawCommit | None = None
    changes: list[Change] = []
    for token in tokens:
        entry = token.lstrip(b"\n")
        if entry.startswith(b":"):
            change = _change(entry, tokens)
            if change:
                changes.append(change)
        elif entry:
            if commit:
                yield _with(commit, changes)
            commit, changes = _commit(entry), []
    if commit:
        yield _with(commit, changes)


def parse_changes(raw: bytes) -> tuple[Change, ...]:
    """Read `git diff-tree -z --raw --no-abbrev A B`."""
    tokens = iter(raw.split(b"\0"))
    found = (_change(token, tokens) for token in tokens if token.startswith(b":"))
    return tuple(change for change in found if change)


def follow(
    past: Past, tip: str, path: str, included: Sequence[str] = ()
) -> Iterator[tuple[RawCommit, Change]]:
    """
    Walk the commits that changed the prompt at `path`, newest first, through its renames.

    A commit that changes only a file that the prompt includes is a change of the prompt too, of
    status I: its blob stays, and its score does not.
    """
    walks: list[tuple[tuple[str, ...], str]] = [((tip,), path)]
    seen: set[str] = set()
    while walks:
        tips, name = walks.pop(0)
        held: list[RawCommit] = []  # from the first addition on: it may turn out to be a rename
        for commit in parse_log(past.log(tips, (name, *included))):
            change = commit.change_of(name) or _of_included(past, commit, name)
            if change is None or commit.id in seen:
                continue
            seen.add(commit.id)
            if held or change.status == "A":
                held.append(commit)
            else:
                yield commit, change
        renamed = _renames(past, held, name)
        for commit in held:
            found = renamed.get(commit.id) or commit.change_of(name)
            change = found or _of_included(past, commit, name)
            if change:
                yield commit, change
                if change.old_path:
                    walks.append((commit.parents, change.old_path))


def every_change(
    past: Past, tip: str, roots: Sequence[str], wanted: Callable[[str], bool]
) -> Iterator[tuple[RawCommit, Change]]:
    """Walk all changes, under the folders `roots`, of files that are `wanted`, newest first."""
    for commit in parse_log(past.log((tip,), roots, renames=True)):
        for change in commit.changes:
            if wanted(change.path):
                yield commit, change


def _renames(past: Past, commits: Sequence[RawCommit], path: str) -> dict[str, Change]:
    """Say, by commit, where a prompt that seems to be added came from, if it came from anywhere."""
    added = [commit.id for commit in commits if commit.parents and _adds(commit, path)]
    if not added:
        return {}
    found = parse_log(past.renames(added))
    changes = ((commit.id, commit.change_of(path)) for commit in found)
    return {commit: change for commit, change in changes if change and change.old_path}


def _of_included(past: Past, commit: RawCommit, path: str) -> Change | None:
    """The change of a prompt by a commit that left its own file alone; None before it existed."""
    blob = past.blob_at(commit.id, path) if commit.changes else None
    return Change(path, blob, blob, "I") if blob else None


def _adds(commit: RawCommit, path: str) -> bool:
    change = commit.change_of(path)
    return change is not None and change.status == "A"


def _tokens(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _commit(token: bytes) -> RawCommit:
    fields = token.decode(errors="replace").split("\n", 5)
    commit, parents, when, author, subject, message = (*fields, "", "", "", "", "")[:6]
    return RawCommit(commit, tuple(parents.split()), int(when or 0), author, subject, message)


def _with(commit: RawCommit, changes: list[Change]) -> RawCommit:
    return RawCommit(
        commit.id,
        commit.parents,
        commit.when,
        commit.author,
        commit.subject,
        commit.message,
        tuple(changes),
    )


def _change(entry: bytes, tokens: Iterator[bytes]) -> Change | None:
    """Read one raw change; a merge's has a mode and a blob for each parent, the result's last."""
    sides = len(entry) - len(entry.lstrip(b":"))
    fields = entry[sides:].decode().split()
    modes, blobs, status = fields[: sides + 1], fields[sides + 1 : -1], fields[-1]
    first = next(tokens).decode("utf-8", "surrogateescape")
    moved = sides == 1 and status[0] in "RC"
    path = next(tokens).decode("utf-8", "surrogateescape") if moved else first
    if modes[0] not in _FILES and modes[-1] not in _FILES:
        return None
    before = blobs[0] if modes[0] in _FILES else ""
    after = blobs[-1] if modes[-1] in _FILES else ""
    old_path = first if status[0] == "R" else ""
    return Change(path, before, after, status[0], old_path)
