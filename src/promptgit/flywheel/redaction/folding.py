r"""
Read text as a person would: `ｊane＠example．com`, `jane\u0040example.com` and `jane%40example.com`
are one address.

Patterns look at the folded text; what they find is mapped back to the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field

# Letters of common alphabets and CJK fold to themselves; a text of them alone is not looked at.
_UNUSUAL = re.compile(
    "[^\x00-\x9f\u00a1-\u00ac\u00ae-\u00b1\u00b4-\u00b8\u00ba-\u02af\u0370-\u058f"
    "\u2018-\u201f\u2026\u20ac\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
)
_ESCAPE = re.compile(
    r"(?<!\\)\\+"  # a row of backslashes is tried once
    r"(?:(?:u|U0000)([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|([nrtfb\"/]))"
    r"|%(?:25)*([2-7][0-9a-fA-F])"  # also encoded twice
    r"|&#(?:[xX]([0-9a-fA-F]{1,6})|(\d{1,7}));|&(commat|nbsp|period);"
)
_NAMED = {"commat": "@", "nbsp": " ", "period": "."}
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", '"': '"', "/": "/"}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63"
_STOPS = "\u3002\uff61\u2024"  # what passes for the dot of an address
_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as patterns read it, and where its characters stood."""

    text: str
    # Where the two texts stop counting alike: positions in the folded one, and in the original.
    starts: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()

    def origin(self, position: int) -> int:
        """Say where a position of the folded text is in the original."""
        run = bisect_right(self.starts, position) - 1
        return position if run < 0 else self.origins[run] + position - self.starts[run]


@dataclass(slots=True)
class Folder:
    """
    Folds texts; remembers characters that it has met.

    >>> Folder().fold("ｊane\\u0040example.com").text
    'jane@example.com'
    """

    _met: dict[str, str] = field(default_factory=dict)

    def fold(self, text: str) -> Folded:
        """Fold a text; nearly all texts are returned as they are."""
        escaped = "\\" in text or "%" in text or "&" in text
        if not escaped and (text.isascii() or not _UNUSUAL.search(text)):
            return Folded(text)
        parts: list[str] = []
        starts: list[int] = []
        origins: list[int] = []
        at = done = 0
        for start, stop, folded in self._units(text):
            parts += (text[done:start], folded)
            at += start - done
            if len(folded) != stop - start:
                starts += (at, at + len(folded))
                origins += (start, stop)
            at += len(folded)
            done = stop
        parts.append(text[done:])
        return Folded("".join(parts), tuple(starts), tuple(origins))

    def _units(self, text: str) -> list[tuple[int, int, str]]:
        """What folds to something else: (start, stop, as what), in order."""
        found = []
        if "\\" in text or "%" in text or "&" in text:
            for match in _ESCAPE.finditer(text):
                character = _unescaped(match)
                if character is not None:
                    found.append((*match.span(), self._folded(character)))
        if not text.isascii():
            met = self._met
            for match in _UNUSUAL.finditer(text):
                character = match[0]
                folded = met.get(character)
                if folded is None:
                    folded = met[character] = self._folded(character)
                if folded != character:
                    found.append((*match.span(), folded))
            found.sort()
        return found

    @staticmethod
    def _folded(character: str) -> str:
        if character in _DASHES:
            return "-"
        if character in _STOPS:
            return "."
        category = unicodedata.category(character)
        if category in ("Cf", "Cs") or character in _NOTHING or _is_ignorable(character):
            return ""
        if category == "Zs":
            return " "
        if category == "Nd":
            return str(unicodedata.decimal(character))
        plain = unicodedata.normalize("NFKC", character)
        return plain if len(plain) == 1 and plain.isascii() else character


def _is_ignorable(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff"


def _unescaped(match: re.Match[str]) -> str | None:
    unicode, byte, braced, short, percent, hexadecimal, decimal, named = match.groups()
    if short:
        return _SHORT[short]
    if named:
        return _NAMED[named]
    written = unicode or byte or braced or percent or hexadecimal
    number = int(decimal) if decimal else int(written, 16)
    return chr(number) if number < 0x110000 else None
