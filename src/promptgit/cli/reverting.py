"""What taking a change of a prompt back would bring: the text, its score, and what goes too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptgit.cli import past
from promptgit.core.prompt import blob_id
from promptgit.core.revision import Revision
from promptgit.errors import UserError
from promptgit.history import revert
from promptgit.history.choice import choose, confirmation
from promptgit.history.log import Change, RawCommit, follow, parse_log
from promptgit.history.revert import Reversal


@dataclass(frozen=True)
class Asked:
    """What is to be taken back, or gone back to."""

    here: past.Here
    commit: str
    to: bool

    def only_prompt(self) -> str:
        _, wanted = past.prompts()
        changes = self._commit().changes
        paths = [change.path for change in changes if wanted(change.path)]
        if len(paths) == 1:
            return paths[0]
        number = f"{len(paths)} prompts" if paths else "no prompt"
        raise UserError(
            f"{self.commit[:12]} changes {number}",
            hint=f"name one: {', '.join(paths)}" if paths else "name the prompt after REV",
        )

    def reversal(self, path: str, tip: str) -> Reversal:
        """Work out the text that comes back to `path` at `tip`."""
        here = self.here
        before = here.commits.blob_at(tip, path)
        if before is None:
            raise UserError(
                f"there is no {path!r} in {tip[:12]}", hint="was it renamed, or deleted?"
            )
        later = list(self._later(tip, path))
        data = self._as_of(path, later) if self.to else self._without(path, before, later)
        text = _decoded(data, path)
        after = blob_id(data, len(before))
        if after == before:
            raise UserError(
                f"{path} would not change", hint=f"`promptgit log {path}` shows its history"
            )
        found = here.judge.findings(tip, path, after)
        drops = tuple(revision for revision, _ in later) if self.to else ()
        known = choose(found, before, before=here.judge.findings(tip, path, before))
        proof = confirmation(found)
        return Reversal(path, self.commit, self.to, before, after, text, known, drops, proof)

    def _later(self, tip: str, path: str) -> Iterator[tuple[Revision, Change]]:
        """Changes of the prompt that `tip` reaches and the commit does not, newest first."""
        here = self.here
        newer = here.commits.only_in(tip, self.commit)
        for commit, change in follow(here.commits, tip, path):
            if commit.id in newer:
                yield here.judge.revision(commit, change), change

    def _without(self, path: str, before: str, later: list[tuple[Revision, Change]]) -> bytes:
        """The text without the commit's change; raise UserError where others built on it."""
        commits, commit = self.here.commits, self._commit()
        change = self._change(commit, path, later)
        base, restored = change.after, revert.undoable(commit, change, commits.shallow)
        if base == before:
            return commits.blob(restored)
        merged = commits.merged(*(commits.blob(blob) for blob in (before, base, restored)))
        if merged is None:
            drops = [revision for revision, _ in later]
            raise revert.conflicting(commit, path, drops)
        return merged

    def _as_of(self, path: str, later: list[tuple[Revision, Change]]) -> bytes:
        blobs = (self.here.commits.blob_at(self.commit, name) for name in _names(path, later))
        blob = next((blob for blob in blobs if blob), None)
        if blob is None:
            raise UserError(
                f"there is no {path!r} in {self.commit[:12]}",
                hint=f"`promptgit log {path}` lists the commits that hold it",
            )
        return self.here.commits.blob(blob)

    def _change(self, commit: RawCommit, path: str, later: list[tuple[Revision, Change]]) -> Change:
        changes = (commit.change_of(name) for name in _names(path, later))
        found = next((change for change in changes if change), None)
        if found is None:
            raise UserError(
                f"{commit.id[:12]} does not change {path}",
                hint=f"`promptgit log {path}` lists the commits that do",
            )
        return found

    def _commit(self) -> RawCommit:
        return next(parse_log(self.here.commits.alone([self.commit])))


def _names(path: str, later: list[tuple[Revision, Change]]) -> list[str]:
    """What the prompt is called now, and what it was called before later renames."""
    return [path, *(change.old_path for _, change in later if change.old_path)]


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} of that text is not UTF-8") from error
