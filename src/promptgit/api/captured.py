"""
`promptgit.captured(OpenAI())`: a client that records what it is asked and what it answers.

The client stays what it is; `create` and `parse` of its `chat.completions` and `responses` are
watched, and so is what is built on them.  Answers and streams reach the caller as they are, and so
do exceptions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from promptgit.api.answers import Answers, ChatAnswers, ResponseAnswers
from promptgit.api.call import ACTIVE, Call
from promptgit.api.capturing import capture
from promptgit.api.recorder import PROCESS
from promptgit.api.streams import WatchedAsyncStream, WatchedStream

Client = TypeVar("Client")
PREFIX = "promptgit_"  # of what is said about one call, and not sent
WATCHED = "_promptgit_watched"
RAW = "X-Stainless-Raw-Response"  # how `with_raw_response` asks for one: `true`, or `stream`


def captured(client: Client) -> Client:
    """
    Record the calls of an `openai` client, sync or async, streams too; return the same client.

    What a call is about is said by `with promptgit.using(prompt, unit=…)`, by arguments that are
    not sent (`promptgit_prompt=`, `promptgit_unit=`, `promptgit_conversation=`, `promptgit_turn=`,
    `promptgit_environment=`, `promptgit_facts=`), or by `metadata` (`promptgit.prompt`,
    `promptgit.version`).  Within `with promptgit.capture(…) as call:` the client fills in `call`.
    """
    with PROCESS.recorder.shield:
        if WATCHED not in vars(client):
            _watch(client)
    return client


def _watch(client: Any) -> None:
    kinds = (("chat.completions", ChatAnswers), ("responses", ResponseAnswers))
    for path, kind in kinds:
        resource = client
        for name in path.split("."):
            resource = getattr(resource, name, None)
        for name in ("create", "parse"):
            make = getattr(resource, name, None)
            if make is not None:
                vars(resource)[name] = _watched(make, kind, _provider(client))
    for name in ("with_options", "copy"):
        make = getattr(client, name, None)
        if make is not None:
            vars(client)[name] = _captured_too(make)
    vars(client)[WATCHED] = True


def _captured_too(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        return captured(make(*args, **kwargs))

    return made


def _provider(client: Any) -> str:
    """Who answers, by the names of OpenTelemetry; empty: an address that says nothing."""
    host = str(getattr(client, "base_url", ""))
    if ".azure.com" in host:
        return "azure.ai.openai"
    return "openai" if "//api.openai.com" in host else ""


def _watched(
    create: Callable[..., Any], kind: Callable[[], Answers], provider: str
) -> Callable[..., Any]:
    @functools.wraps(create)
    def watched(*args: Any, **kwargs: Any) -> Any:
        watch = Watch(kwargs, kind(), provider)
        with watch:
            answer = create(*args, **watch.sent)
        if inspect.isawaitable(answer):
            return _awaited(watch, answer)
        return watch.seen(answer)

    return watched


async def _awaited(watch: Watch, answer: Awaitable[Any]) -> Any:
    with watch:
        found = await answer
    return watch.seen(found)


class Watch:
    """Follows one request; as a block, it notes the exception that leaves it."""

    def __init__(self, given: Mapping[str, Any], answers: Answers, provider: str) -> None:
        self.sent = {name: value for name, value in given.items() if not name.startswith(PREFIX)}
        self._answers = answers
        self._shield = PROCESS.recorder.shield
        self._call: Call | None = None
        with self._shield:
            said = {
                name.removeprefix(PREFIX): value
                for name, value in given.items()
                if name.startswith(PREFIX)
            }
            self._call = ACTIVE.get() or _call_of(said, self.sent.get("metadata") or {})
            self._call.hold()
            if self._call is not ACTIVE.get():
                self._call.done()  # as soon as it is let go
            self._call.provider = self._call.provider or provider
            answers.asked(self._call, self.sent)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.end(kind.__name__)

    def seen(self, answer: Any) -> Any:
        """Take an answer; return it, or the stream that passes it on piece by piece."""
        raw = (self.sent.get("extra_headers") or {}).get(RAW)
        if hasattr(answer, "__anext__"):
            return WatchedAsyncStream(answer, self)
        if hasattr(answer, "__next__"):
            return WatchedStream(answer, self)
        if raw == "stream" or (raw and self.sent.get("stream")):
            self.forget()  # to read it would take it from the caller
            return answer
        with self._shield:
            if self._call:
                self._call.error = ""  # of an attempt before this one, in a surrounding block
                self._answers.whole(self._call, answer.parse() if raw else answer)
        self.end()
        return answer

    def piece(self, piece: Any) -> None:
        """Take what a stream brought next."""
        with self._shield:
            if self._call:
                self._call.error = ""
                self._answers.piece(self._call, piece)

    def end(self, error: str = "") -> None:
        """Record the call, once; a call of a surrounding block is recorded by that block."""
        call, self._call = self._call, None
        if call:
            if error and not call.error:
                call.error = error
            call.let_go()

    def forget(self) -> None:
        """Record nothing, unless there is a surrounding block."""
        call, self._call = self._call, None
        if call:
            call.let_go(record=False)


def _call_of(said: Mapping[str, Any], metadata: Mapping[str, Any]) -> Call:
    named = metadata.get("promptgit.prompt")
    call = capture(**{"prompt": named, **said})
    if named and not call.version:
        call.version = str(metadata.get("promptgit.version", ""))
    return call
