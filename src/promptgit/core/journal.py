"""A run's journal: what is written as it happens, and the Run that can be read from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import finite, result_entry
from promptgit.core.patch import Patch
from promptgit.core.ports import Answer, Usage
from promptgit.core.prompt import Prompt
from promptgit.core.run import Iteration, Run, Spend

Event = Mapping[str, Any]  # one line: `kind`, `at`, and its facts


def written(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Put what a lab notes into JSON's terms."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Proposal):
        return proposal_facts(value)
    if isinstance(value, Evaluation):
        return {
            "blob": value.prompt.blob,
            "mean": finite(value.mean),
            "results": [result_entry(result, outputs=True) for result in value.results],
        }
    if isinstance(value, Answer):
        return answer_facts(value)
    return value


def read_run(run_id: str, events: Iterable[Event]) -> Run:
    """Tell a run from its journal; an unknown event is left out, so that old versions can read."""
    known = list(events)
    start = next((event for event in known if event["kind"] == "start"), {})
    end = next((event for event in reversed(known) if event["kind"] == "end"), {})
    verdict = next((event for event in reversed(known) if event["kind"] == "verdict"), {})
    delivered = next((event for event in reversed(known) if event["kind"] == "delivered"), {})
    return Run(
        id=run_id,
        command=start.get("command", "improve"),
        prompt_path=start.get("path", ""),
        inputs=start.get("inputs", {}),
        state=end.get("state", "interrupted"),
        sentence=end.get("sentence", ""),
        started=start.get("at", ""),
        spend=sum((_spend(answer) for _, answer in paid_answers(known)), Spend()),
        proposals=tuple(_once(proposals(known))),
        iterations=tuple(_once(iterations(known))),
        verdict=verdict.get("verdict", {}),
        delivered=tuple(delivered.get("commits", ())),
    )


def paid_answers(events: Iterable[Event]) -> Iterator[tuple[str, Answer]]:
    """Yield (request key, answer) for every answer that the run paid for, each once."""
    seen: set[str] = set()
    for event in events:
        if event["kind"] == "paid" and event["key"] not in seen:
            seen.add(event["key"])
            yield event["key"], answer_of(event["answer"])


def proposals(events: Iterable[Event]) -> Iterator[Proposal]:
    return (proposal_of(event["proposal"]) for event in events if event["kind"] == "proposal")


def iterations(events: Iterable[Event]) -> Iterator[Iteration]:
    for event in events:
        if event["kind"] == "evaluated":
            found = event["evaluation"]
            results = tuple(found["results"])
            yield Iteration(event["round"], found["blob"], found["mean"], results)


def _once(items: Iterable[Any]) -> Iterator[Any]:
    """Leave out what a resumed run noted again."""
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
            yield item


def _spend(answer: Answer) -> Spend:
    tokens = answer.usage.input_tokens + answer.usage.output_tokens
    if answer.cost_usd is None:
        return Spend(1, tokens, 0.0, 1)
    return Spend(1, tokens, answer.cost_usd)


def answer_facts(answer: Answer) -> dict[str, Any]:
    usage = answer.usage
    return {
        "text": answer.text,
        "usage": [usage.input_tokens, usage.output_tokens, usage.cached_input_tokens],
        "cost_usd": answer.cost_usd,
        "latency_s": answer.latency_s,
        "finish_reason": answer.finish_reason,
        "model": answer.model,
    }


def answer_of(facts: Mapping[str, Any]) -> Answer:
    return Answer(
        text=facts["text"],
        usage=Usage(*facts["usage"]),
        cost_usd=facts["cost_usd"],
        latency_s=facts["latency_s"],
        finish_reason=facts["finish_reason"],
        model=facts["model"],
    )


def proposal_facts(proposal: Proposal) -> dict[str, Any]:
    """Write a proposal down in JSON's terms; `proposal_of` reads it again."""
    patch = proposal.patch
    return {
        "round": proposal.round,
        "fate": proposal.fate.value,
        "reason": proposal.reason,
        "critique": proposal.critique,
        "replies": list(proposal.replies),
        "parent": {"name": proposal.parent.name, "blob": proposal.parent.blob},
        "patch": patch
        and {
            "path": patch.path,
            "before": patch.before,
            "after": patch.after,
            "diff": patch.diff,
        },
        "shown": list(proposal.shown),
        "before": proposal.before,
        "after": proposal.after,
        "raced": proposal.raced,
        "mean": proposal.mean,
    }


def proposal_of(facts: Mapping[str, Any]) -> Proposal:
    patch = facts["patch"]
    before = patch["before"] if patch else ""
    return Proposal(
        round=facts["round"],
        parent=Prompt(before, facts["parent"]["blob"], facts["parent"]["name"]),
        fate=Fate(facts["fate"]),
        reason=facts["reason"],
        critique=facts["critique"],
        replies=tuple(facts["replies"]),
        patch=patch and Patch(patch["path"], before, patch["after"], patch["diff"], ()),
        shown=tuple(facts["shown"]),
        before=facts["before"],
        after=facts["after"],
        raced=facts["raced"],
        mean=facts["mean"],
    )
