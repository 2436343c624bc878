"""
Answers that a record holds, put where the next evaluation looks for them.

Only answers are taken over, never scores: what a record says of a score is for people.  An answer
counts when it is filed under the very request that would be made again, in a record of that very
prompt and model.  One that holds a secret was struck out, and is no answer any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from promptgit.core.evaluation import Result
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.ports import Answer, AnswerStore, Request, Usage
from promptgit.core.record import Record
from promptgit.core.trace import trace_of
from promptgit.edges.records import Records
from promptgit.evaluate.pipelines import expected_calls
from promptgit.evaluate.side_by_side import Contender

STRUCK_OUT = re.compile(r"\[[\w ]+ redacted\]")
FINISHED = {"cut": "length", "refused": "content_filter"}  # how a flag was told by the provider


def reuse(records: Records, contender: Contender, store: AnswerStore, *, repeats: int = 1) -> int:
    """Put what the records answer of these cases into `store`; return how many were new there."""
    if contender.prompt.form == PIPELINE:
        return _reuse_steps(records, contender, store, repeats)
    model = contender.model.identity
    wanted = {
        Request(contender.prompt.render(case.inputs), repeat).key(model)
        for case in contender.cases
        for repeat in range(repeats)
    }
    found = 0
    for record in records.find(contender.prompt.blob):
        for key, answer in _answers(record, contender):
            if key in wanted and store.get(key) is None:
                store.put(key, answer)
                found += 1
    return found


@dataclass(frozen=True)
class _Shelf:
    """What is in the store, and what the records hold besides."""

    store: AnswerStore
    on_record: Mapping[str, Answer]

    def get(self, key: str) -> Answer | None:
        return self.store.get(key) or self.on_record.get(key)

    def put(self, key: str, answer: Answer) -> None:
        self.store.put(key, answer)


def _reuse_steps(records: Records, contender: Contender, store: AnswerStore, repeats: int) -> int:
    """The same for a pipeline: what one step said decides what the next would be asked."""
    held = [
        pair
        for record in records.find(contender.prompt.blob)
        for pair in _step_answers(record, contender)
    ]
    shelf = _Shelf(store, dict(held))
    found = 0
    for case in contender.cases:
        for repeat in range(repeats):
            identity = contender.model.identity
            for call in expected_calls(contender.prompt, case, repeat, identity, shelf):
                answer = shelf.on_record.get(call.key)
                if answer is not None and store.get(call.key) is None:
                    store.put(call.key, replace(answer, model=call.identity.model))
                    found += 1
    return found


def _step_answers(record: Record, contender: Contender) -> Iterable[tuple[str, Answer]]:
    if not _is_of(record, contender):
        return
    results = record.body.get("results")
    for entry in results if isinstance(results, list) else ():
        steps = entry.get("steps") if isinstance(entry, dict) else None
        for step in steps if isinstance(steps, list) else ():
            answer = _answer(step, "") if isinstance(step, dict) else None
            if answer is not None:
                yield str(step["request"]), answer


def _answers(record: Record, contender: Contender) -> Iterable[tuple[str, Answer]]:
    if not _is_of(record, contender):
        return
    model = str(_part(record.body, "model").get("model", ""))
    results = record.body.get("results")
    for entry in results if isinstance(results, list) else ():
        answer = _answer(entry, model) if isinstance(entry, dict) else None
        if answer is not None:
            yield str(entry["request"]), answer


def _is_of(record: Record, contender: Contender) -> bool:
    """Say whether the record is an evaluation of this very prompt by this very model."""
    body = record.body
    return (
        body.get("kind") == "evaluation"
        and _part(body, "prompt").get("identity") == contender.prompt.identity
        and _part(body, "model").get("digest") == contender.model.identity.digest
    )


def _answer(entry: Mapping[str, Any], model: str) -> Answer | None:
    output, key, cost = entry.get("output"), entry.get("request"), entry.get("cost_usd")
    if not isinstance(output, str) or not isinstance(key, str) or STRUCK_OUT.search(output):
        return None
    try:
        trace = None if entry.get("trace") is None else trace_of(entry["trace"])
    except ValueError:  # struck out, or cut: no trace any more
        return None
    usage, latency = _part(entry, "usage"), entry.get("latency_s")
    flags, sure = entry.get("flags") or (), entry.get("mean_logprob")
    return Answer(
        text=output,
        usage=Usage(_count(usage.get("input")), _count(usage.get("output"))),
        cost_usd=float(cost) if isinstance(cost, int | float) else None,
        latency_s=float(latency) if isinstance(latency, int | float) else 0.0,
        finish_reason=next((FINISHED[flag] for flag in flags if flag in FINISHED), "stop"),
        model=model,
        mean_logprob=float(sure) if isinstance(sure, int | float) else None,
        trace=trace,
    )


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def answers_on_record(records: Records, contender: Contender) -> list[Result]:
    """
    List the scored answers that the records hold of this prompt and model, each one once.

    The same words to the same request are one answer, however many evaluations took it over.
    """
    found: dict[tuple[str, int, str], Result] = {}
    for record in records.find(contender.prompt.blob):
        results = record.body.get("results") if _is_of(record, contender) else ()
        for entry in results if isinstance(results, list) else ():
            result = _result(entry) if isinstance(entry, dict) else None
            if result is not None:
                found.setdefault((result.case_id, result.repeat, result.output), result)
    return list(found.values())


def _result(entry: Mapping[str, Any]) -> Result | None:
    case, repeat, score = entry.get("case"), entry.get("repeat"), entry.get("score")
    told = entry.get("output", entry.get("output_sha256"))
    if not isinstance(case, str) or not isinstance(repeat, int) or not isinstance(told, str):
        return None
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        return None
    return Result(case, repeat, output=told, score=float(score))
