"""
The stem of an English word, so that "connected" and "connection" meet.

M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980.  `stem` is steps 1a to 5b of
the paper, in its notation: `m` counts the vowel-consonant pairs of what would be left.
"""

from __future__ import annotations

import re
from functools import lru_cache

_STEP_2 = """
    ational-ate tional-tion enci-ence anci-ance izer-ize abli-able alli-al entli-ent eli-e ousli-ous
    ization-ize ation-ate ator-ate alism-al iveness-ive fulness-ful ousness-ous aliti-al iviti-ive
    biliti-ble
"""
_STEP_4 = "al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize"

STEP_2 = dict(pair.split("-") for pair in _STEP_2.split())
STEP_3 = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
STEP_4 = _STEP_4.split()


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """
    Return the stem of a lower-case word.

    >>> [stem(word) for word in ("caresses", "relational", "hopping", "happy", "connections")]
    ['caress', 'relat', 'hop', 'happi', 'connect']
    """
    if len(word) <= 2 or not (word.isascii() and word.isalpha()):
        return word
    word = _step_1(word)
    word = _replaced(word, STEP_2, 0)
    word = _replaced(word, STEP_3, 0)
    return _step_5(_step_4(word))


def _step_1(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]

    if word.endswith("eed"):
        word = word[:-1] if _m(word[:-3]) > 0 else word
    else:
        for suffix in ("ed", "ing"):
            if word.endswith(suffix) and _has_vowel(word.removesuffix(suffix)):
                word = _tidied(word.removesuffix(suffix))
                break
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    return word


def _tidied(word: str) -> str:
    """Mend what `ed` or `ing` leave behind: hopp(ing), fil(ing), conflat(ed)."""
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word[-1:] == word[-2:-1] and not _is_vowel(word, len(word) - 1) and word[-1] not in "lsz":
        return word[:-1]
    return word + "e" if _m(word) == 1 and _ends_cvc(word) else word


def _replaced(word: str, endings: dict[str, str], least: int) -> str:
    for suffix in sorted(endings, key=len, reverse=True):
        if word.endswith(suffix):
            left = word.removesuffix(suffix)
            return left + endings[suffix] if _m(left) > least else word
    return word


def _step_4(word: str) -> str:
    for suffix in sorted(STEP_4, key=len, reverse=True):
        if word.endswith(suffix):
            left = word[:-3] if suffix in ("sion", "tion") else word.removesuffix(suffix)
            return left if _m(left) > 1 else word
    return word


def _step_5(word: str) -> str:
    if word.endswith("e"):
        left = word[:-1]
        if _m(left) > 1 or (_m(left) == 1 and not _ends_cvc(left)):
            word = left
    return word[:-1] if word.endswith("ll") and _m(word) > 1 else word


def _is_vowel(word: str, at: int) -> bool:
    if word[at] == "y":
        return at > 0 and not _is_vowel(word, at - 1)
    return word[at] in "aeiou"


def _shape(word: str) -> str:
    shape: list[str] = []
    for at, letter in enumerate(word):
        follows_consonant = at > 0 and shape[-1] == "c"
        shape.append("v" if letter in "aeiou" or (letter == "y" and follows_consonant) else "c")
    return "".join(shape)


def _m(word: str) -> int:
    return len(re.findall("v+c+", _shape(word)))


def _has_vowel(word: str) -> bool:
    return "v" in _shape(word)


def _ends_cvc(word: str) -> bool:
    return _shape(word).endswith("cvc") and word[-1] not in "wxy"
