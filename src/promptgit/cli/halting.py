"""
How a command that runs in a thread of its own is told to stop: no further call is made.

Ctrl-C reaches the main thread alone.  Whoever runs a command elsewhere puts an event here before
it begins; the models that the command makes look at it before each answer.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar

from promptgit.core.ports import Answer, Model, ModelIdentity, Request

HALT: ContextVar[threading.Event | None] = ContextVar("promptgit-halt", default=None)


class Halted(BaseException):
    """Somebody wants no more answers; like KeyboardInterrupt, it is not an error."""


def haltable(model: Model) -> Model:
    """The model; where somebody may call a halt, one that stops then."""
    halt = HALT.get()
    return model if halt is None else _Haltable(model, halt)


class _Haltable:
    def __init__(self, model: Model, halt: threading.Event) -> None:
        self._model = model
        self._halt = halt

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer; raise Halted, before the call, once a halt was called."""
        if self._halt.is_set():
            raise Halted
        return self._model.complete(request)
