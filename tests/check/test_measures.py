from __future__ import annotations

import numpy as np
import pytest

from check.answering import a_result, always, evaluated
from check.sides import some_cases
from promptgit.check.answers import Answers
from promptgit.check.measures import Measure, measures
from promptgit.core.evaluation import Metric
from promptgit.core.verdict import Policy

COST = Measure("cost", "guard", 0.2)


def test_growth_counts_against_the_candidate_and_saving_for_it():
    assert COST.difference(1.0, 1.2) < 0 < COST.difference(1.2, 1.0)
    assert COST.difference(1.0, 1.2) == -COST.difference(1.2, 1.0)


def test_growth_by_the_margin_is_just_the_line():
    for margin in (0.05, 0.5, 1.0, 3.0, 10.0):
        guard = Measure("length", "guard", margin)

        assert guard.difference(10.0, 10.0 * (1 + margin)) == pytest.approx(-guard.line)
        assert 0 < guard.line < 1


def test_no_case_counts_for_more_than_a_tripling():
    assert COST.difference(1.0, 3.0) == COST.difference(1.0, 3000.0) == -1.0
    assert COST.difference(1.0, 0.0) == 1.0


def test_a_margin_beyond_doubling_is_measured_on_a_wider_scale():
    wide = Measure("length", "guard", 5.0)

    assert wide.difference(1.0, 3.0) > wide.difference(1.0, 6.0) > wide.difference(1.0, 60.0) > -1


def test_nothing_that_stays_nothing_is_no_growth():
    assert COST.difference(0.0, 0.0) == 0.0


def test_a_mean_difference_is_shown_as_the_growth_it_stands_for():
    for growth in (-0.5, -0.1, 0.0, 0.1, 0.8):
        assert COST.shown(COST.difference(1.0, 1 + growth)) == pytest.approx(growth)


def test_noise_that_favours_neither_side_is_no_growth():
    rng = np.random.default_rng(3)
    before, after = rng.lognormal(0, 0.6, (2, 20_000))
    moves = [COST.difference(one, other) for one, other in zip(before, after, strict=True)]

    assert np.mean(after / before) > 1.3  # what averaging the ratios would say
    assert COST.shown(float(np.mean(moves))) == pytest.approx(0.0, abs=0.02)


def test_a_failed_answer_has_no_cost_and_no_length():
    failed = a_result("refund", 0, {"score": None})

    assert [Measure(name, "guard", 0.2).of(failed) for name in ("cost", "latency", "length")] == [
        None,
        None,
        None,
    ]


def test_repeats_are_averaged_into_their_case():
    answers = [a_result("refund", repeat, {"score": score}) for repeat, score in enumerate((1, 0))]

    assert Measure("score", "score", 0.05).by_case({"refund": answers}, {"refund"}) == {
        "refund": 0.5
    }


def test_cases_that_were_asked_again_are_known_to_be_means():
    cases = some_cases(3)
    once, again = (evaluated(cases, always(score=1.0), ("right",), repeat) for repeat in (0, 1))
    score, ids = Measure("score", "score", 0.05), frozenset(case.id for case in cases)

    first = Answers().plus(cases, once, once)

    assert not first.scores(score, ids).repeated
    assert first.plus(cases, again, again).scores(score, ids).repeated


def test_every_metric_and_guard_is_listed_once_and_the_gated_ones_first():
    policy = Policy(metrics={"kind": 0.1}, guards={"length": 0.3})

    found = measures((Metric("kind"), Metric("short")), policy)

    assert [(measure.name, measure.margin, measure.gated) for measure in found] == [
        ("score", 0.05, True),
        ("kind", 0.1, True),
        ("length", 0.3, True),
        ("short", 0.05, False),
        ("cost", 0.1, False),
        ("latency", 0.1, False),
    ]


def test_a_metric_that_stands_alone_is_the_score_unless_it_is_gated():
    alone = (Metric("right"),)

    shown = measures(alone, Policy())
    gated = measures(alone, Policy(metrics={"right": 0.1}))

    assert "right" not in [measure.name for measure in shown]
    assert [measure.name for measure in gated if measure.gated] == ["score", "right"]
