"""
Evidence as Git notes: for those who read history with plain Git, never a source of ours.

Notes are made from records and can be made again at any time; what counts is looked up by blob.
One writer at a time: Git itself loses notes that two processes write at once.
"""

from __future__ import annotations

from promptgit.edges import plumbing
from promptgit.edges.git import Git, GitFailed
from promptgit.errors import WorldError

REF = "refs/notes/promptgit"  # git log --notes=promptgit shows them


def attach(git: Git, commit: str, text: str) -> bool:
    """Put a note on a commit, instead of what was there; say whether that changed anything."""
    blob = plumbing.store(git, text)
    listed = ("notes", f"--ref={REF}", "list", commit)
    if git.succeeds(*listed) and git.text(*listed) == blob:
        return False
    git.write("notes", f"--ref={REF}", "add", "--force", "-C", blob, commit)
    return True


def fetch(git: Git, remote: str) -> None:
    """Take over the notes of a remote that has some; raise WorldError if it is out of reach."""
    try:
        listed = git.write("ls-remote", "--quiet", "--", remote, REF)
        if listed.strip():
            git.write("fetch", "--quiet", "--no-tags", "--", remote, f"+{REF}:{REF}")
    except GitFailed as error:
        raise _unreachable(remote, error) from error


def push(git: Git, remote: str) -> None:
    """Push the notes; raise WorldError when somebody else pushed meanwhile."""
    try:
        git.write("push", "--quiet", "--no-follow-tags", "--", remote, f"{REF}:{REF}")
    except GitFailed as error:
        raise _unreachable(remote, error) from error


def _unreachable(remote: str, error: GitFailed) -> WorldError:
    return WorldError(
        f"{remote}: {error.message}", hint="run it again; only one job at a time may write notes"
    )
