"""Never pay twice for the same answer, and never pass a stored one off as fresh."""

from __future__ import annotations

import threading
from dataclasses import replace

from promptgit.core.ports import Answer, AnswerStore, Model, ModelIdentity, Request
from promptgit.errors import PromptgitError
from promptgit.evaluate.budget import Metered


class Cached:
    """
    A model that remembers: one stored answer per provider, host, model, request and repeat.

    An answer from the store keeps the latency, usage and cost it had when it was paid for, and
    says `cached`.  Failures are not stored.  Requests that are equal and in flight at the same
    time are paid once.  Around a Metered model, answers that its budget knows this run to have
    paid for (`Budget.already_paid`) count as spent again, and as fresh.
    """

    def __init__(self, model: Model, store: AnswerStore) -> None:
        self._model = model
        self._store = store
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer from the store, or from the model and into the store before returning."""
        key = request.key(self.identity)
        while True:
            stored = self._store.get(key)
            if stored is not None:
                return self._as_stored(key, stored)
            with self._lock:
                flight = self._flights.get(key)
                ours = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if ours:
                return self._fly(key, request, flight)
            flight.landed.wait()
            if flight.answer is not None:
                return replace(flight.answer, cached=True)
            if flight.error is not None:
                raise flight.error

    def _fly(self, key: str, request: Request, flight: _Flight) -> Answer:
        try:
            # Somebody may have landed between our look at the store and our take-off.
            stored = self._store.get(key)
            if stored is not None:
                flight.answer = stored
                return self._as_stored(key, stored)
            answer = self._model.complete(request)
            self._store.put(key, answer)
            flight.answer = answer
        except PromptgitError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
        return answer

    def _as_stored(self, key: str, stored: Answer) -> Answer:
        ours = isinstance(self._model, Metered) and self._model.claim(key, stored)
        return stored if stored.cached is not ours else replace(stored, cached=not ours)


class _Flight:
    """A request on its way, for whoever else wants the same answer."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.answer: Answer | None = None
        self.error: PromptgitError | None = None
