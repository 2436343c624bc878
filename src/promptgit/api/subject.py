"""Of what prompt, and for whom: what is known before a call is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from promptgit.api.recorder import PROCESS
from promptgit.core.prompt import Prompt

Prompted = str | Prompt  # a prompt, or its name alone


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what prompt, for whom: what is known before a call is made."""

    prompt: str = ""
    version: str = ""
    variant: str = ""
    propensity: float = 1.0
    unit: Any = ""
    conversation: Any = ""
    turn: int = 0
    environment: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


NOBODY = Subject()
SUBJECT: ContextVar[Subject] = ContextVar("promptgit_subject", default=NOBODY)


@contextmanager
def using(
    prompt: Prompted | None = None,
    *,
    unit: object = None,
    conversation: object = None,
    turn: int | None = None,
    environment: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """
    Say what the calls in a block are about; `captured` clients and `capture` take it up.

    The arguments are those of `capture`; blocks may be nested, and what is not given stays.
    """
    token = None
    with PROCESS.recorder.shield:
        token = SUBJECT.set(about(prompt, unit, conversation, turn, environment, facts))
    try:
        yield
    finally:
        with PROCESS.recorder.shield:
            if token:
                SUBJECT.reset(token)


def about(
    prompt: Prompted | None,
    unit: object,
    conversation: object,
    turn: int | None,
    environment: str | None,
    facts: Mapping[str, Any] | None,
) -> Subject:
    """Put what is given in the place of what `using` said."""
    before = SUBJECT.get()
    if isinstance(prompt, Prompt):
        named = (prompt.name, prompt.blob)
    else:
        named = (before.prompt, before.version) if prompt is None else (str(prompt), "")
    return Subject(
        prompt=named[0],
        version=named[1],
        variant=getattr(prompt, "variant", "") if prompt is not None else before.variant,
        propensity=getattr(prompt, "propensity", 1.0) if prompt is not None else before.propensity,
        unit=_first(unit, getattr(prompt, "unit", None), before.unit),
        conversation=_first(conversation, before.conversation),
        turn=before.turn if turn is None else turn,
        environment=_first(environment, getattr(prompt, "environment", None), before.environment),
        facts={**before.facts, **(facts or {})},
    )


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), "")
