"""Cases and the sets they form: what a prompt must serve."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from promptgit.errors import UserError

NEEDS_REVIEW = "needs-review"  # a tag: drafted from logs, and no case before a person takes it off


class JsonText(str):
    """
    A text that a template reads as the JSON in it; for everybody else it is the text.

    >>> JsonText('[{"input": "Hi"}]').meant
    [{'input': 'Hi'}]
    """

    __slots__ = ()

    @property
    def meant(self) -> Any:
        return json.loads(self)


@dataclass(frozen=True, slots=True)
class Case:
    """One situation that a prompt must serve, and what a good answer is."""

    id: str
    inputs: Mapping[str, str]  # what the prompt may use, by column
    expected: str | None = None  # what a scorer compares with; JSON as text
    reference: Mapping[str, str] = field(default_factory=dict)  # columns only scorers may see
    tags: tuple[str, ...] = ()
    weight: float = 1.0  # how much this case counts in a mean; above 0
    group: str = ""  # cases of one conversation or document: never split apart
    asked_of: str = ""  # the prompt, where cases of several are put together

    @property
    def columns(self) -> dict[str, str]:
        """Everything a scorer's `{{ hole }}` may name."""
        expected = {} if self.expected is None else {"expected": self.expected}
        return {**self.inputs, **self.reference, **expected}

    @property
    def content(self) -> Hashable:
        """What is asked and what is right: equal for cases that differ in name or weight only."""
        inputs = ((name, text, isinstance(text, JsonText)) for name, text in self.inputs.items())
        return (self.asked_of, *sorted(inputs), self.expected, *sorted(self.reference.items()))

    @property
    def digest(self) -> str:
        """A sha256 (hex) of all that can change a score."""
        content: list[Any] = [self.id, dict(self.inputs), self.expected]
        content += [dict(self.reference), self.weight]
        parsed = sorted(name for name, text in self.inputs.items() if isinstance(text, JsonText))
        if parsed:
            content.append(parsed)
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that could not become a case, and why."""

    line: int  # 1-based, in the file
    why: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Cases in file order, with the rows that were left out."""

    cases: tuple[Case, ...]
    name: str = "cases"  # where they came from, for people
    dropped: tuple[Dropped, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    @property
    def digest(self) -> str:
        """A sha256 (hex) of the cases, whatever their order."""
        lines = sorted(case.digest for case in self.cases)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def only(self, ids: Iterable[str]) -> Dataset:
        """Keep the cases with these ids, in file order."""
        wanted = set(ids)
        return replace(self, cases=tuple(case for case in self.cases if case.id in wanted))

    def first(self, count: int) -> Dataset:
        return replace(self, cases=self.cases[:count])

    def shuffled(self, seed: str) -> Dataset:
        """Order the cases by chance; the same seed gives the same order everywhere."""
        return replace(self, cases=tuple(sorted(self, key=lambda case: drawn(seed, case.id))))

    def split(self) -> tuple[Dataset, Dataset]:
        """
        Halve the cases: the first half is to search with, the second stays sealed.

        A case's half depends on nothing but its own id (or group), so that adding, removing or
        reordering cases never moves another, and every clone draws the same line.
        """
        search = tuple(case for case in self.cases if not is_sealed(case))
        sealed = tuple(case for case in self.cases if is_sealed(case))
        return replace(self, cases=search), replace(self, cases=sealed)


def together(cases: Iterable[Case]) -> dict[str, tuple[Case, ...]]:
    """
    Put together, under one name, the cases that are one piece of evidence.

    Those of a group are: turns of one conversation say one thing, not ten.  So are those that ask
    the same and want the same, for they get the same answer.  Every other case stands alone.

    >>> twice = [Case("a", {"input": "Hi"}), Case("b", {"input": "Hi"})]
    >>> list(together([*twice, Case("c", {"input": "Bye"})]))
    ['case a', 'case c']
    """
    members: dict[Hashable, list[Case]] = {}
    for case in cases:
        says = case.content if case.inputs else case.id  # without inputs it says nothing
        members.setdefault(("group", case.group) if case.group else (says,), []).append(case)
    return {_together_name(found): tuple(found) for found in members.values()}


def _together_name(cases: list[Case]) -> str:
    """The same in whatever order the cases are."""
    group = cases[0].group
    return f"group {group}" if group else f"case {min(case.id for case in cases)}"


def is_sealed(case: Case) -> bool:
    """Say whether the case is one that confirms, and is never searched with."""
    key = f"group {case.group}" if case.group else f"case {case.id}"
    return hashlib.sha256(f"promptgit split 1\n{key}".encode()).digest()[0] >= 128


def drawn(seed: str, name: str) -> str:
    """Return a key to sort by that puts names in an order that only `seed` decides."""
    return hashlib.sha256(f"promptgit order 1\n{seed}\n{name}".encode()).hexdigest()


def content_id(inputs: Mapping[str, str], expected: str | None) -> str:
    """
    Name a case that came without an id, by what it says.

    >>> content_id({"comment": "Where is my parcel?"}, None)
    'c-98f0b465c1'
    """
    text = json.dumps([dict(inputs), expected], sort_keys=True, ensure_ascii=False)
    return "c-" + hashlib.sha256(text.encode()).hexdigest()[:10]


def checked_unique(cases: Iterable[tuple[int, Case]], name: str) -> tuple[Case, ...]:
    """Return the cases if no id occurs twice; else raise UserError with both lines."""
    seen: dict[str, int] = {}
    kept: list[Case] = []
    for line, case in cases:
        if case.id in seen:
            raise UserError(
                f"{name}:{line}: the case id {case.id!r} is also on line {seen[case.id]}",
                hint="give each case an id of its own, or drop the id column",
            )
        seen[case.id] = line
        kept.append(case)
    return tuple(kept)
