"""A CSV of promptfoo: its special columns, and assertions written into one cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_texts

LISTS = ("contains-all", "contains-any", "icontains-all", "icontains-any")
SPECIAL = ("__description", "__prefix", "__suffix", "__metric", "__threshold", "__providerOutput")

_CELL = re.compile(
    r"(not-)?([a-z][a-z0-9]*(?:[-:][a-z0-9]+)*?)(?:\((\d+(?:\.\d+)?)\))?(?::(.*))?", re.DOTALL
)
_EXPECTED = re.compile(r"__expected(\d*)")
_CONFIG = re.compile(r"__config:__expected(\d*):(\w+)")
_LEGACY = {"fn": "javascript", "eval": "javascript", "grade": "llm-rubric"}


def assertion(cell: str, known: frozenset[str]) -> dict[str, Any]:
    """
    Read one cell: `type(threshold):value`, or a plain text, which must be equalled.

    >>> assertion("similar(0.8): hi", frozenset({"similar"}))
    {'type': 'similar', 'threshold': 0.8, 'value': 'hi'}
    >>> assertion("Note: all is well", frozenset({"similar"}))
    {'type': 'equals', 'value': 'Note: all is well'}
    """
    text = cell.strip()
    if text.startswith("file://") and (text.endswith(".py") or ".py:" in text):
        return {"type": "python", "value": text}
    if text.startswith("file://"):
        return {"type": "javascript", "value": text}
    front, colon, rest = text.partition(":")
    if colon and front in _LEGACY:
        return {"type": _LEGACY[front], "value": rest.strip()}
    found = _CELL.fullmatch(text)
    if not found or found[2] not in known or (found[4] is None and found[2] == "equals"):
        return {"type": "equals", "value": cell}
    value: Any = None if found[4] is None else found[4].strip()
    kind = (found[1] or "") + found[2]
    read: dict[str, Any] = {"type": kind}
    if found[3]:
        read["threshold"] = float(found[3])
    if found[2] in LISTS:
        value = expected_texts(Case("cell", {}), value or "")
    elif found[2] in ("latency", "cost") and value and not found[3]:
        read["threshold"], value = _number(value, kind), None
    elif found[2] == "word-count" and value:
        value = int(_number(value, kind))
    return read if value in (None, "") else {**read, "value": value}


def test_of(row: Mapping[str, Any], known: frozenset[str]) -> tuple[dict[str, Any], list[str]]:
    """Turn a row into a test as YAML would have it; also return the columns that say nothing."""
    variables: dict[str, Any] = {}
    asserted: dict[str, dict[str, Any]] = {}
    test: dict[str, Any] = {"vars": variables}
    options: dict[str, str] = {}
    metadata: dict[str, Any] = {}
    ignored: list[str] = []
    for name, value in row.items():
        cell = "" if value is None else str(value)
        numbered = _EXPECTED.fullmatch(name)
        if numbered:
            if cell.strip():
                asserted[numbered[1] or "1"] = assertion(cell, known)
        elif name in ("__prefix", "__suffix"):
            if cell:
                options[name.removeprefix("__")] = cell
        elif name == "__threshold":
            if cell.strip():
                test["threshold"] = _number(cell, name)
        elif name in SPECIAL:
            if cell:
                test[name.removeprefix("__")] = cell
        elif name.startswith("__metadata:"):
            key = name.removeprefix("__metadata:")
            if cell:
                metadata[key.removesuffix("[]")] = _listed(cell) if key.endswith("[]") else cell
        elif _CONFIG.fullmatch(name):
            continue
        elif name.startswith("__"):
            ignored.append(name)
        else:
            variables[name] = cell
    _configure(asserted, row)
    metric = test.pop("metric", None)
    for entry in asserted.values():
        if metric:
            entry["metric"] = metric
    found = {"assert": list(asserted.values()), "options": options, "metadata": metadata}
    return test | {key: value for key, value in found.items() if value}, ignored


def _configure(asserted: dict[str, dict[str, Any]], row: Mapping[str, Any]) -> None:
    """Lay `__config:__expected2:threshold` over the second assertion; without number, over all."""
    for name, value in row.items():
        found = _CONFIG.fullmatch(name)
        if not found or value in (None, ""):
            continue
        wanted = [found[1]] if found[1] else list(asserted)
        for number in wanted:
            if number in asserted:
                key = found[2]
                is_number = key in ("threshold", "weight")
                asserted[number][key] = _number(str(value), name) if is_number else value


def _listed(cell: str) -> list[str]:
    """Split at commas; one that is part of a word is written `\\,`."""
    parts = re.split(r"(?<!\\),", cell)
    return [part.replace("\\,", ",").strip() for part in parts if part.strip()]


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UserError(f"{name} is no number: {text[:40]!r}") from error
