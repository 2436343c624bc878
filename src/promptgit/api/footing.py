"""Where a call stands: the repository around it or none, its settings, and what it may spend."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from promptgit.api.own import (
    Cases,
    ModelLike,
    OwnScorer,
    Scorers,
    assertion,
    dataset,
    listed,
    own_model,
    with_functions,
)
from promptgit.api.values import Prompt, shown_as
from promptgit.cli.bench import Bench
from promptgit.cli.halting import haltable
from promptgit.cli.pipeline_files import called, model_for
from promptgit.cli.wiring import Repository, user_config
from promptgit.config import Config, EvalFile, parse_config, places
from promptgit.core import prompt as prompts
from promptgit.core.dataset import Dataset
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.ports import Answer, AnswerStore, Model
from promptgit.core.verdict import Policy
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.evaluate.pipelines import StepModels
from promptgit.evaluate.suite import Suite

Place = str | os.PathLike[str]


class Memory:
    """Keeps answers as long as the call: there is no repository to keep them in."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Answer | None:
        with self._lock:
            return self._answers.get(key)

    def put(self, key: str, answer: Answer) -> None:
        with self._lock:
            self._answers[key] = answer


@dataclass(frozen=True)
class Subject:
    """One prompt, and what its files say about it."""

    prompt: Prompt
    path: str = ""  # from the top level; empty: no file of this repository is known to be it
    eval_file: EvalFile = field(default_factory=EvalFile)


@dataclass(frozen=True)
class Footing:
    """Everything that a call shares: read once, called from many threads."""

    repository: Repository | None
    config: Config
    store: AnswerStore
    budget: Budget

    @classmethod
    def at(
        cls,
        repo: Place | None,
        *,
        model: ModelLike | None = None,
        budget: str | Budget | None = None,
        needs_repository: bool = False,
    ) -> Footing:
        """
        Find the repository around `repo`, or around where the process stands.

        Without one the user's own settings hold; raises UserError where one is needed.
        """
        named = model if isinstance(model, str) else None
        if repo is not None or needs_repository or _stands_in_one():
            repository = repository_at(repo, model=named)
            config, store = repository.config, repository.store()
            return cls(repository, config, store, purse(budget, config))
        config = parse_config(b"", user_config())
        config = config.with_model(named) if named else config
        return cls(None, config, Memory(), purse(budget, config))

    @property
    def bench(self) -> Bench:
        return Bench(self.config, self.store, self.budget)

    def subject(self, prompt: str | prompts.Prompt, ref: str | None, *, alone: bool) -> Subject:
        """
        Find the prompt and its eval file; `alone`: nothing that lies beside it is wanted.

        A Prompt is the file that is called as it is, where there is just one; one of a text alone
        has no name of its own, and is none.
        """
        repository = self.repository
        if isinstance(prompt, prompts.Prompt):
            if ref is not None:
                raise UserError("a Prompt has its revision", hint="leave `ref` out, or give a name")
            shown = shown_as(Prompt, prompt)
            path = "" if alone or repository is None else _called(prompt.name, repository)
            if repository is None or not path:
                return Subject(shown)
            return Subject(shown, path, repository.eval_file(path))
        if "\n" in prompt or "{{" in prompt:
            raise UserError(
                "this is the text of a prompt, not the name of one",
                hint="write promptgit.Prompt.of(text)",
            )
        assert repository is not None, "a name needs a repository"
        path = repository.prompt_path(prompt)
        found = shown_as(Prompt, repository.prompt(path, ref))
        return Subject(found, path, repository.eval_file(path))

    def cases(self, subject: Subject, cases: Cases | None) -> Dataset:
        """The cases that were given, or those that lie beside the prompt."""
        asked = subject.eval_file
        if cases is not None:
            return dataset(cases, asked.columns, asked.inputs, asked.json_inputs)
        if self.repository is None or not subject.path:
            raise UserError(
                f"there are no cases for the prompt {subject.prompt.name!r}",
                hint='give them: cases=[{"input": "…", "expected": "…"}], or the path of a file',
            )
        return self.repository.cases(subject.path, asked)

    def suite(
        self, subject: Subject, cases: Dataset, scorers: Scorers | None, *, allow_code: bool
    ) -> Suite:
        """Bind the scorers that were given, or those that the files ask for."""
        asked = subject.eval_file
        if scorers is None:
            return self.bench.suite(self.repository, asked, cases, allow_code=allow_code)
        written, functions = [], list[OwnScorer]()
        for scorer in listed(scorers):
            if isinstance(scorer, str | Mapping):
                written.append(assertion(scorer))
            elif callable(scorer):
                functions.append(scorer)
            else:
                raise UserError(
                    f"{scorer!r} is no scorer",
                    hint='give {"type": "contains", "value": "…"} or a function of case and output',
                )
        if not written and not functions:
            raise UserError("no scorer was given, so nothing would be measured")
        bound = None
        if written:
            where = ("scorers",) * len(written)
            asked = replace(asked, assertions=tuple(written), places=where)
            bound = self.bench.suite(self.repository, asked, cases, allow_code=allow_code)
        return with_functions(bound, functions) if functions else _there(bound)

    def model(self, subject: Subject, model: ModelLike | None, *, allow_code: bool) -> Model:
        """
        The model by name, which remembers its answers; or the caller's own, which is asked anew.

        Nobody knows when a function of the caller's was changed, so its answers are not kept.  A
        model that is given answers all steps of a pipeline.
        """
        prompt = subject.prompt
        if model is None or isinstance(model, str):
            asked = EvalFile() if model else subject.eval_file
            choice = asked.model or self.config.model
            if self.repository is None:
                return self.bench.model(choice, "model")
            return model_for(self.bench, self.repository, prompt, choice, allow_code=allow_code)
        own = haltable(Metered(own_model(model), self.budget))
        if prompt.form != PIPELINE:
            return own
        return StepModels(own, {}, called if allow_code else None)

    def policy(self, subject: Subject) -> Policy:
        """The rules by which this prompt may be replaced."""
        asked = subject.eval_file
        return self.config.policy(asked.must_pass, asked.quarantine, asked.check)


def repository_at(repo: Place | None, *, model: str | None = None) -> Repository:
    """Open the repository around `repo`, or around where the process stands."""
    return Repository.at(Git.discover(Path(repo or Path.cwd()).absolute()), "", model=model)


def _called(name: str, repository: Repository) -> str:
    """The path of the one prompt of this name; empty where there is none, or several."""
    if name == prompts.Prompt.of("").name:
        return ""
    found = [p for p in repository.prompts if PurePosixPath(places.stem_of(p)).name == name]
    return found[0] if len(found) == 1 else ""


def purse(budget: str | Budget | None, config: Config) -> Budget:
    """What may be spent: as asked, or as the config says; a Budget is shared with others."""
    if isinstance(budget, Budget):
        return budget
    if not isinstance(budget, str | None):
        raise UserError(f"{budget!r} is no budget", hint='write "2usd", "500calls" or a Budget')
    return Budget(Cap.read(budget) if budget else config.budget)


def _stands_in_one() -> bool:
    here = Path.cwd()
    return any((folder / ".git").exists() for folder in (here, *here.parents))


def _there(suite: Suite | None) -> Suite:
    assert suite is not None
    return suite


def options_given(**options: Any) -> dict[str, Any]:
    """Leave out what nobody asked for."""
    return {name: value for name, value in options.items() if value is not None}
