"""Assertions that surely bind: fewer than do bind, and none that does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from promptgit import plugins
from promptgit.errors import UserError
from promptgit.evaluate import obvious
from promptgit.evaluate.obvious import is_obvious
from promptgit.evaluate.options import parameters_of
from promptgit.evaluate.suite import LONGEST_NAME, NEGATION, Assertion, bind

VALUES: tuple[Any, ...] = (
    *(None, "", " ", "x", "(", "{", '"a', "file://x.py", 3, -1, 0.5, True),
    *([], ["x"], ["a", 1], [["x"]]),
    *({}, {"min": 1}, {"max": 3}, {"min": 4, "max": 3}, {"max": -1}, {"max": True}, {"mx": 1}),
)
THRESHOLDS = (None, -1, 0, 0.5, 1, 2)
EVERY = [*plugins.SCORERS, "equal", "not-equals", "not-cost"]


def binds(entry: dict[str, Any]) -> bool:
    nobody = SimpleNamespace(name="", identity=SimpleNamespace(digest=""))
    given = {"judge": nobody, "embedder": nobody, "allow_code": True, "read_file": lambda path: ""}
    own = {key: value for key, value in entry.items() if key in obvious.OWN_KEYS}
    options = {key: value for key, value in entry.items() if key not in obvious.OWN_KEYS}
    try:
        bind([Assertion(**own, options=options)], plugins.scorer, injected=given)
    except UserError:
        return False
    return True


@pytest.mark.parametrize("name", EVERY)
def test_what_is_obvious_binds(name: str):
    entries = [
        {"type": name, "value": value, "threshold": threshold}
        for value in VALUES
        for threshold in THRESHOLDS
        # Whether a schema is one is left to `eval`.
        if not (name in obvious.SCHEMA and isinstance(value, dict))
    ]
    options = ("ignore_case", "strip", "fence", "ordered", "graded", "timeout_s", "judge")
    entries += [
        {"type": name, option: value} for option in options for value in (True, "no", 3, None)
    ]
    entries += [{"type": name, "metric": metric} for metric in ("x", "a\nb", "x" * 61)]

    assert [entry for entry in entries if is_obvious(entry) and not binds(entry)] == []


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "equals"},
        {"type": "not-contains", "value": "{{ order_id }}", "weight": 2, "metric": "tone"},
        {"type": "equals", "strip": True, "ignore_case": False},
        {"type": "contains-any", "value": ["a", "b"]},
        {"type": "word-count", "value": {"max": 60}},
        {"type": "llm-rubric", "value": "is kind", "threshold": 0.5},
        {"type": "cost", "threshold": 0.01},
        {"type": "is-json", "value": {"type": "object"}, "fence": True},
        {"type": "json-fields", "ordered": False},
    ],
)
def test_what_most_files_hold_is_obvious(entry: dict[str, Any]):
    assert is_obvious(entry)


def test_names_and_options_are_those_of_the_scorers():
    flags = {**obvious.TEXT, **obvious.SCHEMA}
    known = {*flags, *obvious.LIST, *obvious.LIMIT, obvious.WORDS}
    theirs = {
        name: {
            option
            for option, parameter in parameters_of(plugins.scorer(name)).items()
            if isinstance(parameter.default, bool)
        }
        for name in known
    }

    assert known < set(plugins.SCORERS)
    assert theirs == {name: set(flags.get(name, ())) for name in known}
    assert (obvious.NEGATION, obvious.LONGEST_NAME) == (NEGATION, LONGEST_NAME)
