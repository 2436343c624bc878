"""
litellm's StandardLoggingPayload (`litellm/types/utils.py`).

It carries hashes of keys, the end user, their address and browser, and tracebacks: those are
not read at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Passed, Record, Rejected, mapped
from promptgit.flywheel.interaction import Interaction

_CHATS = frozenset(
    ("completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses")
) | {"anthropic_messages", ""}


def recognises(value: dict[str, Any]) -> bool:
    return "litellm_call_id" in value or (
        "call_type" in value and "startTime" in value and "messages" in value
    )


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    return mapped(records, _read)


def _read(record: Record) -> Iterator[Interaction | Passed]:
    value = record.value
    kind = fields.word(value.get("call_type"))
    if kind not in _CHATS:
        yield Passed(record.line, f"a call of type {kind}")
        return
    metadata = fields.mapping(value.get("metadata"))
    managed = fields.mapping(metadata.get("prompt_management_metadata"))
    asked = fields.mapping(metadata.get("requester_metadata"))
    ident = fields.word(value.get("id")) or fields.word(value.get("litellm_call_id"))
    trace = fields.word(value.get("session_id")) or fields.word(value.get("trace_id"))
    messages = fields.parsed(value.get("messages"))
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    turn = fields.said(fields.listed(messages), fields.answer_of(value.get("response") or ""))
    conversation = fields.word(asked.get("promptgit.conversation")) or (
        trace if trace not in (ident, value.get("litellm_call_id")) else ""
    )
    begin, end = value.get("startTime"), value.get("endTime")
    tags = [tag for tag in fields.listed(value.get("request_tags")) if isinstance(tag, str)]
    yield Interaction(
        id=ident or fields.digest(value, record.line),
        at=fields.at(begin, end),
        conversation=conversation,
        turn=turn.turn if conversation else 0,
        unit=fields.word(asked.get("promptgit.unit")),
        environment=fields.word(asked.get("promptgit.environment")),
        prompt=fields.word(asked.get("promptgit.prompt")) or fields.word(managed.get("prompt_id")),
        version=fields.word(asked.get("promptgit.version")),
        variant=fields.word(asked.get("promptgit.variant")),
        model=fields.word(value.get("model")),
        provider=fields.word(value.get("custom_llm_provider")),
        system=turn.system,
        input=turn.input,
        output=turn.output,
        inputs=fields.texts(managed.get("prompt_variables")),
        error=_error(value),
        latency_ms=fields.milliseconds(value.get("response_time")) or fields.elapsed_ms(begin, end),
        input_tokens=fields.whole(value.get("prompt_tokens")),
        output_tokens=fields.whole(value.get("completion_tokens")),
        cost_usd=fields.real(value.get("response_cost")),
        facts=fields.facts(
            {name: one for name, one in asked.items() if not name.startswith("promptgit.")},
            {"tags": ",".join(tags)},
        ),
        source="litellm",
    )


def _error(value: dict[str, Any]) -> str:
    """The kind of failure; what it says is not read, for it may quote the request."""
    if value.get("status") != "failure":
        return ""
    information = fields.mapping(value.get("error_information"))
    return fields.word(information.get("error_class")) or "failure"
