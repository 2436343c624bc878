"""Which two states of the repository a comparison is about: base, what holds, and head."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from promptgit.edges.git import Git, GitFailed
from promptgit.edges.plumbing import OWN_INDEX
from promptgit.errors import UserError, WorldError

USUAL_BRANCHES = ("main", "master", "trunk", "develop")


@dataclass(frozen=True, slots=True)
class Ends:
    """All ids are full, and in this clone."""

    base: str  # commit
    head: str  # commit; empty: the work tree
    tree: str  # what is judged: a commit, or a tree that was made of the work tree
    merge: str = ""  # GitHub's trial merge, where that is what is judged
    notices: tuple[str, ...] = ()


def ends(git: Git, base: str | None, head: str | None, *, work_tree: bool = False) -> Ends:
    """
    Resolve what was typed.  `base` may be `A..B`, or `A...B` for where B left A.

    Without a base it is where head left the default branch; on that branch itself, head's parent.
    """
    base, head = _typed(git, base, head)
    if work_tree and head is not None:
        raise UserError("--worktree is the head already", hint="leave HEAD out, or --worktree")
    tip = git.resolve(head or "HEAD")
    notices: tuple[str, ...] = ()
    if base is None:
        found, notices = _default_base(git, tip, work_tree=work_tree)
    else:
        found = git.resolve(base)
    if work_tree:
        return Ends(found, "", work_tree_snapshot(git), notices=notices)
    return Ends(found, tip, tip, notices=notices)


def default_branch(git: Git) -> str:
    """
    Return the ref of the branch that others merge into; empty when nothing tells.

    What a remote calls its HEAD comes first, then the remote's usual names, then our own.
    """
    try:
        return git.text("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    except GitFailed:
        own = git.setting("init.defaultBranch")
        names = dict.fromkeys((*USUAL_BRANCHES, *([own] if own else [])))
        wanted = [f"refs/remotes/origin/{n}" for n in names] + [f"refs/heads/{n}" for n in names]
        there = set(git.text("for-each-ref", "--format=%(refname)", *wanted).split("\n"))
        return next((ref for ref in wanted if ref in there), "")


def merge_base(git: Git, one: str, other: str) -> str:
    """Return the newest common ancestor; raise WorldError when there is none here."""
    try:
        return git.text("merge-base", "--end-of-options", one, other)
    except GitFailed as error:
        if git.shallow:
            hint = "in a shallow clone name BASE yourself: `git fetch --depth=1 origin BASE` first"
        else:
            hint = "name BASE yourself"
        raise WorldError(
            f"{_short(one)} and {_short(other)} have no common ancestor here", hint=hint
        ) from error


def work_tree_snapshot(git: Git) -> str:
    """
    Write the work tree, as `git add --all` would take it, as a tree; return its id.

    Happens in a copy of the index: the user's own stays as it is, byte for byte.
    """
    if git.bare:
        raise UserError("a bare repository has no work tree", hint="leave --worktree out")
    if git.read("ls-files", "-u", "-z"):
        raise UserError(
            "a merge conflict is not settled yet", hint="`git status` lists the files in conflict"
        )
    index = Path(git.text("rev-parse", "--path-format=absolute", "--git-path", "index"))
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        copy = Path(folder) / "index"
        if index.exists():
            shutil.copyfile(index, copy)
        own = {"GIT_INDEX_FILE": os.fspath(copy)}
        git.write(*OWN_INDEX, "add", "--all", "--", ".", environment=own)
        return git.write(*OWN_INDEX, "write-tree", environment=own).decode().strip()


def _typed(git: Git, base: str | None, head: str | None) -> tuple[str | None, str | None]:
    for dots in ("...", ".."):
        if base and dots in base:
            if head is not None:
                raise UserError(
                    f"{base!r} names both ends, and {head!r} is a third", hint="write one of them"
                )
            one, _, other = base.partition(dots)
            one, other = one or "HEAD", other or "HEAD"
            if dots == "...":
                one = merge_base(git, git.resolve(one), git.resolve(other))
            return one, other
    return base, head


def _default_base(git: Git, tip: str, *, work_tree: bool) -> tuple[str, tuple[str, ...]]:
    branch = default_branch(git)
    if not branch:
        raise UserError(
            "nothing tells which branch is the default one", hint="name BASE: promptgit check main"
        )
    found = merge_base(git, git.resolve(branch), tip)
    short = branch.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    if found != tip or work_tree:
        return found, ()
    try:
        parent = git.resolve(f"{tip}^")
    except UserError as error:
        if git.shallow:
            raise WorldError(
                f"the parent of {_short(tip)} is not in this shallow clone",
                hint="git fetch --deepen=1 origin",
            ) from error
        raise UserError(
            f"{_short(tip)} is on {short} already, and has no parent to compare with",
            hint="commit a change, or pass --worktree for the files as they are now",
        ) from error
    return parent, (f"{_short(tip)} is on {short} already: compared with its parent.",)


def _short(revision: str) -> str:
    """
    >>> _short("c244e65618aa"), _short("refs/remotes/origin/main")
    ('c244e65618', 'refs/remotes/origin/main')
    """
    return revision if "/" in revision else revision[:10]
