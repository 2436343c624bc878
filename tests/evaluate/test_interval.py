"""The interval that goes with every mean, held against scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptgit.evaluate.interval import interval, t_quantile


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
