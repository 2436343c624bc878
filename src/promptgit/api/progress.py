"""How far a call is, for whoever wants to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from promptgit.core.spend import Spend


@dataclass(frozen=True, slots=True)
class Progress:
    """
    One step of a call.

    >>> print(Progress(3, 40, "evaluating", Spend(calls=3)))
    evaluating: 3 of 40, 3 calls
    """

    done: int
    total: int  # at most: a comparison ends as soon as the answer is known
    doing: str  # in a few words
    spend: Spend = field(default_factory=Spend)

    def __str__(self) -> str:
        count = f"{self.done} of {self.total}" if self.total else str(self.done)
        return f"{self.doing}: {count}, {self.spend.calls} calls"


Tell = Callable[[Progress], object]
