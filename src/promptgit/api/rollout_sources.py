"""Where a process finds what is live: the rollout file of a repository, or a bundle."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.core.naming import stem_of
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.bundle import Served, Serving, read
from promptgit.flywheel.rollout import ROLLOUT_FILE

if TYPE_CHECKING:
    from promptgit.api.routed import Stamp
    from promptgit.cli.wiring import Repository
    from promptgit.edges.git import Git
    from promptgit.flywheel.rollout import Arm

MISSING = (0, 0, 0)
FOLDER = "prompts/"


class BundleFile:
    """A file that `promptgit bundle` wrote; reading it needs no Git, no YAML and no schema."""

    def __init__(self, place: Path) -> None:
        self._place = place.absolute()

    @property
    def name(self) -> str:
        return str(self._place)

    def stamp(self) -> Stamp:
        return _stamp_of(self._place)

    def read(self) -> Serving:
        try:
            data = self._place.read_bytes()
        except OSError as error:
            raise WorldError(
                f"{self._place} cannot be read: {error.strerror}",
                hint="write it with `promptgit bundle -o FILE`",
            ) from error
        return read(data, str(self._place))

    def called(self, prompt: str) -> str:
        """A bundle knows names alone; the folder is the usual one, or the prompt is another."""
        return stem_of(prompt).removeprefix(FOLDER)

    def unlisted(self, prompt: str) -> Prompt | None:
        """A bundle holds what is live, and nothing else."""
        return None


class WorkTreeFile:
    """`prompts/rollout.yaml` of a work tree, as it is there now; the texts come from Git."""

    def __init__(self, where: Path) -> None:
        """Find the repository around a folder; raise UserError where there is none."""
        from promptgit.edges.git import Git

        self._git: Git = Git.discover(where)
        if self._git.bare:
            raise UserError(
                f"{self._git.cwd} is a bare repository: it has no {ROLLOUT_FILE} to follow",
                hint="serve from a file that `promptgit bundle` writes",
            )
        self._watched: list[Path] = [self._git.cwd / ROLLOUT_FILE]
        self._texts: dict[tuple[str, Arm], Prompt] = {}

    @property
    def name(self) -> str:
        return str(self._watched[0])

    def stamp(self) -> Stamp:
        return tuple(map(_stamp_of, self._watched))

    def read(self) -> Serving:
        """Read the file; one that was there and is gone is an error, for nobody deploys that."""
        from promptgit.config.rollout_file import parse_rollouts

        place = self._watched[0]
        data = self._content(place)
        if data is None and self._texts:
            raise WorldError(f"{place} is gone")
        rollouts = parse_rollouts(data or b"", str(place))
        texts: dict[tuple[str, Arm], Prompt] = {}

        def text(prompt: str, arm: Arm) -> Prompt:
            from promptgit.cli.rollouts import prompt_of

            key = prompt, arm
            texts[key] = self._texts.get(key) or prompt_of(self._git, prompt, arm)
            return texts[key]

        found = {
            key: Served(
                one,
                text(one.prompt, one.stable),
                text(one.prompt, one.candidate) if one.candidate else None,
            )
            for key, one in rollouts.entries.items()
        }
        self._texts = texts
        return found

    def _content(self, place: Path) -> bytes | None:
        """What is in the file; None without one, and for a link out of the repository."""
        from promptgit.edges.work_tree import WorkTree
        from promptgit.edges.workspace import MAX_BYTES

        try:
            seen = os.stat(place)
        except OSError:
            return None
        if not stat.S_ISREG(seen.st_mode):
            raise WorldError(f"{place} cannot be read: it is no regular file")
        if seen.st_size > MAX_BYTES:
            raise WorldError(f"{place} has {seen.st_size:,} bytes, and may have {MAX_BYTES:,}")
        return WorkTree(self._git).read(ROLLOUT_FILE)

    def called(self, prompt: str) -> str:
        """Look the prompt up as it is now; one that has gone since is known by its name alone."""
        from promptgit.cli.rollouts import name_of
        from promptgit.cli.wiring import Repository

        repository = Repository.at(self._git, "")
        path = repository.find_prompt(prompt)
        return name_of(repository, path) if path else ""

    def unlisted(self, prompt: str) -> Prompt | None:
        """The prompt's own file as it is now, from here on watched as the rollout file is."""
        from promptgit.cli.wiring import Repository

        repository = Repository.at(self._git, "")
        path = repository.prompt_path(prompt)
        found = repository.prompt(path)
        self._watched += [self._git.cwd / one for one in _files(repository, path, found)]
        return found


def _files(repository: Repository, path: str, found: Prompt) -> Iterator[str]:
    yield path
    places = (repository.first((name,), path, None)[1] for name in found.includes)
    yield from filter(None, places)


def _stamp_of(place: Path) -> Stamp:
    try:
        seen = os.stat(place)
    except OSError:
        return MISSING
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
