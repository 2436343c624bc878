"""Fail again as before: what a resumed run decided must not hang on better weather."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from promptgit.core.journal import FailedCall
from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.errors import CallFailed
from promptgit.evaluate.budget import Budget


class Failures:
    """
    The failed calls of one run, for all its models together.

    Each of `before` is raised once, in the place of a call, and what it took counts as spent
    again.  `tell` hears of every failure, also of those, so that the journal of this life tells
    its whole story.
    """

    def __init__(
        self,
        before: Iterable[FailedCall],
        budget: Budget,
        tell: Callable[[FailedCall], None],
    ) -> None:
        self._lock = threading.Lock()
        self._before: defaultdict[str, deque[FailedCall]] = defaultdict(deque)
        self._budget = budget
        self._tell = tell
        for call in before:
            self._before[call.key].append(call)

    def met(self, key: str) -> CallFailed | None:
        """Return the failure that this call met before, each time the next one; None if none."""
        with self._lock:
            if not self._before.get(key):
                return None
            call = self._before[key].popleft()
        self._budget.lost_again(key, call.purpose, call.lost)
        self._budget.declined(call.kind, call.purpose)
        return CallFailed(call.message, kind=call.kind)

    def tell(self, key: str, purpose: str, error: CallFailed) -> None:
        lost = self._budget.losses(key)
        self._tell(FailedCall(key, error.kind, error.message, purpose, lost))


class Steady:
    """A model whose failures are known to the run that it serves."""

    def __init__(self, model: Model, purpose: str, failures: Failures) -> None:
        self._model = model
        self._purpose = purpose
        self._failures = failures

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer, or raise CallFailed: as before where that was settled, else as it comes."""
        key = request.key(self.identity)
        met = self._failures.met(key)
        try:
            if met:
                raise met
            return self._model.complete(request)
        except CallFailed as error:
            if not error.fatal:
                self._failures.tell(key, self._purpose, error)
            raise
