"""Run what somebody else wrote, and live: whatever it raises, and however long it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Contained(Generic[Found]):
    """What became of one call: `value`, or `error`."""

    def __init__(self) -> None:
        self.value: Found | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> Contained[Found]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.error = error
        return not isinstance(error, KeyboardInterrupt | SystemExit)

    @property
    def said(self) -> str:
        """What was raised, as a person reads it."""
        return f"{type(self.error).__name__}: {self.error}"


def contained(call: Callable[[], Found]) -> Contained[Found]:
    """
    Call, and keep what it raises.

    >>> contained(lambda: 1 / 0).said
    'ZeroDivisionError: division by zero'
    """
    with Contained[Found]() as found:
        found.value = call()
    return found


def within(seconds: float, call: Callable[[], Found]) -> Contained[Found] | None:
    """Do the same in a thread; None when it did not end in time, and it is left to itself."""
    ended: list[Contained[Found]] = []
    thread = threading.Thread(target=lambda: ended.append(contained(call)), daemon=True)
    thread.start()
    thread.join(seconds)
    return ended[0] if ended else None


def side_by_side(
    calls: Sequence[Callable[[], Found]], seconds: float
) -> list[Contained[Found] | None]:
    """Make all calls at the same time, each in a thread; None for those that did not end."""
    ended: dict[int, Contained[Found]] = {}
    start = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Found]) -> None:
        start.wait()
        ended[place] = contained(call)

    threads = [
        threading.Thread(target=run, args=(place, call), daemon=True)
        for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return [ended.get(place) for place in range(len(calls))]
