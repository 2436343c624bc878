"""A model that cannot be asked for want of a key: its answers in the cache can still be read."""

from __future__ import annotations

from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.errors import CallFailed, KeyMissing


class Keyless:
    """Stands where a model would be called, and fails in its place; nobody is called."""

    def __init__(self, model: Model, missing: KeyMissing) -> None:
        self._model = model
        self._missing = missing

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Raise CallFailed, which no later call can mend."""
        said = f"not run: {self._missing.message}"
        raise CallFailed(said, kind="auth", fatal=True, hint=self._missing.hint)
