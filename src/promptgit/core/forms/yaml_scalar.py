"""
Write another text into a YAML scalar, in the style that it has where that can hold the text.

(YAML 1.1, chapters 5.7, 8 and 9; what PyYAML reads.)  Plain and quoted scalars keep their escapes
and folds outside of the edit; blocks are in `yaml_block`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from promptgit.core.forms.atoms import Atom, rewritten

_END = r"(?:\r\n|\n)"
_FOLD = rf"[ \t]*{_END}(?:[ \t]*{_END})*[ \t]*"
_DOUBLE = re.compile(
    rf"(?P<join>\\{_END}(?:[ \t]*{_END})*[ \t]*)"
    r"|(?P<escape>\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^\r\n]))"
    rf"|(?P<fold>{_FOLD})|(?P<run>[ \t]+|[^\\\r\n \t]+)"
)
_SINGLE = re.compile(rf"(?P<escape>'')|(?P<fold>{_FOLD})|(?P<run>[ \t]+|[^'\r\n \t]+)")
_PLAIN = re.compile(rf"(?P<fold>{_FOLD})|(?P<run>[ \t]+|[^\r\n \t]+)")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "\\": "\\", "/": "/", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Written(NamedTuple):
    """A scalar as it stands in a file."""

    raw: str
    text: str
    column: int  # of its key, from 0
    end: str  # the file's line end


def ways(old: Written, new: str) -> Iterator[str]:
    """Yield ways to write `new` in place of `old.raw`: its own style first, others after."""
    from promptgit.core.forms import yaml_block

    mark = old.raw[:1]
    if mark in ("|", ">"):
        yield from yaml_block.ways(old, new)
    elif mark == '"':
        yield from _kept(_DOUBLE, old, new, escaped)
    elif mark == "'":
        yield from _kept(_SINGLE, old, new, _doubled)
    elif old.raw:
        yield from _kept(_PLAIN, old, new, _one_line)
    if "\n" in new and mark not in ("|", ">"):  # within `{ }` it is read otherwise, and dropped
        yield yaml_block.literal(old, new)
    space = "" if old.raw else " "
    yield f'{space}"{escaped(new)}"'


def first_line(raw: str) -> int:
    """Return by how many lines the text begins after its mark: 1 for a block."""
    return 1 if raw[:1] in ("|", ">") else 0


def escaped(text: str) -> str:
    r"""
    Write a text as it stands between double quotes.

    >>> escaped('say "é"\n')
    'say \\"é\\"\\n'
    """
    return "".join(map(_escape, text))


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char == " " or char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _doubled(text: str) -> str | None:
    return None if _one_line(text) is None else text.replace("'", "''")


def _one_line(text: str) -> str | None:
    return text if all(c == " " or c.isprintable() for c in text) else None


def _kept(pattern: re.Pattern[str], old: Written, new: str, encode: object) -> Iterator[str]:
    """Keep the source of what does not change; nothing where it cannot be told apart."""
    assert callable(encode)
    quote = old.raw[0] if pattern is not _PLAIN else ""
    body = old.raw.removeprefix(quote).removesuffix(quote)
    atoms = [_atom(found) for found in pattern.finditer(body)]
    if "".join(a.raw for a in atoms) != body or "".join(a.text for a in atoms) != old.text:
        return
    written = rewritten(atoms, new, encode)
    if written is not None:
        yield f"{quote}{written}{quote}"


def _atom(found: re.Match[str]) -> Atom:
    raw, kind = found[0], found.lastgroup
    ends = raw.count("\n")
    if kind == "fold":
        return Atom(raw, " " if ends == 1 else "\n" * (ends - 1))
    if kind == "join":
        return Atom(raw, "\n" * (ends - 1))
    if kind == "escape":
        return Atom(raw, "'" if raw == "''" else _unescaped(raw))
    return Atom(raw, raw)


def _unescaped(raw: str) -> str:
    if raw[1] in "xuU" and len(raw) > 2:
        return chr(int(raw[2:], 16))
    return _ESCAPES.get(raw[1], raw)
