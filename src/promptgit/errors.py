"""
What can go wrong, and whose move is next.

"No" is a Verdict, never an error: these are for the cases where there is no answer.
Exit codes are part of the interface (docs/concepts.md, "Exit codes").
"""

from __future__ import annotations


class PromptgitError(Exception):
    """An error with a `message` for the person and a `hint` that names the next move."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(PromptgitError):
    """Something that the user wrote or asked for: usage, config, a dirty prompt, a bad file."""

    exit_code = 2


class WorldError(PromptgitError):
    """Something outside: Git, the model, the disk, a spent budget, a shallow history."""

    exit_code = 3


class PluginNotFound(UserError):
    """No scorer, strategy or model has this name."""


class KeyMissing(UserError):
    """A provider that asks for a key, and there is none here."""


class BudgetSpent(WorldError):
    """The cap on money, calls or tokens is reached; what was paid for is kept."""


class CallFailed(WorldError):
    """
    A model call that brought no answer, through no fault of the model's words.

    `kind` is one of rate-limit, server, connection, unreachable (nobody listens there), timeout,
    malformed, auth, request, breaker, judge.  `retryable` says whether the same call may go
    through later; `fatal` says that no call of this run can succeed (a refused key, an unknown
    model).
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        retryable: bool = False,
        fatal: bool = False,
        retry_after_s: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.retryable = retryable
        self.fatal = fatal
        self.retry_after_s = retry_after_s
