"""Durations as people write them, and stretches of time that sort as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from promptgit.errors import UserError
from promptgit.flywheel.window import Window, duration, instant


@pytest.mark.parametrize(
    ("text", "hours"),
    [("7d", 168), ("1 week", 168), ("30 days", 720), ("36h", 36), ("90 MIN", 1.5), (" 2 w ", 336)],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, hours: float):
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "1.5d", "7 fortnights", "-1d", "7d 3h", "9999999d"])
def test_anything_else_is_refused_with_an_example(text: str):
    with pytest.raises(UserError, match="is no length of time") as caught:
        duration(text)

    assert "`7d`" in caught.value.hint


def test_a_moment_elsewhere_is_written_in_utc():
    there = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert instant(there) == "2026-11-21T20:00:00.000Z"


def test_a_window_holds_its_beginning_and_not_its_end():
    window = Window.last(timedelta(days=7), datetime(2026, 11, 15, tzinfo=UTC))

    assert window.holds("2026-11-08T00:00:00.000Z")
    assert window.holds("2026-11-14T23:59:59.999Z")
    assert not window.holds("2026-11-15T00:00:00.000Z")


def test_the_window_before_ends_where_this_one_begins():
    window = Window.last(timedelta(days=7), datetime(2026, 11, 15, tzinfo=UTC))

    assert window.before.until == window.since
    assert window.before.length == window.length
