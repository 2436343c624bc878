"""Fail again as before: what a resumed run decided must not hang on better weather."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.errors import CallFailed


class Failures:
    """
    The failed calls of one run, for all its models together.

    `before` are (request key, kind, message), in order: each is raised once, in the place of a
    call.  `tell` is given (key, error) of every failure, also of those, so that the journal of
    this life tells its whole story.
    """

    def __init__(
        self, before: Iterable[tuple[str, str, str]], tell: Callable[[str, CallFailed], None]
    ) -> None:
        self._lock = threading.Lock()
        self._before: defaultdict[str, deque[CallFailed]] = defaultdict(deque)
        self._tell = tell
        for key, kind, message in before:
            self._before[key].append(CallFailed(message, kind=kind))

    def met(self, key: str) -> CallFailed | None:
        """Return the failure that this call met before, each time the next one; None if none."""
        with self._lock:
            return self._before[key].popleft() if self._before.get(key) else None

    def tell(self, key: str, error: CallFailed) -> None:
        self._tell(key, error)


class Steady:
    """A model whose failures are known to the run that it serves."""

    def __init__(self, model: Model, failures: Failures) -> None:
        self._model = model
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
                self._failures.tell(key, error)
            raise
