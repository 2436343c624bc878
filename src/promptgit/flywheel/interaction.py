"""
What production said and heard, one line of JSON each.

A log line is a *call* (a prompt was sent and something came back) or *feedback* (what a person or
a system said of a call later).  A call joins its prompt by blob id, as OpenTelemetry's
`gen_ai.prompt.version` does.  Nothing in a line is unredacted: redaction comes before the first
write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, get_type_hints

SCHEMA = 1
CALL = "call"
FEEDBACK = "feedback"

Form = Literal["text", "integer", "number", "texts", "numbers"]  # of a field, as an engine sees it
NOTHING: Mapping[str, Any] = MappingProxyType({})
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Interaction:
    """
    One line of the logs.  What is not known is empty, and left out of the line.

    Times are UTC as `2026-11-21T20:40:05.123Z`: they sort as text.  `scores` and `facts` come with
    the call or with its feedback.  Raises nothing: whoever makes one has checked what goes in.
    """

    id: str  # of this line; of a call, what feedback names
    at: str  # when it was asked; of feedback, when it was given
    kind: str = CALL  # or `feedback`
    of: str = ""  # feedback: the id of the call, or of the conversation, that it is about
    conversation: str = ""  # calls of one conversation share it; empty: the call stands alone
    turn: int = 0  # the how-manieth call of its conversation, from 0
    unit: str = ""  # whom a variant sticks to: a user, an account, a session; a pseudonym
    environment: str = ""  # `production`, `staging`, …
    prompt: str = ""  # its name
    version: str = ""  # the blob id of its text
    variant: str = ""  # `stable` or `candidate`, as the rollout said
    propensity: float = 1.0  # the chance with which this variant was chosen, above 0, at most 1
    model: str = ""  # as the provider resolved it
    provider: str = ""
    system: str = ""  # the system message as it was sent
    input: str = ""  # the last message of the user
    output: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)  # what filled the holes
    error: str = ""  # why there was no answer: a kind of CallFailed, or the name of an exception
    latency_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)  # quality, satisfaction, …
    facts: Mapping[str, str] = field(default_factory=dict)  # agent, channel, value, …
    source: str = ""  # who wrote it: `sdk`, or the format it was imported from

    @property
    def day(self) -> str:
        """
        The day in UTC.

        >>> Interaction("a", "2026-11-21T20:40:05.123Z").day
        '2026-11-21'
        """
        return self.at[:10]

    def line(self) -> str:
        """
        Write it as one line of JSON, without the line feed; empty fields are left out.

        >>> Interaction("a", "2026-11-21T20:40:05.123Z", output="yes").line()
        '{"schema":1,"id":"a","at":"2026-11-21T20:40:05.123Z","kind":"call","output":"yes"}'
        """
        facts: dict[str, Any] = {"schema": SCHEMA, "id": self.id, "at": self.at, "kind": self.kind}
        for name, default in _OPTIONAL:
            value = getattr(self, name)
            if value != default:
                facts[name] = dict(value) if isinstance(value, Mapping) else value
        return _JSON.encode(facts)

    @classmethod
    def read(cls, line: str | bytes) -> Interaction:
        """
        Parse a line that `line` wrote; unknown fields are those of a later version, and ignored.

        Raises ValueError, with what is wrong, for anything else.
        """
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")
        for name in ("id", "at"):
            if not isinstance(found.get(name), str) or not found[name]:
                raise ValueError(f"no {name!r}")
        known = {name: found[name] for name in FORMS if name in found}
        for name, value in known.items():
            if not _fits(value, FORMS[name]):
                raise ValueError(f"{name!r} is {value!r:.40}, which is no {FORMS[name]}")
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Calls that belong together, oldest first, with what was said of them later."""

    id: str
    calls: tuple[Interaction, ...]
    feedback: tuple[Interaction, ...] = ()


def _form(hint: Any) -> Form:
    if hint is str:
        return "text"
    if hint is int or hint == int | None:
        return "integer"
    if hint == Mapping[str, str]:
        return "texts"
    return "numbers" if hint == Mapping[str, float] else "number"


def _fits(value: Any, form: Form) -> bool:
    if form == "text":
        return isinstance(value, str)
    if form == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if form == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    inner: Form = "text" if form == "texts" else "number"
    return isinstance(value, dict) and all(_fits(item, inner) for item in value.values())


# Every field of a line, in order, and its form: the schema of the log table in any engine.
FORMS: Mapping[str, Form] = MappingProxyType(
    {name: _form(hint) for name, hint in get_type_hints(Interaction).items()}
)
_OPTIONAL = tuple(
    (item.name, {} if item.name in ("inputs", "scores", "facts") else item.default)
    for item in fields(Interaction)
    if item.name not in ("id", "at", "kind")
)
