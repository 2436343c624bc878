"""
A delivery that was cut short: what it was about to do, and the way back.

The plan is on disk before the first byte of the prompt changes.  Whoever comes next, after a
`kill -9` or a power cut, restores what is half done or finishes what only lacks its last step.
No edit of the user's is lost: what nobody planned stays where it is, or is kept as a copy.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.edges.work_file import read, replace, write_new
from promptgit.errors import UserError, WorldError


@dataclass(frozen=True)
class Unfinished:
    """The plan of one delivery through the work tree."""

    top: str  # of the work tree
    path: str  # of the prompt
    ref: str
    parent: str  # where the ref was
    before: bytes  # the work-tree file as it was
    mode: int  # its permission bits
    blobs: tuple[str, ...]  # of each commit's text
    subjects: tuple[str, ...]
    contents: tuple[bytes, ...]  # of the work-tree file at each commit
    token: str

    @property
    def temporary(self) -> str:
        return f".promptgit-{self.token}"

    def save(self, git: Git) -> None:
        facts = asdict(self)
        facts["before"] = _as_text(self.before)
        facts["contents"] = [_as_text(content) for content in self.contents]
        place = self._place(git)
        draft = place.with_suffix(".new")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(facts, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        except OSError as error:
            raise WorldError(f"{place} cannot be written: {error.strerror}") from error

    def forget(self, git: Git) -> None:
        self._place(git).unlink(missing_ok=True)

    def _place(self, git: Git) -> Path:
        return folder(git) / f"{self.token}.json"


def undo(git: Git, plan: Unfinished, *, rescue: bool) -> str:
    """
    Put branch, index and file back; return a sentence that says what was done.

    A file that holds neither the old text nor one of ours is replaced when `rescue` is set, and
    a copy of it kept; otherwise it stays.
    """
    place = git.cwd / plan.path
    place.with_name(plan.temporary).unlink(missing_ok=True)
    tip = plumbing.tip(git, plan.ref)
    made = _ours(git, plan, tip)
    if made and not plumbing.move(git, plan.ref, plan.parent, tip, "promptgit: take back"):
        made = ()
    elif not made and tip != plan.parent:
        return f"{plan.path}: other commits came meanwhile; the branch stays as it is"
    _restore_index(git, plan, whatever_it_holds=rescue)
    content = read(place)[0] if place.is_file() else None
    if content == plan.before:
        return f"{plan.path}: the delivery that was cut short had changed nothing"
    if content not in plan.contents and not rescue:
        return f"{plan.path} holds an edit of yours; it was left as it is"
    _put_back(git, plan, content)
    return f"{plan.path}: a delivery was cut short; the file is as it was before"


def _put_back(git: Git, plan: Unfinished, content: bytes | None) -> None:
    """Write the old text over `content`, of which a copy is kept if nobody planned it."""
    if content is None:
        write_new(git.cwd / plan.path, plan.before, plan.mode)
        return
    if content not in plan.contents:
        _keep_copy(git, plan, content)
    wanted = (git, plan.path, plan.before, plan.mode)
    replace(*wanted, expected=content, temporary=plan.temporary)


def finish(git: Git, plan: Unfinished) -> str:
    """If every commit is on the branch and as planned, bring the index along; else return ''."""
    tip = plumbing.tip(git, plan.ref)
    commits = _between(git, plan.parent, tip)
    blobs = tuple(plumbing.entry(git, commit, plan.path)[1] for commit in commits)
    if blobs[: len(plan.blobs)] != plan.blobs:
        return ""
    place = git.cwd / plan.path
    untouched = place.is_file() and read(place)[0] == plan.contents[-1]
    if untouched and plumbing.entry(git, tip, plan.path)[1] == plan.blobs[-1]:
        git.write("reset", "--quiet", "--", plan.path)
    return f"{plan.path}: a delivery was cut short after its last commit; it is complete now"


def _ours(git: Git, plan: Unfinished, tip: str) -> tuple[str, ...]:
    """The commits of this delivery, if nothing else came on the branch since it began."""
    commits = _between(git, plan.parent, tip)
    if len(commits) > len(plan.blobs):
        return ()
    for commit, blob, subject in zip(commits, plan.blobs, plan.subjects, strict=False):
        first = plumbing.message_of(git, commit).split("\n", 1)[0]
        if plumbing.entry(git, commit, plan.path)[1] != blob and first != subject:
            return ()
    return commits


def _between(git: Git, parent: str, tip: str) -> tuple[str, ...]:
    """The commits from `parent` to `tip`, oldest first; empty unless each has one parent."""
    listed = git.text("rev-list", "--reverse", "--parents", tip, f"^{parent}", "--")
    rows = [line.split() for line in listed.split("\n") if line]
    expected = parent
    for row in rows:
        if row[1:] != [expected]:
            return ()
        expected = row[0]
    return tuple(row[0] for row in rows)


def _restore_index(git: Git, plan: Unfinished, *, whatever_it_holds: bool) -> None:
    """Let the index hold what HEAD holds, if it holds one of our texts."""
    staged = git.text("ls-files", "--stage", "--", plan.path).split()
    if whatever_it_holds or (len(staged) > 1 and staged[1] in plan.blobs):
        git.write("reset", "--quiet", "--", plan.path)


def refuse_index_lock(git: Git) -> None:
    """Raise UserError when a git that was killed left its lock behind."""
    left = Path(git.text("rev-parse", "--path-format=absolute", "--git-path", "index.lock"))
    if left.exists():
        raise UserError(
            f"a delivery was cut short, and {left} is left behind",
            hint="if no git is running, remove that file and run the command again",
        )


def _keep_copy(git: Git, plan: Unfinished, content: bytes) -> None:
    rescued = git.state_dir / "rescued"
    rescued.mkdir(parents=True, exist_ok=True)
    (rescued / f"{plan.token}-{Path(plan.path).name}").write_bytes(content)


def folder(git: Git) -> Path:
    """Where plans are, until they are carried out."""
    return git.state_dir / "deliveries"


def load(place: Path) -> Unfinished:
    """Read a plan; raise UserError when it is of another version."""
    try:
        facts = json.loads(place.read_text(encoding="utf-8"))
        return Unfinished(**_typed(facts))
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{place} is not a delivery that this version knows",
            hint="look at `git status` and `git log`, then remove that file",
        ) from error


def _typed(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **facts,
        "before": base64.b64decode(facts["before"]),
        "blobs": tuple(facts["blobs"]),
        "subjects": tuple(facts["subjects"]),
        "contents": _contents(facts["contents"]),
    }


def _contents(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(text) for text in texts)


def _as_text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
