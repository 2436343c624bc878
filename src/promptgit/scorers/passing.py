"""From a figure to a verdict: what scorers with promptfoo's default thresholds have in common."""

from __future__ import annotations

import math

from promptgit.core.evaluation import Score
from promptgit.errors import UserError


def reached(figure: float, threshold: float, graded: bool, said: str) -> Score:
    """
    Pass when `figure` (0 to 1) is at least `threshold`; with `graded`, score the figure itself.

    >>> reached(0.5, 0.75, False, "1 of 2 words")
    Score(value=0.0, why='0.50 < 0.75: 1 of 2 words')
    """
    if not 0 <= threshold <= 1:
        raise UserError(f"the threshold is between 0 and 1, not {threshold:g}")
    figure = min(1.0, max(0.0, figure))
    if graded:
        return Score(figure, said)
    passed = figure >= threshold or math.isclose(figure, threshold)
    return Score(float(passed), f"{figure:.2f} {'≥' if passed else '<'} {threshold:g}: {said}")
