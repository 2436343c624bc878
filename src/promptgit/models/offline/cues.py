"""Cues: the words in an input by which an instruction says that it applies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from promptgit.models.offline.words import is_topical, listed, quoted, stems, words

LONGEST = 4  # words of a cue that are looked for in a row
HONOURED = 40  # cues of one instruction; what comes after is overlooked

_SUBJECT = (
    r"(?:(?:the|a|an|their|this)\s+)?(?:[\w-]+\s+){0,2}?(?:question|text|message|ticket|mail|email|"
    r"e-mail|customer|user|input|writer|comment|headline|article|news|snippet|it|they)s?(?:\s+that)?"
)
_VERB = (
    r"mentions?|mentioning|asks?(?:\s+(?:for|about))?|asking(?:\s+(?:for|about))?|contains?|containing|"
    r"says?|saying|talks?\s+about|talking\s+about|(?:is|are)\s+about|writes?\s+(?:about|of)|speaks?\s+of|"
    r"names?|naming|includes?|has|have|uses?|starts?\s+with|starting\s+with|begins?\s+with|"
    r"complains?\s+(?:about|of)|reports?|wants?(?:\s+to)?|needs?(?:\s+to)?|describes?|about"
)
_LEAD_IN = re.compile(rf"^(?:{_SUBJECT}\s+)?(?:{_VERB})\s*:?\s+(.*)$", re.IGNORECASE | re.DOTALL)
_ARTICLE = re.compile(r"^(?:a|an|the|any|some|their|his|her|that|of|to)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cue:
    stems: tuple[str, ...]  # in a row, at most LONGEST
    weight: float  # longer phrases are surer signs


@dataclass(frozen=True)
class CueIndex:
    """Cue lists by number, ready to be looked for in one pass over an input."""

    lists: tuple[tuple[Cue, ...], ...]

    @cached_property
    def _by_first(self) -> dict[str, list[tuple[tuple[str, ...], int, float]]]:
        found: dict[str, list[tuple[tuple[str, ...], int, float]]] = {}
        for number, cues in enumerate(self.lists):
            for cue in cues:
                found.setdefault(cue.stems[0], []).append((cue.stems, number, cue.weight))
        return found

    def scores(self, text: Sequence[str]) -> list[float]:
        """Add up, for each list, the weights of its cues that occur in `text` (stems)."""
        totals = [0.0] * len(self.lists)
        seen: set[tuple[int, tuple[str, ...]]] = set()
        by_first = self._by_first
        for start, first in enumerate(text):
            for phrase, number, weight in by_first.get(first, ()):
                here = len(phrase) == 1 or tuple(text[start : start + len(phrase)]) == phrase
                if here and (number, phrase) not in seen:
                    seen.add((number, phrase))
                    totals[number] += weight
        return totals


def cues_in(text: str) -> tuple[Cue, ...]:
    """
    Read the cues from the words after an instruction's `if` or a label's colon.

    >>> [" ".join(cue.stems) for cue in cues_in("the question asks for a city, country or river")]
    ['city', 'country', 'river']
    >>> [cue.weight for cue in cues_in('"how many" or "date"')]
    [2.0, 1.0]
    """
    found: dict[tuple[str, ...], float] = {}
    for item in _items(text):
        phrase = stems(item)
        if not phrase:
            continue
        if len(phrase) <= LONGEST:
            found.setdefault(phrase, float(len(phrase)))
        else:  # a description, not a phrase to look for: its words are weak signs
            for word in words(item):
                if is_topical(word):
                    found.setdefault(stems(word), 0.5)
    return tuple(Cue(phrase, weight) for phrase, weight in found.items())[:HONOURED]


def _items(text: str) -> Iterable[str]:
    if quoted(text):
        return listed(text)
    match = _LEAD_IN.match(text.strip())
    items = listed(match[1] if match else text)
    return (_ARTICLE.sub("", item) for item in items)
