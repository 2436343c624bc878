"""A stretch of time, and durations as people write them: `7d`, `1 week`, `30 days`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from promptgit.errors import UserError

_DURATION = re.compile(r"\s*(\d{1,6})\s*([a-z]+)\s*", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_WORDS = {
    "second": "s", "seconds": "s", "sec": "s", "secs": "s",
    "minute": "m", "minutes": "m", "min": "m", "mins": "m",
    "hour": "h", "hours": "h", "day": "d", "days": "d", "week": "w", "weeks": "w",
}  # fmt: skip


def duration(text: str) -> timedelta:
    """
    Read a length of time; raise UserError for anything but a whole number and a unit.

    >>> [str(duration(text)) for text in ("7d", "1 week", "36 hours")]
    ['7 days, 0:00:00', '7 days, 0:00:00', '1 day, 12:00:00']
    """
    found = _DURATION.fullmatch(text)
    unit = found and _WORDS.get(found[2].lower(), found[2].lower())
    if not found or unit not in _SECONDS:
        raise UserError(
            f"{text!r} is no length of time", hint="write it as `7d`, `12 hours` or `1 week`"
        )
    return timedelta(seconds=int(found[1]) * _SECONDS[unit])


def instant(moment: datetime) -> str:
    """
    Write a moment as log lines have it.

    >>> instant(datetime(2026, 11, 21, 20, 40, 5, 123_456, tzinfo=UTC))
    '2026-11-21T20:40:05.123Z'
    """
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` on and before `until`: instants in UTC, as log lines have them."""

    since: str
    until: str

    @classmethod
    def last(cls, length: timedelta, until: datetime) -> Window:
        return cls(instant(until - length), instant(until))

    @property
    def length(self) -> timedelta:
        return _moment(self.until) - _moment(self.since)

    @property
    def before(self) -> Window:
        """
        The window of the same length that ends where this one begins.

        >>> Window("2026-11-08T00:00:00.000Z", "2026-11-15T00:00:00.000Z").before.since
        '2026-11-01T00:00:00.000Z'
        """
        return Window(instant(_moment(self.since) - self.length), self.since)

    def holds(self, at: str) -> bool:
        return self.since <= at < self.until


def later(at: str, length: timedelta) -> str:
    """
    The instant so much later.

    >>> later("2026-11-21T20:40:05.123Z", timedelta(days=1))
    '2026-11-22T20:40:05.123Z'
    """
    return instant(_moment(at) + length)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00"))
