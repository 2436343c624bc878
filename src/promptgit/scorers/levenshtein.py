"""How few single-character edits lead from the output to the expected text."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_text
from promptgit.scorers.wording import counted, quoted


def levenshtein(
    case: Case, output: str, *, value: Any = None, max_distance: int | None = None
) -> Score:
    """
    Grade by 1 - edits / length of the longer text (Levenshtein 1966; computed by RapidFuzz).

    With `max_distance` it passes or fails on the number of edits, as promptfoo's check does
    (there it is called `threshold`, and is 5 when left out).
    """
    from rapidfuzz.distance import Levenshtein

    if max_distance is not None and (type(max_distance) is not int or max_distance < 0):
        raise UserError(f"max_distance is a number of edits, 0 or more, not {max_distance!r}")
    wanted = expected_text(case, value)
    edits = Levenshtein.distance(output, wanted)
    said = f"{counted(edits, 'edit')} from {quoted(wanted)}"
    if max_distance is not None:
        passed = edits <= max_distance
        return Score(float(passed), said if passed else f"{said}, {max_distance} at most")
    longer = max(len(output), len(wanted))
    return Score(1 - edits / longer if longer else 1.0, said)
