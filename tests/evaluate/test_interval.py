"""The interval that goes with every mean, held against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptgit.core.dataset import Case
from promptgit.evaluate.interval import independent, interval, t_quantile


@pytest.mark.parametrize("degrees", [4, 5, 10, 30, 200])
def test_the_t_quantile_is_right_to_three_digits(degrees):
    z = stats.norm.ppf(0.975)

    assert t_quantile(z, degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=2e-3)


@pytest.mark.parametrize(("won", "of"), [(0, 10), (3, 10), (57, 60), (100, 100)])
def test_pass_or_fail_gives_wilsons_interval(won, of):
    expected = stats.binomtest(won, of).proportion_ci(0.95, "wilson")

    found = interval([1.0] * won + [0.0] * (of - won))

    assert found == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_graded_scores_give_students_interval():
    scores = [0.2, 0.9, 0.4, 0.7, 0.65, 0.3, 0.8, 0.5]
    expected = stats.t.interval(0.95, 7, loc=sum(scores) / 8, scale=stats.sem(scores))

    assert interval(scores) == pytest.approx(expected, abs=2e-3)


def test_one_score_says_nothing():
    assert interval([0.7]) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_it_holds_the_mean_and_stays_within_0_and_1(scores):
    low, high = interval(scores)

    assert -1e-9 <= low <= sum(scores) / len(scores) + 1e-9
    assert sum(scores) / len(scores) - 1e-9 <= high <= 1 + 1e-9


def test_copies_of_a_case_make_no_interval_narrower():
    once = [Case(f"c{n}", {"input": f"Q{n}"}) for n in range(8)]
    copies = [Case(f"d{n}-{m}", {"input": f"Q{n}"}) for n in range(8) for m in range(9)]
    scores = [1.0, 0.0] * 4
    worth = independent([*once, *copies], [case.id for case in (*once, *copies)])

    found = interval([*scores, *(score for score in scores for _ in range(9))], worth=worth)

    assert worth == 8
    assert found == pytest.approx(interval(scores))


def test_one_case_copied_often_makes_the_others_count_for_less():
    copies = [Case(f"d{n}", {"input": "Hi"}) for n in range(77)]
    cases = [*copies, *(Case(f"c{n}", {"input": f"Q{n}"}) for n in range(3))]

    worth = independent(cases, [case.id for case in cases])

    assert worth == pytest.approx(80**2 / (77**2 + 3))
    assert interval([1.0] * 77 + [0.0] * 3, worth=worth) == (0.0, 1.0)


def test_a_group_counts_once_and_cases_without_a_score_not_at_all():
    cases = [Case(f"c{n}", {"input": f"Q{n}"}, group=f"g{n // 5}") for n in range(20)]

    assert independent(cases, [case.id for case in cases]) == 4
    assert independent(cases, ["c0", "c1", "c5", "c6"]) == 2
    assert independent(cases, []) == 0
