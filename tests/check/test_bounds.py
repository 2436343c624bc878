from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from promptgit.check.bounds import Plan, bounds, looks, p_value

REFERENCE = {  # cases: the z at each look, to the digits that are printed
    50: (2.409, 2.192, 1.727),
    100: (2.878, 2.713, 2.431, 2.099, 1.750),
    200: (3.291, 3.159, 2.915, 2.637, 2.337, 1.999, 1.776),
}


@pytest.mark.parametrize("cases", REFERENCE)
def test_the_bounds_are_those_of_the_reference(cases: int):
    plan = Plan.of(cases)

    assert tuple(round(bound, 3) for bound in plan.bounds) == REFERENCE[cases]


def test_one_looks_at_20_30_45_and_so_on_and_when_all_are_in():
    assert looks(500) == (20, 30, 45, 68, 102, 153, 230, 345, 500)


@pytest.mark.parametrize("cases", [1, 5, 19, 20, 23])
def test_few_cases_are_looked_at_once_at_the_plain_bound(cases: int):
    plan = Plan.of(cases)

    assert plan.looks == (cases,)
    assert plan.bounds[0] == pytest.approx(stats.norm.isf(0.05))


@pytest.mark.parametrize("cases", range(1, 400, 7))
def test_looks_ascend_to_the_last_case_and_the_last_step_is_worth_it(cases: int):
    sizes = looks(cases)

    assert sizes[-1] == cases
    assert all(later > sooner for sooner, later in pairwise(sizes))
    assert len(sizes) == 1 or sizes[-1] - sizes[-2] >= 0.15 * cases


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_all_looks_together_spend_alpha_times_the_square_of_the_share(alpha: float):
    plan = Plan.of(200, alpha)
    shares = np.array(plan.looks) / 200
    walks = 200_000
    steps = np.random.default_rng(7).normal(size=(walks, len(shares)))
    steps *= np.sqrt(np.diff(shares, prepend=0.0))

    crossed = np.cumsum(steps, axis=1) / np.sqrt(shares) >= np.array(plan.bounds)
    spent = np.logical_or.accumulate(crossed, axis=1).mean(axis=0)

    for measured, share in zip(spent, shares, strict=True):
        chance = alpha * share**2
        assert abs(measured - chance) < 4 * sqrt(chance / walks)


def test_peeking_at_the_plain_bound_would_err_far_more_often():
    assert min(bounds(looks(200))) > 1.645


def test_the_p_value_at_a_bound_is_the_error_spent_so_far():
    plan = Plan.of(200)

    for look, size in enumerate(plan.looks):
        spent = 0.05 * (size / 200) ** 2
        assert p_value(plan, look, plan.bounds[look]) == pytest.approx(spent, rel=1e-6)


def test_the_p_value_of_a_single_look_is_the_plain_one():
    assert p_value(Plan.of(12), 0, 2.0) == pytest.approx(stats.norm.sf(2.0))


def test_the_same_z_proves_less_the_more_often_one_has_looked():
    plan = Plan.of(200)

    ps = [p_value(plan, look, 2.0) for look in range(len(plan.looks))]

    assert ps[0] == pytest.approx(stats.norm.sf(2.0))
    assert ps[-1] > ps[0]
    assert p_value(plan, 3, -9.0) <= 1.0


# ── looks after the last pair ───────────────────────────────────────────────────────────────


def test_what_is_kept_may_be_spent_at_the_last_look():
    kept, all_at_once = Plan.of(100, 0.05, kept=0.4), Plan.of(100, 0.05)

    assert kept.spent[-1] == pytest.approx(0.03)
    assert (
        min(mine - usual for mine, usual in zip(kept.bounds, all_at_once.bounds, strict=True)) > 0
    )
    assert kept.to_the_end().spent[-1] == 0.05
    assert kept.to_the_end().bounds[-1] < all_at_once.bounds[-1]


def test_one_look_is_the_fixed_test():
    assert Plan.once(80, 0.05).bounds[0] == pytest.approx(1.645, abs=1e-3)


@pytest.mark.parametrize("worth", [110, 150, 300])
def test_looks_that_repeats_add_keep_the_error(worth: int):
    plan = Plan.of(100, 0.05, kept=0.4).with_look(worth, 0.05)
    rng = np.random.default_rng(worth)
    steps = np.diff((0, *plan.looks))
    walks = np.cumsum(rng.normal(size=(200_000, len(steps))) * np.sqrt(steps), axis=1)

    crossed = (walks / np.sqrt(plan.looks) >= plan.bounds).any(axis=1)

    assert crossed.mean() == pytest.approx(0.05, abs=0.002)
