"""One place of a text that a mentor wants changed, as written: not found yet, not applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Mark = Literal[" ", "-", "+"]


class Unreadable(Exception):
    """What was written cannot be read as one clear edit; becomes a Refusal at the ladder's top."""

    def __init__(self, reason: str, nearest: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.nearest = nearest


class Line(NamedTuple):
    """A line of a block, without its end-of-line."""

    mark: Mark  # kept, removed, added
    text: str
    stripped: bool = False  # an empty line that lacked its mark: meant as context, or as nothing


class Numbers(NamedTuple):
    """What a hunk's header claims: 1-based first lines, and how many lines."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int


@dataclass(frozen=True, slots=True)
class Block:
    lines: tuple[Line, ...]
    numbers: Numbers | None = None  # never trusted; may break a tie when they fit in every respect

    @property
    def old(self) -> list[str]:
        """What must be in the file."""
        return [line.text for line in self.lines if line.mark != "+"]

    @property
    def new(self) -> list[str]:
        """What must be there afterwards."""
        return [line.text for line in self.lines if line.mark != "-"]

    @property
    def changes(self) -> bool:
        return any(line.mark != " " for line in self.lines)


def replacing(search: Sequence[str], replace: Sequence[str]) -> Block:
    """
    Make the block that turns `search` into `replace`; what they share at both ends is context.

    >>> [line.mark for line in replacing(["a", "b", "c"], ["a", "x", "c"]).lines]
    [' ', '-', '+', ' ']
    """
    shorter = min(len(search), len(replace))
    head = next((i for i in range(shorter) if search[i] != replace[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if search[-1 - i] != replace[-1 - i]), rest)
    return Block(
        (
            *(Line(" ", text) for text in search[:head]),
            *(Line("-", text) for text in search[head : len(search) - tail]),
            *(Line("+", text) for text in replace[head : len(replace) - tail]),
            *(Line(" ", text) for text in search[len(search) - tail :]),
        )
    )
