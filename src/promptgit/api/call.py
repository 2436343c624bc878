"""One call of a prompt, from its beginning to its line in the logs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

from promptgit.api.recorder import Recorder
from promptgit.api.subject import Subject
from promptgit.api.texts import (
    count_of,
    finite,
    instant,
    new_id,
    number_of,
    part_of,
    text_of,
    texts_of,
)
from promptgit.flywheel.interaction import Interaction

SOURCE = "sdk"


class Call:
    """
    One call that is being made.  Set what is known; the end of the block records it.

    Whatever is no text becomes one: None is empty, lists and mappings are JSON.
    """

    def __init__(self, of: Subject, *, recorder: Recorder) -> None:
        self.id = new_id()  # what feedback names
        self.prompt = of.prompt
        self.version = of.version
        self.variant = of.variant
        self.propensity = of.propensity
        self.unit = of.unit
        self.conversation = of.conversation
        self.turn = of.turn
        self.environment = of.environment
        self.facts: dict[str, Any] = dict(of.facts)
        self.model: Any = ""
        self.provider: Any = ""
        self.system: Any = ""
        self.input: Any = ""
        self.inputs: Mapping[str, Any] = {}
        self.output: Any = ""
        self.error: Any = ""
        self.latency_ms: float | None = None  # None: measured, from the making to `done`
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.cost_usd: float | None = None
        self._scores: dict[str, float] = {}
        self._recorder = recorder
        self._began = time.time_ns()
        self._clock = time.perf_counter_ns()
        self._process = os.getpid()
        self._is_done = False
        self._held = 0  # streams that are being read
        self._is_wanted = False  # `done` was said meanwhile
        self._before: Token[Call | None] | None = None

    def score(self, name: str, value: float, comment: str = "") -> None:
        """
        Note a judgement of the answer, by convention 0 (bad) to 1 (good).

        The comment becomes the fact `<name>.comment`.
        """
        with self._recorder.shield:
            self._scores[str(name)] = finite(name, value)
            if comment:
                self.facts[f"{name}.comment"] = comment

    def asked(self, messages: Sequence[Any]) -> None:
        """Take system and input from messages as chat clients take them."""
        with self._recorder.shield:
            said = [(part_of(one, "role"), text_of(part_of(one, "content"))) for one in messages]
            self.system = "\n\n".join(
                text for role, text in said if role in ("system", "developer") and text
            )
            self.input = next((text for role, text in reversed(said) if role == "user"), "")

    def done(self) -> bool:
        """
        Record the call; the end of the block does.  Return whether it was accepted.

        An accepted call is on disk even if the process is killed now.  Only the first time counts,
        and only in the process that made the call.  While a stream of a `captured` client is being
        read, the call waits for its end.
        """
        if self._is_done or self._process != os.getpid():
            return False
        if self._held:
            self._is_wanted = True
            return False
        self._is_done = True
        with self._recorder.shield:
            took_ns = time.perf_counter_ns() - self._clock
            clean = self._recorder.clean(self._interaction(took_ns))
            if clean is None:
                return False
            accepted = self._recorder.accept(clean)
            with self._recorder.shield:
                self._recorder.spans.call(clean, self._began, took_ns)
            return accepted
        return False

    def hold(self) -> None:
        """Let `done` wait until `let_go`."""
        self._held += 1

    def let_go(self, *, record: bool = True) -> None:
        """End what `hold` began, and record the call if that is all it waited for."""
        self._held -= 1
        if self._is_wanted and not self._held and record:
            self.done()

    def __enter__(self) -> Call:
        self._before = ACTIVE.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            try:
                ACTIVE.reset(self._before)
            except ValueError:  # the block ends in another context than it began in
                ACTIVE.set(None)
        if kind is not None and (
            self.error is None or (isinstance(self.error, str) and not self.error)
        ):
            self.error = kind.__name__
        self.done()

    async def __aenter__(self) -> Call:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def _interaction(self, took_ns: int) -> Interaction:
        latency_ms = round(took_ns / 1e6, 3) if self.latency_ms is None else self.latency_ms
        propensity = number_of(self.propensity)
        return Interaction(
            id=self.id,
            at=instant(self._began),
            conversation=text_of(self.conversation),
            turn=count_of(self.turn) or 0,
            unit=text_of(self.unit),
            environment=text_of(self.environment) or self._recorder.environment,
            prompt=text_of(self.prompt),
            version=text_of(self.version),
            variant=text_of(self.variant),
            propensity=1.0 if propensity is None else propensity,
            model=text_of(self.model),
            provider=text_of(self.provider),
            system=text_of(self.system),
            input=text_of(self.input),
            output=text_of(self.output),
            inputs=texts_of(self.inputs),
            error=text_of(self.error),
            latency_ms=number_of(latency_ms),
            input_tokens=count_of(self.input_tokens),
            output_tokens=count_of(self.output_tokens),
            cost_usd=number_of(self.cost_usd),
            scores=dict(self._scores),
            facts=texts_of(self.facts),
            source=SOURCE,
        )


ACTIVE: ContextVar[Call | None] = ContextVar("promptgit_call", default=None)
