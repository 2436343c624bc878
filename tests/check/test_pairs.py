from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest

from check.sides import Sides, sides_of, some_cases
from promptgit.check.pairs import Comparison, Scores, compared, units
from promptgit.check.sequential import Kind
from promptgit.core.dataset import Dataset


def scores_of(cases: Dataset, sides: Sides) -> Scores:
    return Scores().plus(cases, *sides(cases))


def comparison(cases: Dataset, sides: Sides) -> Comparison:
    heaviest = max(case.weight for case in cases)
    return compared(units(cases, "order"), scores_of(cases, sides), heaviest)


def test_the_order_depends_on_the_seed_and_on_nothing_else():
    cases = some_cases(30)
    backwards = replace(cases, cases=cases.cases[::-1])

    order = [unit.name for unit in units(cases, "a")]

    assert order == [unit.name for unit in units(backwards, "a")]
    assert order != [unit.name for unit in units(cases, "b")]
    assert order != [f"case {case.id}" for case in cases]


def test_a_group_is_one_unit_with_the_mean_of_its_cases():
    cases = Dataset(some_cases(3, group="talk").cases + some_cases(1, prefix="alone").cases)

    found = comparison(cases, sides_of(cases, [0.3, 0.0, 0.0, 0.5]))

    assert (found.tally.n, found.pairs) == (2, 4)
    assert found.effect == pytest.approx((0.1 + 0.5) / 2)
    assert found.candidate - found.baseline == pytest.approx(found.effect)


def test_cases_that_say_the_same_are_one_unit_and_right_or_wrong_stays_right_or_wrong():
    twice = [replace(case, inputs={"input": "Hi"}) for case in some_cases(2, prefix="twice")]
    other = [replace(case, inputs={"input": "Hi"}, expected="x") for case in some_cases(1)]
    cases = Dataset((*twice, *other))
    sides = Sides({c.id: [0.0] for c in cases}, {twice[0].id: [1.0], twice[1].id: [1.0]})

    found = comparison(cases.only(case.id for case in twice), sides)
    order = units(cases, "order")

    assert (found.tally.n, found.pairs, found.effect) == (1, 2, 1.0)
    assert found.kind is Kind.PASS_FAIL
    assert sorted(len(unit.cases) for unit in order) == [1, 2]
    backwards = units(replace(cases, cases=cases.cases[::-1]), "order")
    assert [unit.name for unit in order] == [unit.name for unit in backwards]


def test_repeats_are_averaged_into_their_case():
    cases = some_cases(2)
    sides = Sides(
        {"case-0": [0.0, 1.0], "case-1": [1.0]}, {"case-0": [1.0, 1.0], "case-1": [1.0] * 5}
    )

    found = comparison(cases, sides)

    assert found.tally.n == 2
    assert found.effect == pytest.approx(0.25)


def test_plain_pass_fail_cases_are_recognised():
    cases = some_cases(3)
    sides = Sides(dict.fromkeys(["case-0", "case-1", "case-2"], 1.0), {
        "case-0": 1.0, "case-1": 0.0, "case-2": 1.0
    })  # fmt: skip

    assert comparison(cases, sides).kind is Kind.PASS_FAIL


@pytest.mark.parametrize("what", ["graded", "repeated", "weighted", "grouped"])
def test_anything_else_is_a_score(what: str):
    cases = some_cases(3, group="one" if what == "grouped" else "")
    if what == "weighted":
        cases = replace(cases, cases=(replace(cases.cases[0], weight=3.0), *cases.cases[1:]))
    ids = [case.id for case in cases]
    before = dict.fromkeys(ids, [1.0, 1.0] if what == "repeated" else 1.0)
    after = {**before, ids[0]: 0.5} if what == "graded" else before

    assert comparison(cases, Sides(before, after)).kind is Kind.SCORE


def test_an_effect_is_the_weighted_mean_whatever_the_weights():
    light, heavy = some_cases(2).cases
    cases = Dataset((light, replace(heavy, weight=4.0)))

    found = comparison(cases, sides_of(cases, [0.5, -0.25]))

    assert found.effect == pytest.approx((0.5 * 1 - 0.25 * 4) / 5)
    assert found.candidate - found.baseline == pytest.approx(found.effect)
    assert found.tally.total == pytest.approx(0.5 / 4 - 0.25)


def test_the_same_weight_on_every_case_changes_nothing():
    plain, weighted = some_cases(8), some_cases(8, weight=7.0)
    moves = [0.1, 0.0, -0.2, 0.3, 0.0, 0.1, 0.0, 0.0]

    light = comparison(plain, sides_of(plain, moves))
    heavy = comparison(weighted, sides_of(weighted, moves))

    assert heavy.tally == light.tally
    assert heavy.effect == light.effect


def test_an_unscored_case_has_no_pair_and_is_named():
    cases = some_cases(3)
    sides = sides_of(cases, [0.2, None, 0.0])

    scores = scores_of(cases, sides)

    assert scores.lost == {"case-1"}
    assert compared(units(cases, "order"), scores, 1.0).effect == pytest.approx(0.1)


def test_nothing_compared_has_no_mean_and_no_effect():
    cases = some_cases(1)

    found = comparison(cases, sides_of(cases, [None]))

    assert found.effect == 0.0
    assert isnan(found.baseline)


def test_flips_come_worst_first_and_leave_out_what_stayed():
    cases = some_cases(4)

    flips = scores_of(cases, sides_of(cases, [0.5, -0.1, 0.0, -0.4])).flips

    assert [flip.case_id for flip in flips] == ["case-3", "case-1", "case-0"]
    assert [flip.fixed for flip in flips] == [False, False, True]
