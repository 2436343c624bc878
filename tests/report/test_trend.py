"""A small plot of one metric: days without data are gaps, and nothing leaves its frame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.flywheel.cube import Cell, Cube, Metric
from promptgit.flywheel.tally import Tally
from promptgit.report import trend
from report.a_dashboard import METRICS, a_cube

RATE = METRICS["escalation_rate"]


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def test_more_is_higher_up():
    rows = {
        Cell("p", day=f"2026-11-0{day}"): {RATE.name: Tally.of([(x, 1)] * 40)}
        for day, x in ((1, 0), (2, 1))
    }
    plot = trend.trend(Cube(METRICS, rows), RATE)

    assert plot is not None
    low, high = plot.dots
    assert low.x < high.x
    assert low.y > high.y
    assert low.y == trend.BOTTOM


def test_a_day_without_data_is_a_gap_and_no_zero():
    cube = a_cube(range(1, 8), 0.1, ("reply",))
    rows = {cell: row for cell, row in cube.rows.items() if cell.day != "2026-11-04"}
    plot = trend.trend(replace(cube, rows=rows), RATE)

    assert plot is not None
    assert [len(points(line)) for line in plot.lines] == [3, 3]
    assert len(plot.dots) == 6


def test_one_day_is_a_dot_in_the_middle():
    plot = trend.trend(a_cube(range(5, 6), 0.1), RATE)

    assert plot is not None
    assert not plot.lines
    assert [dot.x for dot in plot.dots] == [(trend.LEFT + trend.RIGHT) / 2]


def test_what_was_never_counted_has_no_plot():
    assert trend.trend(a_cube(range(1, 4), 0.1), METRICS["average_value"]) is None


def test_a_share_never_has_a_scale_beyond_one():
    rows = {Cell("p", day="2026-11-01"): {RATE.name: Tally.of([(1, 1)] * 3)}}

    plot = trend.trend(Cube(METRICS, rows), RATE)

    assert plot is not None
    assert plot.top == "100.0 %"


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_everything_lies_within_the_frame(metric: Metric):
    plot = trend.trend(a_cube(range(1, 29), 0.02), metric)
    if plot is None:
        return
    drawn = [pair for text in (*plot.lines, *plot.ribbons) for pair in points(text)]
    drawn += [(dot.x, dot.y) for dot in plot.dots]

    assert all(trend.LEFT <= x <= trend.RIGHT for x, _ in drawn)
    assert all(trend.TOP <= y <= trend.BOTTOM for _, y in drawn)


def test_a_new_version_is_marked_on_the_day_it_was_first_seen():
    plot = trend.trend(a_cube(range(15, 25), 0.1, ("reply",)), RATE)

    assert plot is not None
    assert [mark.told for mark in plot.marks] == ["2026-11-20: version bb22bb22bb22"]
