"""What a rule says: where, what is wrong, what to do, and the edit that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # the prompt will not run, or not say what its readers see
    WARNING = "warning"  # it runs, and most likely not as meant
    ADVICE = "advice"  # a habit that pays; never fails a commit on its own


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `stop` of the prompt's text become `text`."""

    start: int
    stop: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in another file than the prompt."""

    file: str  # path from the top level
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """What a rule found, by offsets of characters in the prompt's text."""

    message: str  # one sentence, without a full stop
    start: int = 0
    stop: int = 0
    hint: str = ""  # the next move
    edits: tuple[Edit, ...] = ()
    place: Place | None = None  # instead of the offsets


@dataclass(frozen=True, slots=True)
class Finding:
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
