"""Eval files, case files and a config as text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from posixpath import dirname, relpath
from typing import Any

from promptgit.cli.promptfoo.assertions import NOT, Entry
from promptgit.cli.promptfoo.source import FILE
from promptgit.config.schema import modeline
from promptgit.edges.columns import EXPECTED, OTHERS, PARTS, folded

WIDEST = 100  # characters of a line that holds a whole assertion

_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_NO_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def eval_text(
    name: str,
    origin: str,
    cases: str,
    columns: Sequence[str],
    inputs: Sequence[str],
    entries: Sequence[Entry],
    path: str,
) -> str:
    """Write an eval file; `path` is its own, for what assertions name relative to it."""
    lines = [
        modeline("eval"),
        f"# What a good answer of {name} is; from {origin}.",
        f"cases: {_flow(cases)}",
    ]
    if columns:
        kept = ", ".join(f"{_flow(name)}: {_flow(name)}" for name in columns)
        lines.append(f"columns: {{{kept}}}  # plain variables, and no answers")
    if inputs:
        lines.append(f"inputs: {_flow(list(inputs))}  # what the model sees")
    if not entries:
        return "\n".join([*lines, "# assert:  nothing could be carried over", ""])
    lines += ["", "# The score of an answer is the weighted mean of these checks.", "assert:"]
    for entry in entries:
        lines += _entry(_beside(entry, path), "  ")
    return "\n".join(lines) + "\n"


def case_text(rows: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """Return suffix and text of a case file: CSV, or JSON Lines for cells of several lines."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if any(name == "__assert" or "\n" in value for row in rows for name, value in row.items()):
        lines = [json.dumps(_with_list(row), ensure_ascii=False) for row in rows]
        return ".jsonl", "\n".join(lines) + "\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return ".csv", out.getvalue()


def _with_list(row: Mapping[str, str]) -> dict[str, Any]:
    """Write the assertions of a case as the list that they are; a reader makes text of it again."""
    own = row.get("__assert")
    return {**row, "__assert": json.loads(own)} if own else dict(row)


def clashing(name: str) -> bool:
    """
    Say whether a variable has a name that plays a part in our case files.

    >>> [clashing(name) for name in ("answer", "case_id", "question")]
    [True, True, False]
    """
    others = {word for words in OTHERS.values() for word in words}
    return name not in PARTS and folded(name) in {*others, *EXPECTED}


def model_line(model: Mapping[str, Any] | None) -> str:
    """
    Write `model:` for a config.

    >>> model_line({"name": "gpt-5-mini", "temperature": 0})
    'model: {name: gpt-5-mini, temperature: 0}'
    """
    if model is None:
        return "model: offline"
    name = model["name"]
    return f"model: {_flow(name if len(model) == 1 else dict(model))}"


def _beside(entry: Entry, path: str) -> Entry:
    """Name the files of `python` relative to the eval file."""
    found = dict(entry)
    value = found.get("value")
    if found["type"].removeprefix(NOT) == "python" and isinstance(value, str):
        name, colon, function = value.removeprefix(FILE).partition(":")
        found["value"] = f"{FILE}{relpath(name, dirname(path) or '.')}{colon}{function}"
    if isinstance(found.get("assert"), list):
        found["assert"] = [_beside(one, path) for one in found["assert"]]
    return found


def _entry(entry: Entry, indent: str) -> list[str]:
    inner = entry.get("assert")
    flat = f"{indent}- {_flow(entry)}"
    if not isinstance(inner, list) or len(flat) <= WIDEST:
        return [flat]
    outer = {key: value for key, value in entry.items() if key != "assert"}
    lines = [f"{indent}  {key}: {_flow(value)}" for key, value in outer.items()]
    lines[0] = f"{indent}- {lines[0].lstrip()}"
    lines.append(f"{indent}  assert:")
    for one in inner:
        lines += _entry(one, f"{indent}    ")
    return lines


def _flow(value: Any) -> str:
    """
    Write a value as YAML on one line.

    >>> _flow({"type": "word-count", "value": {"max": 60}, "metric": "how long"})
    '{type: word-count, value: {max: 60}, metric: "how long"}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(str(k))}: {_flow(item)}" for k, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in _NO_WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
