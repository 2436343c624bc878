"""
The evidence block at the end of a commit message, and how to find it again.

Only what `git interpret-trailers` (Git manual) reads back is written: keys of letters, digits
and `-`, values of one line.  A trailer is a claim that anybody can type; `history/` decides
what to believe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from promptgit.errors import UserError

SCHEMA_KEY = "Promptgit-Schema"
MAX_LINE = 200  # bytes; ours stay far below it, a value longer than this is cut

Trailers = tuple[tuple[str, str], ...]

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)\Z")
_FOLDED = re.compile(r"[ \t]+\S")


def clean_value(value: str) -> str:
    """
    Make a value that stays on its line and shows what it is: no control, no invisible character.

    >>> clean_value("0.81\\nEval-Verified: yes")
    '0.81 Eval-Verified: yes'
    """
    visible = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in value
        if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    line = " ".join(visible.split())
    while len(line.encode()) > MAX_LINE:
        line = line[:-1]
    return line


def block(trailers: Iterable[tuple[str, str]]) -> str:
    """
    Write the trailers, one a line, each ended by a line feed.

    >>> block([("Prompt-Path", "prompts/a.md"), ("Promptgit-Schema", "1")])
    'Prompt-Path: prompts/a.md\\nPromptgit-Schema: 1\\n'
    """
    lines = []
    for key, value in trailers:
        if not _KEY.match(key):
            raise UserError(f"{key!r} cannot be a trailer key: letters, digits and - only")
        cleaned = clean_value(value)
        if not cleaned:
            raise UserError(f"the trailer {key} has no value")
        lines.append(f"{key}: {cleaned}\n")
    return "".join(lines)


def find(message: str) -> Trailers:
    """
    Find our block in a message, wherever a squash or a footer left it.

    Every paragraph is looked at alone; one counts when each line of it is a trailer and one of
    them is `Promptgit-Schema`.  The last such paragraph wins.

    >>> find("subject\\n\\nEval-Score: 1 -> 1\\n\\nPrompt-Path: p\\nPromptgit-Schema: 1\\n")
    (('Prompt-Path', 'p'), ('Promptgit-Schema', '1'))
    """
    blocks = find_all(message)
    return blocks[-1] if blocks else ()


def find_all(message: str) -> tuple[Trailers, ...]:
    """Find every block of ours: a squash of several improvements has several."""
    text = message.replace("\r\n", "\n")
    if SCHEMA_KEY.lower() not in text.lower():
        return ()
    found = (_parse(paragraph) for paragraph in re.split(r"\n[ \t]*\n", text))
    return tuple(trailers for trailers in found if _is_ours(trailers))


def value(trailers: Trailers | Mapping[str, str], key: str) -> str:
    """Return the first value of `key`, whatever its case; empty when there is none."""
    pairs = trailers.items() if isinstance(trailers, Mapping) else trailers
    return next((found for name, found in pairs if name.lower() == key.lower()), "")


def _is_ours(trailers: Trailers) -> bool:
    return bool(value(trailers, SCHEMA_KEY))


def _parse(paragraph: str) -> Trailers:
    trailers: list[tuple[str, str]] = []
    for line in paragraph.strip("\n").split("\n"):
        if trailers and _FOLDED.match(line):
            key, previous = trailers[-1]
            trailers[-1] = (key, f"{previous} {line.strip()}")
        elif match := _LINE.match(line):
            trailers.append((match[1], match[2].strip()))
        else:
            return ()
    return tuple(trailers)
