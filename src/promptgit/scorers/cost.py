"""The answer was cheap enough."""

from __future__ import annotations

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.errors import CallFailed, UserError


def cost(_case: Case, _output: str, *, answer: Answer, threshold: float) -> Score:
    """
    Pass when the call cost `threshold` USD or less, cached or not.

    A price that nobody knows is neither a pass nor a miss: the case stays unscored.
    """
    if threshold < 0:
        raise UserError(f"the threshold of cost is in USD, 0 or more, not {threshold:g}")
    if answer.cost_usd is None:
        raise CallFailed(
            f"cost: the price of {answer.model or 'this model'} is unknown",
            kind="judge",
            hint="give its price in promptgit.yaml, or drop the `cost` assertion",
        )
    if answer.cost_usd <= threshold:
        return Score(1.0, f"cost {answer.cost_usd:.6f} USD")
    return Score(0.0, f"cost {answer.cost_usd:.6f} USD, {threshold:g} at most")
