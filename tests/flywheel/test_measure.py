"""What a change was worth: before and after, and side by side within days."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from promptgit.flywheel.cube import Cell, Cube, Metric
from promptgit.flywheel.measure import Effect, Measurement, before_and_after, side_by_side
from promptgit.flywheel.tally import Tally, difference
from promptgit.testing.conversations import truth_of
from promptgit.testing.periods import AFTER, BEFORE, PROMPT, Source

ESCALATION = Metric("escalation_rate", better="lower")
QUALITY = Metric("quality_score", unit="number", better="higher")
OLD, NEW = "a" * 40, "b" * 40
Pairs = list[tuple[float, float]]


def a_cube(metric: Metric, days: Sequence[tuple[Pairs, Pairs]]) -> Cube:
    """Conversations of stable and candidate, day by day."""
    rows = {}
    for number, (stable, candidate) in enumerate(days):
        for variant, version, pairs in (("stable", OLD, stable), ("candidate", NEW, candidate)):
            cell = Cell("reply", version, variant, "m", f"2026-11-{number + 1:02}")
            rows[cell] = {metric.name: Tally.of(pairs)}
    return Cube({metric.name: metric}, rows)


def coins(rng: random.Random, count: int, chance: float) -> Pairs:
    return [(float(rng.random() < chance), 1.0) for _ in range(count)]


def effect(found: Measurement, name: str = "") -> Effect:
    return next(one for one in found.effects if name in ("", one.metric.name))


def test_with_one_day_it_is_the_plain_difference():
    rng = random.Random(1)
    old, new = coins(rng, 300, 0.2), coins(rng, 90, 0.1)

    found = effect(side_by_side(a_cube(ESCALATION, [(old, new)])))

    expected = difference(Tally.of(old), Tally.of(new), share=True)
    assert found.difference is not None
    assert expected is not None
    assert found.difference.value == pytest.approx(expected.value)
    assert found.difference.low == pytest.approx(expected.low)
    assert found.difference.high == pytest.approx(expected.high)


def test_a_share_that_was_raised_in_a_good_week_does_not_confound():
    """
    Both texts are equally good; the second week is better for both, and most of the candidate's
    conversations are of that week.
    """
    rng = random.Random(2)
    weeks = [(0.30, 900, 100)] * 7 + [(0.10, 500, 500)] * 7
    days = [(coins(rng, n, rate), coins(rng, m, rate)) for rate, n, m in weeks]
    cube = a_cube(ESCALATION, days)

    within = effect(side_by_side(cube)).difference
    naive = before_and_after(cube.only(variant="stable"), cube.only(variant="candidate"))

    lumped = effect(naive).difference
    assert lumped is not None
    assert lumped.high < -0.05  # 6 points better, and sure of it
    assert within is not None
    assert within.low < 0 < within.high
    assert abs(within.value) < 0.02


@pytest.mark.parametrize("kind", ["rare", "common", "scores", "few a day"])
def test_the_interval_holds_the_truth_as_often_as_it_says(kind: str):
    rng = random.Random(kind)
    runs, held, proven = 300, 0, 0
    for _ in range(runs):
        days: list[tuple[Pairs, Pairs]] = []
        for day in range(8):
            share = 0.1 if day < 5 else 0.5
            n = 12 if kind == "few a day" else 120
            sizes = max(1, round(n * (1 - share))), max(1, round(n * share))
            base = rng.uniform(0.02, 0.06) if kind == "rare" else rng.uniform(0.2, 0.5)
            if kind == "scores":
                draws = [
                    [(10 * min(1.0, max(0.0, rng.gauss(base, 0.2))), 1.0) for _ in range(size)]
                    for size in sizes
                ]
                days.append((draws[0], draws[1]))
            else:
                days.append((coins(rng, sizes[0], base), coins(rng, sizes[1], base)))
        metric = QUALITY if kind == "scores" else ESCALATION
        found = effect(side_by_side(a_cube(metric, days)))
        assert found.difference is not None
        held += found.difference.low <= 0 <= found.difference.high
        proven += found.proven

    assert held / runs >= 0.93
    assert proven / runs <= 0.07


def test_a_real_difference_is_found():
    rng = random.Random(4)
    days = [(coins(rng, 450, 0.20), coins(rng, 50, 0.10)) for _ in range(14)]

    found = effect(side_by_side(a_cube(ESCALATION, days)))

    assert found.verdict == "better"
    assert found.difference is not None
    assert found.difference.low <= -0.10 <= found.difference.high


def test_days_with_one_variant_only_are_left_out_and_counted():
    rng = random.Random(5)
    days = [(coins(rng, 100, 0.2), []), (coins(rng, 50, 0.2), coins(rng, 50, 0.2))]

    found = side_by_side(a_cube(ESCALATION, days))

    assert (found.days, found.left_out) == (1, 100)
    assert effect(found).conversations == (50, 50)


def test_another_text_under_the_same_name_does_not_count():
    rng = random.Random(6)
    cube = a_cube(ESCALATION, [(coins(rng, 50, 0.2), coins(rng, 50, 0.2))])

    assert effect(side_by_side(cube, OLD, NEW)).difference is not None
    assert effect(side_by_side(cube, OLD, "c" * 40)).difference is None


def test_of_many_metrics_that_did_not_change_hardly_ever_one_is_proven():
    runs, wrong = 200, 0
    for run in range(runs):
        rng = random.Random(run)
        metrics = {f"m{number}": Metric(f"m{number}", better="higher") for number in range(20)}

        def cube(rng: random.Random, metrics: dict[str, Metric]) -> Cube:
            row = {name: Tally.of(coins(rng, 150, 0.3)) for name in metrics}
            return Cube(metrics, {Cell("reply"): row})

        wrong += bool(before_and_after(cube(rng, metrics), cube(rng, metrics)).proven)

    assert wrong / runs <= 0.08


@pytest.mark.parametrize(
    ("old", "new", "margin", "guard"),
    [
        (0.10, 0.10, 0.02, "holds"),
        (0.10, 0.25, 0.02, "broken"),
        (0.10, 0.05, 0.02, "holds"),
        (0.10, 0.11, 0.001, "unknown"),
    ],
)
def test_a_guard_metric_is_held_against_its_margin(
    old: float, new: float, margin: float, guard: str
):
    rng = random.Random(7)
    days = [(coins(rng, 2000, old), coins(rng, 2000, new)) for _ in range(3)]

    found = side_by_side(a_cube(ESCALATION, days), margins={"escalation_rate": margin})

    assert effect(found).guard == guard
    assert bool(found.broken) == (guard == "broken")


@pytest.mark.parametrize(
    ("old", "new", "margin", "guard"),
    [
        ([], [], None, ""),  # an application that never asks its users whether they are content
        ([(1.0, 1.0)] * 50, [], None, "unknown"),
        ([], [], 0.02, "unknown"),  # somebody asked for it
    ],
)
def test_a_usual_guard_that_nobody_measures_holds_nothing_up(
    old: Pairs, new: Pairs, margin: float | None, guard: str
):
    cube = a_cube(ESCALATION, [(old, new)])

    found = side_by_side(cube, margins={"escalation_rate": margin})

    assert effect(found).guard == guard


def test_too_little_to_tell_says_how_many_more_would():
    old, new = ([(1.0, 1.0)] * ones + [(0.0, 1.0)] * (100 - ones) for ones in (20, 14))

    found = effect(side_by_side(a_cube(ESCALATION, [(old, new)])))

    assert not found.proven
    assert found.more is not None
    assert 100 < found.more < 100_000


def test_that_many_more_do_tell_four_times_of_five():
    rng, told, runs = random.Random(9), 0, 100
    for _ in range(runs):
        exact = [(1.0, 1.0)] * 40 + [(0.0, 1.0)] * 160, [(1.0, 1.0)] * 28 + [(0.0, 1.0)] * 172
        more = effect(side_by_side(a_cube(ESCALATION, [exact]))).more
        assert more is not None
        each = (400 + more) // 2
        days = [(coins(rng, each, 0.20), coins(rng, each, 0.14))]
        told += effect(side_by_side(a_cube(ESCALATION, days))).proven

    assert 0.7 <= told / runs <= 0.9


def test_the_planted_improvement_is_measured_as_it_was_planted():
    before, after = (
        truth_of(Source(period, 3_000)).cube.only(prompt=PROMPT) for period in (BEFORE, AFTER)
    )

    found = before_and_after(before, after)

    blocked = effect(found, "block_rate")
    assert blocked.name == "block_rate_improvement"
    assert blocked.before == pytest.approx(12 / 23)
    assert blocked.after == pytest.approx(24 / 25)
    assert blocked.verdict == "better"
    assert effect(found, "quality_score").name == "quality_score_delta"
    assert {"block_rate", "quality_score", "upsell_rate", "escalation_rate"} <= {
        one.metric.name for one in found.better
    }
    assert {one.metric.name for one in found.worse} <= {"resolution_s"}  # it asks first


def test_the_planted_candidate_is_measured_side_by_side():
    cube = truth_of(Source(BEFORE, 3_000)).cube.only(prompt=PROMPT)

    found = side_by_side(cube)

    assert found.days == 7
    assert found.left_out == 0
    assert effect(found, "quality_score").verdict == "better"
    assert effect(found, "upsell_rate").verdict == "better"
    assert not found.worse
    assert not found.broken


def test_where_one_side_has_nothing_nothing_is_said():
    cube = a_cube(ESCALATION, [([], [(1.0, 1.0)])])

    found = side_by_side(cube)

    assert effect(found).difference is None
    assert effect(found).verdict == ""
    assert not found.proven
