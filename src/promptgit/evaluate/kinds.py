"""Which scorers a list of assertions asks for, those inside others and those of cases included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from promptgit.core.dataset import Case

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Assertion

NEGATION = "not-"
SET = "assert-set"


def kinds(assertions: Iterable[Assertion], cases: Iterable[Case] = ()) -> frozenset[str]:
    """
    Name the scorers, without `not-`.

    A set whose list is a hole takes it from the cases: then every column of theirs is looked
    through that could be such a list.
    """
    found: set[str] = set()
    for assertion in assertions:
        kind = assertion.type.removeprefix(NEGATION)
        found.add(kind)
        if kind == SET:
            inner = assertion.options.get("assert")
            found |= set(_within(inner))
            if isinstance(inner, str):
                found |= {name for case in cases for name in _in_case(case)}
    return frozenset(found)


def _in_case(case: Case) -> Iterator[str]:
    for text in case.columns.values():
        if text.startswith("[") and '"type"' in text:
            try:
                yield from _within(json.loads(text))
            except (ValueError, RecursionError):
                continue


def _within(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield str(entry.get("type")).removeprefix(NEGATION)
            yield from _within(entry.get("assert"))
        elif isinstance(entry, str):
            yield entry.removeprefix(NEGATION)
