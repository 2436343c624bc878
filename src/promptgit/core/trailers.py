"""
The evidence block at the end of a commit message, and how to find it again.

Only what `git interpret-trailers` (Git manual) reads back is written: keys of letters, digits
and `-`, values of one line.  A trailer is a claim that anybody can type; `history/` decides
what to believe.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from promptgit.errors import UserError

SCHEMA_KEY = "Promptgit-Schema"
MAX_VALUE = 1000  # bytes; ours stay far below it, a value longer than this is cut

Trailers = tuple[tuple[str, str], ...]

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\Z")
_LINE = re.compile(r"([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)\Z")
_FOLDED = re.compile(r"[ \t]+\S")
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_BY_GIT = ("Signed-off-by: ", "(cherry picked from commit ")
_VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))


def clean_value(value: str) -> str:
    """
    Make a value that stays on its line and shows what it is: no control, no invisible character.

    >>> clean_value("0.81\\nEval-Verified: yes")
    '0.81 Eval-Verified: yes'
    """
    line = " ".join(visible(value).split())
    if len(line.encode()) > MAX_VALUE:
        line = line.encode()[:MAX_VALUE].decode(errors="ignore").rstrip()
    return line


def visible(text: str) -> str:
    """
    Turn control characters and line ends into spaces, and drop what nobody can see.

    >>> visible("pass\\x1b[31m\\u202eword\\u200b")
    'pass [31mword'
    """
    return "".join(_shown(character) for character in text)


def path_value(path: str) -> str:
    r"""
    Write a path as a value; one that a line cannot hold as it is becomes a JSON string.

    >>> print(path_value("prompts/a b.md"), path_value("two\nlines"))
    prompts/a b.md "two\nlines"
    """
    plain = path == clean_value(path) and not path.startswith('"')
    return path if plain else json.dumps(path).replace(" ", "\\u0020")  # runs of blanks too


def path_of(value: str) -> str:
    """Read what `path_value` wrote; any other value stands for itself."""
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value


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


def last_block(message: str) -> Trailers:
    """
    Read the trailers of a message as Git does: those of its last paragraph, never the subject.

    >>> last_block("subject\\n\\nwhy\\n\\nPrompt-Path: p\\nSigned-off-by: A <a@b.c>\\n")
    (('Prompt-Path', 'p'), ('Signed-off-by', 'A <a@b.c>'))
    """
    paragraphs = list(_body(message))
    return _parse(paragraphs[-1]) if paragraphs else ()


def find(message: str) -> Trailers:
    """
    Find our block in a message, wherever a squash or a footer left it.

    Every paragraph after the subject is looked at alone; one counts when Git would read it as
    trailers and one of them is `Promptgit-Schema`.  The last such paragraph wins.

    >>> find("subject\\n\\nPrompt-Path: p\\nPromptgit-Schema: 1\\n\\nA footer of the review.\\n")
    (('Prompt-Path', 'p'), ('Promptgit-Schema', '1'))
    """
    blocks = find_all(message)
    return blocks[-1] if blocks else ()


def find_all(message: str) -> tuple[Trailers, ...]:
    """Find every block of ours: a squash of several improvements has several."""
    if SCHEMA_KEY.lower() not in message.lower():
        return ()
    found = map(_parse, _body(message))
    return tuple(trailers for trailers in found if value(trailers, SCHEMA_KEY))


def value(trailers: Trailers | Mapping[str, str], key: str) -> str:
    """Return the first value of `key`, whatever its case; empty when there is none."""
    pairs = trailers.items() if isinstance(trailers, Mapping) else trailers
    return next((found for name, found in pairs if name.lower() == key.lower()), "")


def looks_like_trailer(line: str) -> bool:
    """
    Say whether Git might take a line for a trailer, if it stood in the last paragraph.

    >>> looks_like_trailer("Signed-off-by: ceo"), looks_like_trailer("It said: yes")
    (True, False)
    """
    return bool(_LINE.match(line)) or line.startswith(_BY_GIT)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    hidden = category in ("Cf", "Cs", "Co", "Cn") or character in _VARIATION_SELECTORS
    return "" if hidden else character


def _body(message: str) -> Iterator[str]:
    """Yield the paragraphs after the subject."""
    text = message.replace("\r\n", "\n").strip("\n")
    yield from _PARAGRAPHS.split(text)[1:]


def _parse(paragraph: str) -> Trailers:
    """
    Read one paragraph by the rule of trailer.c in Git.

    Each line must be a trailer, or continue one; comments do not count.  Where Git itself wrote
    a line (a sign-off, a cherry-pick), a quarter of trailers is enough.
    """
    trailers: list[tuple[str, str]] = []
    by_git, others, after_trailer = False, 0, False
    for line in paragraph.strip("\n").split("\n"):
        if line.startswith("#"):
            continue
        by_git = by_git or line.startswith(_BY_GIT)
        if after_trailer and _FOLDED.match(line):
            key, previous = trailers[-1]
            trailers[-1] = (key, f"{previous} {line.strip()}".strip())
        elif match := _LINE.match(line):
            trailers.append((match[1], match[2].strip()))
            after_trailer = True
        else:
            others += not line.startswith(_BY_GIT)
            after_trailer = False
    enough = others == 0 or (by_git and 3 * len(trailers) >= others)
    return tuple(trailers) if enough else ()
