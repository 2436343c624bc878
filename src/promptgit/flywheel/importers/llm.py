"""
The database of the command `llm` (`logs.db`): a row of `responses` is a call.

https://llm.datasette.io/en/stable/logging.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Record, Rejected, mapped
from promptgit.flywheel.interaction import Interaction


def recognises(value: dict[str, Any]) -> bool:
    return "datetime_utc" in value and "prompt" in value and "response" in value


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    return mapped(records, _read)


def _read(record: Record) -> Iterator[Interaction]:
    value = record.value
    yield Interaction(
        id=fields.word(value.get("id")) or fields.digest(value),
        at=fields.at(value.get("datetime_utc")),
        conversation=fields.word(value.get("conversation_id")),
        model=fields.word(value.get("resolved_model")) or fields.word(value.get("model")),
        system=fields.text(value.get("system")),
        input=fields.text(value.get("prompt")),
        output=fields.text(value.get("response")),
        latency_ms=fields.real(value.get("duration_ms")),
        input_tokens=fields.whole(value.get("input_tokens")),
        output_tokens=fields.whole(value.get("output_tokens")),
        source="llm",
    )
