"""
langfuse observations (ObservationV2): the API's answers, blob exports and CSV.

Each generation is a call; spans and events are not.  In CSV, what is nested is JSON in a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Passed, Record, Rejected, mapped
from promptgit.flywheel.interaction import Interaction

_TYPES = frozenset(
    ("GENERATION", "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING")
) | {"GUARDRAIL"}


def recognises(value: dict[str, Any]) -> bool:
    return "traceId" in value and "startTime" in value and value.get("type") in _TYPES


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    return mapped(records, _read)


def _read(record: Record) -> Iterator[Interaction | Passed]:
    value = record.value
    kind = fields.word(value.get("type"))
    if kind != "GENERATION":
        yield Passed(record.line, f"an observation of type {kind}")
        return
    sent = fields.parsed(value.get("input"))
    if isinstance(sent, dict) and isinstance(sent.get("messages"), list):
        sent = sent["messages"]
    answer = fields.answer_of(value.get("output"))
    if isinstance(sent, list):
        turn = fields.said(sent, answer)
    else:
        turn = fields.Said("", fields.text(sent), answer)
    usage = fields.mapping(fields.parsed(value.get("usageDetails")))
    cost = fields.mapping(fields.parsed(value.get("costDetails")))
    session = fields.word(value.get("sessionId"))
    begin = value.get("startTime")
    failed = value.get("level") == "ERROR"
    tags = fields.parsed(value.get("tags"))
    yield Interaction(
        id=fields.word(value.get("id")) or fields.digest(value, record.line),
        at=fields.at(begin),
        conversation=session or fields.word(value.get("traceId")),
        turn=turn.turn,
        unit=fields.word(value.get("userId")),
        environment=fields.word(value.get("environment")),
        prompt=fields.word(value.get("promptName")),
        version=_version(value),
        model=fields.word(value.get("model")),
        system=turn.system,
        input=turn.input,
        output=turn.output,
        error=(fields.word(value.get("statusMessage")) or "error") if failed else "",
        latency_ms=fields.milliseconds(value.get("latency"))
        or fields.elapsed_ms(begin, value.get("endTime")),
        input_tokens=fields.whole(usage.get("input")),
        output_tokens=fields.whole(usage.get("output")),
        cost_usd=fields.real(value.get("totalCost", cost.get("total"))),
        facts=fields.facts(
            {
                name: one
                for name, one in fields.mapping(fields.parsed(value.get("metadata"))).items()
                if not name.startswith("promptgit.")
            },
            {"tags": ",".join(filter(None, map(fields.word, fields.listed(tags))))},
        ),
        source="langfuse",
    )


def _version(value: dict[str, Any]) -> str:
    """The blob id, where whoever published the prompt put it; else the number langfuse gave it."""
    metadata = fields.mapping(fields.parsed(value.get("metadata")))
    return fields.word(metadata.get("promptgit.version")) or fields.word(value.get("promptVersion"))
