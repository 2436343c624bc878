from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from check.sides import Sides, flips_of, sides_of, some_cases
from promptgit.check.confirm import Confirmation, confirm, confirmation
from promptgit.core.dataset import Dataset
from promptgit.core.verdict import Outcome, Policy, Verdict

ANY = Policy()


def judge(cases: Dataset, sides: Sides, policy: Policy = ANY, alpha: float = 0.05) -> Verdict:
    return confirm(cases, sides, policy, alpha=alpha, order_seed="seed")


def noise(count: int, mean: float, spread: float = 0.1, seed: int = 5) -> list[float]:
    found = np.random.default_rng(seed).normal(0, spread, count)
    return [float(value) for value in found - found.mean() + mean]


# ── yes, no, and neither ────────────────────────────────────────────────────────────────────


def test_a_clear_gain_is_confirmed_before_all_cases_are_paid_for():
    cases = some_cases(200)
    sides = sides_of(cases, noise(200, 0.15))

    verdict = judge(cases, sides)

    assert verdict.outcome is Outcome.PASS
    assert verdict
    assert verdict.n < verdict.of == 200
    assert len(sides.ids) == verdict.n


def test_no_case_is_asked_for_twice():
    cases = some_cases(100)
    sides = sides_of(cases, noise(100, 0.02))

    judge(cases, sides)

    assert len(set(sides.ids)) == len(sides.ids)
    assert [len(batch) for batch in sides.asked] == [20, 10, 15, 23, 32][: len(sides.asked)]


def test_a_clear_loss_is_not_better():
    cases = some_cases(100)

    verdict = judge(cases, sides_of(cases, noise(100, -0.15)))

    assert verdict.outcome is Outcome.NOT_BETTER
    assert verdict.effect < 0
    assert verdict.p_value > 0.5


def test_a_gain_too_small_to_be_worth_it_is_not_better_however_certain():
    cases = some_cases(200)

    verdict = judge(cases, sides_of(cases, noise(200, 0.01, spread=0.001)), Policy(min_effect=0.05))

    assert verdict.outcome is Outcome.NOT_BETTER
    assert verdict.low > 0 or verdict.effect > 0


def test_what_the_cases_cannot_settle_is_inconclusive_and_says_how_many_could():
    cases = some_cases(60)

    verdict = judge(cases, sides_of(cases, noise(60, 0.04, spread=0.3)))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert not verdict
    assert verdict.needed is not None
    assert verdict.needed > 60
    assert verdict.low < 0 < verdict.high


def test_identical_answers_are_pairs_that_show_no_gain():
    cases = some_cases(400)

    verdict = judge(cases, flips_of(cases))

    assert verdict.outcome is Outcome.NOT_BETTER
    assert verdict.effect == 0.0
    assert verdict.flips == ()


def test_few_identical_answers_prove_nothing_and_say_so():
    cases = some_cases(40)

    verdict = judge(cases, flips_of(cases))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no case changed its score" in verdict.reasons or verdict.n < 40


def test_no_sealed_case_confirms_nothing():
    verdict = judge(some_cases(0), Sides({}, {}))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert isnan(verdict.baseline)


def test_nine_cases_are_called_too_few():
    cases = some_cases(9)

    verdict = judge(cases, flips_of(cases, broke=2))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("too few" in reason for reason in verdict.reasons)


def test_the_numbers_belong_together():
    cases = some_cases(80)

    verdict = judge(cases, sides_of(cases, noise(80, 0.12)))

    assert verdict.effect == pytest.approx(verdict.candidate - verdict.baseline)
    assert verdict.low < verdict.effect < verdict.high
    assert verdict.p_value <= verdict.alpha == 0.05


def test_the_side_that_is_better_is_the_candidate():
    cases = some_cases(60)

    gained = judge(cases, flips_of(cases, fixed=25, broke=2))
    lost = judge(cases, flips_of(cases, fixed=2, broke=25))

    assert (gained.outcome, lost.outcome) == (Outcome.PASS, Outcome.NOT_BETTER)


def test_a_later_look_of_the_ledger_asks_for_more():
    cases = some_cases(60)
    sides = sides_of(cases, noise(60, 0.12, spread=0.2))

    first, tenth = judge(cases, sides, alpha=0.03), judge(cases, sides, alpha=0.0003)

    assert first.outcome is Outcome.PASS
    assert tenth.outcome is Outcome.INCONCLUSIVE


def test_the_order_does_not_depend_on_the_file():
    cases = some_cases(100)
    sides = sides_of(cases, noise(100, 0.04))
    backwards = replace(cases, cases=cases.cases[::-1])

    assert judge(backwards, sides) == judge(cases, sides)


def test_the_caller_may_drive_the_confirmation_batch_by_batch():
    cases = some_cases(60)
    sides = sides_of(cases, noise(60, 0.2))
    steps = confirmation(cases, ANY, alpha=0.05, order_seed="seed")

    batch = next(steps)
    with pytest.raises(StopIteration) as end:
        drive(steps, batch, sides)

    assert len(batch) == 20
    assert end.value.value == judge(cases, sides)


def drive(steps: Confirmation, batch: Dataset, sides: Sides) -> None:
    while True:
        batch = steps.send(sides(batch))


# ── what may never get worse ────────────────────────────────────────────────────────────────


def guarded(cases: Dataset, *ids: str) -> Dataset:
    tagged = (replace(case, tags=("safety",)) if case.id in ids else case for case in cases)
    return replace(cases, cases=tuple(tagged))


@pytest.mark.parametrize("name", ["case-99", "safety"])
def test_a_must_pass_case_may_not_get_worse_even_if_the_mean_improves(name: str):
    cases = guarded(some_cases(100), "case-99")
    sides = sides_of(cases, [0.3] * 99 + [-0.1])

    verdict = judge(cases, sides, Policy(must_pass=(name,)))

    assert verdict.outcome is Outcome.NOT_BETTER
    assert "'case-99' got worse: 0.5000 -> 0.4000" in verdict.reasons[0]
    assert verdict.flips[0].case_id == "case-99"


def test_must_pass_cases_are_compared_first_but_count_in_their_turn():
    cases = guarded(some_cases(100), *(f"case-{number}" for number in range(30)))
    sides = sides_of(cases, [0.0] * 30 + noise(70, 0.1))
    without = sides_of(cases, [0.0] * 30 + noise(70, 0.1))

    verdict = judge(cases, sides, Policy(must_pass=("safety",)))

    assert {f"case-{number}" for number in range(30)} <= {case.id for case in sides.asked[0]}
    assert len(set(sides.ids)) == len(sides.ids)
    plain = judge(cases, without)
    assert len(sides.ids) == verdict.n + len(verdict.aside)
    assert (verdict.outcome, verdict.n, verdict.effect) == (plain.outcome, plain.n, plain.effect)


def test_flips_are_counted_among_the_pairs_that_the_verdict_is_about():
    cases = some_cases(200)
    vital = tuple(case.id for case in cases.cases[-10:])

    verdict = judge(cases, sides_of(cases, noise(200, 0.15)), Policy(must_pass=vital))

    assert verdict.n < 200
    assert len(verdict.flips) <= verdict.n


def test_a_must_pass_case_that_fails_as_before_is_no_reason_to_refuse():
    cases = guarded(some_cases(100), "case-99")

    verdict = judge(cases, sides_of(cases, [0.3] * 99 + [0.0]), Policy(must_pass=("safety",)))

    assert verdict.outcome is Outcome.PASS


def test_a_must_pass_case_without_a_score_leaves_no_verdict():
    cases = guarded(some_cases(100), "case-99")

    verdict = judge(cases, sides_of(cases, [0.3] * 99 + [None]), Policy(must_pass=("safety",)))

    assert verdict.outcome is Outcome.INVALID


# ── failures ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("lost", "outcome"), [(2, Outcome.PASS), (3, Outcome.INVALID)])
def test_more_unscored_pairs_than_two_percent_leave_no_verdict(lost: int, outcome: Outcome):
    cases = some_cases(100)
    sides = sides_of(cases, [None] * lost + noise(100 - lost, 0.05, spread=0.25))

    verdict = judge(cases, sides, alpha=0.2)

    assert verdict.outcome is outcome
    assert verdict.unscored == tuple(f"case-{number}" for number in range(lost))


def test_a_pair_that_misses_either_side_is_dropped_from_both():
    cases = some_cases(100)
    sides = sides_of(cases, noise(100, 0.05, spread=0.25))
    sides = Sides({**sides.before, "case-3": None}, {**sides.after, "case-3": 1.0})

    verdict = judge(cases, sides, alpha=0.01)

    assert "case-3" not in {flip.case_id for flip in verdict.flips}
    assert verdict.effect == pytest.approx(verdict.candidate - verdict.baseline)


def test_an_early_answer_waits_until_the_failures_are_few_enough():
    cases = some_cases(100)
    first_batch = sides_of(cases, [0.3] * 100)
    judge(cases, first_batch)
    unlucky = first_batch.asked[0].cases[0].id
    sides = Sides(first_batch.before, {**first_batch.after, unlucky: None})

    verdict = judge(cases, sides)

    assert verdict.outcome is Outcome.PASS
    assert len(verdict.unscored) / len(sides.ids) <= 0.02
    assert verdict.n >= 50


def test_a_world_that_is_down_is_noticed_at_once():
    cases = some_cases(200)
    sides = sides_of(cases, [None] * 200)

    verdict = judge(cases, sides)

    assert verdict.outcome is Outcome.INVALID
    assert len(sides.ids) == 20


# ── groups and weights ──────────────────────────────────────────────────────────────────────


def test_ten_turns_of_a_conversation_count_as_one():
    talks = [some_cases(10, prefix=f"talk-{n}", group=f"talk {n}").cases for n in range(12)]
    cases = Dataset(tuple(case for talk in talks for case in talk))
    moves = [move for move in noise(12, 0.05, spread=0.15) for _ in range(10)]

    grouped = judge(cases, sides_of(cases, moves))
    plain = tuple(replace(case, group="") for case in cases)
    ignored = judge(replace(cases, cases=plain), sides_of(cases, moves))

    assert ignored.outcome is Outcome.PASS
    assert grouped.outcome is Outcome.INCONCLUSIVE
    assert any("12 groups" in reason and "fewer than 20" in reason for reason in grouped.reasons)
    assert grouped.of == 120


def test_a_heavy_case_counts_more_and_the_effect_stays_in_score_points():
    heavy = tuple(replace(case, weight=5.0) for case in some_cases(10, prefix="heavy"))
    cases = Dataset(heavy + some_cases(9).cases)

    verdict = judge(cases, sides_of(cases, [0.4] * 10 + [0.0] * 9))

    assert verdict.n == 19
    assert verdict.effect == pytest.approx(0.4 * 50 / 59)
    assert verdict.low < verdict.effect < verdict.high


# ── how often it errs ───────────────────────────────────────────────────────────────────────


def test_a_finalist_that_is_no_better_is_confirmed_in_at_most_one_run_of_twenty():
    rng = np.random.default_rng(8)
    cases, runs = some_cases(50), 400
    confirmed = 0
    for run in range(runs):
        moves = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=50)
        before = np.where(moves > 0, 0.0, np.where(moves < 0, 1.0, 1.0))
        sides = sides_by(cases, before, before + moves)
        confirmed += bool(confirm(cases, sides, ANY, alpha=0.05, order_seed=str(run)))

    assert confirmed / runs <= 0.05 + 3.5 * (0.05 * 0.95 / runs) ** 0.5


def sides_by(cases: Dataset, before: np.ndarray, after: np.ndarray) -> Sides:
    ids = [case.id for case in cases]
    return Sides(
        {name: float(value) for name, value in zip(ids, before, strict=True)},
        {name: float(value) for name, value in zip(ids, after, strict=True)},
    )
