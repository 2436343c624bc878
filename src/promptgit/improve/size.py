"""How long a prompt is, in tokens: as the provider counted them, or by a stated guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from promptgit.core.evaluation import Evaluation
from promptgit.evaluate.estimate import CHARACTERS_PER_TOKEN, tokens_of


@dataclass(frozen=True, slots=True)
class Size:
    """What one call sends, prompt and inputs together, on average over the cases."""

    tokens: float
    counted: bool  # by the provider; otherwise four characters are a token


def tokens_in(text: str) -> int:
    """
    Guess the tokens of a text, as `promptgit.evaluate.estimate` does.

    >>> tokens_in("Be brief.")
    3
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def sizes_of(evaluations: Sequence[Evaluation]) -> list[Size]:
    """
    Measure prompts by one rule: the provider's, where it counted every answer of all of them.

    The evaluations should be of the same cases, or their inputs differ in length.
    """
    counted = all(
        result.usage.input_tokens
        for evaluation in evaluations
        for result in evaluation.results
        if not result.failure
    )
    return [
        Size(_counted(evaluation) if counted else _guessed(evaluation), counted)
        for evaluation in evaluations
    ]


def _counted(evaluation: Evaluation) -> float:
    sizes = [result.usage.input_tokens for result in evaluation.results if not result.failure]
    return fmean(sizes) if sizes else 0.0


def _guessed(evaluation: Evaluation) -> float:
    sizes = [tokens_of(evaluation.prompt.render(case.inputs)) for case in evaluation.cases]
    return fmean(sizes) if sizes else 0.0
