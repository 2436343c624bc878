"""A clock that does not wait, for tests."""

from __future__ import annotations

import threading


class SkippingClock:
    """
    Moves on by itself when somebody sleeps, and remembers how long.

    >>> clock = SkippingClock()
    >>> clock.sleep(30.0)
    >>> clock.monotonic_s(), clock.sleeps
    (30.0, [30.0])
    """

    def __init__(self) -> None:
        self.sleeps: list[float] = []  # seconds
        self._lock = threading.Lock()

    def monotonic_s(self) -> float:
        with self._lock:
            return sum(self.sleeps)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
