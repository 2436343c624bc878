from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from promptgit.check.betting import (
    FRACTIONS,
    STAKES,
    anytime_gate,
    suite_gate,
    suite_range,
    suite_wealth,
)
from promptgit.check.sequential import Finding

RUNS = 600
NOISE = 3.5 * sqrt(0.05 * 0.95 / RUNS)


def runs(n: int, won: float, lost: float) -> list[list[float]]:
    u = np.random.default_rng([11, n]).random((RUNS, n))
    return np.where(u < won, 1.0, np.where(u > 1 - lost, -1.0, 0.0)).tolist()


def test_the_stakes_are_the_whole_purse():
    assert sum(STAKES) == pytest.approx(1.0)
    assert len(STAKES) == len(FRACTIONS)


def test_a_stream_of_ties_rules_a_drop_out_but_not_before_the_least_that_any_method_needs():
    bet = anytime_gate([0.0] * 200)

    assert bet.finding is Finding.NO_DROP
    assert 59 <= bet.n <= 82


def test_a_stream_that_settles_nothing_stays_open():
    assert anytime_gate([0.0] * 30).finding is Finding.OPEN
    assert anytime_gate([]).finding is Finding.OPEN


def test_a_stream_of_losses_is_a_drop():
    assert anytime_gate([-1.0] * 50).finding is Finding.DROP


def test_looking_after_every_case_of_a_stream_errs_in_at_most_one_run_of_twenty():
    at_margin = [anytime_gate(row).finding for row in runs(300, 0.055, 0.105)]
    unchanged = [anytime_gate(row).finding for row in runs(300, 0.08, 0.08)]

    assert at_margin.count(Finding.NO_DROP) / RUNS <= 0.05 + NOISE
    assert unchanged.count(Finding.DROP) / RUNS <= 0.05 + NOISE


@pytest.mark.parametrize("lost", [0.05, 0.10, 0.15])
def test_the_suite_is_foretold_with_fewer_calls_than_it_has_cases(lost: float):
    rows = runs(100, 0.05, lost)

    bets = [suite_gate(row, 100) for row in rows]

    full = [Finding.NO_DROP if sum(row) > -5 + 1e-9 else Finding.DROP for row in rows]
    agreed = np.mean([bet.finding is truth for bet, truth in zip(bets, full, strict=True)])
    assert agreed >= 0.98
    assert np.mean([bet.n for bet in bets]) < 100


def test_the_suite_is_never_undecided_at_its_last_case():
    on_the_line = [-1.0] + [0.0] * 19

    assert suite_gate(on_the_line, 20).finding is Finding.DROP
    assert suite_gate([0.0] * 20, 20).finding is Finding.NO_DROP
    assert suite_gate(on_the_line[:5], 20).finding is Finding.OPEN


def test_the_suite_stops_when_the_rest_cannot_change_the_answer():
    assert suite_gate([1.0, 1.0, -1.0, -1.0], 4).n == 2  # the worst is now a mean of 0
    assert suite_gate([-1.0, -1.0, -1.0, 1.0], 4).n == 3


def test_a_drop_may_be_foretold_with_an_error_of_its_own():
    losing = [-1.0, 0.0] * 40

    usual, stricter = suite_gate(losing, 80), suite_gate(losing, 80, drop_alpha=0.001)

    assert usual.finding is stricter.finding is Finding.DROP
    assert usual.n < stricter.n
    assert suite_gate([0.0] * 80, 80).n == suite_gate([0.0] * 80, 80, drop_alpha=0.001).n


def test_the_range_of_the_suite_closes_on_the_mean_of_all_its_cases():
    rng = np.random.default_rng(2)
    row = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.7, 0.2], size=200).tolist()

    ranges = [suite_range(row[:n], 200) for n in (20, 100, 180, 200)]

    widths = [high - low for low, high in ranges]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 0.0
    assert all(low <= sum(row) / 200 <= high for low, high in ranges)


def test_the_range_of_the_suite_misses_its_mean_in_at_most_one_run_of_ten():
    rng, runs = np.random.default_rng(3), 200
    missed = 0
    for _ in range(runs):
        row = rng.choice([-1.0, 0.0, 1.0], p=[0.15, 0.7, 0.15], size=60).tolist()
        low, high = suite_range(row[:30], 60)
        missed += not low <= sum(row) / 60 <= high

    assert missed / runs <= 0.10 + 3.5 * (0.1 * 0.9 / runs) ** 0.5


def test_what_is_arithmetically_sure_makes_infinitely_rich():
    assert suite_wealth([1.0] * 9, 10, 0.5) == float("inf")
    assert suite_wealth([0.0] * 5, 10, 0.0) == 1.0
