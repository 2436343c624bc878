"""
Passages that a text copies out of cases.

Two rules.  So many words in a row that stand in a case are a copy, and so is a whole expected
answer of at least 4 words and 24 characters.  What is known already is no copy, and neither is
what the expected answers of three cases or more share: a greeting, a sign-off or a label is the
house's way to answer, not one case's answer.  Inputs know no such excuse.  In Chinese and
Japanese, where no space ends a word, a character counts as half a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from promptgit.core.dataset import Case

ANSWER_WORDS = 4
ANSWER_CHARACTERS = 24
SHARED = 3  # cases whose expected answers have a passage in common: then it is a manner

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Not compiled before a text needs it: so big a set of characters takes milliseconds.
_WORD = rf"[{_CJK}]|[^\W{_CJK}]+"
_IS_CJK = f"[{_CJK}]"

Passage = tuple[str, ...]


class Copy(NamedTuple):
    """One passage of a case that a text says again."""

    case: Case
    words: Passage
    is_answer: bool  # of the expected answer; else of an input


def copies(
    texts: Sequence[Passage], known: Passage, cases: Sequence[Case], size: int
) -> Iterator[Copy]:
    """Name what `texts` copy from the cases, beyond what is `known`; `size` is in words."""
    ours = {gram for text in texts for gram in _grams(text, size)} - _grams(known, size)
    answers = [words(case.expected or "") for case in cases]
    if ours:
        yield from _runs(ours, answers, cases, size)
    yield from _answers(texts, known, answers, cases)


def words(text: str) -> Passage:
    """
    Cut a text into its words, without case and punctuation.

    >>> words("Where's my PARCEL? 包裹")
    ('where', 's', 'my', 'parcel', '包', '裹')
    """
    folded = text.casefold()
    return tuple(re.findall(r"\w+" if folded.isascii() else _WORD, folded))


def places(passages: Sequence[Passage], text: str) -> list[tuple[int, int]]:
    """
    Say where in `text` each passage starts and stops first; (0, 0) when it is not there.

    >>> places([("my", "parcel")], "Where is my PARCEL?")
    [(9, 18)]
    """
    if not passages:
        return []
    found = [(m.start(), m.end(), word) for m in re.finditer(_WORD, text) for word in words(m[0])]
    starts: dict[str, list[int]] = {}
    for number, (_, _, word) in enumerate(found):
        starts.setdefault(word, []).append(number)

    def place(passage: Passage) -> tuple[int, int]:
        size = len(passage)
        for first in starts.get(passage[0], ()):
            if tuple(word for _, _, word in found[first : first + size]) == passage:
                return found[first][0], found[first + size - 1][1]
        return 0, 0

    return [place(passage) for passage in passages]


def _runs(
    ours: set[Passage], answers: Sequence[Passage], cases: Sequence[Case], size: int
) -> Iterator[Copy]:
    vocabulary = {word for gram in ours for word in gram}

    def shared_by(text: Passage) -> set[Passage]:
        return _grams(text, size) & ours if _may_share(text, vocabulary, size) else set()

    found = [shared_by(answer) for answer in answers]
    times = Counter(gram for grams in found for gram in grams)
    for case, grams in zip(cases, found, strict=True):
        own = [gram for gram in sorted(grams) if times[gram] < SHARED]
        if own:
            yield Copy(case, own[0], is_answer=True)
    for case in cases:
        for text in (*case.inputs.values(), *case.reference.values()):
            own = [gram for gram in sorted(shared_by(words(text))) if times[gram] < SHARED]
            if own:
                yield Copy(case, own[0], is_answer=False)


def _may_share(text: Passage, vocabulary: set[str], size: int) -> bool:
    """Say whether `size` words in a row are all known: cheap, and true of most texts never."""
    run = 0
    for word in text:
        run = run + 1 if word in vocabulary else 0
        if run >= size:
            return True
    return False


def _answers(
    texts: Sequence[Passage], known: Passage, answers: Sequence[Passage], cases: Sequence[Case]
) -> Iterator[Copy]:
    spaced = [f" {' '.join(text)} " for text in texts]
    already = f" {' '.join(known)} "
    times = Counter(answers)
    for case, passage in zip(cases, answers, strict=True):
        answer = f" {' '.join(passage)} "
        if len(answer) - 2 < ANSWER_CHARACTERS or not any(answer in text for text in spaced):
            continue
        is_manner = times[passage] >= SHARED or answer in already
        if _weight(passage) >= ANSWER_WORDS and not is_manner:
            yield Copy(case, passage, is_answer=True)


def _grams(text: Passage, size: int) -> set[Passage]:
    """Every run of words, each as short as it can be and yet weigh `size` words."""
    if "".join(text).isascii():
        return {text[start : start + size] for start in range(len(text) - size + 1)}
    found: set[Passage] = set()
    stop, weight = 0, 0.0
    for start in range(len(text)):
        while weight < size and stop < len(text):
            weight += _weight(text[stop : stop + 1])
            stop += 1
        if weight < size:
            break
        found.add(text[start:stop])
        weight -= _weight(text[start : start + 1])
    return found


def _weight(text: Passage) -> float:
    return sum(0.5 if re.match(_IS_CJK, word) else 1.0 for word in text)
