"""Builds what a command needs, from the repository, the config and the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from promptgit.cli import formed_files, pipeline_files, telling
from promptgit.config import Config, EvalFile, ModelChoice, parse_config, parse_eval_file, places
from promptgit.core.dataset import Dataset
from promptgit.core.naming import name_of
from promptgit.core.prompt import Prompt, TemplateKind, inclusions
from promptgit.edges.git import Git
from promptgit.edges.snapshot import Snapshot
from promptgit.edges.work_tree import WorkTree
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.edges.cache import SqliteAnswers
    from promptgit.edges.columns import Columns

SHOWN = 8  # of what there is, in a hint
DEEPEST = 20  # includes of includes
LONGEST = 10_000_000  # bytes of a prompt; no model reads as much, and every case would send it


@dataclass(frozen=True)
class Repository:
    """The repository where the user stands, and its settings."""

    git: Git
    config: Config
    model_was_typed: bool = False
    revision: str = ""  # read as of this one (full object id); empty: the work tree

    @classmethod
    def open(cls, *, model: str | None = None) -> Repository:
        """Find it and read its config; `model` is what `--model` says."""
        return cls.at(Git.discover(Path.cwd()), "", model=model)

    @classmethod
    def at(cls, git: Git, commit: str, *, model: str | None = None) -> Repository:
        """The repository as of a commit (full object id), or as its files are now."""
        tree = Snapshot(git, commit) if commit else WorkTree(git)
        if tree.is_file("promptgit.yml"):
            raise UserError(
                "promptgit.yml is not read: the config is called promptgit.yaml",
                hint="git mv promptgit.yml promptgit.yaml",
            )
        written = tree.read(places.CONFIG_FILE)
        telling.fact(f"config: {places.CONFIG_FILE}, {_read_or_not(written)}")
        config = parse_config(written or b"", user_config())
        return cls(git, config.with_model(model) if model else config, bool(model), commit)

    @cached_property
    def tree(self) -> Snapshot | WorkTree:
        """Its files."""
        return Snapshot(self.git, self.revision) if self.revision else WorkTree(self.git)

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """The paths of all prompts, as the config means them."""
        return tuple(filter(self.means, self.tree.files()))

    def means(self, path: str) -> bool:
        """Say whether a file is a prompt, or a pipeline of prompts; not every build is one."""
        if not self.is_pipeline(path):
            return places.matches(path, self.config.prompts)
        return places.names_prompts(self.tree.read(path) or b"")

    def is_pipeline(self, path: str) -> bool:
        return places.is_pipeline(path, self.config.pipelines)

    def prompt_path(self, name: str) -> str:
        """
        Turn what the user typed into a path from the top level.

        A path as seen from where they stand comes first; then the name of a prompt, or the end
        of its path, with or without suffix: `support-reply` is `prompts/support-reply.md`.  A
        case file or an eval file stands for the prompt that it lies beside.
        """
        found = self.find_prompt(name)
        if found:
            return found
        raise UserError(f"there is no prompt {name!r}", hint=self._near(name))

    def which(self, command: str) -> UserError:
        """The error for a command that was given no prompt: it names those that there are."""
        only = f"promptgit {command} {self.prompts[0]}" if len(self.prompts) == 1 else ""
        return UserError("which prompt?", hint=only or self._near(""))

    def find_prompt(self, name: str) -> str | None:
        """As `prompt_path`, but None when there is no such prompt; raise UserError for several."""
        path = normpath(join(self.git.prefix, name.replace(os.sep, "/")))
        if os.path.isabs(name):
            path = Path(os.path.relpath(name, self.git.cwd)).as_posix()
        if not self.git.bare and (self.git.cwd / path).is_dir():
            raise UserError(f"{name!r} is a folder, not a prompt", hint=self._near(name))
        if self.tree.is_file(path) or self._tracked(path):
            return self._meant_by(path)
        return called(name, self.prompts)

    def _meant_by(self, path: str) -> str:
        """A case file or an eval file stands for the prompt that it lies beside, and is none."""
        prompt = places.prompt_beside(path, self.tree.is_file, self.config.pipelines)
        meant = prompt != path or self.config.means(path)
        if not meant and path.endswith(places.CASE_SUFFIXES) and not places.is_yaml_prompt(path):
            raise UserError(
                f"{path} is no prompt, and none lies beside it",
                hint=f"name the prompt itself; cases go with --cases; {self._near(path)}",
            )
        return prompt

    def eval_file(self, path: str) -> EvalFile:
        """The eval file beside a prompt, or what goes without one: what the prompt's own says."""
        found = places.eval_file(path, self.tree.is_file)
        telling.fact(f"eval file of {path}: {found or 'none'}")
        if not found:
            return formed_files.own_eval_file(self.tree, path)
        return parse_eval_file(self.tree.read(found) or b"", found)

    def prompt(
        self, path: str, revision: str | None = None, *, template: TemplateKind | None = None
    ) -> Prompt:
        """
        Read a prompt with its includes: as Git has it at `revision`, or would store it now.

        An include is looked up beside the prompt first, then from the top level.  `template`
        says what the eval file would, where that lies beside another name of the prompt.
        """
        template = template or self.eval_file(path).template or self.config.template
        if not (revision or self.revision) and self._conflicts(path):
            raise UserError(
                f"{path} has a conflict that nobody has settled yet",
                hint=f"edit it, then `git add {path}`; --ref HEAD takes it as it was",
            )
        if self.is_pipeline(path):
            return pipeline_files.read(self, path, revision, template)
        text, blob = self.source(path, revision)
        form, filled = formed_files.told(path, text)
        includes: dict[str, str] = {}
        if template == "jinja":
            self._include(filled, (path,), revision, includes)
        source = revision or "the work tree, as Git would store it"
        with_them = f", with {', '.join(includes)}" if includes else ""
        telling.fact(f"prompt: {path}, blob {blob}, from {source}{with_them}")
        return Prompt(text, blob, name_of(path), includes, template, form)

    def _from_top(self, file: str) -> str:
        """Name a file as the repository does, wherever the user stands; one outside stays so."""
        top, place = self.git.cwd.resolve(), Path(file).resolve()
        return place.relative_to(top).as_posix() if place.is_relative_to(top) else file

    def cases(self, path: str, eval_file: EvalFile, *, file: str | None = None) -> Dataset:
        """The cases of a prompt: from `file` (as typed), or where the eval file says."""
        from promptgit.edges import cases
        from promptgit.edges.columns import Columns
        from promptgit.edges.rows import Row

        columns = Columns(eval_file.columns, eval_file.inputs, eval_file.json_inputs)
        if file is not None:
            found = cases.read(Path(file), columns=columns, delimiter=eval_file.delimiter)
            found = replace(found, name=self._from_top(found.name))
        elif eval_file.inline:
            rows = (Row(case.line, case.values) for case in eval_file.inline)
            found = cases.from_rows(rows, eval_file.file, columns=columns)
        else:
            beside = eval_file.cases or places.case_file(path, self.tree.is_file)
            if eval_file.cases and not self.tree.is_file(eval_file.cases):
                raise UserError(
                    f"{eval_file.file}: there is no file {eval_file.cases} in this repository",
                    hint="`cases:` is a path relative to the eval file; is it committed?",
                )
            if not beside:
                raise UserError(
                    f"{path} has no cases",
                    hint=f"write {places.stem_of(path)}.csv with a header like "
                    "`input,expected`, or name a file with --cases",
                )
            found = self._read_cases(beside, columns, eval_file.delimiter)
        if self.is_pipeline(path):
            found = pipeline_files.without_references(found, self.source(path, None)[0], path)
        for said in eval_file.left_out if not self.revision else ():
            telling.warning(f"note: {said}")
        if file is None:
            _check_must_pass(found, eval_file)
        found = _tagged(found, eval_file)
        telling.fact(
            f"cases: {found.name}, {len(found)} of them, sha256:{found.digest}, "
            f"{len(found.dropped)} rows left out"
        )
        return found

    def model_choice(self, asked: EvalFile) -> ModelChoice:
        """`--model` first, then the eval file, then the config."""
        return self.config.model if self.model_was_typed or not asked.model else asked.model

    def refuse_ignored(self, path: str, who: str) -> None:
        """Raise UserError when Git ignores a file that `who` wants: it would reach a model."""
        if isinstance(self.tree, WorkTree) and self.tree.is_ignored(path):
            raise UserError(
                f"{who}, which Git ignores",
                hint=f"it could be sent to a model; if it may be, track it: git add -f {path}",
            )

    def store(self) -> SqliteAnswers:
        from promptgit.edges.cache import SqliteAnswers

        path = self.git.state_dir / "cache.db"
        telling.fact(f"cache: {path}")
        return SqliteAnswers(path)

    def _read_cases(self, path: str, columns: Columns, delimiter: str) -> Dataset:
        from promptgit.edges import cases

        if self.git.bare or self.revision:
            data = self.tree.read(path) or b""
            return cases.parse(data, path, columns=columns, delimiter=delimiter)
        return cases.read(self.git.cwd / path, name=path, columns=columns, delimiter=delimiter)

    def source(self, path: str, revision: str | None) -> tuple[str, str]:
        """The text and the blob id of a file: at `revision`, or as Git would store it now."""
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

    def _include(
        self, text: str, chain: tuple[str, ...], revision: str | None, found: dict[str, str]
    ) -> None:
        """Collect what `text` includes into `found`; `chain` leads from the prompt to it."""
        within = chain[-1]
        for inclusion in inclusions(text):
            name, place = self.first(inclusion.names, within, revision)
            if not place and inclusion.optional:
                continue
            if not place:
                raise UserError(
                    f"{within} includes {' or '.join(map(repr, inclusion.names))}, "
                    "and there is no such file",
                    hint="an include is looked up beside the prompt, then from the top level",
                )
            if revision is None:
                self.refuse_ignored(place, f"{within} includes {name!r}")
            if place in chain:
                raise UserError(
                    f"{place} includes itself: {' -> '.join((*chain, place))}",
                    hint="take one of these includes out",
                )
            if len(chain) > DEEPEST:
                raise UserError(
                    f"{chain[0]} includes more than {DEEPEST} files within one another",
                    hint=f"put the text of {place} into {within}",
                )
            if name not in found:
                found[name], _ = self.source(place, revision)
                self._include(found[name], (*chain, place), revision, found)

    def first(self, names: Iterable[str], within: str, revision: str | None) -> tuple[str, str]:
        """Return the first of `names` that is a file, and its path; two empty texts for none."""
        for name in names:
            for path in (normpath(join(dirname(within), name)), normpath(name)):
                if not path.startswith(("..", "/")) and self.exists(path, revision):
                    return name, path
        return "", ""

    def exists(self, path: str, revision: str | None) -> bool:
        """Say whether there is such a file: at `revision`, or now."""
        if revision is None:
            return self.tree.is_file(path)
        return self.git.blob_at(self.git.resolve(revision), path) is not None

    def _tracked(self, path: str) -> bool:
        if path.startswith(".."):
            return False
        return bool(self.git.read("ls-files", "-z", "--", path))

    def _conflicts(self, path: str) -> bool:
        return isinstance(self.tree, WorkTree) and path in self.tree.unmerged

    def _near(self, name: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, [*self.prompts, *(name_of(p) for p in self.prompts)], n=1)
        if close:
            return f"did you mean {close[0]!r}?"
        if self.prompts:
            more = f" and {len(self.prompts) - SHOWN} more" if len(self.prompts) > SHOWN else ""
            return f"there are: {', '.join(self.prompts[:SHOWN])}{more}"
        return "`promptgit init` finds prompts, or says where to put them"


def called(name: str, prompts: Iterable[str]) -> str | None:
    """
    Return the one of `prompts` (paths) that is called `name`; None when none is.

    Raises UserError when several are.

    >>> called("reply", ["prompts/reply.md", "prompts/de/hello.md"])
    'prompts/reply.md'
    >>> called("de/hello", ["prompts/reply.md", "prompts/de/hello.md"])
    'prompts/de/hello.md'
    """
    wanted = f"/{name.replace(os.sep, '/')}"
    named = [
        path
        for path in prompts
        if f"/{path}".endswith(wanted)
        or f"/{path.removesuffix(Path(path).suffix)}".endswith(wanted)
        or f"/{places.stem_of(path)}".endswith(wanted)
    ]
    if len(named) > 1:
        raise UserError(
            f"{name!r} could be {' or '.join(named)}", hint="write the path of the one you mean"
        )
    return named[0] if named else None


def user_config() -> bytes:
    """The user's own config file, empty when there is none."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    path = Path(home) / "promptgit" / "config.yaml"
    written: bytes | None
    try:
        written = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        written = None
    except OSError as error:
        raise UserError(f"your own config cannot be read: {error}") from error
    telling.fact(f"config: {path}, {_read_or_not(written)}")
    return written or b""


def _read_or_not(written: bytes | None) -> str:
    return "not there" if written is None else "read"


def decoded(data: bytes, path: str) -> str:
    """Decode a prompt; raise UserError for what is too long, or where it is not UTF-8 text."""
    if len(data) > LONGEST:
        raise UserError(
            f"{path} has {len(data) / 1e6:.0f} MB, and a prompt at most {LONGEST / 1e6:.0f}",
            hint="is it another file?",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: byte {error.start} is not UTF-8", hint="save the file as UTF-8 without BOM"
        ) from error
    if "\0" in text:
        raise UserError(f"{path}: byte {data.index(0)} is NUL", hint="a prompt is text")
    return text


def _tagged(cases: Dataset, asked: EvalFile) -> Dataset:
    if not asked.tags:
        return cases
    kept = tuple(case for case in cases if set(asked.tags) & set(case.tags))
    if not kept:
        raise UserError(
            f"{asked.file}: no case has a tag of `tags: [{', '.join(asked.tags)}]`",
            hint=_tags_there_are(cases),
        )
    return replace(cases, cases=kept)


def _check_must_pass(cases: Dataset, asked: EvalFile) -> None:
    """A name that is misspelt would guard nobody."""
    known = {name for case in cases for name in (case.id, *case.tags)} if asked.must_pass else ()
    for name in asked.must_pass:
        if name not in known:
            raise UserError(
                f"{asked.file}: `must_pass` names {name!r}, which is no id and no tag of a case",
                hint=_tags_there_are(cases),
            )


def _tags_there_are(cases: Dataset) -> str:
    tags = sorted({tag for case in cases for tag in case.tags})
    if not tags:
        return f"no case in {cases.name} has a tag"
    return f"tags in {cases.name}: {', '.join(tags[:SHOWN])}"
