"""How few single-character edits lead from the output to the expected text."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_text
from promptgit.scorers.wording import counted, quoted

MOST = 5  # edits, where nobody says how many


def levenshtein(
    case: Case, output: str, *, value: Any = None, threshold: float = MOST, graded: bool = False
) -> Score:
    """
    Pass when at most `threshold` edits are needed (Levenshtein 1966; computed by RapidFuzz).

    With `graded` the score is 1 - edits / length of the longer text, whatever the threshold.
    """
    from rapidfuzz.distance import Levenshtein

    if threshold < 0:
        raise UserError(
            f"the threshold of levenshtein is a number of edits, 0 or more, not {threshold:g}",
            hint="add `graded: true` for a score from 0 to 1",
        )
    wanted = expected_text(case, value)
    edits = Levenshtein.distance(output, wanted)
    said = f"{counted(edits, 'edit')} from {quoted(wanted)}"
    if graded:
        longer = max(len(output), len(wanted))
        return Score(1 - edits / longer if longer else 1.0, said)
    if edits <= threshold:
        return Score(1.0, said)
    return Score(0.0, f"{said}, {threshold:g} at most")
