"""A rule: a name that stays, how much it matters, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from promptgit.lint.finding import Mark, Severity
from promptgit.lint.subject import Subject


class Rule(NamedTuple):
    """The docstring of `check` is what `--explain` prints."""

    name: str  # a promise: configs, comments and dashboards hold it
    severity: Severity
    says: str  # what is wrong, for lists
    check: Callable[[Subject], Iterator[Mark]]
    fixable: bool = False  # at least sometimes

    @property
    def why(self) -> str:
        from inspect import cleandoc

        return cleandoc(self.check.__doc__ or "")
