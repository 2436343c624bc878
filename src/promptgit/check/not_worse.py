"""
Confirmation of a shorter prompt: is a drop of the margin ruled out, on cases that chose nothing?

The gate itself (`check.check`): non-inferiority within `policy.margin`, for the score and every
metric that is gated.  A shorter prompt that is not worse is a gain, and nothing here says "better".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptgit.check.check import NO_DAY, checking
from promptgit.check.confirm import Compare
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Metric
from promptgit.core.gate import GateFinding
from promptgit.core.verdict import Policy, Verdict


def not_worse(
    cases: Dataset,
    metrics: Sequence[Metric],
    compare: Compare,
    policy: Policy,
    *,
    alpha: float,
    order_seed: str,
) -> Verdict:
    """
    Say whether the candidate did not drop by a margin on the sealed `cases`.

    `compare` evaluates both on the cases that it is given, which are new each time.  The outcomes
    are the gate's.  PASS is wrong with chance `alpha` (0 to 0.5) at most, however early it stops.
    """
    rules = replace(policy, alpha=alpha, repeats=1)
    steps = checking(cases, metrics, rules, rules="base", order_seed=order_seed, today=NO_DAY)
    answers: tuple[Evaluation, Evaluation] | None = None
    while True:
        try:
            ask = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            found: GateFinding = end.value
            return replace(found.score.verdict, outcome=found.outcome, reasons=found.reasons)
        answers = compare(ask.cases)
