"""The output is the expected text, or the expected JSON."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.scorers.expected import expected_text
from promptgit.scorers.json_text import NotJson, parsed, same
from promptgit.scorers.wording import quoted


def equals(
    case: Case,
    output: str,
    *,
    value: Any = None,
    ignore_case: bool = False,
    strip: bool = False,
) -> Score:
    """
    Compare exactly, as promptfoo does; objects and lists are compared as JSON, not as text.

    `strip` forgives white space around the output, `ignore_case` its capitals.
    """
    wanted = expected_text(case, value)
    left, right = output, wanted
    if strip:
        left, right = left.strip(), right.strip()
    if ignore_case:
        left, right = left.casefold(), right.casefold()

    if left == right or _same_json(left, right):
        return Score(1.0, f"is {quoted(wanted)}")
    if not output.strip():
        return Score(0.0, f"is empty, expected {quoted(wanted)}")
    return Score(0.0, f"is {quoted(output)}, expected {quoted(wanted)}")


def _same_json(output: str, wanted: str) -> bool:
    if not wanted.lstrip().startswith(("{", "[")):
        return False
    try:
        return same(parsed(output), parsed(wanted))
    except NotJson:
        return False
