from __future__ import annotations

import numpy as np
import pytest

from check.answering import Gate, Prompted, always, gate
from check.sides import some_cases
from promptgit.core.verdict import Outcome, Policy

THRICE = Policy(repeats=3)
CASES = some_cases(60)


def moody(seed: int, rate: float) -> Prompted:
    """Right by chance alone: another answer to the same case may score differently."""

    def answer(case: str, repeat: int) -> dict[str, float]:
        rng = np.random.default_rng([seed, int(case.rpartition("-")[2]), repeat])
        return {"score": float(rng.random() < rate)}

    return answer


def steady(seed: int, rate: float) -> Prompted:
    """Right by the case: every answer to it scores alike."""
    return lambda case, repeat: moody(seed, rate)(case, 0)


def test_no_answer_is_asked_for_twice_where_the_policy_wants_one():
    run = gate(CASES, moody(1, 0.7), moody(2, 0.7))

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert set(run.repeats) == {0}


def test_a_verdict_that_the_cases_settle_asks_nothing_again():
    run = gate(some_cases(200), always(score=1.0), always(score=1.0), THRICE)

    assert run.finding.outcome is Outcome.PASS
    assert set(run.repeats) == {0}
    assert len(run.ids) < 200


def test_all_cases_come_before_any_repeat():
    run = gate(CASES, moody(1, 0.7), moody(2, 0.7), THRICE)

    assert run.repeats == sorted(run.repeats)
    assert len([case for ask in run.asked if ask.repeat == 0 for case in ask.cases]) == 60


def test_where_repeats_may_follow_no_case_is_left_out_for_want_of_hope():
    once = gate(CASES, moody(1, 0.7), moody(10, 0.65))
    thrice = gate(CASES, moody(1, 0.7), moody(10, 0.65), THRICE)

    assert once.finding.outcome is Outcome.INCONCLUSIVE
    assert len(once.ids) < 60
    assert len([case for ask in thrice.asked if ask.repeat == 0 for case in ask.cases]) == 60


def test_where_cases_do_not_change_by_themselves_a_few_repeats_show_that_and_no_more_are_bought():
    run = gate(CASES, steady(1, 0.7), steady(2, 0.7), THRICE)

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert run.repeats[-1] == 1
    assert len(run.asked[-1].cases) == 30
    assert run.repeats.count(1) == 1


def test_where_nothing_differs_no_repeat_is_asked_for_at_all():
    run = gate(some_cases(40), always(score=1.0), always(score=1.0), THRICE)

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert set(run.repeats) == {0}


def test_where_no_repeats_follow_the_cases_have_all_of_the_error_to_spend():
    run = gate(CASES, steady(1, 0.8), steady(2, 0.75), THRICE)

    assert run.repeats == [0, 0, 0, 0, 1]
    assert run.finding.outcome is Outcome.REGRESSION
    assert run.finding.score.verdict.p_value > 0.95
    assert run.finding.score.verdict.looks == 4


def test_where_little_is_chance_within_the_case_repeats_are_not_worth_their_price():
    def partly(seed: int, rate: float) -> Prompted:
        """A quarter of the cases answers by chance."""
        answer = moody(seed, rate)
        return lambda case, repeat: answer(
            case, repeat if int(case.rpartition("-")[2]) % 4 == 0 else 0
        )

    run = gate(CASES, partly(1, 0.8), partly(3, 0.7), THRICE)

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert run.repeats == [0, 0, 0, 0, 1]


def test_where_repeats_would_hardly_settle_it_none_are_bought():
    run = gate(CASES, moody(1, 0.5), moody(3, 0.5), Policy(repeats=2, margin=0.01))

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert run.repeats == [0, 0, 0, 0, 1]
    assert len(run.asked[-1].cases) == 30


def test_where_chance_within_the_case_hides_the_answer_repeats_find_it():
    once = gate(CASES, moody(1, 0.75), moody(10, 0.6))
    thrice = gate(CASES, moody(1, 0.75), moody(10, 0.6), Policy(repeats=12))

    assert once.finding.outcome is Outcome.INCONCLUSIVE
    assert thrice.finding.outcome is not Outcome.INCONCLUSIVE
    assert max(thrice.repeats) > 0


def test_repeats_stop_as_soon_as_the_answer_is_known():
    run = gate(CASES, moody(1, 0.75), moody(10, 0.6), Policy(repeats=12))

    assert 0 < max(run.repeats) < 11


def test_each_answer_is_asked_for_once():
    run = gate(CASES, moody(1, 0.7), moody(4, 0.7), THRICE)

    asked = [(case.id, ask.repeat) for ask in run.asked for case in ask.cases]
    assert len(set(asked)) == len(asked)
    assert max(run.repeats) == 2


def test_a_case_that_was_asked_again_counts_once_and_shows_its_mean():
    run = gate(CASES, moody(1, 0.7), moody(4, 0.7), THRICE)

    verdict = run.finding.score.verdict
    assert (verdict.n, verdict.of) == (60, 60)
    sides = [side for found in run.finding.cases for side in (found.before, found.after)]
    assert all(side is not None and side.repeats == 3 for side in sides)
    assert {round(3 * (side.score or 0)) for side in sides if side} == {0, 1, 2, 3}


def test_a_case_that_is_right_now_and_then_fails():
    run = gate(CASES, moody(1, 0.7), moody(4, 0.7), THRICE)

    for found in run.finding.cases:
        assert found.before is not None
        assert found.after is not None
        always_right = 1.0 in (found.before.score, found.after.score)
        assert found.already_failing == (not always_right)


def test_a_case_whose_answers_differ_is_flaky_and_says_by_how_much():
    run = gate(CASES, moody(1, 0.7), moody(4, 0.7), THRICE)

    for found in run.finding.cases:
        assert found.before is not None
        assert found.after is not None
        assert found.flaky == (found.before.wobble > 0 or found.after.wobble > 0)
    assert any(found.flaky for found in run.finding.cases)
    assert not all(found.flaky for found in run.finding.cases)


def test_the_suite_itself_needs_no_repeats():
    run = gate(CASES, moody(1, 0.7), moody(2, 0.7), Policy(repeats=3, scope="suite"))

    assert run.finding.outcome is not Outcome.INCONCLUSIVE
    assert set(run.repeats) == {0}


def test_a_must_pass_case_that_breaks_when_asked_again_is_a_regression():
    weak = gate(CASES, moody(1, 0.7), moody(4, 0.7), THRICE).asked[-2].cases.cases[0].id

    def before(case: str, repeat: int) -> dict[str, float]:
        return {"score": 1.0} if case == weak else dict(moody(1, 0.7)(case, repeat))

    def after(case: str, repeat: int) -> dict[str, float]:
        return {"score": 1.0 - repeat} if case == weak else dict(moody(4, 0.7)(case, repeat))

    run = gate(CASES, before, after, Policy(repeats=2, must_pass=(weak,)))

    assert run.finding.outcome is Outcome.REGRESSION
    assert repr(weak) in run.finding.reasons[0]


# ── how often it errs ───────────────────────────────────────────────────────────────────────


def chances(
    rng: np.random.Generator, shift: float, share_steady: float
) -> tuple[Prompted, Prompted]:
    """Cases of different difficulty; the steady ones answer every time as the first."""
    chance = rng.beta(2, 1, 60)
    after = np.minimum(1, chance * (1 + 1.5 * shift))  # their mean is 2/3
    frozen = rng.random(60) < share_steady
    tables = []
    for rate in (chance, after):
        table = (rng.random((3, 60)) < rate).astype(float)
        tables.append(np.where(frozen, table[:1], table).tolist())

    def prompted(table: list[list[float]]) -> Prompted:
        return lambda case, repeat: {"score": table[repeat][int(case.rpartition("-")[2])]}

    return prompted(tables[0]), prompted(tables[1])


@pytest.mark.parametrize("share_steady", [0.0, 0.5])
@pytest.mark.parametrize(("shift", "wrong"), [(0.0, Outcome.REGRESSION), (-0.05, Outcome.PASS)])
def test_repeats_do_not_buy_a_wrong_verdict(share_steady: float, shift: float, wrong: Outcome):
    rng, runs = np.random.default_rng(11), 100
    found: list[Gate] = [
        gate(CASES, *chances(rng, shift, share_steady), THRICE, order_seed=str(seed))
        for seed in range(runs)
    ]

    share = sum(run.finding.outcome is wrong for run in found) / runs

    assert share <= 0.05 + 3.5 * (0.05 * 0.95 / runs) ** 0.5
    assert any(max(run.repeats) == 2 for run in found)
