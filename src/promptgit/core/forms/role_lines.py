"""Bodies whose messages are told apart by lines such as `system:` and `user:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.core.forms.part import ROLES, Broken, Part, Role, line_of

Mark = tuple[int, int, Role]  # where a role line starts and stops, in characters


def between(text: str, body: int, marks: list[Mark], first: Role) -> tuple[Part, ...]:
    """
    Cut what stands from `body` on at role lines; blank lines around a message are not its own.

    What comes before the first mark is a message of the role `first`, if there is any.
    """
    edges = [(body, body, first), *marks]
    parts = []
    for number, (_, start, role) in enumerate(edges):
        stop = edges[number + 1][0] if number + 1 < len(edges) else len(text)
        if number or text[start:stop].strip():
            parts.append(_part(text, start, stop, role))
    if not any(part.text.strip() for part in parts):
        raise Broken(line_of(text, body), "there is no text below the front matter", "write some")
    return tuple(part for part in parts if part.text)


def _part(text: str, start: int, stop: int, role: Role) -> Part:
    whole = text[start:stop]
    inner = whole.strip("\r\n")
    if not inner.strip():
        return Part(role, "", start, start, line_of(text, start))
    start += len(whole) - len(whole.lstrip("\r\n"))
    place = start, start + len(inner), line_of(text, start)
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        return Part(role, inner.replace("\r\n", "\n"), *place, _with_carriage_returns)
    return Part(role, inner, *place)


def _with_carriage_returns(text: str) -> Iterator[str]:
    yield text.replace("\n", "\r\n")


def marks(pattern: re.Pattern[str], text: str, body: int) -> Iterator[Mark]:
    """Yield the role lines of a body; the pattern's group `role` names the role."""
    for found in pattern.finditer(text, body):
        name = found["role"].lower()
        if name not in ROLES:
            line = line_of(text, found.start("role"))
            raise Broken(line, f"messages of the role {name!r} cannot be tested", "take it out")
        yield found.start(), found.end(), ROLES[name]
