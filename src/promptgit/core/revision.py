"""A commit as it concerns one prompt, with what is known about the text it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Evidence(StrEnum):
    """How far the score of a revision can be believed."""

    CONFIRMED = "confirmed"  # a record here holds a sealed comparison of this very text
    SCREENING = "screening"  # a record here holds search scores of this very text
    CLAIMED = "claimed"  # the message says so; no record here does
    STALE = "stale"  # the message speaks of another text than the commit holds
    UNEVALUATED = "unevaluated"
    INCOMPLETE = "incomplete-history"  # shallow: the parent is not here


@dataclass(frozen=True, slots=True)
class Step:
    """One improvement inside a commit that squashed several, as its message tells it."""

    blob: str  # the text after the step
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Revision:
    commit: str
    parents: tuple[str, ...]
    when: int  # committer time, seconds since 1970, UTC
    author: str
    subject: str
    path: str  # of the prompt, in this commit
    blob: str  # of the prompt's text in this commit; empty where the commit deletes it
    evidence: Evidence
    score: float | None = None  # of this text, if known
    before: float | None = None  # of the text that it was compared with, if known
    record: str = ""  # digest of the record behind it
    trailers: Mapping[str, str] = field(default_factory=dict)
    was: str = ""  # blob of the text it replaced; empty where the commit adds the prompt
    n: int | None = None  # cases behind the score
    fixed: int | None = None  # cases that got better, if known
    broke: int | None = None
    problem: str = ""  # what is wrong with the evidence that the message names; empty: nothing
    steps: tuple[Step, ...] = ()  # of a squash, oldest first
