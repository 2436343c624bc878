"""
Who uses the edited text may not lose by it: a gate for each, beside the proof for all together.

Every dependent is asked the gate's question on its own sealed cases: can a drop of its margin be
ruled out?  The edit goes out only if all of them say yes, so the chance that one which does lose
its margin slips through is alpha at most, for each, whatever the others say: an intersection-union
test (Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982).
Why alpha is that of the look in the ledger: docs/decisions/0007.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from promptgit.check.check import checking
from promptgit.check.screening import screened
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Outcome
from promptgit.improve.improvement import INVALID, NOT_BETTER, UNDECIDED, Retested
from promptgit.improve.shared import joined
from promptgit.improve.target import Dependent

Compare = Callable[[Dataset], tuple[Evaluation, Evaluation]]  # first and final text, on these

CLEAR = 0.05  # error, shared among the dependents, at which a search drops a candidate for harm


def harmed(dependents: Sequence[Dependent], first: Evaluation, candidate: Evaluation) -> str:
    """
    Name a dependent that does clearly worse with the candidate; empty when none does.

    It is search, and so no proof: the whole range of the difference lies below zero.
    """
    own = [one for one in dependents if one.counts]
    for one in own:
        ids = {joined(one.name, case.id) for case in one.halves.search}
        before, after = (side.on(candidate.cases.only(ids)) for side in (first, candidate))
        found = screened(before, after, alpha=CLEAR / len(own))
        if found.n and found.high < 0:
            return (
                f"it harms {one.name}: {found.baseline:.4f} -> {found.candidate:.4f} on its "
                f"{found.n} cases"
            )
    return ""


def retested(
    one: Dependent, compare: Compare, *, alpha: float, of: int, today: date, order_seed: str
) -> Retested:
    """
    Say whether one of `of` dependents is no worse, on its own sealed cases and by its own rules.

    `compare` evaluates it with both texts on the cases that it is given, which are new each time.
    PASS: a drop of its margin is ruled out, with error `alpha`.  REGRESSION: it got worse, with
    that error over all of them, or a must-pass case did.
    """
    policy = replace(one.policy, alpha=alpha, repeats=1)
    steps = checking(
        one.halves.sealed,
        one.use.metrics,
        policy,
        rules="head",
        order_seed=order_seed,
        today=today,
        comparisons=of,
        judge_quarantine=False,
    )
    answers: tuple[Evaluation, Evaluation] | None = None
    while True:
        try:
            asked = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            found = end.value
            break
        answers = compare(asked.cases)
    score = found.score.verdict
    verdict = replace(score, outcome=found.outcome, reasons=found.reasons or score.reasons)
    return Retested(one.name, one.path, policy.margin, verdict)


def state_after(every: Iterable[Retested], state: str) -> str:
    """Say how a run ends that was in `state` before its dependents were asked."""
    outcomes = {one.verdict.outcome for one in every}
    if outcomes <= {Outcome.PASS}:
        return state
    if Outcome.REGRESSION in outcomes:
        return NOT_BETTER
    return INVALID if Outcome.INVALID in outcomes else UNDECIDED
