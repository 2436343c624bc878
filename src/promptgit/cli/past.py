"""What the history commands share: the repository, its records, and the prompt that is meant."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

import click

from promptgit.cli import console
from promptgit.core.pipeline import files_named
from promptgit.edges.archive import RecordReader
from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.edges.workspace import locate
from promptgit.history.evidence import Judge, places
from promptgit.history.log import Change
from promptgit.report.history_text import Styled

MOST_INCLUDED = 100  # files
JSON_HELP = "Print JSON; its keys are stable"


@dataclass(frozen=True)
class Here:
    """The repository around the current directory, opened for reading."""

    git: Git
    commits: Commits
    judge: Judge

    def path(self, given: str) -> str:
        """
        Turn what the user typed, a path or a prompt's name, into a path from the top.

        A case file or an eval file stands for the prompt that it lies beside in HEAD.
        A path that is in no commit is left as it is: history may know it all the same.  Raises
        UserError for a name that several prompts have.
        """
        from promptgit.cli.wiring import called
        from promptgit.config.places import prompt_beside

        located = locate(self.git, given)
        whole = "/" in given and PurePosixPath(given).suffix
        if whole or self.commits.blob_at("HEAD", located):
            return prompt_beside(located, lambda at: bool(self.commits.blob_at("HEAD", at)))
        names = self.git.read("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
        stem = PurePosixPath(given).stem
        tracked = [path for path in os.fsdecode(names).split("\0") if stem in path]
        if not tracked:
            return located
        _, wanted = prompts()
        return called(given, filter(wanted, tracked)) or located

    def included(self, revision: str, path: str) -> tuple[str, ...]:
        """The files that the prompt at `path` includes, directly or not, as of a commit."""
        found: list[str] = []
        waiting = [path]
        while waiting and len(found) < MOST_INCLUDED:
            within = waiting.pop()
            blob = self.commits.blob_at(revision, within)
            for name in files_named(within, self.text(blob)) if blob else ():
                at = (place for place in places(within, name) if place not in (path, *found))
                place = next((one for one in at if self.commits.blob_at(revision, one)), None)
                if place:
                    found.append(place)
                    waiting.append(place)
        return tuple(found)

    def parts(
        self, revisions: Iterable[str], path: str, changes: Iterable[Change]
    ) -> tuple[Change, ...]:
        """Of these changes, those of files that the prompt at `path` includes, or plays."""
        included = {place for revision in revisions for place in self.included(revision, path)}
        return tuple(change for change in changes if change.path in included)

    def text(self, blob: str) -> str:
        """The text of a prompt, to be read by a person: what is not UTF-8 is shown as `�`."""
        data = self.commits.blob(blob) if blob else b""
        return data.decode(errors="replace")


@contextmanager
def here() -> Iterator[Here]:
    git = Git.discover(Path.cwd())
    with Commits.open(git) as commits:
        archive = RecordReader(commits.reader, git.hex_digits // 2)
        yield Here(git, commits, Judge(archive, commits))


def prompts() -> tuple[tuple[str, ...], Callable[[str], bool]]:
    """The folders that the config looks for prompts in, and whether a path is one of them."""
    from promptgit.cli.wiring import Repository

    repository = Repository.open()
    patterns = (*repository.config.prompts, *repository.config.pipelines)
    return roots([one for one in patterns if not one.startswith("!")]), repository.means


def roots(patterns: Iterable[str]) -> tuple[str, ...]:
    """
    The folders that cover all patterns; none when that takes the whole repository.

    >>> roots(["prompts/**/*.{md,txt}", "bots/reply.md"])
    ('prompts', 'bots/reply.md')
    >>> roots(["prompts/*.md", "*.prompt"])
    ()
    """
    found = []
    for pattern in patterns:
        parts = pattern.removeprefix("./").split("/")
        plain_parts = list(takewhile(lambda part: not set(part) & set("*?{},"), parts))
        if not plain_parts:
            return ()
        found.append("/".join(plain_parts))
    return tuple(dict.fromkeys(found))


def show(lines: Iterable[Styled]) -> None:
    console.show_lines(lines)


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))
