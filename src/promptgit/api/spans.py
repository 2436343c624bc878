"""
Calls as spans and judgements as events, for applications that have set up OpenTelemetry.

Semantic conventions for generative AI (open-telemetry/semantic-conventions-genai), the names of
today alone.  `gen_ai.prompt.version` is the blob id.  What was said goes along only where the
application asks for it by the usual variable; it is what the logs hold: redacted.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from promptgit.flywheel.interaction import Interaction

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.trace import SpanContext

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
WITH_CONTENT = {"true", "span_only", "span_and_event"}
REMEMBERED = 10_000  # calls whose span feedback can be joined to
EVALUATION = "gen_ai.evaluation.result"
CALL_ID = "promptgit.call.id"
OTHER = "_OTHER"  # where the conventions ask for a name and nobody gave one


class Spans:
    """Tells OpenTelemetry of calls; does nothing where the application does not use it."""

    def __init__(self) -> None:
        self._contexts: OrderedDict[str, SpanContext] = OrderedDict()
        self._lock = threading.RLock()  # a finalizer may come in between
        self._within = threading.local()
        self._tracer: trace.Tracer | None = None  # to ask for it takes a lock of OpenTelemetry's

    def call(self, call: Interaction, began_ns: int, took_ns: int) -> None:
        """Make the span of a call that is over, below the span that is current."""
        if "opentelemetry.trace" not in sys.modules:
            return
        with self._alone() as alone:
            if alone:
                self._span(call, began_ns, took_ns)

    def _span(self, call: Interaction, began_ns: int, took_ns: int) -> None:
        from opentelemetry import trace

        self._tracer = self._tracer or trace.get_tracer("promptgit")
        name = f"chat {call.model}".strip()
        span = self._tracer.start_span(name, kind=trace.SpanKind.CLIENT, start_time=began_ns)
        if not span.is_recording():
            return
        span.set_attributes(_attributes(call))
        if call.error:
            span.set_status(trace.Status(trace.StatusCode.ERROR, call.error))
        for metric, value in call.scores.items():
            comment = call.facts.get(f"{metric}.comment", "")
            span.add_event(EVALUATION, _evaluation(metric, value, comment), began_ns + took_ns)
        span.end(began_ns + took_ns)
        with self._lock:
            self._contexts[call.id] = span.get_span_context()
            if len(self._contexts) > REMEMBERED:
                self._contexts.popitem(last=False)

    def feedback(self, said: Interaction) -> None:
        """Make an event of each score, joined to the call's span where this process made it."""
        if "opentelemetry.trace" not in sys.modules or not said.scores:
            return
        with self._alone() as alone:
            if alone:
                self._events(said)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """
        Say whether this thread is not at it already.

        A handler of a signal, or a finalizer, that comes in between would wait for a lock of
        OpenTelemetry's that its own thread holds: what it captures is logged, and has no span.
        """
        if getattr(self._within, "busy", False):
            yield False
            return
        self._within.busy = True
        try:
            yield True
        finally:
            self._within.busy = False

    def _events(self, said: Interaction) -> None:
        from opentelemetry import _logs, context, trace

        with self._lock:
            known = self._contexts.get(said.of)
        about = (
            trace.set_span_in_context(trace.NonRecordingSpan(known), context.Context())
            if known
            else context.get_current()
        )
        for metric, value in said.scores.items():
            attributes = _evaluation(metric, value, said.facts.get("comment", ""))
            _logs.get_logger("promptgit").emit(
                _logs.LogRecord(
                    event_name=EVALUATION,
                    context=about,
                    attributes={**attributes, CALL_ID: said.of},
                )
            )


def _attributes(call: Interaction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": call.provider or OTHER,
        "gen_ai.prompt.name": call.prompt,
        "gen_ai.prompt.version": call.version,
        "gen_ai.conversation.id": call.conversation,
        "gen_ai.request.model": call.model,
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "error.type": call.error,
        CALL_ID: call.id,
        "promptgit.variant": call.variant,
    }
    if os.environ.get(CONTENT, "").lower() in WITH_CONTENT:
        found |= {
            "gen_ai.system_instructions": _parts(call.system),
            "gen_ai.input.messages": _messages("user", call.input),
            "gen_ai.output.messages": _messages("assistant", call.output, finish_reason="stop"),
        }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _evaluation(metric: str, value: float, comment: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "gen_ai.evaluation.name": metric,
        "gen_ai.evaluation.score.value": value,
    }
    return {**found, "gen_ai.evaluation.explanation": comment} if comment else found


def _parts(text: str) -> str:
    return json.dumps([{"type": "text", "content": text}], ensure_ascii=False) if text else ""


def _messages(role: str, text: str, **more: str) -> str:
    if not text:
        return ""
    message = {"role": role, "parts": [{"type": "text", "content": text}], **more}
    return json.dumps([message], ensure_ascii=False)
