"""
Try again what may go through later, and stop trying when nothing does.

The waits grow exponentially with jitter, so that many threads do not come back at once; a
server's Retry-After (RFC 9110, 10.2.3) goes first.  The breaker follows M. Nygard, "Release It!",
2nd edition, 2018, chapter 5: closed, then one probe at a time, then open.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from promptgit.core.ports import Answer, Clock, Model, ModelIdentity, Request
from promptgit.errors import CallFailed
from promptgit.evaluate.crew import GLANCE_S, leaving

FIRST_WAIT_S = 0.5  # before the second attempt; doubled for each further one
LONGEST_WAIT_S = 60.0  # no wait is longer, and a server that asks for more is given up on
DOWN = frozenset({"rate-limit", "server", "connection", "unreachable", "timeout", "malformed"})
ABSENT = "unreachable"  # the kind of a call that found nobody at the address
ATTEMPTS_ON_NOBODY = 3  # if nobody was ever there: over in about 1.5 s


class Breaker:
    """
    Says when a provider is down, for all threads together.

    After `patience` failed calls in a row, from whatever thread, everybody waits while one
    thread probes, at growing intervals.  A probe that goes through lets everybody on; after
    `probes` that do not, every further call fails at once with kind `breaker`.

    As long as nobody was ever found at the address nothing is down: it is wrong, or the server
    was not started.  No waiting for better weather then.
    """

    def __init__(self, *, patience: int = 10, probes: int = 4, first_pause_s: float = 1.0) -> None:
        self._patience = patience
        self._probes = probes
        self._first_pause_s = first_pause_s
        self._changed = threading.Condition()
        self._in_a_row = 0
        self._failed_probes = 0
        self._probing = False
        self._asked_s = 0.0  # the longest Retry-After since the last success
        self._last = ""
        self._met = False  # somebody was there, once

    @property
    def nobody(self) -> bool:
        """Whether calls were made, and none of them ever found anybody at the address."""
        return self._in_a_row > 0 and not self._met

    @property
    def open(self) -> bool:
        """Whether every further call fails at once."""
        return self._failed_probes >= self._probes

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait for leave to call; yield the seconds to pause before it, 0 unless it is a probe."""
        pause_s = self._admitted()
        try:
            yield pause_s
        finally:
            if pause_s:
                with self._changed:
                    self._probing = False
                    self._changed.notify_all()

    def went_through(self) -> None:
        with self._changed:
            self._met = True
            self._in_a_row = self._failed_probes = 0
            self._asked_s = 0.0
            self._changed.notify_all()

    def failed(self, error: CallFailed, *, probe: bool) -> None:
        if error.kind not in DOWN:  # the provider is there, and said no
            self.went_through()
            return
        with self._changed:
            self._met = self._met or error.kind != ABSENT
            self._in_a_row += 1
            self._failed_probes += probe
            self._last = error.message
            self._asked_s = max(self._asked_s, min(error.retry_after_s or 0.0, LONGEST_WAIT_S))

    def _admitted(self) -> float:
        with self._changed:
            while self._down and self._probing and not self.open:
                self._changed.wait(GLANCE_S)
                if leaving().is_set():
                    raise self._refusal("told to stop while the provider was down")
            if self.open:
                raise self._refusal(f"the provider is down, so it was not called: {self._last}")
            if not self._down:
                return 0.0
            self._probing = True
            return max(self._first_pause_s * 2.0**self._failed_probes, self._asked_s)

    @property
    def _down(self) -> bool:
        return self._met and self._in_a_row >= self._patience

    def _refusal(self, message: str) -> CallFailed:
        return CallFailed(
            message, kind="breaker", hint="try again later; what was answered is not paid twice"
        )


class Retrying:
    """
    A model that tries again.

    `attempts` counts the first one.  `on_failure` is told of every attempt that failed, also
    those that a later attempt made good; `on_wait`, before another one, of the failure, its
    attempt, and the seconds to wait.  `rng` draws the jitter.
    """

    def __init__(
        self,
        model: Model,
        clock: Clock,
        *,
        attempts: int = 5,
        breaker: Breaker | None = None,
        rng: random.Random | None = None,
        on_failure: Callable[[Request, CallFailed], None] | None = None,
        on_wait: Callable[[CallFailed, int, float], None] | None = None,
    ) -> None:
        self._model = model
        self._clock = clock
        self._attempts = attempts
        self._breaker = breaker or Breaker()
        self._rng = rng or random.Random()  # noqa: S311  (spreads load; guards nothing)
        self._on_failure = on_failure
        self._on_wait = on_wait

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer, or raise the last CallFailed; it is fatal if nobody was ever there."""
        for attempt in count(1):
            answered = self._attempt(request)
            if isinstance(answered, Answer):
                return answered
            if self._breaker.nobody and attempt >= ATTEMPTS_ON_NOBODY:
                raise nobody_there(answered)
            if attempt >= self._attempts or not may_pass_later(answered):
                raise gave_up(answered, attempt)
            wait_s = self.wait_s(answered, attempt)
            if self._on_wait:
                self._on_wait(answered, attempt, wait_s)
            self._clock.sleep(wait_s)
            if leaving().is_set():
                raise gave_up(answered, attempt)
        raise AssertionError("count() does not end")

    def _attempt(self, request: Request) -> Answer | CallFailed:
        with self._breaker.turn() as pause_s:
            if pause_s:
                self._clock.sleep(pause_s)
            try:
                answer = self._model.complete(request)
            except CallFailed as error:
                self._breaker.failed(error, probe=pause_s > 0)
                if self._on_failure:
                    self._on_failure(request, error)
                return error
            self._breaker.went_through()
            return answer

    def wait_s(self, error: CallFailed, attempt: int) -> float:
        """How long to wait after the given failed attempt (1 is the first), in seconds."""
        grown = min(FIRST_WAIT_S * 2.0 ** (attempt - 1), LONGEST_WAIT_S)
        jittered = grown * self._rng.uniform(0.5, 1.0)
        if error.retry_after_s is None:
            return jittered
        return error.retry_after_s + 0.1 * jittered


def may_pass_later(error: CallFailed) -> bool:
    """Say whether another attempt is worth its while."""
    too_long = (error.retry_after_s or 0.0) > LONGEST_WAIT_S
    return error.retryable and not error.fatal and not too_long


def nobody_there(error: CallFailed) -> CallFailed:
    """Return the error that ends a run whose server was never there."""
    return CallFailed(error.message, kind=error.kind, fatal=True, hint=error.hint)


def gave_up(error: CallFailed, attempts: int) -> CallFailed:
    """Return the error as the caller shall see it, with the number of attempts."""
    if attempts == 1:
        return error
    return CallFailed(
        f"{error.message} (the last of {attempts} attempts)",
        kind=error.kind,
        fatal=error.fatal,
        hint=error.hint,
    )
