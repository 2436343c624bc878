"""
How many words, and runs of words, the output shares with a reference text.

ROUGE-N is recall (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004), BLEU is
precision with a penalty for brevity (Papineni et al., 2002; computed by sacrebleu), GLEU is the
smaller of both (Wu et al., "Google's Neural Machine Translation System", 2016, section 8), METEOR
weighs both and the order (Banerjee & Lavie, 2005).  Capitals never count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_text
from promptgit.scorers.passing import reached
from promptgit.scorers.stem import stem

LONGEST_RUN = 4  # words, of BLEU and GLEU
MOST_WORDS = 5000  # of one text, for METEOR
ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5  # of METEOR, as nltk and promptfoo have them

_WORD = re.compile(r"\w+|[^\w\s]")


def rouge_n(
    case: Case,
    output: str,
    *,
    value: Any = None,
    threshold: float = 0.75,
    n: int = 1,
    graded: bool = False,
) -> Score:
    """Pass when `threshold` of the reference's runs of `n` words are in the output."""
    if type(n) is not int or not 1 <= n <= 9:
        raise UserError(f"n is a number of words, from 1 to 9, not {n!r}")
    wanted = Counter(_runs(_WORD.findall(expected_text(case, value).lower()), n))
    there = Counter(_runs(_WORD.findall(output.lower()), n))
    total, shared = wanted.total(), (wanted & there).total()
    recall = shared / total if total else 0.0
    unit = "words" if n == 1 else f"runs of {n} words"
    return reached(recall, threshold, graded, f"{shared} of the {total} {unit} of the reference")


def bleu(
    case: Case, output: str, *, value: Any = None, threshold: float = 0.5, graded: bool = False
) -> Score:
    """
    Pass when the BLEU of the output, against one reference or a list of them, is `threshold`.

    Runs longer than the output are left out ("effective order"), so that a short answer that is
    the reference scores 1.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError as error:
        raise UserError("bleu needs the package sacrebleu", hint="pip install sacrebleu") from error
    references = [text for text in _references(case, value) if text.strip()]
    if not references or not output.strip():
        return reached(0.0, threshold, graded, "BLEU 0.00: there is nothing to compare")
    metric = BLEU(lowercase=True, effective_order=True, max_ngram_order=LONGEST_RUN)
    found = metric.sentence_score(_encodable(output), [_encodable(text) for text in references])
    return reached(found.score / 100, threshold, graded, f"BLEU {found.score / 100:.2f}")


def gleu(
    case: Case, output: str, *, value: Any = None, threshold: float = 0.5, graded: bool = False
) -> Score:
    """Pass when the GLEU of the output, against the best of the references, is `threshold`."""
    mine = _spaced(output)
    best = max((_gleu(mine, _spaced(text)) for text in _references(case, value)), default=0.0)
    return reached(best, threshold, graded, f"GLEU {best:.2f}")


def meteor(
    case: Case, output: str, *, value: Any = None, threshold: float = 0.5, graded: bool = False
) -> Score:
    """
    Pass when the METEOR of the output, against the best of the references, is `threshold`.

    Words match when they are equal, or have one stem.  The third stage of the paper, synonyms,
    needs WordNet and is left out: where promptfoo takes "nice" for "beautiful" this is stricter,
    and never more lenient.
    """
    mine = _spaced(output)
    best = max((_meteor(mine, _spaced(text)) for text in _references(case, value)), default=0.0)
    return reached(best, threshold, graded, f"METEOR {best:.2f}, without synonyms")


def _references(case: Case, value: Any) -> list[str]:
    if isinstance(value, list):
        return [expected_text(case, item) for item in value]
    return [expected_text(case, value)]


def _spaced(text: str) -> list[str]:
    """Split at white space, in lower case, without the full stops behind words."""
    words = (word.rstrip(".") for word in text.lower().split())
    return [word for word in words if word]


def _runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + length]) for at in range(len(words) - length + 1))


def _gleu(mine: Sequence[str], reference: Sequence[str]) -> float:
    ours, theirs = (
        Counter(run for length in range(1, LONGEST_RUN + 1) for run in _runs(words, length))
        for words in (mine, reference)
    )
    most = max(ours.total(), theirs.total())
    return (ours & theirs).total() / most if ours and theirs else 0.0


def _meteor(mine: Sequence[str], reference: Sequence[str]) -> float:
    mine, reference = mine[:MOST_WORDS], reference[:MOST_WORDS]
    pairs = _aligned(mine, reference)
    if not pairs:
        return 0.0
    precision, recall = len(pairs) / len(mine), len(pairs) / len(reference)
    mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
    breaks = sum(1 for one, other in pairwise(pairs) if not _adjoin(one, other))
    penalty: float = GAMMA * ((breaks + 1) / len(pairs)) ** BETA
    return mean * (1 - penalty)


def _adjoin(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return other == (one[0] + 1, one[1] + 1)


def _aligned(mine: Sequence[str], reference: Sequence[str]) -> list[tuple[int, int]]:
    """Pair each word with one of the reference: equal ones first, then those of one stem."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for alike in (str, stem):
        places: dict[str, list[int]] = {}
        for at, word in enumerate(reference):
            if at not in taken:
                places.setdefault(alike(word), []).append(at)
        for at in range(len(mine) - 1, -1, -1):  # from behind, as the implementations do
            free = places.get(alike(mine[at]))
            if at not in pairs and free:
                pairs[at] = free.pop()
                taken.add(pairs[at])
    return sorted(pairs.items())


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
