from __future__ import annotations

from dataclasses import replace

import pytest

from check.sides import Sides, an_evaluation, flips_of, sides_of, some_cases
from promptgit.core.dataset import Dataset
from promptgit.improve.race import Race
from promptgit.improve.race import race as race_of


def race(cases: Dataset, sides: Sides, **options) -> Race:
    parent = an_evaluation(cases, sides.before)
    return race_of(cases, parent.scores, lambda batch: sides(batch)[1], **options)


def test_a_patch_that_helps_runs_the_whole_race():
    cases = some_cases(70)
    sides = sides_of(cases, [0.1] * 70)

    result = race(cases, sides, order_seed="a")

    assert result.survived
    assert result.raced == 70
    assert [len(batch) for batch in sides.asked] == [10, 10, 20, 30]
    assert (result.before, result.after) == pytest.approx((0.5, 0.6))


def test_a_patch_that_changes_nothing_costs_ten_cases():
    cases = some_cases(70)
    sides = sides_of(cases, [0.0] * 70)

    result = race(cases, sides, order_seed="a")

    assert not result.survived
    assert result.raced == len(sides.ids) == 10
    assert result.reason == "changed the score of none of 10 cases"


def test_a_patch_that_wins_as_much_as_it_loses_is_dropped():
    cases = some_cases(10)

    result = race(cases, sides_of(cases, [0.3, -0.3, 0.1, -0.1] + [0.0] * 6), order_seed="a")

    assert not result.survived
    assert "no gain on 10 cases" in result.reason


def test_a_lead_that_is_lost_later_drops_the_patch_then():
    cases = some_cases(40)
    order = [case.id for case in cases.shuffled("a")]
    moves = {name: 0.1 if place < 10 else -0.2 for place, name in enumerate(order)}

    result = race(cases, sides_of(cases, [moves[case.id] for case in cases]), order_seed="a")

    assert not result.survived
    assert result.raced == 20


def test_no_case_is_raced_on_twice():
    cases = some_cases(45)
    sides = sides_of(cases, [0.1] * 45)

    race(cases, sides, order_seed="a")

    assert sorted(sides.ids) == sorted(case.id for case in cases)


def test_the_order_is_chance_but_the_same_for_the_same_seed():
    cases = some_cases(45)
    first, again, other = (sides_of(cases, [0.1] * 45) for _ in range(3))

    race(cases, first, order_seed="a")
    race(replace(cases, cases=cases.cases[::-1]), again, order_seed="a")
    race(cases, other, order_seed="b")

    assert {case.id for case in first.asked[0]} == {case.id for case in again.asked[0]}
    assert {case.id for case in first.asked[0]} != {case.id for case in other.asked[0]}
    assert {case.id for case in first.asked[0]} != {case.id for case in cases.first(10)}


def test_a_gain_may_be_asked_to_be_big_enough():
    cases = some_cases(20)
    sides = sides_of(cases, [0.1] * 20)

    small = race(cases, sides, order_seed="a", min_improvement=0.2)
    enough = race(cases, sides, order_seed="a", min_improvement=0.1)

    assert (small.survived, enough.survived) == (False, True)
    assert small.reason == "gained 0.1000 on 20 cases, less than 0.2"


def with_weak_spots(cases: Dataset, *, weak: int, fixed: float, others: float) -> Sides:
    """The parent is wrong on the first `weak` cases, right on all others."""
    ids = [case.id for case in cases]
    before = {name: float(i >= weak) for i, name in enumerate(ids)}
    moves = {name: fixed if i < weak else others for i, name in enumerate(ids)}
    return Sides(before, {name: before[name] + moves[name] for name in ids})


def test_three_of_ten_cases_are_taken_where_the_parent_is_weak():
    cases = some_cases(100)
    sides = with_weak_spots(cases, weak=12, fixed=1.0, others=0.0)

    race(cases, sides, order_seed="a")

    weak = [sum(sides.before[case.id] == 0 for case in batch) for batch in sides.asked]
    assert weak == [3, 3, 6, 0, 0]


@pytest.mark.parametrize("seed", "abcdefghij")
def test_a_patch_for_a_rare_topic_is_not_dropped_for_want_of_a_case(seed: str):
    cases = some_cases(100)
    sides = with_weak_spots(cases, weak=6, fixed=1.0, others=0.0)

    assert race(cases, sides, order_seed=seed).survived


def test_a_weak_spot_counts_for_no_more_cases_than_it_stands_for():
    cases = some_cases(100)
    sides = with_weak_spots(cases, weak=10, fixed=1.0, others=-0.2)

    result = race(cases, sides, order_seed="a")

    assert (result.survived, result.raced) == (False, 10)
    assert (result.before, result.after) == pytest.approx((0.9, 0.9 + 0.1 * 1.0 - 0.9 * 0.2))


def test_a_weak_spot_counts_by_its_weight():
    heavy = replace(some_cases(1, prefix="heavy").cases[0], weight=20.0)
    cases = replace(some_cases(19), cases=(heavy, *some_cases(19).cases))
    sides = with_weak_spots(cases, weak=1, fixed=0.5, others=-0.1)

    assert race(cases, sides, order_seed="a").survived


def test_where_the_parent_is_mostly_weak_its_strengths_are_looked_at_as_often_as_they_occur():
    cases = some_cases(100)
    sides = with_weak_spots(cases, weak=80, fixed=0.1, others=0.0)

    race(cases, sides, order_seed="a")

    assert [sum(sides.before[case.id] for case in batch) for batch in sides.asked[:2]] == [2, 2]


def test_a_race_to_the_end_reports_plain_means():
    cases = some_cases(40)
    sides = with_weak_spots(cases, weak=10, fixed=0.4, others=-0.1)

    result = race(cases, sides, order_seed="a")

    assert result.survived
    assert (result.before, result.after) == pytest.approx((0.75, 0.75 + 0.1 - 0.075))


def test_cases_without_a_score_of_the_parent_are_no_weak_spots():
    cases = some_cases(20)
    sides = sides_of(cases, [0.1] * 20)
    sides.before = {**sides.before, "case-3": None}

    result = race(cases, sides, order_seed="a")

    assert result.survived
    assert result.raced == 20


def test_a_heavy_case_outweighs_light_ones():
    light = some_cases(9)
    cases = replace(
        light, cases=(*light.cases, replace(some_cases(1, prefix="h").cases[0], weight=20.0))
    )

    result = race(cases, sides_of(cases, [-0.1] * 9 + [0.1]), order_seed="a")

    assert result.survived


@pytest.mark.parametrize(("lost", "invalid"), [(2, False), (3, True)])
def test_failures_are_neither_gains_nor_losses(lost: int, invalid: bool):
    cases = some_cases(10)

    result = race(cases, sides_of(cases, [None] * lost + [0.1] * (10 - lost)), order_seed="a")

    assert result.invalid is invalid
    assert result.survived is not invalid
    assert result.after - result.before == pytest.approx(0.1)


def test_a_world_that_is_down_ends_the_race_without_a_zero_for_the_patch():
    cases = some_cases(10)

    result = race(cases, sides_of(cases, [None] * 10), order_seed="a")

    assert result.invalid
    assert result.reason == "10 of 10 cases had no score"


def test_there_is_no_race_without_cases():
    result = race(some_cases(0), flips_of(some_cases(0)), order_seed="a")

    assert result.invalid
    assert not result.survived


def test_cases_that_the_child_has_answered_come_first_and_ten_more_at_least():
    cases = some_cases(70)
    answered = [case.id for case in cases][:25]
    sides = sides_of(cases, [0.1] * 70)

    result = race(cases, sides, order_seed="a", longest=20, known=answered)

    assert set(answered) <= set(sides.ids)
    assert [len(batch) for batch in sides.asked] == [35]
    assert result.raced == 35
