"""One journalled command: what went in, what was spent, what was proposed and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.patch import Patch
from promptgit.core.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Spend:
    """What was paid: calls, tokens and money, over model, judge and mentor together."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced_calls: int = 0  # calls whose price nobody knows; not in `usd`

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.usd + other.usd,
            self.unpriced_calls + other.unpriced_calls,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its journal tells it."""

    id: str  # UTC time and four hex digits: 20261120T154010Z-3f2a
    command: str  # `improve`
    prompt_path: str
    inputs: Mapping[str, Any] = field(default_factory=dict)  # hashes, model, options, seed
    state: str = "running"  # running, interrupted, confirmed, not confirmed, draft, …
    spend: Spend = Spend()
    proposals: tuple[Proposal, ...] = ()
    tip: str = ""  # of refs/promptgit/runs/<id>
    delivered: tuple[str, ...] = ()  # commits that reached the branch


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
