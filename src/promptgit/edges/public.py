"""
Evidence that may leave this machine without what models wrote.

A record is named by its content, so nothing can be cut out of one: a record that holds outputs
stays here as a whole.  Comparisons hold none: scores, verdicts and flips reach the others, who
can verify every message, and only the answers behind them are missing there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promptgit.core.record import Record
from promptgit.edges import plumbing
from promptgit.edges.archive import RecordReader
from promptgit.edges.git import Git, GitFailed
from promptgit.edges.records import REF, Records
from promptgit.edges.run_refs import FOLDER
from promptgit.edges.sync import TRIES, Synced, sync
from promptgit.errors import UserError, WorldError

_RECORD = re.compile(r"(?:\A[0-9a-f]{2}/|\Aby-blob/.*/)([0-9a-f]{64})(?:\.json)?\Z")
_WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "promptgit"), ("EMAIL", "promptgit@localhost"))
}  # evidence is believed by content, not by author


@dataclass(frozen=True, slots=True)
class Differing:
    """A ref of ours that is not the same on both sides; an id is empty where there is none."""

    ref: str
    ours: str
    theirs: str


def differing(git: Git, remote: str) -> tuple[Differing, ...]:
    """Ask `remote`, without fetching or pushing anything, in which refs we differ."""
    theirs = _listed_there(git, remote)
    ours = _listed_here(git)
    names = sorted({*theirs, *ours})
    pairs = (Differing(name, ours.get(name, ""), theirs.get(name, "")) for name in names)
    return tuple(pair for pair in pairs if pair.ours != pair.theirs)


def with_outputs(git: Git) -> tuple[int, int]:
    """Count the records here that hold what a model wrote, and all records."""
    found = [holds_outputs(record) for record in _records(git)]
    return sum(found), len(found)


def sync_without_outputs(git: Git, remote: str) -> tuple[Synced, int]:
    """
    Exchange evidence as `sync` does, but send no record that holds outputs.

    Returns how that went, and how many records stayed here.
    """
    received = 0
    runs: tuple[str, ...] = ()
    for _ in range(TRIES):
        got = sync(git, remote, push=False)
        received, runs = received + got.received, got.runs or runs
        theirs = _listed_there(git, remote)
        withheld = _push(git, remote, theirs)
        if withheld is not None:
            return Synced(received, True, runs), withheld
    return Synced(received, False, runs), 0


def holds_outputs(record: Record) -> bool:
    """
    Say whether a record quotes a model: an output, or a scorer's `why`.

    >>> holds_outputs(Record({"results": [{"case": "a", "output": "Hello"}]}))
    True
    >>> holds_outputs(Record({"results": [{"case": "a", "scores": {"c": {"value": 1}}}]}))
    False
    """
    rows = [row for row in record.body.get("results", ()) if isinstance(row, Mapping)]
    return any("output" in row or _whys(row) for row in rows)


def _whys(row: Mapping[str, object]) -> bool:
    scores = row.get("scores")
    found = scores.values() if isinstance(scores, Mapping) else ()
    return any(isinstance(score, Mapping) and score.get("why") for score in found)


def _push(git: Git, remote: str, theirs: Mapping[str, str]) -> int | None:
    """Push on top of what is there; None when somebody else was faster."""
    public, withheld = _without_outputs(git, theirs.get(REF, ""))
    runs = [name for name, oid in _listed_here(git).items() if theirs.get(name) != oid]
    specs = [f"{name}:{name}" for name in runs if name.startswith(FOLDER)]
    if public != theirs.get(REF, ""):
        specs.append(f"{public}:{REF}")
    quiet = ("--quiet", "--no-follow-tags", "--no-recurse-submodules")
    try:
        if specs:
            git.write("push", *quiet, "--", remote, *specs)
    except GitFailed as error:
        if _listed_there(git, remote) == theirs:
            raise _refused(remote, error) from error
        return None
    return withheld


def _without_outputs(git: Git, theirs: str) -> tuple[str, int]:
    """
    Make a commit on top of `theirs` with what may leave; return it and how many records may not.

    What they have already stays, whatever it holds: it cannot be taken back.
    """
    ours = plumbing.tip(git, REF)
    if not ours:
        return theirs, 0
    known = _paths(git, theirs) if theirs else frozenset()
    public = {record.digest for record in _records(git) if not holds_outputs(record)}
    kept_back = [
        path
        for path in _paths(git, ours) - known
        if (digest := _digest(path)) and digest not in public
    ]
    gone = b"".join(b"0 %s\t%s\0" % (b"0" * git.hex_digits, path.encode()) for path in kept_back)
    with plumbing.temporary_index() as index:
        git.write("read-tree", ours, environment=index)
        git.write("update-index", "-z", "--index-info", stdin=gone, environment=index)
        tree = git.write("write-tree", environment=index).decode().strip()
    withheld = len({_digest(path) for path in kept_back})
    if theirs and git.text("rev-parse", f"{theirs}^{{tree}}") == tree:
        return theirs, withheld
    parents = ("-p", theirs) if theirs else ()
    message = b"evidence without outputs\n"
    made = git.write(
        *("commit-tree", "--no-gpg-sign", *parents, "-F", "-", tree),
        stdin=message,
        environment=_WHO,
    )
    return made.decode().strip(), withheld


def _paths(git: Git, commit: str) -> frozenset[str]:
    listed = git.read("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
    return frozenset(name for name in listed.decode(errors="replace").split("\0") if name)


def _digest(path: str) -> str:
    """The record that a path of the records' tree belongs to; empty for the ledger."""
    found = _RECORD.search(path)
    return found[1] if found else ""


def _records(git: Git) -> Iterator[Record]:
    """Every record here that is what its name says."""
    digests = Records(git).all_digests()
    with git.objects() as reader:
        archive = RecordReader(reader, git.hex_digits // 2)
        for digest in digests:
            try:
                record = archive.get(digest)
            except UserError:
                continue  # altered: `promptgit verify` names it, and nobody else needs it
            if record:
                yield record


def _listed_here(git: Git) -> dict[str, str]:
    listed = git.text("for-each-ref", "--format=%(objectname) %(refname)", "refs/promptgit/")
    rows = (line.split(" ", 1) for line in listed.split("\n") if line)
    return {name: oid for oid, name in rows}


def _listed_there(git: Git, remote: str) -> dict[str, str]:
    if not remote or remote.startswith("-") or "::" in remote:
        raise UserError(f"{remote!r} is not a remote", hint="`git remote -v` lists them")
    try:
        listed = git.write("ls-remote", "--quiet", "--", remote, "refs/promptgit/*").decode()
    except GitFailed as error:
        raise _refused(remote, error) from error
    rows = (line.split("\t") for line in listed.split("\n") if line)
    return {name: oid for oid, name in rows}


def _refused(remote: str, error: GitFailed) -> WorldError:
    return WorldError(
        f"{remote}: {error.message}",
        hint="`git remote -v` lists remotes; `git ls-remote` tries whether one can be reached",
    )
