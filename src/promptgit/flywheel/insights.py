"""What an analysis of a window found: values that a screen, a dashboard and a turn read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promptgit.flywheel.cube import Cell, Cube, Dimension, Metric
from promptgit.flywheel.tally import Difference, Tally
from promptgit.flywheel.window import Window

Direction = Literal["better", "worse", ""]


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation as a person is shown it: redacted when it was written, cut here."""

    conversation: str
    at: str
    input: str  # of the call that shows it best
    output: str


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of a prompt against the window before."""

    prompt: str
    metric: Metric
    before: Tally
    after: Tally
    difference: Difference  # of values; of a count, of its rate
    p: float  # of no difference
    proven: bool  # by Holm's rule, over all changes of the analysis

    @property
    def direction(self) -> Direction:
        """What a proven change is; empty: it is not proven, or nothing is good here."""
        if not self.proven or not self.metric.better:
            return ""
        return (
            "better" if (self.difference.value > 0) == (self.metric.better == "higher") else "worse"
        )


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that top answers have more often than the others."""

    name: str  # `agent is chloe`, `has a number`, `says "order"`
    top: int
    of_top: int
    rest: int
    of_rest: int


@dataclass(frozen=True, slots=True)
class Performers:
    """The best scored answers of a prompt, and what they share."""

    prompt: str
    score: str  # by which
    threshold: float  # the lowest score at the top
    top: int  # answers
    rest: int
    traits: Sequence[Trait]
    examples: Sequence[Example] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Suspicious inputs that no rule knows, and that are alike."""

    prompt: str
    size: int  # inputs in it, of those looked at
    conversations: int
    words: Sequence[str]  # that they share and others lack
    examples: Sequence[Example] = ()


@dataclass(frozen=True, slots=True)
class Opportunity:
    """What may be won, and how: an estimate, with what it rests on."""

    prompt: str
    metric: Metric
    detector: str  # that shows what went wrong; empty: none does
    gain: float  # expected, in conversations or calls of this window
    worth: float  # of one of them
    said: str  # one sentence: what is so
    basis: str  # one sentence: what the gain rests on
    command: str  # that acts on it
    examples: Sequence[Example] = ()

    @property
    def rank(self) -> float:
        return self.gain * self.worth


@dataclass(frozen=True, slots=True)
class Sampled:
    """What only a sample was asked about: a judge's grade, or a function of the user's."""

    prompt: str
    metric: Metric
    tally: Tally
    asked: int  # conversations of the sample
    failed: int  # of them, without an answer
    of: int  # conversations in the window
    by: str  # who was asked
    seed: int


@dataclass(frozen=True, slots=True)
class Analysis:
    window: Window
    now: Cube
    before: Cube  # the window before; without rows where there was none
    engine: str
    limits: str  # of the engine, in words
    changes: Sequence[Change] = ()
    performers: Sequence[Performers] = ()
    patterns: Sequence[Pattern] = ()
    looked_at: int = 0  # suspicious inputs that patterns were sought in
    opportunities: Sequence[Opportunity] = ()
    sampled: Sequence[Sampled] = ()
    notices: Sequence[str] = ()
    prompt: str = ""  # the only one that is shown; empty: all

    @property
    def prompts(self) -> Sequence[str]:
        """Those with calls in the window, the busiest first."""
        calls: dict[str, int] = {}
        for cell, row in self.now.rows.items():
            calls[cell.prompt] = calls.get(cell.prompt, 0) + max(
                (tally.clusters for tally in row.values()), default=0
            )
        return sorted(calls, key=lambda name: (-calls[name], name))

    def table(self, prompt: str, dimension: Dimension) -> Mapping[Cell, Mapping[str, Tally]]:
        """Every metric of a prompt along one dimension."""
        return self.now.only(prompt=prompt).by(dimension)


@dataclass(frozen=True, slots=True)
class Options:
    """How much is looked at."""

    prompt: str = ""
    seed: int = 0
    sample: int = 2_000  # conversations that performers are sought in
    suspects: int = 500  # conversations that new attacks are sought in
    opportunities: int = 3
    examples: int = 2
    trying: frozenset[str] = frozenset()  # prompts that have a candidate now
