"""The ports: what the middle asks of the world, and the values that cross."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from promptgit.core.prompt import Message
from promptgit.core.trace import Trace


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answers, as far as evidence is concerned; no key, no secret."""

    provider: str  # openai, ollama, offline, …
    model: str  # as asked for, e.g. `gpt-5-mini`
    host: str = ""  # of the endpoint, with port when unusual; empty when nothing is called
    options: Mapping[str, Any] = field(default_factory=dict)  # temperature, seed, …

    def __str__(self) -> str:
        options = "".join(f" {name}={value}" for name, value in sorted(self.options.items()))
        return f"{self.provider}/{self.model}{options}"

    @property
    def digest(self) -> str:
        """A sha256 (hex) of provider, host, model and options."""
        content = [self.provider, self.host, self.model, dict(self.options)]
        return hashlib.sha256(canonical(content)).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a model, exactly; two equal requests may share one answer."""

    messages: tuple[Message, ...]
    repeat: int = 0  # the how-manieth independent answer to the same words
    options: Mapping[str, Any] = field(default_factory=dict)  # beyond the model's own

    def key(self, identity: ModelIdentity) -> str:
        """Name the answer: sha256 (hex) of endpoint, model, options, words and repeat."""
        content = [
            identity.provider,
            identity.host,
            identity.model,
            {**identity.options, **self.options},
            [[message.role, message.text] for message in self.messages],
            self.repeat,
        ]
        return hashlib.sha256(canonical(content)).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0  # part of `input_tokens` that the provider had cached

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
        )


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What one step of a pipeline gave."""

    name: str
    text: str
    calls: int = 1  # of a model; 0: a function gave it, or it was given
    cached: bool = False
    request: str = ""  # the key of what was asked; empty where nothing was
    usage: Usage = Usage()
    cost_usd: float | None = 0.0
    latency_s: float = 0.0
    flags: tuple[str, ...] = ()  # as those of a Result
    trace: Trace | None = None  # as that of an Answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and what it took."""

    text: str
    usage: Usage = Usage()
    cost_usd: float | None = None  # None: the price is unknown, which is not zero
    latency_s: float = 0.0  # of the call that was paid for, also when read from the cache
    finish_reason: str = "stop"  # stop, length, content_filter, tool_calls, …
    model: str = ""  # as the provider resolved it, e.g. `gpt-5-mini-2026-08-07`
    cached: bool = False
    steps: tuple[StepOutput, ...] = ()  # of a pipeline, in order; of a prompt none
    mean_logprob: float | None = None  # natural, over the tokens of the answer; None: not sent
    trace: Trace | None = None  # what was done for it, in order; None: nobody told


class Model(Protocol):
    """Anything that answers a request.  Called from many threads at once."""

    @property
    def identity(self) -> ModelIdentity: ...

    def complete(self, request: Request) -> Answer:
        """Answer, or raise CallFailed when the world is in the way."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how alike they are."""

    @property
    def name(self) -> str: ...

    def similarity(self, left: str, right: str) -> float:
        """Return the cosine, -1 to 1; raise CallFailed when the world is in the way."""
        ...


class AnswerStore(Protocol):
    """Keeps answers by request key, through a crash."""

    def get(self, key: str) -> Answer | None: ...

    def put(self, key: str, answer: Answer) -> None:
        """Return only when the answer would survive `kill -9`."""
        ...


class Clock(Protocol):
    def monotonic_s(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Notebook(Protocol):
    """Where a run writes what happened, before it acts on it."""

    def note(self, kind: str, **facts: Any) -> None: ...


def canonical(value: Any) -> bytes:
    """
    Serialise to the one JSON text that equal values share: sorted keys, UTF-8, no spaces.

    >>> canonical({"b": 1, "a": "é"}).decode()
    '{"a":"é","b":1}'
    """
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8", "surrogatepass")


def texts(messages: Sequence[Message]) -> str:
    """Join messages for a person to read."""
    return "\n\n".join(f"[{message.role}]\n{message.text}" for message in messages)
