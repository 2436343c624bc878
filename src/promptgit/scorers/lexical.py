"""
Similarity by the words two texts share: what `similar` uses when no embedder is set.

It compares words, not meaning: "reimburse" and "refund" have nothing in common here.  In
return it needs no network, no key and no download, and always says the same.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

Vector = Mapping[str, float]

# A word may have an apostrophe in it.  Scripts that put no spaces between words count by
# character: kana, Han, Hangul, Thai, Lao, Khmer.
_UNSPACED = r"\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+(?:['’](?:(?![{_UNSPACED}])\w)+)*")
PIECE = ":"  # begins a piece of a word; no word has it

CACHED = 2048  # vectors; the expected texts of a run come back, each output mostly once


class LexicalEmbedder:
    """
    TF-IDF vectors over words, and their cosine.

    Term weights are tf · (ln((1 + n) / (1 + df)) + 1), scaled to length 1 (Salton & Buckley,
    "Term-weighting approaches in automatic text retrieval", 1988, with the smoothing of
    scikit-learn's TfidfVectorizer, which tests hold it against by hand-computed values).
    `texts` are the corpus that says which words are common: the inputs and expected answers of
    the cases.  A word that is in none of them weighs most.  `ngram` above 0 adds the pieces of
    that many characters inside each word, so that "refund" and "refunded" meet halfway.
    """

    def __init__(self, texts: Iterable[str], *, ngram: int = 0) -> None:
        self._ngram = ngram
        documents = 0
        containing: Counter[str] = Counter()
        for text in texts:
            documents += 1
            containing.update(set(self._terms(text)))
        self._idf = {
            term: math.log((1 + documents) / (1 + count)) + 1 for term, count in containing.items()
        }
        self._rarest = math.log(1 + documents) + 1
        self._vector = lru_cache(maxsize=CACHED)(self._weigh)

    @property
    def name(self) -> str:
        """Say what it is: evidence names the embedder."""
        pieces = f", with {self._ngram}-letter pieces" if self._ngram else ""
        return f"lexical (word overlap, not meaning{pieces})"

    def similarity(self, left: str, right: str) -> float:
        """Return the cosine of the two texts' vectors, 0 (no word in common) to 1."""
        if left == right:
            return 1.0
        fewer, more = sorted((self._vector(left), self._vector(right)), key=len)
        shared = (weight * more[term] for term, weight in fewer.items() if term in more)
        return min(1.0, math.fsum(shared))

    def missing(self, output: str, expected: str, count: int) -> list[str]:
        """List the `count` heaviest words of `expected` that `output` has not, heaviest first."""
        there = self._vector(output)
        absent = [
            (-weight, term)
            for term, weight in self._vector(expected).items()
            if term not in there and PIECE not in term
        ]
        return [word for _, word in sorted(absent)[:count]]

    def _weigh(self, text: str) -> Vector:
        found = Counter(self._terms(text))
        weights = {term: times * self._idf.get(term, self._rarest) for term, times in found.items()}
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()}

    def _terms(self, text: str) -> list[str]:
        terms = words(text)
        if not self._ngram:
            return terms
        pieces = [
            PIECE + padded[i : i + self._ngram]
            for padded in (f"<{word}>" for word in terms)
            for i in range(len(padded) - self._ngram + 1)
        ]
        return terms + pieces


def words(text: str) -> list[str]:
    """
    Split `text` into lower-case words, in order.

    >>> words("Don't refund order 4417!")
    ["don't", 'refund', 'order', '4417']
    """
    return _WORD.findall(text.casefold())
