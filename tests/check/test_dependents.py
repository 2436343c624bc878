"""Who uses the edited text may not lose by it."""

from __future__ import annotations

import random
from datetime import date

import pytest

from check.sides import Sides, an_evaluation, flips_of, sides_of, some_cases
from promptgit.check.dependents import harmed, retested, state_after
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Metric
from promptgit.core.verdict import Outcome, Policy, Quarantined, Verdict
from promptgit.improve.improvement import (
    CONFIRMED,
    INVALID,
    NOT_BETTER,
    UNDECIDED,
    Halves,
    Retested,
)
from promptgit.improve.shared import joined
from promptgit.improve.target import Dependent

TODAY = date(2027, 1, 31)


class Scored:
    """Stands where a Use stands; only its metrics are asked for."""

    metrics = (Metric("right"),)


def a_dependent(
    name: str = "brands", *, search: int = 0, sealed: int = 0, policy: Policy | None = None, **facts
) -> Dependent:
    halves = Halves(some_cases(search, prefix="s"), some_cases(sealed))
    return Dependent(name, f"p/{name}.md", halves, Scored(), policy or Policy(), name, **facts)


def told(sides: Sides, one: Dependent, *, alpha: float = 0.05, of: int = 1) -> Retested:
    return retested(one, sides, alpha=alpha, of=of, today=TODAY, order_seed="a")


def test_one_that_stays_as_it_is_is_cleared_with_enough_cases():
    one = a_dependent(sealed=120)

    found = told(sides_of(one.halves.sealed, [0.0] * 120), one)

    assert found.verdict.outcome is Outcome.PASS
    assert (found.name, found.path, found.margin) == ("brands", "p/brands.md", 0.05)


def test_one_that_loses_is_told_so_after_few_cases():
    one = a_dependent(sealed=200)
    sides = flips_of(one.halves.sealed, broke=200)

    found = told(sides, one)

    assert found.verdict.outcome is Outcome.REGRESSION
    assert len(sides.ids) < 50


def test_too_few_cases_clear_nobody_and_say_how_many_would():
    one = a_dependent(sealed=20)

    found = told(sides_of(one.halves.sealed, [0.0] * 20), one)

    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert found.verdict.needed


def test_the_margin_is_its_own():
    one = a_dependent(sealed=30, policy=Policy(margin=0.2))

    assert told(sides_of(one.halves.sealed, [0.0] * 30), one).verdict.outcome is Outcome.PASS


def test_one_must_pass_case_of_its_own_is_enough_to_stop_it():
    one = a_dependent(sealed=200, policy=Policy(must_pass=("case-7",)))
    moves = [0.4] * 200
    moves[7] = -0.1

    found = told(sides_of(one.halves.sealed, moves), one)

    assert found.verdict.outcome is Outcome.REGRESSION
    assert "case-7" in found.verdict.reasons[0]


def test_answers_that_fail_leave_it_untested():
    one = a_dependent(sealed=100)

    found = told(sides_of(one.halves.sealed, [None] * 50 + [0.0] * 50), one)

    assert found.verdict.outcome is Outcome.INVALID


def test_what_is_in_quarantine_does_not_count():
    held = tuple(Quarantined(f"case-{n}", "@ana", "flips", TODAY) for n in range(5))
    one = a_dependent(sealed=150, policy=Policy(quarantine=held))
    moves = [-0.5] * 5 + [0.0] * 145

    assert told(sides_of(one.halves.sealed, moves), one).verdict.outcome is Outcome.PASS


def test_a_stricter_look_takes_more_cases():
    one = a_dependent(sealed=400)
    counts = []
    for alpha in (0.05, 0.00001):
        sides = sides_of(one.halves.sealed, [0.0] * 400)
        told(sides, one, alpha=alpha)
        counts.append(len(sides.ids))

    assert counts[0] < counts[1]


def test_one_that_loses_its_margin_is_let_through_in_alpha_of_runs_at_most():
    """Alone: the others can only stop it as well."""
    alpha, runs, margin = 0.05, 300, 0.2
    one = a_dependent(sealed=100, policy=Policy(margin=margin))
    chance = random.Random(3)
    passed = 0
    for _ in range(runs):
        lost = [-0.5 if chance.random() < 2 * margin else 0.0 for _ in range(100)]
        passed += bool(told(sides_of(one.halves.sealed, lost), one, alpha=alpha, of=3).verdict)

    assert passed / runs <= alpha + 2 * (alpha * (1 - alpha) / runs) ** 0.5


def a_whole(dependents: list[Dependent], drops: dict[str, float]):
    """The common evaluations of first text and candidate: each loses so much on each case."""
    before, after = {}, {}
    cases = []
    for one in dependents:
        for case in one.halves.search:
            name = joined(one.name, case.id)
            cases.append(type(case)(name, case.inputs))
            before[name] = 0.75
            after[name] = 0.75 - drops.get(one.name, 0.0)
    found = Dataset(tuple(cases))
    return an_evaluation(found, before), an_evaluation(found, after)


def test_a_candidate_that_harms_one_is_laid_to_its_name_whatever_the_others_gain():
    everybody = [a_dependent("brands", search=15), a_dependent("post", search=15)]

    said = harmed(everybody, *a_whole(everybody, {"brands": 0.5, "post": -0.25}))

    assert said == "it harms brands: 0.7500 -> 0.2500 on its 15 cases"


def test_what_is_not_clear_is_left_to_the_confirmation():
    everybody = [a_dependent("brands", search=15), a_dependent("post", search=15)]
    first, candidate = a_whole(everybody, {})
    scores = {**candidate.scores, "brands/s-0": 0.0}

    assert harmed(everybody, first, an_evaluation(candidate.cases, scores)) == ""


def test_who_is_asked_at_confirmation_only_cannot_be_harmed_in_the_search():
    aside = a_dependent("desk", search=15, counts=False)

    assert harmed([aside], *a_whole([aside], {"desk": 0.5})) == ""


def a_retest(outcome: Outcome) -> Retested:
    verdict = Verdict(outcome, 0.0, -0.1, 0.1, 9, 9, 0.5, 0.5, 0.5, 0.05)
    return Retested("brands", "p/brands.md", 0.05, verdict)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((), CONFIRMED),
        ((Outcome.PASS, Outcome.PASS), CONFIRMED),
        ((Outcome.PASS, Outcome.REGRESSION, Outcome.INVALID), NOT_BETTER),
        ((Outcome.INCONCLUSIVE, Outcome.PASS), UNDECIDED),
        ((Outcome.INCONCLUSIVE, Outcome.INVALID), INVALID),
    ],
)
def test_only_if_all_are_cleared_is_a_confirmed_edit_delivered(outcomes, state: str):
    assert state_after(map(a_retest, outcomes), CONFIRMED) == state
