"""
A detector says of a call, or of a whole conversation, whether something is so.

It is a value: an engine turns it into an expression (`edges.engines`), so that the same detector
gives the same answers on a laptop and on a cluster.  Only what a function or a model decides is
asked on a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from promptgit.flywheel.interaction import FORMS

Level = Literal["call", "conversation"]

MAPPINGS = tuple(name for name, form in FORMS.items() if form in ("texts", "numbers"))
TEXTS = tuple(
    name for name, form in FORMS.items() if form == "text" and name not in ("id", "kind", "of")
)
NUMBERS = tuple(name for name, form in FORMS.items() if form in ("integer", "number"))
OF_CONVERSATIONS = ("duration_s", "calls")  # numbers that only a whole conversation has


@dataclass(frozen=True, slots=True)
class Patterns:
    """One of these regular expressions is found in the text, which is in lower case by then."""

    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A number lies within bounds; a number that is not there lies nowhere."""

    field: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """A text has more, or fewer, characters than this; blanks around it do not count."""

    field: str
    shorter_than: int | None = None
    longer_than: int | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text is one of these, whatever the case; the empty text: it is not there."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Other detectors fire: all of them, any of them, or none of them."""

    how: Literal["all", "any", "none"]
    parts: tuple[str, ...]
    level: Level


@dataclass(frozen=True, slots=True)
class Often:
    """Another detector fires in at least so many calls of one conversation."""

    of: str
    times: int


@dataclass(frozen=True, slots=True)
class InTurn:
    """In one conversation a call fires `first`, and a later one `then`."""

    first: str
    then: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same text comes twice in one conversation."""

    field: str


@dataclass(frozen=True, slots=True)
class Leaks:
    """Long lines of the prompt stand in the answer, as they are."""

    characters: int  # a shorter line is no secret
    lines: int  # distinct ones, at least


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition in DuckDB's SQL over the fields of a call; other engines get it translated."""

    sql: str


@dataclass(frozen=True, slots=True)
class Code:
    """A function of the user's own, asked about a sample: it takes (output, context)."""

    file: str
    function: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """A judge grades a sample from 0 to 1; below `below`, the detector fires."""

    rubric: str
    below: float


Rule = (
    Patterns
    | Compared
    | Length
    | OneOf
    | Together
    | Often
    | InTurn
    | Repeated
    | Leaks
    | Expression
    | Code
    | Rubric
)
SAMPLED = (Code, Rubric)


@dataclass(frozen=True, slots=True)
class Detector:
    name: str
    rule: Rule
    title: str = ""  # for a person
    file: str = ""  # which says so

    @property
    def parts(self) -> tuple[str, ...]:
        """The other detectors that this one is made of."""
        match self.rule:
            case Together(parts=parts):
                return parts
            case Often(of=of):
                return (of,)
            case InTurn(first=first, then=then):
                return first, then
        return ()

    @property
    def level(self) -> Level:
        match self.rule:
            case Together(level=level):
                return level
            case Often() | InTurn() | Repeated():
                return "conversation"
        return "call"

    @property
    def is_sampled(self) -> bool:
        """Whether a function or a model decides, and so only a sample is asked about."""
        return isinstance(self.rule, SAMPLED)


def with_parts(names: Iterator[str] | tuple[str, ...], known: Mapping[str, Detector]) -> list[str]:
    """Name detectors and all that they are made of, parts first; a circle is the caller's error."""
    found: list[str] = []

    def add(name: str) -> None:
        for part in known[name].parts:
            add(part)
        if name not in found:
            found.append(name)

    for name in names:
        add(name)
    return found
