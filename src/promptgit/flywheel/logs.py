"""The ports of the flywheel: what it asks of wherever the logs are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promptgit.flywheel.cube import Cube
from promptgit.flywheel.interaction import Conversation
from promptgit.flywheel.window import Window


@dataclass(frozen=True, slots=True)
class Point:
    """One observation of a metric over time: one conversation's x / n."""

    at: str  # of the conversation's first call
    value: float
    conversation: str = ""
    version: str = ""
    variant: str = ""
    model: str = ""
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a conversation: what was seen before its answer, and what that became."""

    at: str
    conversation: str
    turn: int  # questions before it
    happened: bool  # the answer is the first with the outcome
    fired: Mapping[str, float]  # detector → 1.0 if it fired before the answer, else 0.0


class Logs(Protocol):
    """
    Logs that can be asked: on DuckDB, Spark or a warehouse, with equal answers.

    Detectors are bound when it is made; a metric or a detector that it does not know is a
    UserError with "did you mean".
    """

    @property
    def engine(self) -> str: ...

    def cube(self, window: Window) -> Cube:
        """Tally every metric over a window, in one pass over the logs."""
        ...

    def series(self, metric: str, window: Window, *, prompt: str, limit: int) -> Sequence[Point]:
        """The newest `limit` observations of a metric that have a value, oldest first."""
        ...

    def flagged(
        self, detector: str, window: Window, *, prompt: str = "", limit: int = 20, seed: int = 0
    ) -> Sequence[Conversation]:
        """A sample of the conversations in which a detector fired: the same for the same seed."""
        ...

    def sample(
        self, window: Window, *, prompt: str = "", limit: int = 200, seed: int = 0
    ) -> Sequence[Conversation]:
        """A sample of all conversations: the same for the same seed, whatever the engine."""
        ...

    def steps(
        self, outcome: str, window: Window, *, prompt: str, limit: int = 50_000
    ) -> Sequence[Step]:
        """
        The questions of a sample of conversations, up to the first answer in which `outcome` fired.

        Nothing of that answer, or of feedback, is in what is said to have fired.  A detector of
        which it cannot be told in which answer it fired is a UserError.
        """
        ...
