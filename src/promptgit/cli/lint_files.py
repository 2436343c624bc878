"""
The files that lint reads, straight from the disk: no Git is asked for a file that is named.

A hook names the staged files, and pre-commit has put what is not staged aside, so the file in
the work tree is the one that will be committed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from posixpath import dirname

from promptgit.cli.lint_settings import config_faults, eval_faults, run_by_eval, troubles
from promptgit.config import places
from promptgit.config.glance import LintConfig, LintEval, lint_config, lint_eval
from promptgit.errors import UserError
from promptgit.lint.files import MAX_BYTES
from promptgit.lint.finding import Place
from promptgit.lint.subject import Asked, Numbered, Subject

HEAD = 512  # bytes that are read of a huge file


@dataclass(frozen=True)
class Tree:
    """The files below one folder: a work tree, or where the user stands when there is none."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> Tree | None:
        """Find the work tree that a folder is in; None when it is in none."""
        for place in (folder, *folder.parents):
            if (place / ".git").exists():
                return cls(place)
        return None

    @cached_property
    def config(self) -> LintConfig:
        if self.is_file("promptgit.yml"):
            raise UserError(
                "promptgit.yml is not read: the config is called promptgit.yaml",
                hint="git mv promptgit.yml promptgit.yaml",
            )
        return lint_config(self.read(places.CONFIG_FILE) or b"")

    def means(self, path: str) -> bool:
        """Say whether a file is a prompt, or a pipeline of prompts."""
        if not places.is_pipeline(path, self.config.pipelines):
            return places.matches(path, self.config.prompts)
        return places.names_prompts(self.read(path) or b"")

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file below the top; None when there is none."""
        if not self.is_file(path):
            return None
        try:
            return (self.top / path).read_bytes()
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error

    def text(self, path: str) -> str | None:
        """Return what an include of `path` brings; of bytes that are no text, what can be read."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8", "replace")

    def is_file(self, path: str) -> bool:
        """Say whether there is a file, below the top and outside of `.git`, links followed."""
        place = os.path.join(self.top, path)
        if not os.path.isfile(place):
            return False
        found = os.path.realpath(place)
        inside = os.path.relpath(found, self._real_top).split(os.sep)
        return inside[0] != ".." and not any(part.lower() == ".git" for part in inside)

    @cached_property
    def _real_top(self) -> str:
        return os.path.realpath(self.top)

    def twins(self, path: str) -> tuple[str, ...]:
        """List paths on this disk that other file systems cannot tell from `path`."""
        found = [""]
        for part in path.split("/"):
            wanted = folded(part)
            found = [
                f"{folder}{name}/"
                for folder in found
                for name in _names_in(self.top / folder)
                if folded(name) == wanted
            ]
        return tuple(twin for name in found if (twin := name[:-1]) != path)


def subject(
    tree: Tree,
    path: str,
    *,
    twins: Callable[[str], tuple[str, ...]] = lambda path: (),
    is_included: Callable[[str], bool] = lambda path: False,
) -> Subject:
    """Read one prompt with all that rules look at; raise UserError when there is no such file."""
    place = tree.top / path
    link = os.readlink(place) if place.is_symlink() else ""
    data, size = (b"", 0) if link else _content(place, path)
    asked, is_template = Asked(), tree.config.is_template
    if not link:
        asked, is_template = _asked(tree, path, is_template)
    wrong = None
    if not link and places.is_pipeline(path, tree.config.pipelines):
        from promptgit.cli.lint_pipelines import faults

        wrong = faults(tree, path, asked)
    lonely = not asked.eval_file and not asked.case_file
    return Subject(
        path=path,
        data=data,
        size=size,
        link=link,
        twins={name: twins(name) for name in (path, asked.eval_file, asked.case_file) if name},
        is_template=is_template,
        is_included=lonely and is_included(path),
        asked=asked,
        pipeline=wrong,
        read=tree.text,
    )


def settings(tree: Tree) -> Subject:
    """Read `promptgit.yaml`, to be looked at like a prompt by the rule on it."""
    data = tree.read(places.CONFIG_FILE) or b""
    return Subject(places.CONFIG_FILE, settings=config_faults(data, tree.read))


def is_included_nearby(tree: Tree, path: str) -> bool:
    """Say whether a text file in the same folder, or in one above, includes `path`."""
    folder, name = dirname(path), path.rpartition("/")[2]
    while True:
        for other in _names_in(tree.top / folder):
            near = f"{folder}/{other}" if folder else other
            if near == path or not other.endswith(places.PROMPT_SUFFIXES):
                continue
            text = tree.text(near) if (tree.top / near).is_file() else None
            if text and "{%" in text and name in text:
                found = Subject(near, text.encode(), len(text.encode()), read=tree.text)
                if any(part.path == path for part in found.included):
                    return True
        if not folder:
            return False
        folder = dirname(folder)


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """Return what macOS and Windows go by: no case, one form of each accent."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _content(place: Path, path: str) -> tuple[bytes, int]:
    """Return (bytes, size on disk); of a huge file only the head."""
    try:
        found = place.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path} is not a regular file", hint="name a text file")
        with place.open("rb") as file:
            if found.st_size > MAX_BYTES:
                return file.read(HEAD), found.st_size
            data = file.read()
            return data, len(data)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"there is no file {path}", hint="is the path right?") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _asked(tree: Tree, path: str, is_template: bool) -> tuple[Asked, bool]:
    """Read the eval file and the cases of a prompt; what goes wrong there is a finding."""
    file = ""
    try:
        file = places.eval_file(path, tree.is_file) or ""
        found = lint_eval(tree.read(file) or b"", file) if file else LintEval()
    except UserError as error:
        if file:
            return Asked(file, refused=troubles(error, file)), is_template
        return Asked(trouble=troubles(error, path)[0]), is_template
    if found.is_template is not None:
        is_template = found.is_template
    if not file and path.endswith(places.YAML_PROMPTS):
        found, file = _own(tree, path)
    try:
        asked = _with_cases(tree, path, found)
    except UserError as error:
        trouble = troubles(error, found.cases or found.file or path)[0]
        asked = Asked(file, found.cases, trouble=trouble)
    run = run_by_eval([row.case for row in asked.cases])
    refused = eval_faults(found, run, tree.read, case_file=asked.case_file)
    return asked._replace(refused=refused), is_template


def _own(tree: Tree, path: str) -> tuple[LintEval, str]:
    """What a GitHub Models file says of its own cases; nothing where it cannot be read."""
    from promptgit.cli.formed_files import own_eval_file

    try:
        own = own_eval_file(tree, path)
    except UserError:
        return LintEval(), ""
    return LintEval(own.file, inline=tuple((c.line, c.values) for c in own.inline)), own.file


def _with_cases(tree: Tree, path: str, found: LintEval) -> Asked:
    cases = found.cases or places.case_file(path, tree.is_file) or ""
    if not cases and not found.inline:
        return Asked(found.file)
    from promptgit.edges import cases as reading
    from promptgit.edges.columns import Columns
    from promptgit.edges.rows import Row, rows

    columns = Columns(found.columns, found.inputs, found.json_inputs)
    if found.inline:
        cases = found.file
        written = reading.as_written((Row(*row) for row in found.inline), cases, columns)
    elif not tree.is_file(cases):
        raise UserError(
            f"{found.file}:{found.cases_line}: there is no file {cases} in this repository",
            hint="`cases:` is a path relative to the eval file",
        )
    else:
        with (tree.top / cases).open("rb") as stream:
            lines = rows(stream, cases, delimiter=found.delimiter)
            written = reading.as_written(lines, cases, columns)
    played = written.roles
    return Asked(
        eval_file=found.file,
        case_file=cases,
        cases=tuple(Numbered(line, case) for line, case in written.cases),
        inputs=tuple(played.inputs) if played else (),
        main_input=played.main_input if played else "",
        hidden=("expected", *played.parts.values(), *played.reference) if played else (),
        must_pass=tuple(
            (name, Place(found.file, at.line, at.column)) for name, at in found.must_pass
        ),
    )


def _names_in(folder: Path) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(folder))
    except OSError:
        return
