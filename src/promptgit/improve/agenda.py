"""Which misses to ask the mentor about next, and when to look for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from promptgit.core.evaluation import Result
from promptgit.improve.ground import Ground

WAITS = 2  # a miss that was asked about so often waits until no other is left


@dataclass
class Agenda:
    """The misses of a line of descent, those first that the mentor was seldom asked about."""

    ground: Ground
    threshold: float  # a score (0 to 1) below which a case is a miss
    enough: int  # misses to have at hand; with fewer, more cases are looked at
    next_look: int  # cases, each time
    most: int  # times that the mentor may be asked about one miss
    asked: Counter[str] = field(default_factory=Counter)  # by case id

    def misses(self) -> list[Result]:
        """Return the misses whose turn it is, looking at more cases for them; none: all is done."""
        while True:
            left = [
                miss
                for miss in self.ground.misses(self.threshold)
                if self.asked[miss.case_id] < self.most
            ]
            fresh = [miss for miss in left if self.asked[miss.case_id] < WAITS]
            if len(fresh) < self.enough and self.ground.look(self.next_look):
                continue
            if not left and self.ground.look_again(self.next_look):
                continue
            return fresh or left

    def note(self, names: Iterable[str]) -> None:
        """Take note that the mentor was asked about these cases."""
        self.asked.update(set(names))
