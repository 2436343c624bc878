"""
The gate: may the candidate replace the baseline?

Asks for answers batch by batch, and for no more of them than the verdict needs.  PASS: of every
gated measure, a drop of its margin is ruled out, each with error alpha; the chance that a prompt
which drops by some margin passes is alpha at most, for it has to slip through that measure's
test.  REGRESSION: some gated measure dropped, with error alpha over all of them together.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from promptgit.check.answers import Answers
from promptgit.check.ask import Ask
from promptgit.check.finding import gate_finding
from promptgit.check.measures import check_names
from promptgit.check.plan import GatePlan, plan
from promptgit.check.repeats import repeated
from promptgit.check.trial import State, Trial
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Metric
from promptgit.core.gate import GateFinding, Origin
from promptgit.core.verdict import Outcome, Policy, Verdict

__all__ = ["Ask", "Checking", "GatePlan", "check", "checking", "plan"]

NO_DAY = date.min  # no quarantine is over yet


Checking = Generator[Ask, tuple[Evaluation, Evaluation], GateFinding]


def checking(
    cases: Dataset,
    metrics: Sequence[Metric],
    policy: Policy,
    *,
    rules: Literal["base", "head"],
    order_seed: str,
    today: date,
    comparisons: int = 1,
    origins: Mapping[str, Origin] | None = None,
    flaky: frozenset[str] = frozenset(),
    judge_quarantine: bool = True,
) -> Checking:
    """
    Yield what to run next, be sent (baseline, candidate) evaluations of it, return what was found.

    `comparisons`: how many prompts are judged together; a drop of any is declared with error
    alpha over all.  `judge_quarantine`: whether a faulty quarantine fails the check.  Where head
    mends it, base's own must not, or it could never be mended.
    """
    check_names(metrics, policy)
    trial = Trial.of(
        cases,
        metrics,
        policy,
        order_seed=order_seed,
        today=today,
        comparisons=comparisons,
    )
    trial = replace(trial, rules=rules, origins=origins or {}, flaky=flaky)
    state = yield from _looks(trial)
    if state.outcome is Outcome.INCONCLUSIVE and policy.repeats > 1:
        state = yield from repeated(state)
    return gate_finding(state, judge_quarantine=judge_quarantine)


def _looks(trial: Trial) -> Generator[Ask, tuple[Evaluation, Evaluation], State]:
    """Look after ever more cases until the outcome is known, or there are no more."""
    answers = Answers()
    state = None
    for look in range(trial.last + 1):
        batch = trial.cases.only(trial.due(look) - answers.asked)
        if len(batch):
            baseline, candidate = yield Ask(batch, 0)
            answers = answers.plus(batch, baseline, candidate)
        state = trial.state(answers, look, state)
        if state.outcome is not None:
            break
    assert state is not None, "a plan has a look"
    return state


def check(baseline: Evaluation, candidate: Evaluation, policy: Policy) -> Verdict:
    """
    Say whether the candidate may replace the baseline, when all answers are there.

    One look at all cases, repeats averaged; what a quarantine says counts, whatever its last day.
    """
    cases = baseline.cases
    check_names(baseline.metrics, policy)
    trial = Trial.of(
        cases, baseline.metrics, policy, order_seed=cases.digest, today=NO_DAY, at_once=True
    )
    answers = Answers().plus(cases, baseline, candidate)
    found = gate_finding(trial.state(answers, 0))
    score = found.score.verdict
    if candidate.cases.digest != cases.digest:
        reason = "the two evaluations are of different cases"
        return replace(score, outcome=Outcome.INVALID, reasons=(reason, *found.reasons))
    return replace(score, outcome=found.outcome, reasons=found.reasons)
