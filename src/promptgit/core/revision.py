"""A commit as it concerns one prompt, with what is known about the text it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Evidence(StrEnum):
    """How far the score of a revision can be believed."""

    VERIFIED_CI = "verified-ci"  # somebody who may says so; only shown where that was asked for
    CONFIRMED = "confirmed"  # a record here holds a sealed comparison that this very text won
    SCREENING = "screening"  # a record here holds its gain on the search cases, not confirmed
    EVALUATED = "evaluated"  # a record here holds scores of this very text, which prove no gain
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
class WholeRun:
    """The sealed comparison that confirmed a text, where it was with another than its parent."""

    before: float | None  # score of the text that the run began with
    score: float | None  # of the confirmed text, on the same cases
    half: str  # sealed, as a rule
    n: int | None  # cases behind the scores
    fixed: int | None  # cases that got better, if known
    broke: int | None
    record: str = ""  # digest; empty where only the message says so
    steps: int | None = None  # improvements from the one text to the other, if known


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
    before: float | None = None  # of the text that it replaced, on the same cases, if known
    record: str = ""  # digest of the record behind it
    trailers: Mapping[str, str] = field(default_factory=dict)
    was: str = ""  # blob of the text it replaced; empty where the commit adds the prompt
    n: int | None = None  # cases behind the score
    fixed: int | None = None  # cases that got better, if known
    broke: int | None = None
    problem: str = ""  # what is wrong with the evidence that the message names; empty: nothing
    steps: tuple[Step, ...] = ()  # of a squash, oldest first
    half: str = ""  # cases behind the score: search, sealed, all, part; empty: nobody says
    whole_run: WholeRun | None = None  # what confirmed the text, if not its own step
    terms: str = ""  # of the score: cases, suite, model and half; only equal ones make a trend
    takes_back: bool = False  # the text before was confirmed to be better than this one
