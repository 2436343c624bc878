"""One record of a file of logs, and what may become of it besides an interaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptgit.flywheel.interaction import Interaction


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object, or a row, as it was written."""

    line: int  # 1-based, where it begins
    value: dict[str, Any]
    around: Mapping[str, Any] = field(default_factory=dict)  # what the document says of all of it


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read: it goes to the quarantine, with the reason."""

    line: int
    reason: str
    text: str = ""  # of the record, or its beginning


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is fine, and no call: a tool's span, a tool's message."""

    line: int
    what: str


Read = Iterable[Interaction | Passed]
Outcome = Interaction | Rejected | Passed


class Unfit(ValueError):
    """A record that says too little, or something that cannot be so."""


def mapped(
    records: Iterable[Record | Rejected], read: Callable[[Record], Read]
) -> Iterator[Outcome]:
    """Read record by record; one that is unfit is rejected, the next is read."""
    import json

    for record in records:
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            found = tuple(read(record))
        except Unfit as error:
            text = json.dumps(record.value, ensure_ascii=False, default=str)
            yield Rejected(record.line, str(error), text)
            continue
        yield from found
