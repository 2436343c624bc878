"""The output matches a pattern, within a time limit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_text
from promptgit.scorers.wording import quoted

TIMEOUT_S = 1.0


def regex(
    case: Case,
    output: str,
    *,
    value: Any = None,
    ignore_case: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Score:
    """
    Search the output for the pattern `value`, in the syntax of Python's `regex` package.

    It reads nearly all that JavaScript reads, and means the same by it: `$` is the very end, `\\d`
    and `\\w` are ASCII, `\\k<name>` is what a group matched.  A search that takes longer than
    `timeout_s` counts as no match: which output is slow is a property of the pattern, so it is a 0
    and not a failure.
    """
    pattern = expected_text(case, value)
    try:
        match = searched(pattern, output, ignore_case, timeout_s)
    except TimeoutError:
        return Score(
            0.0, f"{quoted(pattern)} took more than {timeout_s:g} s on this output: make it simpler"
        )
    if match:
        return Score(1.0, f"{quoted(pattern)} matches {quoted(match[0])}")
    return Score(0.0, f"nothing matches {quoted(pattern)}")


def searched(
    pattern: str, text: str, ignore_case: bool = False, timeout_s: float = TIMEOUT_S
) -> Any:
    """Return the first match or None; raise TimeoutError, or UserError for a broken pattern."""
    return _compiled(pattern, ignore_case).search(text, timeout=timeout_s)


@lru_cache(maxsize=256)
def _compiled(pattern: str, ignore_case: bool) -> Any:
    import regex as engine

    try:
        return engine.compile(_as_in_javascript(pattern), engine.IGNORECASE if ignore_case else 0)
    except (engine.error, ValueError, OverflowError, RecursionError) as error:
        raise UserError(
            f"the pattern {quoted(pattern)} is broken: {error}",
            hint="in YAML, put a pattern in single quotes, so that \\ stays \\",
        ) from error


_MEANT = {r"\d": "[0-9]", r"\D": "[^0-9]", r"\w": "[A-Za-z0-9_]", r"\W": "[^A-Za-z0-9_]"}
_IN_A_SET = {r"\d": "0-9", r"\w": "A-Za-z0-9_"}
_TOKEN = re.compile(r"\\k<(\w+)>|\\.|\(\?[a-z]*m|.", re.DOTALL)


def _as_in_javascript(pattern: str) -> str:
    r"""
    Write out what JavaScript means by `$`, `\d`, `\w` and `\k` (ECMA-262, 22.2).

    >>> print(_as_in_javascript(r"^\d[\w$]$"))
    ^[0-9][A-Za-z0-9_$]\Z
    """
    written: list[str] = []
    in_a_set = many_lines = False
    for found in _TOKEN.finditer(pattern):
        part = found[0]
        many_lines = many_lines or part.startswith("(?")
        if found[1]:
            part = f"(?P={found[1]})"
        elif in_a_set:
            in_a_set = part != "]"
            part = _IN_A_SET.get(part, part)
        elif part == "[":
            in_a_set = True
        elif part == "$" and not many_lines:
            part = r"\Z"
        else:
            part = _MEANT.get(part, part)
        written.append(part)
    return "".join(written)
