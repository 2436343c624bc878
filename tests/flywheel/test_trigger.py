"""Whether a condition holds of what was measured, and when it may fire again."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from promptgit.flywheel.cube import Cell, Cube, Metric, joined
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.trigger import Fired, judged, rests_until
from promptgit.report.trigger_text import why

METRICS = joined(
    (
        Metric("quality_score", unit="number", better="higher"),
        Metric("upsell_rate", better="higher"),
        Metric("security_incidents", unit="count", better="lower"),
    )
)


def cube(**values):
    """One cell: a list of x of each conversation, with n = 1."""
    row = {name: Tally.of([(x, 1) for x in found]) for name, found in values.items()}
    return Cube(METRICS, {Cell(prompt="reply"): row})


def holds(text, now, before=None, drifts=None):
    return judged(parse(text, METRICS), now, before, drifts).holds


NOISY = [3.0, 9.0] * 40
CLEARLY_LOW = [5.0, 6.0, 7.0] * 30


def test_a_count_is_what_happened():
    six = cube(security_incidents=[1] * 6 + [0] * 3)

    assert holds("security_incidents > 5", six) is True
    assert holds("security_incidents > 6", six) is False
    assert holds("security_incidents >= 6", six) is True


def test_a_mean_has_to_be_proven():
    assert holds("quality_score < 7", cube(quality_score=CLEARLY_LOW)) is True
    assert holds("quality_score > 7", cube(quality_score=CLEARLY_LOW)) is False
    assert holds("quality_score < 6.2", cube(quality_score=NOISY)) is None
    assert holds("proven(quality_score < 6.2)", cube(quality_score=NOISY)) is None


def test_who_wants_the_value_alone_says_so():
    assert holds("seen(quality_score < 6.2)", cube(quality_score=NOISY)) is True
    assert holds("seen(quality_score < 5.9)", cube(quality_score=NOISY)) is False


def test_three_conversations_prove_nothing_even_if_all_are_alike():
    judgement = judged(parse("quality_score < 7"), cube(quality_score=[2.0, 2.0, 2.0]))

    assert judgement.holds is None
    assert "too few to prove anything, 20 are needed" in why(judgement)


def test_not_of_what_is_unknown_is_unknown():
    now = cube(quality_score=NOISY)

    assert holds("not quality_score < 6.2", now) is None
    assert holds("not quality_score < 3", now) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("security_incidents > 0 or quality_score < 6.2", True),
        ("security_incidents > 9 or quality_score < 6.2", None),
        ("security_incidents > 0 and quality_score < 6.2", None),
        ("security_incidents > 9 and quality_score < 6.2", False),
        ("security_incidents > 0 and quality_score < 9", True),
        ("security_incidents > 9 or quality_score > 9", False),
    ],
)
def test_what_is_unknown_decides_nothing(text, expected):
    assert holds(text, cube(quality_score=NOISY, security_incidents=[1])) is expected


def test_drift_is_what_the_drift_detector_says():
    now = cube(quality_score=NOISY)

    assert holds("drift(quality_score)", now, drifts={"quality_score": True}) is True
    assert holds("drift(quality_score)", now, drifts={"quality_score": False}) is False
    assert holds("drift(quality_score)", now) is None


def test_nothing_measured_holds_nothing():
    empty = Cube(METRICS, {})

    for text in ("security_incidents < 1", "quality_score < 7", "upsell_rate < 1%"):
        assert holds(text, empty) is None
        assert "not measured" in why(judged(parse(text), empty))


def test_a_change_is_held_against_the_window_before():
    before, now = cube(upsell_rate=[1] * 300 + [0] * 700), cube(upsell_rate=[1] * 200 + [0] * 800)

    assert holds("change(upsell_rate) < -5%", now, before) is True
    assert holds("change(upsell_rate) < -50%", now, before) is False
    assert holds("change(upsell_rate) < -33%", now, before) is None
    assert holds("seen(change(upsell_rate) < -33%)", now, before) is True
    assert holds("change(upsell_rate) < -5%", now) is None


def test_a_count_that_doubles_by_chance_has_not_changed():
    before, now = cube(security_incidents=[1] * 2 + [0] * 9), cube(security_incidents=[1] * 4)
    many, more = cube(security_incidents=[1] * 40), cube(security_incidents=[1] * 90)

    assert holds("change(security_incidents) > 50%", now, before) is None
    assert holds("change(security_incidents) > 50%", more, many) is True
    assert holds("change(security_incidents) > 50%", more, cube(security_incidents=[0] * 9)) is None


def test_the_default_fires_falsely_in_at_most_one_window_of_twenty():
    rng = np.random.default_rng(4)
    for truth, text in ((0.2, "upsell_rate < 20%"), (0.2, "upsell_rate > 20%")):
        fired = 0
        for _ in range(600):
            n = int(rng.integers(20, 200))
            x = int(rng.binomial(n, truth))
            fired += holds(text, cube(upsell_rate=[1] * x + [0] * (n - x))) is True
        assert fired / 600 <= 0.075  # 5 %, and what 600 windows leave to chance


def test_the_reason_shows_how_many_conversations_say_so():
    now = cube(quality_score=CLEARLY_LOW, security_incidents=[1] * 6)
    judgement = judged(parse("quality_score < 7 and security_incidents > 5"), now)

    assert why(judgement) == (
        "quality_score is 6.00 (90 % range 5.86 to 6.14, 90 conversations): below 7; "
        "security_incidents is 6: above 5"
    )


def test_a_trigger_rests_for_its_cooldown():
    week = timedelta(weeks=1)
    fired = [
        Fired("2026-11-09T00:00:00.000Z", "quality_score < 7", "reply"),
        Fired("2026-11-02T00:00:00.000Z", "quality_score < 7", "reply"),
        Fired("2026-11-15T00:00:00.000Z", "quality_score < 7", "other"),
        Fired("2026-11-15T00:00:00.000Z", "leaks > 0", "reply"),
    ]

    def rests(now):
        return rests_until("quality_score < 7", "reply", fired, week, now)

    assert rests("2026-11-15T23:59:59.999Z") == "2026-11-16T00:00:00.000Z"
    assert rests("2026-11-16T00:00:00.000Z") == ""
    assert rests_until("quality_score < 7", "reply", [], week, "2026-11-02T00:00:00.000Z") == ""
