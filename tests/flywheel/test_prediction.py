"""A prediction is shown only if it is proven better than the base rate on what it has not seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from promptgit.flywheel.logs import Step
from promptgit.flywheel.prediction import FEWEST, fit, predict
from promptgit.flywheel.window import instant
from promptgit.report.prediction_text import facts, screen, verdict

BEGIN = datetime.fromisoformat("2026-11-02T00:00:00+00:00")


def a_world(conversations, *, weights=None, base=-3.0, seed=0, noise=8, turned=None):
    """
    Conversations of 1 to 4 questions; the log-odds of the outcome are base and the weights.

    turned: the weights of the newest half, if the world changed.
    """
    rng = np.random.default_rng(seed)
    weights = weights or {}
    names = [*weights, *(f"noise_{number}" for number in range(noise))]
    steps = []
    for number in range(conversations):
        at = instant(BEGIN + timedelta(minutes=number))
        fired = dict.fromkeys(names, 0.0)
        for turn in range(int(rng.integers(1, 5))):
            for name in names:
                fired[name] = max(fired[name], float(rng.random() < 0.1))
            now = turned if turned is not None and number > conversations / 2 else weights
            odds = base + sum(weight * fired[name] for name, weight in now.items())
            happened = bool(rng.random() < 1 / (1 + np.exp(-odds)))
            steps.append(Step(at, f"c{number:05d}", turn, happened, dict(fired)))
            if happened:
                break
    return steps


def test_what_raises_the_risk_is_found_and_shown():
    found = predict("escalation", "reply", a_world(2_500, weights={"churn": 2.2, "slow": 1.5}))

    assert found.useful
    assert list(found.odds)[:2] == ["churn", "slow"]
    assert found.odds["churn"] == pytest.approx(np.exp(2.2), rel=0.4)
    assert found.caught > 0.2
    assert "is predicted better than by its base rate" in verdict(found)


def test_nothing_that_predicts_is_not_shown():
    useful = [
        predict("escalation", "reply", a_world(900, base=-2, seed=seed)).useful
        for seed in range(20)
    ]
    found = predict("escalation", "reply", a_world(900, base=-2))

    assert sum(useful) <= 2
    assert found.enough
    assert "No prediction is shown" in verdict(found)
    assert len(list(screen(found))) == 2
    assert "bins" not in facts(found)
    assert "riskiest" not in facts(found)


def test_a_world_that_turned_is_noticed():
    changed = a_world(3_000, weights={"churn": 2.5}, turned={"churn": -2.5}, base=-2)

    assert not predict("escalation", "reply", changed).useful


def test_too_few_outcomes_are_too_few():
    found = predict("escalation", "reply", a_world(200, base=-6))

    assert not found.enough
    assert not found.useful
    assert "cannot be predicted yet" in verdict(found)
    assert found.outcomes < FEWEST


def test_no_conversations_are_no_trouble():
    assert not predict("escalation", "reply", []).enough


def test_the_newest_conversations_are_what_it_is_held_against():
    steps = a_world(1_000, weights={"churn": 2.0}, base=-2)
    found = predict("escalation", "reply", list(reversed(steps)))

    assert found == predict("escalation", "reply", steps)
    held = sum(one.questions for one in found.bins)
    newest = [step for step in steps if step.conversation >= "c00700"]
    assert held == len(newest)
    assert all(name >= "c00700" for name, _ in found.riskiest)


def test_risks_mean_what_they_say():
    slopes = [
        predict("escalation", "reply", a_world(2_000, weights={"churn": 2.2}, seed=seed)).slope
        for seed in range(6)
    ]

    assert sum(slope.low <= 1 <= slope.high for slope in slopes) >= 4
    found = predict("escalation", "reply", a_world(2_500, weights={"churn": 2.2}))
    inside = [one.low <= one.predicted <= one.high for one in found.bins]
    assert sum(inside) >= 4
    assert [one.predicted for one in found.bins] == sorted(one.predicted for one in found.bins)


def test_the_riskiest_have_not_had_the_outcome():
    steps = a_world(1_500, weights={"churn": 2.5}, base=-2)
    ended = {step.conversation for step in steps if step.happened}

    found = predict("escalation", "reply", steps)

    assert len(found.riskiest) == 5
    assert not ended & {name for name, _ in found.riskiest}
    assert [risk for _, risk in found.riskiest] == sorted(
        (risk for _, risk in found.riskiest), reverse=True
    )


def test_the_fit_is_the_maximum_of_its_likelihood():
    """Against scipy's optimiser, with the penalty that was chosen among those on offer."""
    from scipy.optimize import minimize

    steps = a_world(800, weights={"churn": 1.5, "slow": 1.0}, base=-1.5, noise=2)
    talks = {}
    for step in steps:
        talks.setdefault(step.conversation, []).append(step)

    model = fit(steps, list(talks.values()))

    def features(step):
        turn = np.log(1 + step.turn)
        return [1.0, *(turn if n == "question number" else step.fired[n] for n in model.names)]

    x = np.array([features(step) for step in steps])
    y = np.array([float(step.happened) for step in steps])

    def least(penalty):
        def loss(w):
            odds = x @ w
            return (np.logaddexp(0, odds) - y * odds).sum() + penalty / 2 * (w[1:] ** 2).sum()

        return minimize(loss, np.zeros(x.shape[1]), method="BFGS", options={"gtol": 1e-7}).x

    ours = np.array([model.intercept, *model.weights])
    assert min(np.abs(least(p) - ours).max() for p in (1, 3, 10, 30, 100)) < 1e-3


def test_what_fires_in_few_conversations_or_always_together_is_no_feature():
    steps = [
        Step(s.at, s.conversation, s.turn, s.happened,
             {**s.fired, "twin": s.fired["churn"], "rare": float(s.conversation == "c00001")})
        for s in a_world(600, weights={"churn": 1.5}, base=-1)
    ]  # fmt: skip
    talks = {}
    for step in steps:
        talks.setdefault(step.conversation, []).append(step)

    names = fit(steps, list(talks.values())).names

    assert "rare" not in names
    assert len({"churn", "twin"} & set(names)) == 1
