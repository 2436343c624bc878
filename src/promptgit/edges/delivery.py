"""
Improvements reach the branch: one commit, one file, one parent each; all of them or none.

On the branch that is checked out, the file is replaced and `git commit --only` runs as the user
would run it, hooks and signing included; other staged and unstaged work stays as it is.
Elsewhere the commits are made without a work tree, and the branch moves once.  Evaluating took
minutes: everything that was true before is checked again.

A prompt with several hard links is replaced under its own name only: the other names keep the
old text.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from promptgit.edges import plumbing
from promptgit.edges.git import Git, GitFailed
from promptgit.edges.lock import lock
from promptgit.edges.plumbing import Commit
from promptgit.edges.unfinished import (
    Unfinished,
    finish,
    folder,
    load,
    refuse_index_lock,
    undo,
)
from promptgit.edges.work_file import read, replace
from promptgit.edges.workspace import (
    Base,
    refuse_checked_out_elsewhere,
    refuse_unclean,
    refuse_unfinished,
)
from promptgit.errors import UserError

PATIENCE_S = 300.0  # with another delivery, whose hooks may be slow


def deliver(git: Git, base: Base, commits: Sequence[Commit]) -> tuple[str, ...]:
    """
    Commit the chain on the branch of `base`, oldest first; return the commits' ids.

    Other commits may have come on top of `base`, as long as none changed this prompt.  Raises
    UserError when the prompt changed meanwhile, or a hook refuses; then everything is as it was.
    """
    _refuse_broken_chain(git, base, commits)
    doing = f"deliver {base.path}"
    with lock(git.state_dir / "locks", "delivery", doing=doing, wait_s=PATIENCE_S):
        if base.attached:
            return tuple(_through_work_tree(git, base, commits))
        return tuple(_through_objects(git, base, commits))


def recover(git: Git) -> tuple[str, ...]:
    """
    Restore or finish the deliveries that were cut short; say, a sentence each, what was done.

    Raises UserError when Git's own lock is left behind: only a person can tell that no git is
    running any more.
    """
    if not any(folder(git).glob("*.json")):
        return ()
    done = []
    with lock(git.state_dir / "locks", "delivery", doing="recover", wait_s=PATIENCE_S):
        for place in sorted(folder(git).glob("*.json")):
            plan = load(place)
            if Path(plan.top).is_dir():
                there = Git.discover(Path(plan.top))
                refuse_index_lock(there)
                done.append(finish(there, plan) or undo(there, plan, rescue=False))
            place.unlink()
    return tuple(done)


def _refuse_broken_chain(git: Git, base: Base, commits: Sequence[Commit]) -> None:
    before = base.blob
    for commit in commits:
        if commit.path != base.path or commit.before_blob != before:
            raise UserError(
                f"the changes of {commit.path} do not follow each other",
                hint="run the command again, on the prompt as it is now",
            )
        plumbing.verify_message(git, commit.message)
        before = plumbing.blob_of(git, commit.text)


def _through_objects(git: Git, base: Base, commits: Sequence[Commit]) -> list[str]:
    refuse_checked_out_elsewhere(git, base.ref, here=False)
    old = plumbing.tip(git, base.ref)
    parent = _same_text(git, base, old or base.commit)
    signs = plumbing.signs(git)
    made: list[str] = []
    for commit in commits:
        message = plumbing.run_commit_msg_hook(git, commit.message)
        worded = dataclasses.replace(commit, message=message)
        made.append(plumbing.make_commit(git, parent, worded, sign=signs))
        plumbing.verify_commit(git, made[-1], parent, commit)
        parent = made[-1]
    if not plumbing.move(git, base.ref, parent, old, f"promptgit: improve {base.path}"):
        raise UserError(
            f"{base.ref} moved while the improvement was being committed",
            hint="run the command again; nothing was changed",
        )
    return made


def _through_work_tree(git: Git, base: Base, commits: Sequence[Commit]) -> Iterator[str]:
    refuse_unfinished(git)
    refuse_unclean(git, base.path)
    if _head(git) != base.ref:
        raise UserError(
            f"{base.ref.removeprefix('refs/heads/')} is no longer checked out here",
            hint="switch back to it and run the command again",
        )
    parent = _same_text(git, base, plumbing.tip(git, base.ref))
    refuse_checked_out_elsewhere(git, base.ref, here=True)
    plan = _plan(git, base, parent, commits)
    with _all_or_nothing(git, plan):
        made = []
        for number, commit in enumerate(commits):
            _write(git, plan, number)
            made.append(_commit(git, base, parent, commit))
            _refuse_rewritten(git, plan, number)
            parent = made[-1]
    yield from made


def _plan(git: Git, base: Base, parent: str, commits: Sequence[Commit]) -> Unfinished:
    before, mode = read(git.cwd / base.path)
    return Unfinished(
        top=str(git.cwd),
        path=base.path,
        ref=base.ref,
        parent=parent,
        before=before,
        mode=mode,
        blobs=tuple(plumbing.blob_of(git, commit.text) for commit in commits),
        subjects=tuple(commit.message.split("\n", 1)[0] for commit in commits),
        contents=tuple(_as_checked_out(git, base.path, commit.text) for commit in commits),
        token=secrets.token_hex(4),
    )


@contextmanager
def _all_or_nothing(git: Git, plan: Unfinished) -> Iterator[None]:
    """Put everything back unless the block ends well; the plan on disk serves after a crash."""
    plan.save(git)
    finished = False
    try:
        yield
        finished = True
    finally:
        if not finished:
            undo(git, plan, rescue=True)
        plan.forget(git)


def _write(git: Git, plan: Unfinished, number: int) -> None:
    previous = plan.contents[number - 1] if number else plan.before
    content = plan.contents[number]
    replace(git, plan.path, content, plan.mode, expected=previous, temporary=plan.temporary)


def _commit(git: Git, base: Base, parent: str, commit: Commit) -> str:
    words = ("commit", "--quiet", "--only", "--no-status", "--cleanup=verbatim", "-F", "-")
    try:
        git.write(
            *("-c", "commit.verbose=false", *words, "--", f":(top,literal){base.path}"),
            stdin=commit.message.encode(),
            environment={"GIT_LITERAL_PATHSPECS": "0"},  # hooks use patterns, and inherit this
        )
    except GitFailed as error:
        raise plumbing.hook_refused(error) from error
    made = plumbing.tip(git, base.ref)
    plumbing.verify_commit(git, made, parent, commit)
    return made


def _refuse_rewritten(git: Git, plan: Unfinished, number: int) -> None:
    if read(git.cwd / plan.path)[0] != plan.contents[number]:
        raise UserError(
            f"a hook rewrote {plan.path} after the commit",
            hint="keep formatters away from prompts, or format the prompt first",
        )


def _same_text(git: Git, base: Base, commit: str) -> str:
    """Return `commit`, which holds the text that was measured; raise UserError otherwise."""
    if plumbing.entry(git, commit, base.path) != (base.mode, base.blob):
        raise UserError(
            f"stale base: {base.path} changed in {base.ref.removeprefix('refs/heads/')} meanwhile",
            hint="run the command again, on the prompt as it is now",
        )
    return commit


def _head(git: Git) -> str:
    try:
        return git.text("symbolic-ref", "--quiet", "HEAD")
    except GitFailed:
        return ""


def _as_checked_out(git: Git, path: str, text: str) -> bytes:
    """Return what Git would write into the work tree for `text`: line ends, encoding, filters."""
    blob = plumbing.store(git, text)
    return git.write("cat-file", "--filters", f"--path={path}", blob)
