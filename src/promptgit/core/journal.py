"""A run's journal: what is written as it happens, and the Run that can be read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import finite, result_entry
from promptgit.core.interview import Interview, interview_of
from promptgit.core.patch import Patch
from promptgit.core.ports import Answer, Usage
from promptgit.core.prompt import Prompt
from promptgit.core.run import Iteration, Run
from promptgit.core.spend import Spend
from promptgit.core.trace import trace_facts, trace_of
from promptgit.core.verdict import Outcome

Event = Mapping[str, Any]  # one line: `kind`, `at`, and its facts
Life = tuple[Event, ...]  # of one process, from its `start`
Item = TypeVar("Item", Proposal, Iteration, Interview)

# What a run cannot take back: its commits, its look at the sealed cases, what they said.
LASTING = frozenset({"screened", "confirming", "verdict", "delivering"})


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
    end = last(known, "end") or {}
    verdict = last(known, "verdict") or {}
    delivered = last(known, "delivered") or {}
    return Run(
        id=run_id,
        command=start.get("command", "improve"),
        prompt_path=start.get("path", ""),
        inputs=start.get("inputs", {}),
        state=end.get("state", "interrupted"),
        sentence=end.get("sentence", ""),
        started=start.get("at", ""),
        spend=sum((_spend(answer) for _, answer in paid_answers(known)), Spend()),
        proposals=tuple(_told_once(lives(known), proposals)),
        interviews=tuple(_told_once(lives(known), interviews)),
        iterations=tuple(_told_once(lives(known), iterations)),
        verdict=verdict.get("verdict", {}),
        used_by=tuple(end.get("outcome", {}).get("used_by", ())),
        delivered=tuple(delivered.get("commits", ())),
    )


def last(events: Iterable[Event], kind: str) -> Event | None:
    """Return the latest event of this kind, None if there is none."""
    found = None
    for event in events:
        found = event if event["kind"] == kind else found
    return found


def lives(events: Iterable[Event]) -> list[Life]:
    """
    Cut a journal at every `start`: a run that is resumed begins again, and notes all anew.

    >>> [len(life) for life in lives([{"kind": "start"}, {"kind": "paid"}, {"kind": "start"}])]
    [2, 1]
    """
    found: list[list[Event]] = []
    for event in events:
        if event["kind"] == "start" or not found:
            found.append([])
        found[-1].append(event)
    return [tuple(life) for life in found]


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that brought no answer, although it was tried again."""

    key: str  # of its request
    kind: str  # as CallFailed.kind
    message: str
    purpose: str = "model"  # whose call it was: model, judge, mentor
    lost: int = 0  # attempts that the provider may charge for


def failures(events: Iterable[Event]) -> list[FailedCall]:
    """
    Return the failed calls that lasting decisions rest on.

    The life that got furthest knows: what failed before its last lasting event has to fail again
    in a resumed run, or the run would decide otherwise than it did.  What failed later may be
    tried anew.
    """
    furthest: Life = ()
    for life in lives(events):
        furthest = life if _reach(life) >= _reach(furthest) else furthest
    lasting = [place for place, event in enumerate(furthest) if _lasts(event)]
    settled = furthest[: lasting[-1]] if lasting else ()
    return [FailedCall(**event["call"]) for event in settled if event["kind"] == "failed"]


def _reach(life: Life) -> int:
    return sum(map(_lasts, life))


def _lasts(event: Event) -> bool:
    """Say whether a run cannot take this back; an INVALID verdict settled nothing."""
    said = event.get("verdict", {}).get("outcome")
    return event["kind"] in LASTING and said != Outcome.INVALID


def losses(events: Iterable[Event]) -> dict[str, int]:
    """Map the keys of paid answers to the attempts before them that may be charged as well."""
    return {event["key"]: event["lost"] for event in events if event.get("lost")}


def paid_answers(events: Iterable[Event]) -> Iterator[tuple[str, Answer]]:
    """Yield (request key, answer) for every answer that the run paid for, each once."""
    seen: set[str] = set()
    for event in events:
        if event["kind"] == "paid" and event["key"] not in seen:
            seen.add(event["key"])
            yield event["key"], answer_of(event["answer"])


def proposals(events: Iterable[Event]) -> Iterator[Proposal]:
    return (proposal_of(event["proposal"]) for event in events if event["kind"] == "proposal")


def interviews(events: Iterable[Event]) -> Iterator[Interview]:
    held = (event["interview"] for event in events if event["kind"] == "interview")
    return (interview_of(facts) for facts in held)


def iterations(events: Iterable[Event]) -> Iterator[Iteration]:
    for event in events:
        if event["kind"] == "evaluated":
            found = event["evaluation"]
            results = tuple(found["results"])
            yield Iteration(event["round"], found["blob"], found["mean"], results)


def _told_once(told: Iterable[Life], read: Callable[[Life], Iterable[Item]]) -> list[Item]:
    """Take each round as the latest life tells it: a life tells all rounds until its end."""
    items: list[Item] = []
    for life in told:
        again = list(read(life))
        reached = max((item.round for item in again), default=-1)
        items = again + [item for item in items if item.round > reached]
    return items


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
        **({} if answer.mean_logprob is None else {"mean_logprob": answer.mean_logprob}),
        **({} if answer.trace is None else {"trace": trace_facts(answer.trace)}),
    }


def answer_of(facts: Mapping[str, Any]) -> Answer:
    return Answer(
        text=facts["text"],
        usage=Usage(*facts["usage"]),
        cost_usd=facts["cost_usd"],
        latency_s=facts["latency_s"],
        finish_reason=facts["finish_reason"],
        model=facts["model"],
        mean_logprob=facts.get("mean_logprob"),
        trace=None if facts.get("trace") is None else trace_of(facts["trace"]),
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
