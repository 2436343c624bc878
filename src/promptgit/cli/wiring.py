"""Builds what a command needs, from the repository, the config and the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from promptgit.config import Config, EvalFile, ModelChoice, parse_config, parse_eval_file, places
from promptgit.core.dataset import Dataset
from promptgit.core.prompt import Prompt, included_paths
from promptgit.edges.git import Git
from promptgit.edges.work_tree import WorkTree
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.edges.cache import SqliteAnswers


@dataclass(frozen=True)
class Repository:
    """The repository where the user stands, and its settings."""

    git: Git
    config: Config
    model_was_typed: bool = False

    @classmethod
    def open(cls, *, model: str | None = None) -> Repository:
        """Find it and read its config; `model` is what `--model` says."""
        git = Git.discover(Path.cwd())
        tree = WorkTree(git)
        config = parse_config(tree.read(places.CONFIG_FILE) or b"", user_config())
        return cls(git, config.with_model(model) if model else config, bool(model))

    @cached_property
    def tree(self) -> WorkTree:
        return WorkTree(self.git)

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """The paths of all prompts, as the config means them."""
        return tuple(p for p in self.tree.files() if places.matches(p, self.config.prompts))

    def prompt_path(self, name: str) -> str:
        """
        Turn what the user typed into a path from the top level.

        A path as seen from where they stand comes first; then the name of a prompt, with or
        without its suffix: `support-reply` is `prompts/support-reply.md`.
        """
        path = normpath(join(self.git.prefix, name.replace(os.sep, "/")))
        if os.path.isabs(name):
            path = Path(os.path.relpath(name, self.git.cwd)).as_posix()
        if self.tree.is_file(path) or self._tracked(path):
            return path
        named = [p for p in self.prompts if name in (p, Path(p).name, Path(p).stem)]
        if len(named) == 1:
            return named[0]
        if named:
            raise UserError(
                f"{name!r} could be {' or '.join(named)}", hint="write the path of the one you mean"
            )
        raise UserError(f"there is no prompt {name!r}", hint=self._near(name))

    def eval_file(self, path: str) -> EvalFile:
        """The eval file beside a prompt, or what goes without one."""
        found = places.eval_file(path, self.tree.is_file)
        return parse_eval_file(self.tree.read(found) or b"", found) if found else EvalFile()

    def prompt(self, path: str, revision: str | None = None) -> Prompt:
        """
        Read a prompt with its includes: as Git has it at `revision`, or would store it now.

        An include is looked up beside the prompt first, then from the top level.
        """
        template = self.eval_file(path).template or self.config.template
        text, blob = self._source(path, revision)
        includes: dict[str, str] = {}
        if template == "jinja":
            self._include(text, path, revision, includes)
        return Prompt(text, blob, Path(path).stem, includes, template)

    def cases(self, path: str, eval_file: EvalFile, *, file: str | None = None) -> Dataset:
        """The cases of a prompt: from `file` (as typed), or where the eval file says."""
        from promptgit.edges import cases
        from promptgit.edges.columns import Columns
        from promptgit.edges.rows import Row

        columns = Columns(eval_file.columns, eval_file.inputs)
        if file is not None:
            found = cases.read(Path(file), columns=columns, delimiter=eval_file.delimiter)
        elif eval_file.inline:
            rows = (Row(case.line, case.values) for case in eval_file.inline)
            found = cases.from_rows(rows, eval_file.file, columns=columns)
        else:
            beside = eval_file.cases or places.case_file(path, self.tree.is_file)
            if not beside:
                raise UserError(
                    f"{path} has no cases",
                    hint=f"write {Path(path).with_suffix('.csv').as_posix()} with a header like "
                    "`input,expected`, or name a file with --cases",
                )
            file_path = self.git.cwd / beside
            found = cases.read(
                file_path, name=beside, columns=columns, delimiter=eval_file.delimiter
            )
        return _tagged(found, eval_file.tags)

    def model_choice(self, asked: EvalFile) -> ModelChoice:
        """`--model` first, then the eval file, then the config."""
        return self.config.model if self.model_was_typed or not asked.model else asked.model

    def store(self) -> SqliteAnswers:
        from promptgit.edges.cache import SqliteAnswers

        return SqliteAnswers(self.git.state_dir / "cache.db")

    def _source(self, path: str, revision: str | None) -> tuple[str, str]:
        if revision is None:
            data, blob = self.tree.as_stored(path)
        else:
            commit = self.git.resolve(revision)
            found = self.git.blob_at(commit, path)
            if found is None:
                raise UserError(
                    f"{path} is not in {revision}", hint=f"`promptgit log {path}` lists where it is"
                )
            data, blob = self.git.blob(found), found
        return decoded(data, path), blob

    def _include(self, text: str, within: str, revision: str | None, found: dict[str, str]) -> None:
        for name in included_paths(text):
            if name in found:
                continue
            for place in (normpath(join(dirname(within), name)), normpath(name)):
                if not place.startswith("..") and self._exists(place, revision):
                    found[name], _ = self._source(place, revision)
                    self._include(found[name], place, revision, found)
                    break
            else:
                raise UserError(
                    f"{within} includes {name!r}, and there is no such file",
                    hint="an include is looked up beside the prompt, then from the top level",
                )

    def _exists(self, path: str, revision: str | None) -> bool:
        if revision is None:
            return self.tree.is_file(path)
        return self.git.blob_at(self.git.resolve(revision), path) is not None

    def _tracked(self, path: str) -> bool:
        if path.startswith(".."):
            return False
        return bool(self.git.read("ls-files", "-z", "--", path))

    def _near(self, name: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, [*self.prompts, *(Path(p).stem for p in self.prompts)], n=1)
        if close:
            return f"did you mean {close[0]!r}?"
        if self.prompts:
            return f"there are: {', '.join(self.prompts[:8])}"
        return "`promptgit init` finds prompts, or says where to put them"


def user_config() -> bytes:
    """The user's own config file, empty when there is none."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    try:
        return (Path(home) / "promptgit" / "config.yaml").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise UserError(f"your own config cannot be read: {error}") from error


def decoded(data: bytes, path: str) -> str:
    """Decode a prompt; raise UserError with the offset of what is not UTF-8 text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: byte {error.start} is not UTF-8", hint="save the file as UTF-8 without BOM"
        ) from error
    if "\0" in text:
        raise UserError(f"{path}: byte {data.index(0)} is NUL", hint="a prompt is text")
    return text


def _tagged(cases: Dataset, tags: tuple[str, ...]) -> Dataset:
    if not tags:
        return cases
    return replace(cases, cases=tuple(c for c in cases if set(tags) & set(c.tags)))
