"""What a reader of one form finds in a file: its messages, where they stand, how to write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from promptgit.errors import UserError

Role = Literal["system", "user", "assistant"]
Syntax = Literal["jinja", "braces", "mustache", "handlebars", "dollar", "format"]

ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
}


class Broken(UserError):
    """A file that its form cannot read; who knows its path says so with `at`."""

    def __init__(self, line: int, problem: str, hint: str = "") -> None:
        super().__init__(f"line {line}: {problem}", hint=hint)
        self.line = line
        self.problem = problem

    def at(self, path: str) -> UserError:
        """The same with the file's path."""
        return UserError(f"{path}:{self.line}: {self.problem}", hint=self.hint)


def as_it_stands(text: str) -> Iterator[str]:
    """Write a message into a file that holds it without any marks."""
    yield text


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a file."""

    role: Role
    text: str  # with its holes, as the form means it: escapes and indentation are gone
    start: int  # the characters of the file that hold it, as a slice
    stop: int
    line: int  # of the file, 1-based, on which the text begins
    # Ways to write another text between `start` and `stop`, the plainest first; a way may be
    # wrong: what it makes is read again before it counts.
    ways: Callable[[str], Iterator[str]] = as_it_stands
    locked: str = ""  # why it may not be edited, in words that follow "the message"


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read."""

    parts: tuple[Part, ...]
    syntax: Syntax = "jinja"
    defaults: Mapping[str, str] = field(default_factory=dict)  # for holes that a case lacks
    bare_lines: bool = False  # the form sends each line without the blanks around it


def line_of(text: str, offset: int) -> int:
    """
    Return the line, 1-based, that a character stands on.

    >>> line_of("a\\nb", 2)
    2
    """
    return text.count("\n", 0, offset) + 1


def as_cell(value: object) -> str:
    """
    Return a default of a front matter as the text that a case's cell would hold.

    >>> [as_cell(value) for value in ("a", None, True, 3.0, ["a"])]
    ['a', '', 'true', '3', '["a"]']
    """
    import json

    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False, default=str)
