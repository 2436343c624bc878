"""How likely the model found its own answer, from the log probabilities of the tokens."""

from __future__ import annotations

import math

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.errors import CallFailed, UserError
from promptgit.scorers.passing import reached


def perplexity(
    _case: Case, _output: str, *, answer: Answer, threshold: float | None = None
) -> Score:
    """
    Pass when the perplexity of the answer, 1 or more, is `threshold` or less; by default always.

    It is exp of the mean negative log probability of a token.  Where the provider sent none the
    case stays unscored: the model has to be asked with `logprobs: true`.
    """
    if threshold is not None and threshold < 1:
        raise UserError(f"a perplexity is 1 or more, so its threshold is not {threshold:g}")
    found = _of(answer, "perplexity")
    if threshold is None or found <= threshold:
        return Score(1.0, f"perplexity {found:.2f}")
    return Score(0.0, f"perplexity {found:.2f}, {threshold:g} at most")


def perplexity_score(
    _case: Case,
    _output: str,
    *,
    answer: Answer,
    threshold: float = 0.0,
    graded: bool = False,
) -> Score:
    """Pass when 1 / (1 + perplexity), from 0 to 0.5, is `threshold`; unscored as `perplexity`."""
    found = _of(answer, "perplexity-score")
    return reached(1 / (1 + found), threshold, graded, f"perplexity {found:.2f}")


def _of(answer: Answer, name: str) -> float:
    if answer.mean_logprob is None:
        raise CallFailed(
            f"{name}: {answer.model or 'this model'} sent no log probabilities; write it as "
            "`model: {name: ..., logprobs: true}` if its provider has them",
            kind="judge",
        )
    return math.exp(min(700.0, -answer.mean_logprob))
