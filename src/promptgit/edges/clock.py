"""The real clock."""

from __future__ import annotations

import time

from promptgit.evaluate.crew import leaving


class SystemClock:
    """Time as it passes; a sleep ends early when the crew of its thread must leave."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        leaving().wait(seconds)
