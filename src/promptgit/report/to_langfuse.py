"""
A prompt of ours as the bodies that Langfuse's public API takes.

Keys are paths below `/api/public/`, values the bodies to POST there, in this order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from promptgit.core.dataset import Case
from promptgit.report.exported import Exported, is_simple

BATCH = 100  # spans of one request


def to_langfuse(exported: Exported) -> tuple[str, list[str]]:
    """Return the JSON, and what Langfuse cannot say."""
    bodies: dict[str, list[Any]] = {"v2/prompts": [_prompt(exported)]}
    if exported.cases:
        name = _dataset(exported)
        bodies["v2/datasets"] = [
            {
                "name": name,
                "description": f"the cases of {exported.path}, from {exported.cases.name}",
                "metadata": {**exported.evidence, "cases_sha256": exported.cases.digest},
            }
        ]
        bodies["dataset-items"] = [_item(name, case) for case in exported.cases]
    spans = [_span(exported, row) for row in exported.results]
    if spans:
        bodies["otel/v1/traces"] = [
            _traces(spans[start : start + BATCH]) for start in range(0, len(spans), BATCH)
        ]
        bodies["scores"] = [score for row in exported.results for score in _scores(exported, row)]
    losses = [] if spans else ["the records hold no results of this text: no scores are written"]
    if not all(is_simple(text) for _, text in exported.chat):
        losses.append("the template has more than {{ holes }}: Langfuse fills holes only")
    if exported.assertions:
        losses.append("assertions: Langfuse stores scores, not the checks that gave them")
    return json.dumps(bodies, indent=2, ensure_ascii=False) + "\n", losses


def _prompt(exported: Exported) -> dict[str, Any]:
    chat = exported.chat
    is_text = len(chat) == 1
    config: dict[str, Any] = {"model": exported.model, **exported.options} if exported.model else {}
    return {
        "name": exported.prompt.name,
        "type": "text" if is_text else "chat",
        "prompt": chat[0][1]
        if is_text
        else [{"role": role, "content": text} for role, text in chat],
        "config": {**config, "promptgit": exported.evidence},
        "tags": ["promptgit"],
        "labels": [],  # a label is a deployment, and that is for people to say
        "commitMessage": _message(exported),
    }


def _message(exported: Exported) -> str:
    if not exported.commit:
        return f"{exported.path}, not committed"
    return f"{exported.subject} ({exported.commit[:12]})"


def _dataset(exported: Exported) -> str:
    return f"{exported.prompt.name} cases"


def _item(dataset: str, case: Case) -> dict[str, Any]:
    metadata: dict[str, Any] = {"case": case.id, "tags": list(case.tags), **case.reference}
    return {
        "datasetName": dataset,
        "id": _id(dataset, case.id),
        "input": dict(case.inputs),
        "expectedOutput": case.expected,
        "metadata": metadata,
    }


def _traces(spans: list[dict[str, Any]]) -> dict[str, Any]:
    """Wrap spans as OTLP in JSON (OpenTelemetry protocol, `ExportTraceServiceRequest`)."""
    scope = {"scope": {"name": "promptgit"}, "spans": spans}
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}


def _span(exported: Exported, row: Mapping[str, Any]) -> dict[str, Any]:
    """Make a trace of one span of a recorded answer, with Langfuse's attributes."""
    case, repeat = str(row.get("case")), str(row.get("repeat", 0))
    known = next((one for one in exported.cases or () if one.id == case), None)
    trace = _trace(exported, row)
    start = _when(exported)
    took_s = row.get("latency_s")
    end = start + timedelta(seconds=took_s if isinstance(took_s, int | float) else 0)
    facts = {
        "langfuse.trace.name": exported.prompt.name,
        "langfuse.trace.tags": '["promptgit"]',
        "langfuse.observation.type": "generation",
        "langfuse.observation.prompt.name": exported.prompt.name,
        "langfuse.observation.input": json.dumps(dict(known.inputs), ensure_ascii=False)
        if known
        else "",
        "langfuse.observation.output": str(row.get("output") or ""),
        "langfuse.trace.metadata.case": case,
        "langfuse.trace.metadata.repeat": repeat,
        **{f"langfuse.trace.metadata.{key}": text for key, text in exported.evidence.items()},
    }
    return {
        "traceId": trace,
        "spanId": trace[:16],
        "name": exported.prompt.name,
        "kind": 1,
        "startTimeUnixNano": _nanoseconds(start),
        "endTimeUnixNano": _nanoseconds(end),
        "attributes": [
            {"key": key, "value": {"stringValue": text}} for key, text in facts.items() if text
        ],
    }


def _scores(exported: Exported, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    trace = _trace(exported, row)
    found: list[tuple[str, float, str]] = []
    if isinstance(row.get("score"), int | float):
        found.append(("score", row["score"], ""))
    for name, score in (row.get("scores") or {}).items():
        found.append((name, score["value"], str(score.get("why") or "")))
    for name, value, why in found:
        yield {
            "id": _id(trace, name),
            "traceId": trace,
            "name": name,
            "value": value,
            "dataType": "NUMERIC",
            **({"comment": why} if why else {}),
            "metadata": exported.evidence,
            "timestamp": _when(exported).isoformat(),
        }


def _trace(exported: Exported, row: Mapping[str, Any]) -> str:
    assert exported.finding is not None, "results come from a record"
    return _id(exported.finding.digest, str(row.get("case")), str(row.get("repeat", 0)))


def _when(exported: Exported) -> datetime:
    """When the record was made."""
    assert exported.finding is not None, "results come from a record"
    try:
        return datetime.fromisoformat(str(exported.finding.record.body.get("when")))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _nanoseconds(when: datetime) -> str:
    """Write a time as OTLP does, whole microseconds exactly."""
    since = when - datetime.fromtimestamp(0, UTC)
    return str((since // timedelta(microseconds=1)) * 1000)


def _id(*parts: str) -> str:
    """Name a thing by what it is: sent again, it replaces itself."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
