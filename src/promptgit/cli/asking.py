"""What was asked of `improve`: as typed, or as the journal of an interrupted run has it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from promptgit import plugins
from promptgit.config import Config
from promptgit.config.settings import named
from promptgit.errors import UserError
from promptgit.improve.improve import Strategy

DEFAULT_ROUNDS = 12  # for the estimate, of a strategy that does not say
PATIENCE = ("patience", "tries")  # options: rounds in vain before a strategy gives up
SEVERAL = ("patches", "changes", "patterns", "children")  # options: edits that one request asks for


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one `improve`; None where nothing was typed."""

    prompt: str | None = None
    run: str | None = None  # to resume: an id, its beginning, a prompt, or `latest`
    strategy: str | None = None
    rounds: int | None = None
    patience: int | None = None
    target: float | None = None
    budget: str | None = None
    min_effect: float | None = None
    branch: str | None = None
    squash: bool = False
    seed: int = 0
    model: str | None = None
    mentor: str | None = None
    file: str | None = None
    allow_code: bool = False
    no_outputs: bool = False
    for_all: bool = False
    step: str | None = None
    options: Mapping[str, Any] | None = None  # of the strategy, in JSON's terms; not from a flag

    @classmethod
    def of(cls, prompt: str | None, run: str | None, typed: Mapping[str, Any]) -> Asked:
        """Read a command line."""
        return cls(prompt=prompt, run=run, **typed)

    def resumed(self, facts: Mapping[str, Any], run: str, *, top: str) -> Asked:
        """
        Return what the run was asked for; only where to deliver and the budget may be new.

        `top` is the folder that the paths in `facts` start from.  Raises UserError for another
        option that is not as it was: a run that is resumed decides as it did.
        """
        was = Asked(**facts)
        was = replace(was, run=run, file=was.file and str(Path(top, was.file)))
        now = self._from_top(top)
        for option in fields(self):
            typed = getattr(now, option.name)
            if option.name in _MAY_CHANGE or typed == option.default:
                continue
            if typed != facts[option.name]:
                raise UserError(
                    f"run {run} was asked for {_flag(option.name)} {facts[option.name]}",
                    hint="a resumed run takes a new --budget or --branch only; leave the rest out",
                )
        return replace(
            was,
            prompt=str(Path(top, was.prompt or "")),
            budget=self.budget or was.budget,
            branch=self.branch or was.branch,
            squash=self.squash or was.squash,
        )

    def placed(self, path: str, *, top: str) -> Asked:
        """The same with paths from the repository's top, wherever the user stood."""
        return replace(self._from_top(top), prompt=path)

    def _from_top(self, top: str) -> Asked:
        if self.file is None:
            return self
        return replace(self, file=os.path.relpath(os.path.abspath(self.file), top))

    @property
    def facts(self) -> dict[str, Any]:
        """The same in JSON's terms, for a journal."""
        return {**asdict(self), "run": None}

    def applied(self, config: Config) -> Config:
        """Lay what was typed over the config."""
        improve = config.improve
        typed = {"rounds": self.rounds, "patience": self.patience, "target": self.target}
        written = improve.options
        if self.strategy and self.strategy != improve.strategy:  # those of another strategy stay
            fitting = options_of(self.strategy)
            written = {name: value for name, value in written.items() if name in fitting}
        written = {**written, **(self.options or {})}
        options = {**written, **{k: v for k, v in typed.items() if v is not None}}
        improve = replace(
            improve,
            strategy=self.strategy or improve.strategy,
            options=options,
            min_effect=improve.min_effect if self.min_effect is None else self.min_effect,
        )
        mentor = named(self.mentor) if self.mentor else config.own_mentor
        return replace(config, improve=improve, own_mentor=mentor)


def options_of(strategy: str) -> list[str]:
    """List the options that a strategy takes; raise PluginNotFound."""
    return [
        name
        for name, parameter in inspect.signature(plugins.strategy(strategy)).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]


def strategy_of(config: Config) -> Strategy:
    """Bind a strategy's options; raise UserError for one that it does not take."""
    found: Callable[..., Any] = plugins.strategy(config.improve.strategy)
    takes = options_of(config.improve.strategy)
    for name in config.improve.options:
        if name not in takes:
            raise UserError(
                f"the strategy {config.improve.strategy!r} takes no option {name!r}",
                hint=f"it takes {', '.join(takes)}",
            )
    return partial(found, **config.improve.options)


_MAY_CHANGE = ("prompt", "run", "budget", "branch", "squash")


def _flag(name: str) -> str:
    return f"--{'cases' if name == 'file' else name.replace('_', '-')}"


def rounds_of(config: Config) -> int:
    """How many requests the strategy may make to the mentor, as far as it says."""
    return _option(config, "rounds") or DEFAULT_ROUNDS


def patience_of(config: Config) -> int | None:
    """After how many rounds in a row without a gain the strategy gives up, if it ever does."""
    found = (_option(config, name) for name in PATIENCE)
    return next((rounds for rounds in found if rounds is not None), None)


def texts_a_round(config: Config) -> int:
    """How many edits one request asks for, as far as the strategy says."""
    return max(_option(config, name) or 1 for name in SEVERAL)


def _option(config: Config, name: str) -> int | None:
    """A whole number that a strategy is given, or takes by default; None where it takes none."""
    found = inspect.signature(plugins.strategy(config.improve.strategy)).parameters.get(name)
    default = found.default if found and isinstance(found.default, int) else None
    given = config.improve.options.get(name, default)
    return given if isinstance(given, int) else default
