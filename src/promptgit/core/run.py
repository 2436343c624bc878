"""One journalled command: what went in, what was spent, what was proposed and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.candidate import Proposal
from promptgit.core.interview import Interview
from promptgit.core.spend import Spend


@dataclass(frozen=True, slots=True)
class Point:
    """One round on the curve."""

    round: int
    best: float  # mean search score of the best prompt so far, 0 to 1
    accepted: bool


@dataclass(frozen=True, slots=True)
class Iteration:
    """One evaluation within a run, as its record entry has it."""

    round: int  # 0 is before the first proposal
    blob: str
    mean: float | None
    results: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its journal tells it."""

    id: str  # UTC time and four hex digits: 20261120T154010Z-3f2a
    command: str  # `improve`
    prompt_path: str
    inputs: Mapping[str, Any] = field(default_factory=dict)  # hashes, model, options, seed
    state: str = "interrupted"  # until its journal says how it ended, see `improve`
    sentence: str = ""  # how it ended, in one line of English
    started: str = ""  # ISO 8601, UTC
    spend: Spend = field(default_factory=Spend)
    proposals: tuple[Proposal, ...] = ()
    interviews: tuple[Interview, ...] = ()  # of a strategy that holds some
    iterations: tuple[Iteration, ...] = ()
    verdict: Mapping[str, Any] = field(default_factory=dict)  # as in its record
    used_by: tuple[Mapping[str, Any], ...] = ()  # who uses the text, with what each one's cases say
    delivered: tuple[str, ...] = ()  # commits that reached the branch
