"""
Passages that a patch copies out of the cases: an answer that is given away is not learned.

Two rules, on the words of the lines that a patch adds.  Eight words in a row that stand in a case
are a copy, and so is a whole expected answer of at least 4 words and 24 characters.  What the
prompt already says is no copy, and neither is what the expected answers of three cases or more
share: a greeting, a sign-off or a label is the house's way to answer, not one case's answer.
Inputs know no such excuse.  In Chinese and Japanese, where no space ends a word, a character
counts as half a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from promptgit.core.dataset import Case
from promptgit.core.patch import Patch
from promptgit.core.quote import quoted

ANSWER_WORDS = 4
ANSWER_CHARACTERS = 24
SHARED = 3  # cases whose expected answers have a passage in common: then it is a manner

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

Passage = tuple[str, ...]


def passages(patch: Patch, known: str, cases: Sequence[Case], size: int) -> Iterator[str]:
    """Name what the added lines copy from the cases; `size` is in words."""
    added = [_words("\n".join(hunk.added)) for hunk in patch.hunks]
    ours = {gram for words in added for gram in _grams(words, size)} - _grams(_words(known), size)
    answers = [_words(case.expected or "") for case in cases]
    if ours:
        yield from _rows(ours, answers, cases, size)
    yield from _answers(added, _words(known), answers, cases)


def _rows(
    ours: set[Passage], answers: Sequence[Passage], cases: Sequence[Case], size: int
) -> Iterator[str]:
    shared = Counter(gram for words in answers for gram in _grams(words, size) & ours)
    for case, words in zip(cases, answers, strict=True):
        for gram in sorted(_grams(words, size) & ours):
            if shared[gram] < SHARED:
                yield _copy("the expected answer", case, gram)
                break
    for case in cases:
        for text in (*case.inputs.values(), *case.reference.values()):
            for gram in sorted(_grams(_words(text), size) & ours):
                if shared[gram] < SHARED:
                    yield _copy("the words", case, gram)
                    break


def _answers(
    added: Sequence[Passage], known: Passage, answers: Sequence[Passage], cases: Sequence[Case]
) -> Iterator[str]:
    texts = [f" {' '.join(words)} " for words in added]
    already = f" {' '.join(known)} "
    times = Counter(answers)
    for case, words in zip(cases, answers, strict=True):
        answer = f" {' '.join(words)} "
        long_enough = _weight(words) >= ANSWER_WORDS and len(answer) - 2 >= ANSWER_CHARACTERS
        if not long_enough or times[words] >= SHARED or answer in already:
            continue
        if any(answer in text for text in texts):
            yield _copy("the expected answer", case, words)


def _copy(what: str, case: Case, words: Passage) -> str:
    return f"the patch copies {what} of case {quoted(case.id)}: {quoted(' '.join(words))}"


def _words(text: str) -> Passage:
    """
    Cut a text into its words, without case and punctuation.

    >>> _words("Where's my PARCEL? 包裹")
    ('where', 's', 'my', 'parcel', '包', '裹')
    """
    return tuple(_WORD.findall(text.casefold()))


def _grams(words: Passage, size: int) -> set[Passage]:
    """Every run of words, each as short as it can be and yet weigh `size` words."""
    found: set[Passage] = set()
    stop, weight = 0, 0.0
    for start in range(len(words)):
        while weight < size and stop < len(words):
            weight += _weight(words[stop : stop + 1])
            stop += 1
        if weight < size:
            break
        found.add(words[start:stop])
        weight -= _weight(words[start : start + 1])
    return found


def _weight(words: Passage) -> float:
    return sum(0.5 if re.match(f"[{_CJK}]", word) else 1.0 for word in words)
