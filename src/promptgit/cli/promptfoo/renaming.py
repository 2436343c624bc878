"""Variables of a promptfoo config whose names play a part in our case files get another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from promptgit.cli.promptfoo.nunjucks import holes, renamed
from promptgit.cli.promptfoo.prompts import Found
from promptgit.cli.promptfoo.source import Source
from promptgit.cli.promptfoo.tests import Test, Written
from promptgit.edges.columns import PARTS


def without_clashes(
    source: Source, found: Sequence[Found], every: Sequence[Test]
) -> tuple[list[Found], list[Test]]:
    """
    Call a variable `id` `id_value`, in prompts, tests and assertions, and note it.

    `expected` may stay what a case expects, unless a prompt shows it to the model.
    """
    used = {name for test in every for name in test.variables} & set(PARTS)
    shown = frozenset[str]().union(*(one.holes for one in found))
    blank = any(not test.variables.get("expected", "").strip() for test in every)
    if "expected" not in shown and not blank:
        used.discard("expected")
    if not used:
        return list(found), list(every)
    names = {name: f"{name}_value" for name in sorted(used)}
    for name, new in names.items():
        source.lose(
            f"{source.config}:1",
            f"the variable {name}",
            f"`{name}` has a meaning here: it is {new}",
        )
    return [_prompt(one, names) for one in found], [_test(test, names) for test in every]


def _prompt(one: Found, names: Mapping[str, str]) -> Found:
    if not one.holes & names.keys():
        return one
    text = renamed(one.text, names)
    asked = frozenset(names.get(name, name) for name in one.holes)
    return replace(one, text=text, holes=asked if one.is_chat else asked | holes(text), path="")


def _test(test: Test, names: Mapping[str, str]) -> Test:
    return replace(
        test,
        variables={names.get(name, name): value for name, value in test.variables.items()},
        default=tuple(Written(_value(one.entry, names), one.where) for one in test.default),
        own=tuple(Written(_value(one.entry, names), one.where) for one in test.own),
    )


def _value(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _value(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_value(one, names) for one in value]
    return renamed(value, names) if isinstance(value, str) else value
