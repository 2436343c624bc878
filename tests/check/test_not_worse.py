"""Confirmation of a shorter prompt: a drop of the margin is ruled out, and nothing says better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from check.sides import Sides, flips_of, sides_of, some_cases
from promptgit.check.not_worse import not_worse
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Metric, Score
from promptgit.core.verdict import Outcome, Policy, Verdict

SCORE = (Metric("score"),)


def judge(
    cases: Dataset,
    sides: Sides,
    policy: Policy | None = None,
    *,
    alpha: float = 0.05,
    seed: str = "s",
) -> Verdict:
    rules = policy or Policy()
    return not_worse(cases, SCORE, sides, rules, alpha=alpha, order_seed=seed)


def test_a_prompt_that_changes_no_score_passes_where_there_are_cases_enough():
    cases = some_cases(80)

    verdict = judge(cases, sides_of(cases, [0.0] * 80))

    assert verdict
    assert verdict.effect == 0
    assert verdict.low > -0.05


def test_so_it_does_without_a_gain_which_a_confirmation_would_ask_for():
    cases = some_cases(200)

    verdict = judge(cases, sides_of(cases, [0.001 * (n % 3 - 1) for n in range(200)]))

    assert verdict
    assert abs(verdict.effect) < 0.001


def test_a_clear_drop_is_a_regression():
    cases = some_cases(200)

    verdict = judge(cases, sides_of(cases, [-0.2 + 0.01 * (n % 3) for n in range(200)]))

    assert verdict.outcome is Outcome.REGRESSION
    assert not verdict


def test_few_cases_rule_nothing_out():
    cases = some_cases(15)

    verdict = judge(cases, flips_of(cases, fixed=1, broke=1))

    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_must_pass_case_may_not_get_worse_whatever_the_mean():
    cases = some_cases(100)
    name = cases.cases[7].id
    differences = [0.0] * 100
    differences[7] = -0.5

    verdict = judge(cases, sides_of(cases, differences), Policy(must_pass=(name,)))

    assert verdict.outcome is Outcome.REGRESSION
    assert name in verdict.reasons[0]


def test_a_metric_that_is_gated_may_not_drop_although_the_score_holds():
    cases = some_cases(100)

    def compare(batch: Dataset) -> tuple[Evaluation, Evaluation]:
        before, after = sides_of(cases, [0.0] * 100)(batch)
        return _with_tone(before, 1.0), _with_tone(after, 0.5)

    verdict = not_worse(
        cases,
        (Metric("score"), Metric("tone")),
        compare,
        Policy(metrics={"tone": 0.05}),
        alpha=0.05,
        order_seed="s",
    )

    assert verdict.outcome is Outcome.REGRESSION


def _with_tone(evaluation: Evaluation, value: float) -> Evaluation:
    results = tuple(replace(result, scores={"tone": Score(value)}) for result in evaluation.results)
    return replace(evaluation, results=results)


def test_the_error_is_the_ledgers_and_not_the_policys():
    cases = some_cases(66)
    sides = sides_of(cases, [0.0] * 66)

    assert judge(cases, sides).alpha == 0.05
    assert judge(cases, sides_of(cases, [0.0] * 66), alpha=0.001).outcome is Outcome.INCONCLUSIVE


def test_a_prompt_that_dropped_by_the_margin_passes_as_seldom_as_alpha_says():
    rng = np.random.default_rng(7)
    cases = some_cases(120)
    passed = 0
    for run in range(200):
        found = [float(d) for d in rng.normal(-0.05, 0.15, 120).clip(-0.5, 0.5)]
        passed += bool(judge(cases, sides_of(cases, found), alpha=0.05, seed=str(run)))

    assert passed / 200 <= 0.10  # 5 % and three standard errors
