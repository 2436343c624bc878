"""Characters that show nothing, and letters that pass for others (Unicode Technical Report 36)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Not of category Cf or Cc, and yet nothing to see (Unicode, Default_Ignorable_Code_Point).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = frozenset(
    {"ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA"}
    | {"TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA"}
)
_LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυχ")  # Greek letters that pass for Latin ones
_UNUSUAL = re.compile(r"[^ -~\n\t]")


def hidden(text: str) -> Iterator[int]:
    r"""
    Yield where characters stand that show nothing, leaving out those that writing needs.

    >>> list(hidden("a\u200bb \U0001f468\u200d\U0001f469"))
    [1]
    """
    for found in _UNUSUAL.finditer(text):
        c = found[0]
        if (
            unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
            or c in _BLANK
            or "\ufe00" <= c <= "\ufe0f"
            or "\U000e0000" <= c <= "\U000e0fff"
        ) and not _belongs(text, found.start()):
            yield found.start()


def is_mixed(word: str) -> bool:
    """
    Say whether Latin letters stand beside Cyrillic or Greek ones that pass for Latin.

    >>> is_mixed("p\u0430ypal"), is_mixed("\u043c\u0438\u0440"), is_mixed("paypal")
    (True, False, False)
    """
    if word.isascii():
        return False
    names = [unicodedata.name(c, "") for c in word]
    latin = any(name.startswith("LATIN") for name in names)
    return latin and any(
        name.startswith("CYRILLIC") or c in _LOOKALIKES for c, name in zip(word, names, strict=True)
    )


def _belongs(text: str, i: int) -> bool:
    """Say whether the character is part of a line end, of an emoji or of a joined script."""
    c = text[i]
    last, following = text[i - 1 : i], text[i + 1 : i + 2]
    if c == "\r":
        return following == "\n"
    if c in "\ufe0e\ufe0f":  # the text or the emoji form of a symbol, or of a key
        return bool(last) and (last in "0123456789#*" or _is_symbol(last))
    if c == "\u200d" and _is_symbol(following):
        return _is_symbol(last)
    return c in _JOINERS and _is_joined(last) and _is_joined(following)


def _is_symbol(c: str) -> bool:
    return bool(c) and (
        unicodedata.category(c) in ("So", "Sk", "Sm") or c in "‼⁉\ufe0e" or c == "\ufe0f"
    )


def _is_joined(c: str) -> bool:
    return bool(c) and unicodedata.name(c, "").split(" ")[0] in _JOINED_SCRIPTS
