"""Signals that come at any moment, and whose handler captures, too."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import promptgit

EVERY_S = 0.0005  # of the processor's time: the alarm of the wall clock is pytest's


@contextmanager
def capturing_signals() -> Iterator[list[bool]]:
    """While the block runs, capture in a handler again and again; what became of each is listed."""
    taken: list[bool] = []

    def handler(*_: object) -> None:
        taken.append(promptgit.capture("from-a-handler").done())
        signal.setitimer(signal.ITIMER_VIRTUAL, EVERY_S)

    before = signal.signal(signal.SIGVTALRM, handler)
    signal.setitimer(signal.ITIMER_VIRTUAL, EVERY_S)
    try:
        yield taken
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
