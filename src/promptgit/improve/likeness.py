"""
How alike texts are: by the words they share, rare words counting more.

The cosine of word vectors weighted by inverse document frequency: Spärck Jones, "A statistical
interpretation of term specificity and its application in retrieval", J. Documentation 28 (1972).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum, log, sqrt

WORD = re.compile(r"\w+")
EVERYWHERE = 0.8  # a word in more than this share of the texts tells none from another


@dataclass
class Likeness:
    """
    Compares texts, by name, with each other and with texts from elsewhere.

    >>> like = Likeness({"a": "late parcel", "b": "parcel is late", "c": "refund please"})
    >>> like.between("a", "b") > like.between("a", "c")
    True
    >>> like.told("When a parcel is late, say where it is.", "b") > 0
    True
    """

    texts: Mapping[str, str]
    _words: dict[str, frozenset[str]] = field(init=False)
    _weight: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._words = {name: words_of(text) for name, text in self.texts.items()}
        count = len(self._words)
        seen = Counter(word for words in self._words.values() for word in words)
        self._weight = {
            word: log(1 + count / times)
            for word, times in seen.items()
            if 1 < times <= EVERYWHERE * count  # a word of one text is shared by none
        }

    def between(self, one: str, other: str) -> float:
        """Return how alike two of the texts are, 0 to 1."""
        if one == other:
            return 1.0
        size = self._size(one) * self._size(other)
        shared = self._squares(self._words[one] & self._words[other])
        return shared / size if size else 0.0

    def told(self, text: str, name: str) -> float:
        """Return how much of what tells one text from another a text from elsewhere names."""
        size = self._size(name)
        shared = self._squares(words_of(text) & self._words[name])
        return sqrt(shared) / size if size else 0.0

    def _size(self, name: str) -> float:
        return sqrt(self._squares(self._words[name]))

    def _squares(self, words: Iterable[str]) -> float:
        """Sum exactly, so that the order of a set does not matter."""
        return fsum(self._weight.get(word, 0.0) ** 2 for word in words)


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, each once, in lower case."""
    return frozenset(WORD.findall(text.lower()))
