"""
OpenAI: stored completions, and chats as JSON Lines.

A stored completion is a chat completion with `metadata`, where `promptgit.prompt` and
`promptgit.version` may be; a chat is `{"messages": […]}`, each answer of which is a call.
https://platform.openai.com/docs/api-reference/chat/list
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Record, Rejected, Unfit, mapped
from promptgit.flywheel.interaction import Interaction

_OURS = ("prompt", "version", "variant", "conversation", "unit", "environment")


def recognises(value: dict[str, Any]) -> bool:
    if value.get("object") == "chat.completion" and "choices" in value:
        return True
    messages = value.get("messages")
    return (
        isinstance(messages, list)
        and "session_id" not in value
        and all(isinstance(message, dict) and "role" in message for message in messages)
    )


def interactions(records: Iterable[Record | Rejected], *, at: str = "") -> Iterator[Outcome]:
    """at: when chats were held that do not say so, as an instant."""
    return mapped(records, lambda record: _read(record, at))


def _read(record: Record, at: str) -> Iterator[Interaction]:
    value = record.value
    if "choices" in value:
        yield _stored(record)
        return
    if not fields.listed(value.get("messages")):
        raise Unfit("it has no messages")
    ident = fields.word(value.get("id")) or fields.digest(value, record.line)
    metadata = fields.mapping(value.get("metadata"))
    when = fields.at(value.get("created"), value.get("created_at"), value.get("timestamp"), at)
    turns = [turn for turn in fields.all_said(value["messages"]) if turn.output]
    if not turns:
        raise Unfit("nobody answers in it")
    for turn in turns:
        yield Interaction(
            id=ident if len(turns) == 1 else f"{ident}:{turn.turn}",
            at=when,
            **{"conversation": ident if len(turns) > 1 else "", **_ours(metadata)},
            turn=turn.turn,
            model=fields.word(value.get("model")),
            system=turn.system,
            input=turn.input,
            output=turn.output,
            facts=_others(metadata),
            source="openai",
        )


def _stored(record: Record) -> Interaction:
    value = record.value
    usage = fields.mapping(value.get("usage"))
    metadata = fields.mapping(value.get("metadata"))
    messages = fields.listed(value.get("messages") or value.get("input"))
    turn = fields.said(messages, fields.answer_of(value))
    ours = _ours(metadata)
    return Interaction(
        id=fields.word(value.get("id")) or fields.digest(value, record.line),
        at=fields.at(value.get("created"), value.get("created_at")),
        **ours,
        turn=turn.turn if "conversation" in ours else 0,
        model=fields.word(value.get("model")),
        provider="openai",
        system=turn.system,
        input=turn.input,
        output=turn.output,
        input_tokens=fields.whole(usage.get("prompt_tokens")),
        output_tokens=fields.whole(usage.get("completion_tokens")),
        facts=_others(metadata),
        source="openai",
    )


def _ours(metadata: dict[str, Any]) -> dict[str, Any]:
    """What we, or somebody who knows us, put into the metadata."""
    found = {name: fields.word(metadata.get(f"promptgit.{name}")) for name in _OURS}
    return {name: value for name, value in found.items() if value}


def _others(metadata: dict[str, Any]) -> dict[str, str]:
    return fields.facts(
        {name: one for name, one in metadata.items() if not name.startswith("promptgit.")}
    )
