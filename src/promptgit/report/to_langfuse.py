"""
A prompt of ours as the bodies that Langfuse's public API takes.

Keys are paths below `/api/public/`, values the bodies to POST there, in this order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.report.exported import Exported, is_simple

BATCH = 100  # events of one ingestion request


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
    events = list(_events(exported))
    if events:
        bodies["ingestion"] = [
            {"batch": events[start : start + BATCH]} for start in range(0, len(events), BATCH)
        ]
    losses = [] if events else ["the records hold no results of this text: no scores are written"]
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


def _events(exported: Exported) -> Iterator[dict[str, Any]]:
    """Yield a trace for each recorded answer, and the scores that belong to it."""
    finding = exported.finding
    if finding is None:
        return
    when = str(finding.record.body.get("when"))
    cases = {case.id: case for case in exported.cases or ()}
    for row in exported.results:
        case, repeat = str(row.get("case")), row.get("repeat", 0)
        trace = _id(finding.digest, case, str(repeat))
        known = cases.get(case)
        yield _event(
            "trace-create",
            when,
            {
                "id": trace,
                "name": exported.prompt.name,
                "timestamp": when,
                "input": dict(known.inputs) if known else None,
                "output": row.get("output"),
                "metadata": {**exported.evidence, "case": case, "repeat": repeat},
                "tags": ["promptgit"],
            },
        )
        for name, value, why in _scores(row):
            body = {"id": _id(trace, name), "traceId": trace, "name": name, "value": value}
            comment = {"comment": why} if why else {}
            yield _event(
                "score-create",
                when,
                {**body, "dataType": "NUMERIC", **comment, "metadata": exported.evidence},
            )


def _scores(row: Mapping[str, Any]) -> Iterator[tuple[str, float, str]]:
    if isinstance(row.get("score"), int | float):
        yield "score", row["score"], ""
    for name, score in (row.get("scores") or {}).items():
        yield name, score["value"], str(score.get("why") or "")


def _event(kind: str, when: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": _id(kind, body["id"]), "type": kind, "timestamp": when, "body": body}


def _id(*parts: str) -> str:
    """Name a thing by what it is: sent again, it replaces itself."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
