"""
A sheet: the messages of a file as one text that a mentor can edit and a reviewer can read.

The sheet of one message is its text.  Before each of several stands a line that says its role, and
one line feed after each, however many the file has there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptgit.core.diff import Refusal
from promptgit.core.forms.part import Part

_LINE = re.compile(r"^(=+) message \d+ of \d+: \w+ \1$", re.MULTILINE)
SHORTEST = 3  # signs on each side of a role line


def written(parts: Sequence[Part]) -> str:
    """
    Write the sheet of some messages.

    >>> print(written([Part("system", "Be kind.", 0, 8, 1), Part("user", "{{q}}", 9, 14, 2)]))
    === message 1 of 2: system ===
    Be kind.
    === message 2 of 2: user ===
    {{q}}
    <BLANKLINE>
    """
    if len(parts) == 1:
        return parts[0].text
    lines = role_lines(parts)
    texts = (part.text.rstrip("\r\n") for part in parts)
    return "".join(f"{line}\n{text}\n" for line, text in zip(lines, texts, strict=True))


def role_lines(parts: Sequence[Part]) -> list[str]:
    """List the lines between the messages: of more signs than any such line in their texts."""
    found = (len(mark[1]) for part in parts for mark in _LINE.finditer(part.text))
    signs = "=" * (max(found, default=SHORTEST - 1) + 1)
    count = len(parts)
    return [
        f"{signs} message {number} of {count}: {part.role} {signs}"
        for number, part in enumerate(parts, start=1)
    ]


def texts(parts: Sequence[Part], sheet: str) -> list[str] | Refusal:
    """Read an edited sheet back as texts, one for each message."""
    if len(parts) == 1:
        return [sheet]
    found = []
    rest = f"\n{sheet}" if sheet.endswith("\n") else f"\n{sheet}\n"
    for line in role_lines(parts):
        text, met, rest = rest.partition(f"\n{line}\n")
        if not met:
            return Refusal(
                f"the edit loses or changes the line {line!r}: the messages of this file keep "
                "their number, order and roles"
            )
        found.append(text)
        rest = f"\n{rest}"
    if found[0].strip():
        return Refusal("the edit puts text above the first message")
    return [text.removeprefix("\n") for text in (*found[1:], rest.removesuffix("\n"))]
