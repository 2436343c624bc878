"""A prompt that a strategy proposes, and what became of the proposal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from promptgit.core.evaluation import Evaluation
from promptgit.core.patch import Patch
from promptgit.core.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt, how it did on search cases (all or some), where it came from, and why."""

    prompt: Prompt
    evaluation: Evaluation
    parents: tuple[Candidate, ...] = ()
    why: str = ""  # the critique's reason, in a sentence or two
    patch: Patch | None = None  # from the first parent; None for the seed

    @property
    def compared(self) -> tuple[Evaluation, Evaluation]:
        """Its first parent and itself, on the cases that both have a result for."""
        parent = self.parents[0].evaluation
        known = {result.case_id for result in parent.results}
        both = self.evaluation.cases.only(
            result.case_id for result in self.evaluation.results if result.case_id in known
        )
        return parent.on(both), self.evaluation.on(both)


class Fate(StrEnum):
    """What became of a proposal."""

    ACCEPTED = "accepted"  # screened: better than its parent on the search cases
    UNREADABLE = "unreadable"  # no patch that applies exactly
    GUARDED = "guarded"  # the guard refused it, before any model call
    REPEATED = "repeated"  # the same text was tried before
    DROPPED = "dropped"  # the race showed no gain
    UNSCORED = "unscored"  # too many cases of the race had no score
    FAILED = "failed"  # the mentor gave no answer
    SKIPPED = "skipped"  # the round's cases held nothing to learn from: nothing was proposed


@dataclass(frozen=True, slots=True)
class Proposal:
    """One attempt of a strategy, kept whether it was accepted or not."""

    round: int
    parent: Prompt
    fate: Fate
    reason: str
    critique: str = ""
    replies: tuple[str, ...] = ()  # what the mentor wrote, each try
    patch: Patch | None = None
    shown: tuple[str, ...] = ()  # ids of the cases that the mentor saw
    before: float | None = None  # mean score of the parent on the cases of the race
    after: float | None = None
    raced: int = 0  # cases that the race took
    mean: float | None = None  # on all search cases, once accepted


def proposed(rounds: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Leave out the rounds in which nothing was proposed."""
    return tuple(one for one in rounds if one.fate is not Fate.SKIPPED)
