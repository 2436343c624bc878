"""Every table is a sum of rows of one cube."""

from __future__ import annotations

import pytest

from promptgit.flywheel.cube import Cell, Cube, Metric, joined
from promptgit.flywheel.tally import Tally

METRICS = joined([Metric("escalation_rate", better="lower"), Metric("leaks", unit="count")])
ONE, TWO, THREE = (Tally.of([(x, 1)] * 3) for x in (0, 1, 1))
CUBE = Cube(
    METRICS,
    {
        Cell("reply", "v1", "stable", "m", "2026-11-01"): {"escalation_rate": ONE, "leaks": TWO},
        Cell("reply", "v2", "candidate", "m", "2026-11-01"): {"escalation_rate": TWO},
        Cell("triage", "t1", "stable", "m", "2026-11-02"): {"escalation_rate": THREE},
    },
    calls=12,
    conversations=9,
)


def test_a_total_is_over_all_cells():
    assert CUBE.total("escalation_rate") == ONE + TWO + THREE
    assert CUBE.total("leaks") == TWO


def test_a_table_keeps_the_dimensions_that_were_asked_for():
    by = CUBE.by("prompt", "variant")

    assert list(by) == [
        Cell("reply", variant="candidate"),
        Cell("reply", variant="stable"),
        Cell("triage", variant="stable"),
    ]
    assert CUBE.by("prompt")[Cell("reply")]["escalation_rate"] == ONE + TWO


def test_what_is_left_out_counts_no_more():
    assert CUBE.only(prompt="reply").total("escalation_rate") == ONE + TWO
    assert CUBE.only(prompt="reply", variant="stable").values("version") == ("v1",)


def test_a_count_is_shown_as_a_sum_and_is_zero_when_nothing_happened():
    assert METRICS["leaks"].value(TWO) == 3
    assert METRICS["leaks"].value(Tally()) == 0
    assert METRICS["escalation_rate"].value(Tally()) is None


def test_a_metric_that_nobody_defined_is_a_mistake_of_the_caller():
    with pytest.raises(AssertionError):
        CUBE.total("upsell_rate")
