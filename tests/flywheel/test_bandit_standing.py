"""A rollout as a bandit sees it: rewards from the logs, a share within floors, one a week."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from promptgit.errors import UserError
from promptgit.flywheel.bandit_standing import Standing, rewards, stand
from promptgit.flywheel.cube import Metric
from promptgit.flywheel.logs import Point
from promptgit.flywheel.rollout import Arm, Rollout
from promptgit.report.bandit_screen import bandit_lines

OLD, NEW = Arm("a" * 40, "c" * 40), Arm("b" * 40, "d" * 40)
ONE = Rollout("production", "reply", OLD, NEW, 30.0, since="2026-11-01T00:00:00.000Z")
SOLD = Metric("upsell_rate", better="higher")
QUALITY = Metric("quality_score", unit="number", better="higher")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def points(stable: Sequence[float], candidate: Sequence[float]) -> list[Point]:
    """Observations of the two texts, a second apart."""
    found = []
    for variant, arm, values in (("stable", OLD, stable), ("candidate", NEW, candidate)):
        for index, value in enumerate(values):
            at = f"2026-11-10T{index // 3600:02}:{index // 60 % 60:02}:{index % 60:02}.000Z"
            found.append(Point(at, value, version=arm.blob, variant=variant))
    return found


def coins(seed: int, count: int, chance: float) -> list[float]:
    rng = random.Random(seed)
    return [float(rng.random() < chance) for _ in range(count)]


def standing(
    found: list[Point], one: Rollout = ONE, metric: Metric = SOLD, lead: float | None = 0.1
) -> Standing:
    return stand(one, metric, found, now=NOW, lead=lead)


def test_the_state_is_rebuilt_from_the_logs_in_any_order():
    found = points(coins(1, 300, 0.3), coins(2, 100, 0.4))
    mixed = random.Random(3).sample(found, len(found))

    assert standing(found) == standing(mixed)


@pytest.mark.parametrize(("stable", "way_out"), [(0.5, True), (0.1, False)])
def test_where_the_candidate_is_proven_worse_the_way_out_is_named(stable: float, way_out: bool):
    told = standing(points(coins(1, 900, stable), coins(2, 400, 0.6 - stable)), lead=0.3 - stable)

    said = "".join(text for line in bandit_lines(told) for text, _ in line)

    assert ("`promptgit abort reply --to production`" in said) is way_out


def test_what_is_proven_is_proposed_and_nothing_more():
    told = standing(points(coins(1, 900, 0.1), coins(2, 400, 0.5)))

    assert (told.proven, told.move) == ("candidate", "promote")
    assert "a person may promote" in told.why
    assert told.best["candidate"] > 0.99


@pytest.mark.parametrize("lead", [None, -0.01])
def test_what_is_not_so_within_days_is_not_promoted(lead: float | None):
    told = standing(points(coins(1, 900, 0.1), coins(2, 400, 0.5)), lead=lead)

    assert told.move == "wait"
    assert "within days" in told.why


def test_a_share_follows_p_best_within_the_floors():
    better = standing(points(coins(1, 200, 0.30), coins(2, 200, 0.36)))
    worse = standing(points(coins(1, 200, 0.36), coins(2, 200, 0.20)))

    assert better.move == "share"
    assert 30 < better.proposed <= 85
    assert 5 <= worse.proposed < 30


def test_nothing_follows_before_each_text_had_20_rewards():
    told = standing(points(coins(1, 500, 0.3), coins(2, 19, 0.9)))

    assert (told.move, told.proposed) == ("wait", 30)
    assert "20 rewards" in told.why


def test_a_share_changes_at_most_once_a_week():
    fresh = replace(ONE, since="2026-11-15T00:00:00.000Z")

    told = standing(points(coins(1, 200, 0.30), coins(2, 200, 0.36)), fresh)

    assert told.move == "wait"
    assert told.resting_until == "2026-11-22T00:00:00.000Z"
    assert "once a week" in told.why


def test_other_texts_and_other_variants_are_no_rewards():
    found = points([1.0], [1.0])
    others = [replace(one, version="e" * 40) for one in found]
    unrouted = [replace(one, variant="") for one in found]

    assert len(rewards([*found, *others, *unrouted], SOLD, ONE)) == 2


def test_scores_to_ten_are_scaled_and_what_should_be_low_is_turned():
    scored = rewards(points([8.0], []), QUALITY, ONE)
    failed = rewards(points([1.0], [0.0]), Metric("error_rate", better="lower"), ONE)

    assert [one.value for one in scored] == [0.8]
    assert [one.value for one in failed] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Metric("latency_ms", unit="ms", better="lower"), 1.0),
        (Metric("leaks", unit="count", better="lower"), 1.0),
        (Metric("average_value", unit="number", better="higher"), 49.0),
        (Metric("upsell_rate"), 1.0),
    ],
)
def test_what_has_no_scale_is_no_reward(metric: Metric, value: float):
    with pytest.raises(UserError, match="reward"):
        rewards(points([value], []), metric, ONE)


def test_regret_is_what_the_poorer_text_lost():
    told = standing(points(coins(1, 1000, 0.2), coins(2, 1000, 0.4)))

    assert told.regret.low < 200 < told.regret.high
