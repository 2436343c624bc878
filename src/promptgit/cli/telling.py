"""
What `-v` says on standard error: what is read, asked and tried again, and what Git refuses.

Everybody may tell, by the logger `promptgit`; without `-v` nobody listens.  Facts (INFO) are said
once, events (DEBUG) each time.  Secrets are struck out of every line.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.core.secrets import redact
from promptgit.errors import CallFailed

LOGGER = "promptgit"
MARK = "# "  # before each line: whoever pastes a log into a shell does no harm
LONGEST = 400  # characters of a line
LOGIN = re.compile(r"//[^\s/@]+@")  # of a URL
SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)


def fact(said: str) -> None:
    """Tell something that stays true: it is said once, however often it is told."""
    logging.getLogger(LOGGER).info("%s", said)


def event(said: str) -> None:
    """Tell something that happened, as often as it happens."""
    logging.getLogger(LOGGER).debug("%s", said)


@contextmanager
def aloud() -> Iterator[None]:
    """Say what is told until the block ends, then how many answers came from where."""
    logger = logging.getLogger(LOGGER)
    voice, before = _Voice(), logger.level
    logger.addHandler(voice)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(voice)
        logger.setLevel(before)
        voice.sum_up()


def warning(said: str) -> None:
    """Tell what a user has to know: without `-v` it goes to standard error as well."""
    logging.getLogger(LOGGER).warning("%s", said)


def overheard(model: Model, purpose: str) -> Model:
    """The model; where somebody listens, one that tells of every answer."""
    listening = logging.getLogger(LOGGER).isEnabledFor(logging.DEBUG)
    return _Overheard(model, purpose) if listening else model


def retrying(purpose: str, error: CallFailed, attempt: int, wait_s: float) -> None:
    """Tell that a call failed, and that it will be tried again."""
    event(
        f"{purpose}: attempt {attempt} failed ({error.kind}): {error.message}; "
        f"again in {wait_s:.1f} s"
    )


class _Voice(logging.Handler):
    """Says lines, counts answers."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()
        self._answers: Counter[tuple[str, bool]] = Counter()
        self._secrets = [
            value for name, value in os.environ.items() if SECRET_NAMES.search(name) and value
        ]

    def emit(self, record: logging.LogRecord) -> None:
        answer: tuple[str, bool] | None = getattr(record, "answer", None)
        if answer is not None:
            self._answers[answer] += 1
            return
        line = record.getMessage()
        if record.levelno >= logging.INFO and line in self._said:
            return
        self._said.add(line)
        self._say(line)

    def sum_up(self) -> None:
        """Say, for each purpose, how many answers the cache had."""
        for purpose in dict.fromkeys(purpose for purpose, _ in self._answers):
            hits, misses = self._answers[purpose, True], self._answers[purpose, False]
            self._say(f"{purpose}: {hits} answers from the cache, {misses} asked for")

    def _say(self, line: str) -> None:
        safe = redact(LOGIN.sub("//[login redacted]@", line), self._secrets)
        shown = "".join(c if c.isprintable() else " " for c in safe)
        shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
        print(f"{MARK}{shown}", file=sys.stderr)  # noqa: T201  (this is what -v is for)


class _Overheard:
    """A model that tells of each answer whether it was stored already."""

    def __init__(self, model: Model, purpose: str) -> None:
        self._model = model
        self._purpose = purpose

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer, or raise CallFailed: after all retries, then."""
        try:
            answer = self._model.complete(request)
        except CallFailed as error:
            event(f"{self._purpose}: no answer ({error.kind}): {error.message}")
            raise
        heard = {"answer": (self._purpose, answer.cached)}
        logging.getLogger(LOGGER).debug("answered", extra=heard)
        return answer
