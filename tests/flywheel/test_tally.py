"""Rates with intervals: conversations are what is counted, and parts add up."""

from __future__ import annotations

from math import inf, isclose, sqrt
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.flywheel.tally import Tally, difference

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30)


@given(PAIRS, PAIRS)
def test_tallies_of_parts_add_up_to_that_of_the_whole(left: list, right: list):
    assert Tally.of(left) + Tally.of(right) == Tally.of(left + right)


def test_a_conversation_without_what_is_counted_says_nothing():
    assert Tally.of([(0, 0)] * 9) == Tally()
    assert Tally().value is None
    assert Tally().interval(share=True) == (0.0, 1.0)
    assert Tally().interval(share=False) == (-inf, inf)


def test_answers_that_stand_alone_have_the_interval_of_wilson():
    low, high = Tally.of([(1, 1)] * 8 + [(0, 1)] * 2).interval(share=True)

    assert low == pytest.approx(0.46, abs=0.02)  # Wilson: .490 to .943; here n - 1 counts
    assert high == pytest.approx(0.95, abs=0.01)


def test_ten_answers_that_agree_within_a_conversation_count_as_one():
    apart = Tally.of([(1, 1)] * 50 + [(0, 1)] * 50)
    together = Tally.of([(10, 10)] * 5 + [(0, 10)] * 5)

    assert apart.value == together.value
    assert isclose(together.variance, apart.variance * 10, rel_tol=0.15)


def test_no_incident_in_few_conversations_is_not_said_to_be_rare():
    many_answers = Tally.of([(0, 100)] * 5)

    assert many_answers.interval(share=True)[1] > 0.4


@pytest.mark.parametrize(("rate", "turns"), [(0.05, 1), (0.3, 4), (0.8, 4)])
def test_the_interval_holds_the_truth_in_about_95_of_100_periods(rate: float, turns: int):
    draw = Random(7)
    held = 0
    for _ in range(400):
        pairs = []
        for _ in range(120):
            mood = min(1.0, max(0.0, rate + draw.choice([-1, 1]) * min(rate, 1 - rate) / 2))
            n = draw.randint(1, turns)
            pairs.append((sum(draw.random() < mood for _ in range(n)), n))
        low, high = Tally.of(pairs).interval(share=True)
        held += low <= rate <= high
    assert 0.92 <= held / 400 <= 0.985


def test_a_mean_of_numbers_has_the_interval_of_student():
    values = [1.0, 2.0, 4.0, 8.0, 16.0, 3.0]
    low, high = Tally.of([(value, 1) for value in values]).interval(share=False)
    spread = sqrt(sum((v - fmean(values)) ** 2 for v in values) / 5 / 6)

    assert (low + high) / 2 == pytest.approx(fmean(values))
    assert (high - low) / 2 == pytest.approx(2.5706 * spread, rel=1e-2)


def test_a_difference_is_proven_when_its_interval_leaves_out_zero():
    before = Tally.of([(1, 1)] * 100 + [(0, 1)] * 900)
    after = Tally.of([(1, 1)] * 200 + [(0, 1)] * 800)

    found = difference(before, after, share=True)

    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.low > 0
    assert found.proven
    assert not difference(before, before, share=True).proven  # type: ignore[union-attr]


def test_a_difference_to_nothing_is_none():
    assert difference(Tally(), Tally.of([(1, 1)] * 9), share=True) is None


def test_grades_that_are_all_equal_are_not_known_exactly():
    grades = Tally.of([(0.0, 1.0)] * 5)

    low, high = grades.interval(share=False, top=10)
    found = difference(grades, Tally.of([(1.0, 1.0)] * 5), share=False, top=10)

    assert (round(low, 1), round(high, 1)) == (0.0, 4.3)  # as 0 of 5
    assert found is not None
    assert not found.proven
    spread = Tally.of([(2.0, 1.0), (8.0, 1.0)] * 9)
    assert spread.interval(share=False, top=10) == spread.interval(share=False)
