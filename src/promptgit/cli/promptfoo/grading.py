"""
From the assertions of many tests to one `assert:` list, and the columns that fill its holes.

Where all tests assert alike, an assertion stands once and its value becomes a column.  Where each
asserts what it likes, it brings its list along, as JSON, in the column `__assert`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.cli.promptfoo.assertions import Entry, is_code, mapped, shape
from promptgit.cli.promptfoo.nunjucks import MARKS, filled
from promptgit.cli.promptfoo.source import Source
from promptgit.cli.promptfoo.tests import Test, Written
from promptgit.edges.columns import EXPECTED, folded
from promptgit.errors import UserError

OWN_LIST = "__assert"
ANSWERS = frozenset(
    ("equals", "contains", "icontains", "starts-with", "similar", "levenshtein")
)  # whose value is what a case expects


@dataclass
class Graded:
    """What goes into the eval file, and what into the cases."""

    entries: list[Entry] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)  # name → a value for each test


def graded(source: Source, tests: Sequence[Test], tools: Any) -> Graded:
    """Put the assertions of all tests together."""
    memo: dict[str, Entry | None] = {}

    def ours(test: Test, written: Sequence[Written]) -> list[Entry]:
        found = []
        for one in written:
            key = json.dumps([one.where, one.entry, test.transform], sort_keys=True, default=str)
            if key not in memo:
                memo[key] = _mapped(source, one, test, tools)
            found.append(memo[key])
        return [entry for entry in found if entry is not None]

    common = [ours(test, test.default) for test in tests]
    code = [entry for entry in common[0] if is_code(entry)] if tests else []
    if all(entry in entries for entry in code for entries in common):  # it stands for itself
        common = [[one for one in entries if one not in code] for entries in common]
    else:
        code = []
    own = [ours(test, test.own) for test in tests]
    if any(entries != common[0] for entries in common):
        own = [[*one, *other] for one, other in zip(common, own, strict=True)]
        common = [[] for _ in tests]
    thresholds = {test.threshold for test in tests}
    if len(thresholds) > 1:
        own = [
            _set([*one, *other], test.threshold)
            for test, one, other in zip(tests, common, own, strict=True)
        ]
        common = [[] for _ in tests]
    found = Graded(list(common[0]) if tests else [])
    if any(own) and not _lift(source, tests, own, found):
        _bring_along(source, tests, own, found)
    if len(thresholds) == 1:
        found.entries = _set(found.entries, next(iter(thresholds)))
    found.entries += code
    return found


def _mapped(source: Source, one: Written, test: Test, tools: Any) -> Entry | None:
    try:
        return mapped(source, one, test, tools)
    except UserError as error:
        source.lose(one.where, str(one.entry.get("type")), error.message)
        return None


def _set(entries: list[Entry], threshold: float | None) -> list[Entry]:
    """Make one check of all, which passes from `threshold` on; code stays outside of it."""
    inner = [entry for entry in entries if not is_code(entry)]
    if threshold is None or not inner:
        return entries
    code = [entry for entry in entries if is_code(entry)]
    return [{"type": "assert-set", "threshold": threshold, "assert": inner}, *code]


def _lift(source: Source, tests: Sequence[Test], own: Sequence[list[Entry]], found: Graded) -> bool:
    """Make columns of the values, if all tests assert alike; say whether they do."""
    if len({tuple(map(shape, entries)) for entries in own}) != 1:
        return False
    lifted: list[tuple[int, list[Any]]] = []
    for number in range(len(own[0])):
        values = [entries[number].get("value") for entries in own]
        if all(value == values[0] for value in values):
            continue
        if is_code(own[0][number]) or not all(
            isinstance(value, str | int | float) for value in values
        ):
            return False
        lifted.append((number, values))
    entries = [dict(entry) for entry in own[0]]
    for number, values in lifted:
        texts = [
            _filled(source, test, str(value)) for test, value in zip(tests, values, strict=True)
        ]
        name = _column(entries[number]["type"], texts, tests, found)
        found.columns[name] = texts
        entries[number]["value"] = f"{{{{ {name} }}}}"
    found.entries += entries
    return True


def _column(kind: str, texts: Sequence[str], tests: Sequence[Test], found: Graded) -> str:
    taken = {folded(name) for test in tests for name in test.variables}
    is_answer = kind in ANSWERS and all(text.strip() for text in texts)
    if is_answer and not taken & set(EXPECTED) and "expected" not in found.columns:
        return "expected"
    number = 1
    while f"__value{number}" in {*found.columns, *taken}:
        number += 1
    return f"__value{number}"


def _bring_along(
    source: Source, tests: Sequence[Test], own: Sequence[list[Entry]], found: Graded
) -> None:
    lists = []
    for test, entries in zip(tests, own, strict=True):
        kept = [entry for entry in entries if not is_code(entry)]
        if len(kept) < len(entries):
            source.lose(test.where, "python", "code for single tests: put it under `assert:`")
        written = [_all_filled(source, test, entry) for entry in kept]
        lists.append(json.dumps(written, ensure_ascii=False) if written else "")
    weights = {sum(entry.get("weight", 1) for entry in entries) for entries in own if entries}
    weight = max(weights)
    if len(weights) > 1 and found.entries:
        source.lose(
            tests[0].where,
            "the weights of tests with more or fewer assertions",
            f"what a case asserts itself counts as one check of weight {weight:g}",
        )
    found.columns[OWN_LIST] = lists
    entry: Entry = {"type": "assert-set", "assert": f"{{{{ {OWN_LIST} }}}}", "metric": "case"}
    alone = weight == 1 or not found.entries
    found.entries.append(entry if alone else {**entry, "weight": weight})


def _all_filled(source: Source, test: Test, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _all_filled(source, test, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_all_filled(source, test, one) for one in value]
    return _filled(source, test, value) if isinstance(value, str) else value


def _filled(source: Source, test: Test, text: str) -> str:
    if not any(mark in text for mark in MARKS):
        return text
    try:
        return filled(text, test.variables)
    except UserError as error:
        source.lose(test.where, f"the value {text[:60]!r}", error.message)
        return text
