"""
OpenTelemetry GenAI as OTLP JSON: spans, and evaluation results as events or log records.

Both generations are read: messages as JSON attributes (`gen_ai.input.messages`), and what was
before (`gen_ai.system`, `gen_ai.prompt`, `gen_ai.completion`, `gen_ai.prompt.0.content`, events
such as `gen_ai.user.message`), OpenLLMetry's `traceloop.*` with them.
https://github.com/open-telemetry/semantic-conventions-genai
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Passed, Record, Rejected, Unfit, mapped
from promptgit.flywheel.interaction import FEEDBACK, Interaction

_NO_CALLS = ("execute_tool", "embeddings", "invoke_agent", "create_agent", "invoke_workflow")
_EVALUATION = "gen_ai.evaluation.result"
_DETAILS = "gen_ai.client.inference.operation.details"  # a call with all that was said, as an event
_INDEXED = re.compile(r"gen_ai\.(prompt|completion)\.(\d{1,4})\.(role|content)")
_EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
}
_OURS = "promptgit.call.id"  # what our own spans are called in our own logs
_FAILED = (2, "STATUS_CODE_ERROR", "ERROR")


def recognises(value: dict[str, Any]) -> bool:
    spans = "attributes" in value and bool(
        {"spanId", "span_id", "context", "startTimeUnixNano", "timeUnixNano"} & value.keys()
    )
    return spans or "resourceSpans" in value or "resourceLogs" in value


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    return mapped(records, _read)


def _read(record: Record) -> Iterable[Interaction | Passed]:
    value = record.value
    attributes = _attributes(value.get("attributes"))
    if "timeUnixNano" in value or "observedTimeUnixNano" in value:
        return [_log(record, attributes)]
    for event in fields.listed(value.get("events")):
        if event_name(event) == _DETAILS:
            attributes = {**attributes, **_attributes(event.get("attributes"))}
    if not _is_call(attributes):
        return [Passed(record.line, "a span of something else than a model call")]
    return [_call(record, attributes)]


def _is_call(attributes: Mapping[str, Any]) -> bool:
    operation = attributes.get("gen_ai.operation.name")
    if operation in _NO_CALLS or attributes.get("traceloop.span.kind") in ("tool", "workflow"):
        return False
    return bool(
        operation
        or "gen_ai.request.model" in attributes
        or "gen_ai.system" in attributes
        or "llm.request.type" in attributes
    )


def _call(record: Record, found: Mapping[str, Any]) -> Interaction:
    span = record.value
    resource = _attributes(fields.mapping(record.around.get("resource")).get("attributes"))
    begin = span.get("startTimeUnixNano", span.get("start_time"))
    begin = begin or span.get("timeUnixNano") or span.get("observedTimeUnixNano")  # of a log record
    end = span.get("endTimeUnixNano", span.get("end_time"))
    turn = _said(span, found)
    conversation = _first(
        found, "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id"
    )
    inputs = found.get("traceloop.prompt.template_variables") or found.get("promptgit.inputs")
    return Interaction(
        id=_first(found, _OURS) or _ident(span) or fields.digest(span, record.line),
        at=fields.at(begin, end),
        conversation=conversation,
        turn=turn.turn if conversation else 0,
        unit=_first(
            found, "promptgit.unit", "user.id", "enduser.id",
            "traceloop.association.properties.user_id",
        ),
        environment=_first(
            {**resource, **found}, "deployment.environment.name", "deployment.environment"
        ),
        prompt=_first(found, "gen_ai.prompt.name", "traceloop.prompt.key"),
        version=_first(
            found, "gen_ai.prompt.version", "traceloop.prompt.version_hash",
            "traceloop.prompt.version",
        ),
        variant=_first(found, "promptgit.variant"),
        model=_first(found, "gen_ai.response.model", "gen_ai.request.model"),
        provider=_first(found, "gen_ai.provider.name", "gen_ai.system"),
        system=turn.system,
        input=turn.input,
        output=turn.output,
        inputs=fields.texts(inputs),
        error=_error(span, found),
        latency_ms=fields.elapsed_ms(begin, end),
        input_tokens=_tokens(found, "input_tokens", "prompt_tokens"),
        output_tokens=_tokens(found, "output_tokens", "completion_tokens"),
        scores=dict(_scores(span)),
        source="otel",
    )  # fmt: skip


def _log(record: Record, found: Mapping[str, Any]) -> Interaction | Passed:
    """A log record: a call told as an event, or an evaluation result of the span that it names."""
    value = record.value
    name = event_name(value)
    if name == _DETAILS and _is_call(found):
        return _call(record, found)
    if name != _EVALUATION:
        return Passed(record.line, "a log record that is neither a call nor an evaluation result")
    name, score = _score(found)
    of = _first(found, _OURS) or _ident(value) or _first(found, "gen_ai.response.id")
    if not of or score is None:
        raise Unfit("an evaluation result without a score, or of nothing")
    return Interaction(
        id=fields.digest([of, name, score, value.get("timeUnixNano")]),
        at=fields.at(value.get("timeUnixNano"), value.get("observedTimeUnixNano")),
        kind=FEEDBACK,
        of=of,
        scores={name: score},
        source="otel",
    )


def event_name(event: Any) -> str:
    event = fields.mapping(event)
    name = event.get("eventName") or event.get("name")
    return fields.word(name) or _first(_attributes(event.get("attributes")), "event.name")


def _ident(span: Mapping[str, Any]) -> str:
    """Trace and span: what an evaluation result names, too."""
    context = fields.mapping(span.get("context"))
    trace = span.get("traceId") or context.get("trace_id") or span.get("trace_id")
    own = span.get("spanId") or context.get("span_id") or span.get("span_id")
    both = [fields.word(part).removeprefix("0x") for part in (trace, own)]
    return "-".join(both) if all(both) else ""


def _said(span: Mapping[str, Any], found: Mapping[str, Any]) -> fields.Said:
    """What was sent and answered, wherever this generation of the conventions has it."""
    instructions = fields.parsed(found.get("gen_ai.system_instructions"))
    messages = fields.parsed(found.get("gen_ai.input.messages"))
    answers = fields.parsed(found.get("gen_ai.output.messages"))
    if messages is None and answers is None:
        messages, answers = _older(span, found)
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    answer = None
    if answers is not None:
        replies = fields.all_said(answers) if isinstance(answers, list) else ()
        answer = "\n".join(reply.output for reply in replies) or (
            answers if isinstance(answers, str) else ""
        )
    turn = fields.said(fields.listed(messages), answer)
    system = "\n".join(filter(None, (fields.text(instructions), turn.system)))
    return fields.Said(system, turn.input, turn.output, turn.turn)


def _older(span: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Any, Any]:
    indexed: dict[str, dict[int, dict[str, Any]]] = {"prompt": {}, "completion": {}}
    for name, value in found.items():
        if match := _INDEXED.fullmatch(name):
            indexed[match[1]].setdefault(int(match[2]), {})[match[3]] = fields.parsed(value)
    sent = [one for _, one in sorted(indexed["prompt"].items())]
    got = [{"role": "assistant", **one} for _, one in sorted(indexed["completion"].items())]
    if sent or got:
        return sent, got
    sent, got = _events(span)
    if sent or got:
        return sent, got
    messages = fields.parsed(found.get("gen_ai.prompt", found.get("traceloop.entity.input")))
    answers = fields.parsed(found.get("gen_ai.completion", found.get("traceloop.entity.output")))
    if isinstance(messages, dict):
        messages = messages.get("messages", fields.text(messages))
    if isinstance(answers, dict):
        answers = fields.answer_of(answers)
    return messages, answers


def _events(span: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    sent: list[Any] = []
    got: list[Any] = []
    for event in fields.listed(span.get("events")):
        name, held = event_name(event), _attributes(fields.mapping(event).get("attributes"))
        if name in _EVENT_ROLES:
            sent.append({"role": _EVENT_ROLES[name], "content": fields.parsed(held.get("content"))})
        elif name == "gen_ai.choice":
            message = fields.mapping(fields.parsed(held.get("message")))
            content = message.get("content", held.get("content"))
            got.append({"role": "assistant", "content": content})
        elif name == "gen_ai.content.prompt":
            written = fields.parsed(held.get("gen_ai.prompt"))
            sent += written if isinstance(written, list) else [{"role": "user", "content": written}]
        elif name == "gen_ai.content.completion":
            written = fields.parsed(held.get("gen_ai.completion"))
            listed = written if isinstance(written, list) else [{"content": written}]
            got += [{"role": "assistant", "content": fields.mapping(one).get("content", one)}
                    for one in listed]  # fmt: skip
    return sent, got


def _scores(span: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for event in fields.listed(span.get("events")):
        if event_name(event) == _EVALUATION:
            name, score = _score(_attributes(event.get("attributes")))
            if score is not None:
                yield name, score


def _score(found: Mapping[str, Any]) -> tuple[str, float | None]:
    name = _first(found, "gen_ai.evaluation.name").lower() or "quality"
    return name, fields.real(found.get("gen_ai.evaluation.score.value"))


def _error(span: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    status = fields.mapping(span.get("status"))
    failed = status.get("code", status.get("status_code")) in _FAILED
    return _first(found, "error.type") or ("error" if failed else "")


def _tokens(found: Mapping[str, Any], *names: str) -> int | None:
    values = (fields.whole(found.get(f"gen_ai.usage.{name}")) for name in names)
    return next((value for value in values if value is not None), None)


def _first(found: Mapping[str, Any], *names: str) -> str:
    return next((word for name in names if (word := fields.word(found.get(name)))), "")


def _attributes(written: Any) -> dict[str, Any]:
    """Attributes as OTLP has them, a list of key and value, or as an object."""
    if isinstance(written, dict):
        return written
    pairs = (fields.mapping(pair) for pair in fields.listed(written))
    return {fields.word(pair.get("key")): _value(pair.get("value")) for pair in pairs}


def _value(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    for kind, value in written.items():
        if kind == "arrayValue":
            return [_value(one) for one in fields.listed(fields.mapping(value).get("values"))]
        if kind == "kvlistValue":
            return _attributes(fields.mapping(value).get("values"))
        if kind == "intValue":
            return fields.whole(value)
        return value
    return None
