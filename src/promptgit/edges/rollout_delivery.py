"""
A step of a rollout reaches the branch as one commit of `prompts/rollout.yaml` alone.

A file that is there is changed as a prompt is (`delivery`).  The first deploy makes it: the same
refusals, the same lock, the user's own hooks and signing, and nothing is left when one refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from promptgit.edges import plumbing
from promptgit.edges.delivery import PATIENCE_S, deliver
from promptgit.edges.git import Git, GitFailed
from promptgit.edges.lock import lock
from promptgit.edges.plumbing import Commit
from promptgit.edges.unfinished import refuse_index_lock
from promptgit.edges.work_file import write_new
from promptgit.edges.workspace import (
    Base,
    preflight,
    refuse_checked_out_elsewhere,
    refuse_unfinished,
)
from promptgit.errors import UserError
from promptgit.flywheel.rollout import ROLLOUT_FILE

PERMISSIONS = 0o644


def rollout_base(git: Git, *, branch: str | None = None) -> Base:
    """Find the rollout file as it is committed; raise UserError where no commit can be made."""
    return preflight(git, git.cwd / ROLLOUT_FILE, branch=branch, may_be_new=True)


def deliver_rollout(git: Git, base: Base, text: str, message: str) -> str:
    """
    Commit the new text of the rollout file on the branch of `base`; return the commit's id.

    Raises UserError when the file changed meanwhile, or a hook refuses; all is then as it was.
    """
    commit = Commit(base.path, base.blob, text, message)
    if base.blob or not base.attached:
        return deliver(git, base, [commit])[-1]
    plumbing.verify_message(git, message)
    with lock(git.state_dir / "locks", "delivery", doing=f"add {base.path}", wait_s=PATIENCE_S):
        return _added(git, base, commit)


def _added(git: Git, base: Base, commit: Commit) -> str:
    refuse_unfinished(git)
    refuse_index_lock(git)
    refuse_checked_out_elsewhere(git, base.ref, here=True)
    if git.text("symbolic-ref", "--quiet", "HEAD") != base.ref:
        raise UserError(
            f"{base.ref.removeprefix('refs/heads/')} is no longer checked out here",
            hint="switch back to it and run the command again",
        )
    parent = plumbing.tip(git, base.ref)
    blob = plumbing.store(git, commit.text)
    with _gone_unless_committed(git, base, parent):
        place = git.cwd / commit.path
        place.parent.mkdir(parents=True, exist_ok=True)
        content = git.write("cat-file", "--filters", f"--path={commit.path}", blob)
        write_new(place, content, PERMISSIONS)
        entry = f"{plumbing.NEW_FILE},{blob},{commit.path}"
        git.write("update-index", "--add", "--cacheinfo", entry)
        _commit(git, commit)
        made = plumbing.tip(git, base.ref)
        plumbing.verify_commit(git, made, parent, commit)
    return made


@contextmanager
def _gone_unless_committed(git: Git, base: Base, parent: str) -> Iterator[None]:
    """Take the new file away again, from branch, index and disk, unless the block ends well."""
    place = git.cwd / base.path
    if place.parent.is_symlink():
        raise UserError(
            f"{base.path}: its folder is a symbolic link",
            hint="make it a folder of this repository",
        )
    if place.exists():
        raise UserError(f"{base.path} has come to exist meanwhile", hint="run the command again")
    finished = False
    try:
        yield
        finished = True
    finally:
        if not finished:
            tip = plumbing.tip(git, base.ref)
            if tip != parent:
                plumbing.move(git, base.ref, parent, tip, "promptgit: take back")
            git.write("update-index", "--force-remove", "--", base.path)
            place.unlink(missing_ok=True)


def _commit(git: Git, commit: Commit) -> None:
    words = ("commit", "--quiet", "--only", "--no-status", "--cleanup=verbatim", "-F", "-")
    try:
        git.write(
            *("-c", "commit.verbose=false", *words, "--", f":(top,literal){commit.path}"),
            stdin=commit.message.encode(),
            environment={"GIT_LITERAL_PATHSPECS": "0"},  # hooks use patterns, and inherit this
        )
    except GitFailed as error:
        raise plumbing.hook_refused(error) from error
