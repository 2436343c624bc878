"""The output begins with a piece of text."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.scorers.expected import expected_text
from promptgit.scorers.wording import quoted


def starts_with(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when the output's very first characters are `value`."""
    wanted = expected_text(case, value)
    if output.startswith(wanted):
        return Score(1.0, f"starts with {quoted(wanted)}")
    start = output[: max(len(wanted), 20)]
    return Score(0.0, f"starts with {quoted(start)}, expected {quoted(wanted)}")
