"""
The work of a run as commits on `refs/promptgit/runs/<id>`: kept, whatever the branch does.

The commits are unsigned and dated by the run, so that a run that is resumed makes the same ones.
"""

from __future__ import annotations

from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.edges.plumbing import Commit
from promptgit.edges.runs import RunJournal
from promptgit.errors import UserError

FOLDER = "refs/promptgit/runs/"


def run_ref(git: Git, run: str) -> str:
    """The full name of the ref; raises UserError for what cannot be a run's id."""
    return f"{FOLDER}{RunJournal(git, run).run}"


def append_run(git: Git, run: str, commit: Commit, *, parent: str, when: str) -> str:
    """
    Commit on top of `parent` and move the run's ref there; return the commit's id.

    `when` is its date (ISO 8601).  A commit that the ref already holds is not made twice; raises
    UserError when the ref went another way.
    """
    ref = run_ref(git, run)
    plumbing.verify_message(git, commit.message)
    made = plumbing.make_commit(git, parent, commit, when=when)
    while True:
        tip = plumbing.tip(git, ref)
        if tip and git.succeeds("merge-base", "--is-ancestor", made, tip):
            return made
        if tip not in ("", parent):
            raise UserError(
                f"{ref} holds other work than this run's", hint="start a new run instead"
            )
        if plumbing.move(git, ref, made, tip, f"promptgit: run {run}"):
            return made


def run_tip(git: Git, run: str) -> str:
    """Return the newest commit of a run; empty when it has none."""
    return plumbing.tip(git, run_ref(git, run))


def run_tips(git: Git) -> dict[str, str]:
    """Map the runs that have commits to their newest, newest run first."""
    listed = git.text("for-each-ref", "--format=%(objectname) %(refname)", FOLDER)
    rows = (line.split(" ", 1) for line in listed.split("\n") if line)
    found = {name.removeprefix(FOLDER): commit for commit, name in rows}
    return dict(sorted(found.items(), reverse=True))


def delete_run(git: Git, run: str) -> bool:
    """Forget the commits of a run; False when there were none."""
    ref, tip = run_ref(git, run), run_tip(git, run)
    if tip:
        git.write("update-ref", "-d", ref, tip)
    return bool(tip)
