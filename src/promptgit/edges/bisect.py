"""
The commits that a bisect searches, read from Git at once.

The search itself needs neither `git bisect` nor a work tree: the graph comes from one `git
rev-list`, and every text is read as a blob.  So the user's files, index, HEAD and refs stay as
they are, a bisect of the user's own may be in progress, and a bare repository will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.history.bisect import Suspect


@dataclass(frozen=True)
class Since(Commits):
    """A history that ends where `good` is reached."""

    good: str = ""  # full commit id

    def log(
        self, tips: Sequence[str], paths: Sequence[str], *, renames: bool = False
    ) -> Iterator[bytes]:
        return super().log((*tips, f"^{self.good}"), paths, renames=renames)


def suspects(git: Git, bad: str, good: str, paths: Sequence[str]) -> tuple[Suspect, ...]:
    """
    List the commits that `bad` reaches, `good` does not, and that touch any of `paths`.

    Parents come before children.  Git joins each to the nearest one before it, and leaves out
    the side of a merge that the merge made nothing of.
    """
    asked = ("rev-list", "--parents", "--topo-order", "--reverse", bad, f"^{good}", "--", *paths)
    lines = (line.split() for line in git.text(*asked).splitlines())
    return tuple(Suspect(commit, tuple(parents)) for commit, *parents in lines)


def refuse_unordered(git: Git, bad: str, good: str) -> None:
    """Raise UserError unless `bad` came after `good`."""
    if good == bad:
        raise UserError(
            f"--good and --bad are one commit, {good[:12]}", hint="`promptgit log` lists others"
        )
    if git.succeeds("merge-base", "--is-ancestor", good, bad):
        return
    if git.succeeds("merge-base", "--is-ancestor", bad, good):
        raise UserError(f"--good {good[:12]} came after --bad {bad[:12]}", hint="exchange the two")
    if git.succeeds("merge-base", good, bad):
        base = git.text("merge-base", good, bad)
        raise UserError(
            f"--good {good[:12]} is not behind --bad {bad[:12]}, but on a branch beside it",
            hint=f"where they parted may be good too: --good {base[:12]}",
        )
    raise UserError(
        f"no history here leads from --good {good[:12]} to --bad {bad[:12]}",
        hint="in a shallow clone, `git fetch --unshallow` fetches it",
    )
