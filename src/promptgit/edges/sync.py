"""
Evidence between clones: `refs/promptgit/*`, only when asked, for outputs may be private.

Records that diverged are joined, never overwritten; a run's ref only ever grows.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from promptgit.edges import plumbing
from promptgit.edges.git import Git, GitFailed
from promptgit.edges.records import REF, Records
from promptgit.edges.run_refs import FOLDER
from promptgit.errors import UserError, WorldError

TRIES = 5  # pushes, each after joining what others pushed meanwhile

_FETCH = ("--quiet", "--no-tags", "--refmap=", "--no-write-fetch-head")
_ALONE = "--no-recurse-submodules"
_HELPER = re.compile(r"\w+::")  # `ext::sh -c …` would run a program


@dataclass(frozen=True, slots=True)
class Synced:
    received: int  # records that were new here
    sent: bool  # whether the remote has all of ours now
    runs: tuple[str, ...] = ()  # whose commits came or went


def sync(git: Git, remote: str, *, push: bool = True) -> Synced:
    """
    Exchange records and runs with `remote`, a configured name or a URL.

    Without `push` nothing leaves this machine.  Raises WorldError when the remote cannot be
    reached, UserError when it is not known.
    """
    _refuse_option(remote)
    before = _theirs(git, remote)
    runs = _fetch_runs(git, remote, before)
    received = _fetch_records(git, remote, before)
    sent = _push(git, remote) if push else False
    return Synced(received, sent, runs)


def _refuse_option(remote: str) -> None:
    if not remote or remote.startswith("-") or _HELPER.match(remote):
        raise UserError(f"{remote!r} is not a remote", hint="`git remote -v` lists them")


def _theirs(git: Git, remote: str) -> dict[str, str]:
    """The refs of ours that the remote has, with their commits."""
    try:
        listed = git.write("ls-remote", "--quiet", "--", remote, "refs/promptgit/*").decode()
    except GitFailed as error:
        raise _unreachable(remote, error) from error
    rows = (line.split("\t") for line in listed.split("\n") if line)
    return {name: commit for commit, name in rows}


def _fetch_records(git: Git, remote: str, theirs: dict[str, str]) -> int:
    if REF not in theirs:
        return 0
    temporary = f"refs/promptgit-incoming/{secrets.token_hex(4)}"
    _fetch(git, remote, f"{REF}:{temporary}")
    try:
        return Records(git).union(plumbing.tip(git, temporary))
    finally:
        git.write("update-ref", "-d", temporary)


def _fetch_runs(git: Git, remote: str, theirs: dict[str, str]) -> tuple[str, ...]:
    wanted = [
        name
        for name, commit in theirs.items()
        if name.startswith(FOLDER) and plumbing.tip(git, name) != commit
    ]
    ours_first = [name for name in wanted if not _is_newer_here(git, name, theirs[name])]
    if ours_first:
        _fetch(git, remote, *(f"{name}:{name}" for name in ours_first))
    return tuple(name.removeprefix(FOLDER) for name in ours_first)


def _is_newer_here(git: Git, name: str, theirs: str) -> bool:
    tip = plumbing.tip(git, name)
    return bool(tip) and git.succeeds("merge-base", "--is-ancestor", theirs, tip)


def _fetch(git: Git, remote: str, *refspecs: str) -> None:
    try:
        git.write("fetch", *_FETCH, _ALONE, "--", remote, *refspecs)
    except GitFailed as error:
        raise _unreachable(remote, error) from error


def _push(git: Git, remote: str) -> bool:
    """Push until the remote has everything; between tries, join what others brought there."""
    for _ in range(TRIES):
        theirs = _theirs(git, remote)
        ours = git.text("for-each-ref", "--format=%(objectname) %(refname)", "refs/promptgit/")
        rows = [line.split(" ", 1) for line in ours.split("\n") if line]
        wanted = [name for commit, name in rows if theirs.get(name) != commit]
        if not wanted:
            return True
        specs = [f"{name}:{name}" for name in wanted]
        try:
            git.write("push", "--quiet", "--no-follow-tags", _ALONE, "--", remote, *specs)
        except GitFailed as error:
            if _theirs(git, remote) == theirs:  # nobody was faster: it is refused for good
                raise _unreachable(remote, error) from error
            _fetch_runs(git, remote, _theirs(git, remote))
            _fetch_records(git, remote, _theirs(git, remote))
    return False


def _unreachable(remote: str, error: GitFailed) -> WorldError:
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    said = next((line for line in lines if "rejected" in line or "fatal" in line), error.message)
    return WorldError(
        f"{remote}: {said}",
        hint="`git remote -v` lists remotes; `git ls-remote` tries whether one can be reached",
    )
