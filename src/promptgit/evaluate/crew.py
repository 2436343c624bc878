"""Threads that take jobs from one line, in order, and hand back results as they finish."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

GRACE_S = 5.0  # how long a crew that must leave may take to finish what it holds
GLANCE_S = 0.2  # between two looks for Ctrl-C, which on Windows does not end a wait
HURRY_S = 0.01  # while results come faster than this, one thread is quicker than many


class Crew(Generic[Job, Done]):
    """
    Bounded threads over a lazy line of jobs; iterate, once, to start them.

    The first thread works alone until something keeps it waiting: answers from the cache come
    faster without the others.

    The first error closes the line: nobody takes another job, what is in flight still comes out,
    and then the error is raised.  Leaving early (Ctrl-C, or a caller who has seen enough) waits
    `GRACE_S` for what is in flight, no longer: the threads do not keep the program alive.
    """

    def __init__(self, work: Callable[[Job], Done], jobs: Iterable[Job], *, size: int) -> None:
        self._work = work
        self._line = iter(jobs)
        self._turn = threading.Lock()
        self._closed = False
        self._leaving = threading.Event()
        self._finished: SimpleQueue[Done | _Trouble | _Left] = SimpleQueue()
        self._idle = [_Hand(self._serve, self._leaving) for _ in range(max(1, size))]
        self._at_work = 0

    def __iter__(self) -> Iterator[Done]:
        trouble: BaseException | None = None
        try:
            self._start(1)
            while self._at_work:
                found = self._next()
                if isinstance(found, _Left):
                    self._at_work -= 1
                elif isinstance(found, _Trouble):
                    trouble = trouble or found.error
                else:
                    yield found
        finally:
            self._closed = True
            self._leaving.set()
            self._see_off()
        if trouble:
            raise trouble

    def _start(self, hands: int) -> None:
        for hand in self._idle[:hands]:
            self._at_work += 1  # before it starts: Ctrl-C may come between the two
            hand.start()
        del self._idle[:hands]

    def _next(self) -> Done | _Trouble | _Left:
        while True:
            try:
                return self._finished.get(timeout=HURRY_S if self._idle else GLANCE_S)
            except Empty:
                self._start(len(self._idle))

    def _see_off(self) -> None:
        patience = GRACE_S
        while self._at_work and patience > 0:
            try:
                self._at_work -= isinstance(self._finished.get(timeout=GLANCE_S), _Left)
            except Empty:
                patience -= GLANCE_S

    def _serve(self) -> None:
        with _Guarded(self._close_with):
            while not self._closed:
                with self._turn:
                    job = next(self._line, _LAST)
                if isinstance(job, _Left):
                    break
                self._finished.put(self._work(job))
        self._finished.put(_LAST)

    def _close_with(self, error: BaseException) -> None:
        self._closed = True
        self._finished.put(_Trouble(error))


def leaving() -> threading.Event:
    """Return the event that tells this thread's crew to leave; one never set in other threads."""
    thread = threading.current_thread()
    return thread.leaving if isinstance(thread, _Hand) else threading.Event()


class _Hand(threading.Thread):
    def __init__(self, serve: Callable[[], None], leaving: threading.Event) -> None:
        super().__init__(target=serve, daemon=True, name="promptgit-evaluate")
        self.leaving = leaving


class _Left:
    """What a thread says last, and what it finds at the end of the line."""


_LAST = _Left()


class _Trouble:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Guarded:
    """Hands any error to `tell`: in a thread of its own it would die unseen."""

    def __init__(self, tell: Callable[[BaseException], None]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None:
            self._tell(error)
        return True
