"""
Thompson sampling with floors, and a promotion that is proven.

Simulations are small here; `benchmarks/live.py` holds the bars with thousands of runs.
"""

from __future__ import annotations

import random
from dataclasses import replace
from math import log

import pytest

from promptgit.errors import UserError
from promptgit.flywheel.bandit import (
    BURN_IN,
    Arm,
    Reward,
    State,
    choose,
    evidence,
    fold,
    needed,
    p_best,
    proven,
    regret,
    shares,
    threshold,
)
from promptgit.report.bandit_text import leading

TWO = State.of(["stable", "candidate"])


def a_state(*arms, discount=1.0):
    """Arms as (name, pulls, sum of rewards)."""
    return State(tuple(Arm(name, n, s, float(n), s) for name, n, s in arms), discount)


def live(rates, requests, seed, *, look=10, discount=1.0):
    """Run a bandit; return its state, what it lost, and (request, arm) of the first promotion."""
    rng = random.Random(seed)
    state = State.of([str(number) for number in range(len(rates))], discount=discount)
    lost, promoted = 0.0, None
    for request in range(1, requests + 1):
        arm = choose(state, rng)
        lost += max(rates) - rates[int(arm)]
        state = state.after(arm, float(rng.random() < rates[int(arm)]))
        if promoted is None and request % look == 0 and proven(state):
            promoted = (request, proven(state))
    return state, lost, promoted


def test_each_arm_is_tried_twenty_times_first():
    state, rng = State.of(["a", "b", "c"]), random.Random(0)
    for _ in range(3 * BURN_IN):
        state = state.after(choose(state, rng), 0.0)

    assert [arm.pulls for arm in state.arms] == [BURN_IN] * 3


def test_little_is_lost_and_the_baseline_keeps_its_share():
    runs = [live((0.75, 0.85, 0.80), 1_000, seed) for seed in range(25)]

    assert sum(lost for _, lost, _ in runs) / len(runs) <= 33  # 50 if all were alike
    assert min(state.arms[0].pulls for state, _, _ in runs) >= 70


def test_equal_arms_are_not_promoted_however_often_one_looks():
    assert sum(live((0.8, 0.8), 600, seed)[2] is not None for seed in range(40)) <= 5


def test_a_large_gap_is_proven_soon():
    promoted = [live((0.60, 0.90), 600, seed)[2] for seed in range(30)]

    assert all(one and one[1] == "1" for one in promoted)
    assert sorted(request for request, _ in promoted)[15] <= 150


def test_fractions_count_as_fractions():
    state = TWO
    for _ in range(300):
        state = state.after("stable", 0.3).after("candidate", 0.4)

    assert p_best(state, random.Random(0))["candidate"] >= 0.97
    assert state.arms[0].mean == pytest.approx(0.3)


def test_p_best_is_never_a_reason_to_promote():
    state = a_state(("stable", 100, 70.0), ("candidate", 100, 84.0))

    assert p_best(state, random.Random(1))["candidate"] > 0.98
    assert proven(state) == ""


def test_promotion_is_the_likelihood_ratio_over_its_bound():
    good, bad = Arm("b", 200, 180.0), Arm("a", 200, 140.0)
    pooled = 320 / 400
    by_hand = 200 * (0.9 * log(0.9 / pooled) + 0.1 * log(0.1 / (1 - pooled))) + 200 * (
        0.7 * log(0.7 / pooled) + 0.3 * log(0.3 / (1 - pooled))
    )

    assert evidence(good, bad) == pytest.approx(by_hand)
    assert threshold(400, 2) == pytest.approx(log((1 + log(400)) / 0.05))
    assert proven(State((bad, good))) == "b"


def test_an_arm_has_to_beat_every_other():
    bad, good, as_good = ("a", 300, 180.0), ("b", 300, 270.0), ("c", 300, 268.0)

    assert proven(a_state(bad, good)) == "b"
    assert proven(a_state(bad, good, as_good)) == ""


def test_more_arms_ask_for_more_evidence():
    assert threshold(400, 5) == pytest.approx(log((1 + log(400)) * 4 / 0.05))


def test_the_baseline_can_be_proven_better_too():
    assert proven(a_state(("stable", 300, 270.0), ("candidate", 300, 180.0))) == "stable"


def test_nothing_is_proven_before_every_arm_had_its_rewards():
    assert proven(a_state(("stable", 19, 0.0), ("candidate", 400, 400.0))) == ""


def test_arms_without_a_failure_are_no_trouble():
    assert proven(a_state(("stable", 100, 100.0), ("candidate", 100, 100.0))) == ""
    assert proven(a_state(("stable", 100, 0.0), ("candidate", 100, 100.0))) == "candidate"


def test_shares_are_the_chances_with_which_it_chooses():
    state = a_state(("stable", 60, 45.0), ("candidate", 60, 50.0))
    rng = random.Random(3)

    expected = shares(state, p_best(state, rng, 20_000))
    chosen = [choose(state, rng) for _ in range(20_000)]

    assert sum(expected.values()) == pytest.approx(1)
    assert chosen.count("stable") / 20_000 == pytest.approx(expected["stable"], abs=0.015)
    assert shares(a_state(("a", 5, 1.0), ("b", 400, 9.0)), {}) == {"a": 0.5, "b": 0.5}


def test_the_baseline_has_its_floor_when_it_is_hopeless():
    state = a_state(("stable", 500, 5.0), ("candidate", 500, 495.0))

    assert shares(state, p_best(state, random.Random(0)))["stable"] == pytest.approx(0.15)


def test_the_state_is_rebuilt_from_the_logs_in_whatever_order_they_are_read():
    rng = random.Random(8)
    rewards = [
        Reward(f"2026-11-02T{hour:02d}:00:00.000Z", rng.choice(["stable", "candidate"]), 0.5)
        for hour in range(24)
    ]
    state = replace(TWO, discount=0.995)
    shuffled = rng.sample(rewards, len(rewards))

    assert fold(state, rewards) == fold(state, shuffled)
    assert fold(state, rewards).rewards == 24


def test_rewards_before_a_change_say_nothing_of_now():
    rewards = [Reward(f"2026-11-{day:02d}T00:00:00.000Z", "stable", 1.0) for day in range(1, 11)]

    state = fold(TWO, rewards, ["2026-11-03T00:00:00.000Z", "2026-11-06T00:00:00.000Z"])

    assert state.rewards == 5


def test_rewards_of_an_arm_that_is_gone_are_left_out():
    assert fold(TWO, [Reward("2026-11-02T00:00:00.000Z", "old", 1.0)]) == TWO


@pytest.mark.parametrize("value", [7.2, -0.1, float("nan")])
def test_a_reward_outside_0_and_1_is_refused(value):
    with pytest.raises(UserError, match="not from 0 to 1"):
        fold(TWO, [Reward("2026-11-02T00:00:00.000Z", "stable", value)])


def test_forgetting_finds_a_winner_that_broke():
    def lost_after_the_break(discount):
        rng = random.Random(5)
        state = a_state(("0", 100, 70.0), ("1", 900, 810.0), discount=discount)
        lost = 0.0
        for _ in range(1_000):
            arm = choose(state, rng)
            rate = {"0": 0.7, "1": 0.6}[arm]
            lost += 0.7 - rate
            state = state.after(arm, float(rng.random() < rate))
        return lost

    assert lost_after_the_break(0.995) < 0.8 * lost_after_the_break(1.0)


def test_discounting_does_not_touch_what_promotion_counts():
    state = State.of(["stable", "candidate"], discount=0.9)
    for _ in range(30):
        state = state.after("stable", 1.0).after("candidate", 0.0)

    assert [arm.pulls for arm in state.arms] == [30, 30]
    assert state.arms[0].total == 30
    assert state.arms[0].n < 6


def test_what_is_lost_is_nothing_if_all_went_to_the_best():
    best = regret(a_state(("stable", 0, 0.0), ("candidate", 1_000, 900.0)), random.Random(0))
    half = regret(a_state(("stable", 500, 300.0), ("candidate", 500, 450.0)), random.Random(0))

    assert best.low == 0
    assert half.low < 500 * 0.3 < half.high
    assert half.value == pytest.approx(150, rel=0.1)


def test_what_is_lost_is_counted_over_all_rewards_though_old_ones_are_forgotten():
    state = State((Arm("stable", 500, 300.0, 10.0, 6.0), Arm("candidate", 500, 450.0, 10.0, 9.0)))

    found = regret(state, random.Random(0))

    assert found.value == pytest.approx(150, rel=0.1)
    assert found.high - found.low < 80


def test_how_many_more_is_fewer_for_a_larger_gap_and_none_for_no_gap():
    small = needed(a_state(("stable", 500, 400.0), ("candidate", 500, 410.0)))
    large = needed(a_state(("stable", 500, 400.0), ("candidate", 500, 430.0)))

    assert small > 5 * large > 0
    assert needed(a_state(("stable", 500, 400.0), ("candidate", 500, 400.0))) is None
    assert needed(a_state(("stable", 300, 150.0), ("candidate", 300, 290.0))) == 0


def test_the_guess_is_of_the_right_size():
    state = a_state(("stable", 500, 375.0), ("candidate", 500, 400.0))
    more = needed(state)

    times = (1_000 + more) / 1_000
    grown = a_state(
        *((arm.name, round(arm.pulls * times), arm.total * times) for arm in state.arms)
    )
    assert proven(grown) == "candidate"
    assert proven(state) == ""


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([("stable", 3, 1.0), ("candidate", 90, 80.0)], "Too early to say who leads: stable has 3"),
        ([("stable", 500, 375.0), ("candidate", 500, 390.0)], "candidate leads (P(best) = 50 %); "),
        ([("stable", 500, 300.0), ("candidate", 500, 450.0)], "candidate is proven better, by 30"),
        ([("stable", 500, 400.0), ("candidate", 500, 400.0)], "no number of requests in sight"),
    ],
)  # fmt: skip
def test_what_is_known_is_one_sentence(arms, said):
    assert said in leading(a_state(*arms), {"stable": 0.5, "candidate": 0.5})
