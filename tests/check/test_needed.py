from __future__ import annotations

import pytest

from promptgit.check.needed import cases_needed, cases_to_settle, smallest_effect
from promptgit.check.sequential import Kind, Tally


@pytest.mark.parametrize(
    ("spread", "margin", "cases"),
    [(0.2, 0.05, 127), (0.2, 0.10, 60), (0.25, 0.05, 167), (0.4, 0.10, 107), (0.5, 0.15, 74)],
)
def test_planning_for_equal_prompts_gives_the_numbers_of_the_reference(
    spread: float, margin: float, cases: int
):
    equal = Tally(10_000, 0.0, 10_000 * spread**2)

    found = cases_to_settle(equal, kind=Kind.PASS_FAIL, margin=margin, alpha=0.05)

    assert found == cases


def test_so_many_cases_show_the_effect_and_one_fewer_do_not():
    needed = cases_needed(0.1, 0.4, kind=Kind.SCORE)

    assert needed is not None
    assert smallest_effect(needed, 0.4) <= 0.1 < smallest_effect(needed - 1, 0.4)


def test_ties_alone_still_need_the_cases_that_rule_out_a_rare_loss():
    ties = Tally(20, 0.0, 0.0)

    assert cases_to_settle(ties, kind=Kind.PASS_FAIL, margin=0.05, alpha=0.05) == 127


def test_a_shown_drop_is_counted_from_zero():
    tally = Tally.of([-1.0] * 10 + [0.0] * 90)

    found = cases_to_settle(tally, kind=Kind.PASS_FAIL, margin=0.05, alpha=0.05)

    assert found == cases_needed(0.1, 0.3, kind=Kind.PASS_FAIL)


@pytest.mark.parametrize("gap", [0.0, -0.1, 1e-5])
def test_what_no_number_of_cases_shows_has_none(gap: float):
    assert cases_needed(gap, 0.4, kind=Kind.SCORE) is None


def test_a_smaller_error_needs_more_cases():
    strict = cases_needed(0.1, 0.4, kind=Kind.SCORE, alpha=0.01)
    lax = cases_needed(0.1, 0.4, kind=Kind.SCORE, alpha=0.05)

    assert strict is not None
    assert lax is not None
    assert strict > lax
