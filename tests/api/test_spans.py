"""What an application that uses OpenTelemetry sees of captured calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import _logs, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

import promptgit
from api.signals import capturing_signals
from promptgit.api.recorder import PROCESS

PROMPT = promptgit.Prompt.of("You are the support desk.", name="support-reply")
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class Seen:
    def __init__(self, spans: InMemorySpanExporter, events: InMemoryLogRecordExporter) -> None:
        self.spans = spans
        self.events = events

    def attributes(self) -> dict[str, object]:
        (span,) = self.spans.get_finished_spans()
        return dict(span.attributes or {})


@pytest.fixture(scope="module")
def exporters() -> Seen:
    """An application sets its providers once, for all of the process."""
    spans, events = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracing, logging = TracerProvider(), LoggerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    logging.add_log_record_processor(SimpleLogRecordProcessor(events))
    trace.set_tracer_provider(tracing)
    _logs.set_logger_provider(logging)
    return Seen(spans, events)


@pytest.fixture
def seen(exporters: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    monkeypatch.delenv(CONTENT, raising=False)
    promptgit.capture_to(tmp_path)
    exporters.spans.clear()
    exporters.events.clear()
    yield exporters
    PROCESS.recorder.close()


def a_call() -> str:
    with promptgit.capture(PROMPT, conversation="c-1") as call:
        call.model, call.provider = "gpt-5-mini", "openai"
        call.input = "I am jane.doe@example.com, where is my order?"
        call.output = "On its way."
        call.input_tokens, call.output_tokens = 20, 5
        call.score("quality", 0.8, "polite")
    return call.id


def test_a_call_is_a_span_with_the_names_of_the_conventions(seen: Seen):
    with trace.get_tracer("app").start_as_current_span("request") as request:
        call = a_call()

    span = next(span for span in seen.spans.get_finished_spans() if span.name != "request")
    assert span.name == "chat gpt-5-mini"
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.prompt.name": "support-reply",
        "gen_ai.prompt.version": PROMPT.blob,
        "gen_ai.conversation.id": "c-1",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 5,
        "promptgit.call.id": call,
    }
    assert span.parent is not None
    assert span.parent.span_id == request.get_span_context().span_id
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time < span.end_time
    assert span.kind is trace.SpanKind.CLIENT


def test_scores_are_evaluation_events(seen: Seen):
    a_call()

    (event,) = seen.spans.get_finished_spans()[0].events
    assert event.name == "gen_ai.evaluation.result"
    assert dict(event.attributes or {}) == {
        "gen_ai.evaluation.name": "quality",
        "gen_ai.evaluation.score.value": 0.8,
        "gen_ai.evaluation.explanation": "polite",
    }


def test_feedback_is_an_event_of_the_calls_span(seen: Seen):
    call = a_call()

    promptgit.feedback(call, score=1, comment="thanks, jane.doe@example.com")

    (span,) = seen.spans.get_finished_spans()
    (event,) = [data.log_record for data in seen.events.get_finished_logs()]
    assert event.event_name == "gen_ai.evaluation.result"
    assert (event.trace_id, event.span_id) == (span.context.trace_id, span.context.span_id)
    said = dict(event.attributes or {})
    assert said["gen_ai.evaluation.name"] == "satisfaction"
    assert said["gen_ai.evaluation.score.value"] == 1.0
    assert said["promptgit.call.id"] == call
    assert "jane" not in str(said)


def test_feedback_on_a_call_of_another_process_is_an_event_all_the_same(seen: Seen):
    promptgit.feedback("abc", score=0.5)

    (event,) = [data.log_record for data in seen.events.get_finished_logs()]
    assert (event.attributes or {})["promptgit.call.id"] == "abc"


def test_an_exception_is_the_spans_error(seen: Seen):
    def failing() -> None:
        with promptgit.capture(PROMPT):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        failing()

    (span,) = seen.spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert seen.attributes()["error.type"] == "TimeoutError"


@pytest.mark.parametrize("value", ["", "false", "NO_CONTENT", "EVENT_ONLY"])
def test_what_was_said_is_left_out(seen: Seen, monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv(CONTENT, value)

    a_call()

    assert "order" not in str(seen.attributes())


@pytest.mark.parametrize("value", ["true", "SPAN_ONLY", "SPAN_AND_EVENT"])
def test_what_was_said_goes_along_redacted_when_asked_for(
    seen: Seen, monkeypatch: pytest.MonkeyPatch, value: str
):
    monkeypatch.setenv(CONTENT, value)

    a_call()

    found = seen.attributes()
    (asked,) = json.loads(str(found["gen_ai.input.messages"]))
    (answered,) = json.loads(str(found["gen_ai.output.messages"]))
    assert asked["role"] == "user"
    assert asked["parts"][0]["content"].endswith("where is my order?")
    assert "jane" not in str(found)
    assert answered["parts"] == [{"type": "text", "content": "On its way."}]


def test_without_opentelemetry_nothing_of_it_is_loaded(tmp_path: Path):
    code = (
        "import sys, promptgit\npromptgit.capture_to(sys.argv[1])\n"
        "with promptgit.capture('p') as call: pass\npromptgit.feedback(call.id, score=1)\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
        "assert not {'numpy', 'pydantic', 'yaml', 'jinja2', 'sqlite3', 'git'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_what_is_captured_while_a_span_is_made_is_logged_and_has_no_span(seen: Seen):
    """A finalizer or a handler of a signal would wait for a lock that its own thread holds."""

    class Echo(SpanProcessor):
        is_on = True

        def on_end(self, span: ReadableSpan) -> None:
            if self.is_on:
                promptgit.capture("from-within").done()

    echo = Echo()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(echo)
    a_call()
    echo.is_on = False

    assert len(seen.spans.get_finished_spans()) == 1
    assert promptgit.capture_stats().accepted == 2


def test_a_signal_while_a_span_is_made_does_no_harm(seen: Seen):
    with capturing_signals() as taken:
        for _ in range(2_000):
            with promptgit.capture(PROMPT):
                pass

    stats = promptgit.capture_stats()
    assert len(taken) > 5
    assert stats.accepted + stats.dropped == 2_000 + len(taken)
