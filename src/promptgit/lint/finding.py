"""
What a rule says: where, what is wrong, what to do, and the edit that mends it.

Values of lint are named tuples: a dataclass takes Python ten times as long to make, and a hook that
starts anew for each commit would spend more time on that than on the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    ERROR = "error"  # the prompt will not run, or not say what its readers see
    WARNING = "warning"  # it runs, and most likely not as meant
    ADVICE = "advice"  # a habit that pays; never fails a commit on its own


class Edit(NamedTuple):
    """Characters `start` to `stop` of the prompt's text become `text`."""

    start: int
    stop: int
    text: str = ""


class Place(NamedTuple):
    """Somewhere in another file than the prompt."""

    file: str  # path from the top level
    line: int = 1
    column: int = 1


class Mark(NamedTuple):
    """What a rule found, by offsets of characters in the prompt's text."""

    message: str  # one sentence, without a full stop
    start: int = 0
    stop: int = 0
    hint: str = ""  # the next move
    edits: tuple[Edit, ...] = ()
    place: Place | None = None  # instead of the offsets


class Finding(NamedTuple):
    """The same for people and machines: with the rule's name, by lines and columns from 1."""

    rule: str
    severity: Severity
    message: str
    file: str  # path from the top level
    line: int
    column: int  # in characters
    end_line: int
    end_column: int  # behind the last character
    hint: str = ""
    edits: tuple[Edit, ...] = ()


def mended(text: str, findings: Sequence[Finding]) -> str:
    """
    Carry out the edits of `findings`; of two that touch, the first one only.

    >>> found = Finding("r", Severity.ADVICE, "m", "f", 1, 3, 1, 4, edits=(Edit(2, 3),))
    >>> mended("hi ", [found])
    'hi'
    """
    edits = sorted({edit for found in findings for edit in found.edits}, key=_span)
    kept: list[str] = []
    end = 0
    for edit in edits:
        if edit.start >= end:
            kept += [text[end : edit.start], edit.text]
            end = edit.stop
    return "".join([*kept, text[end:]])


def _span(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.stop
