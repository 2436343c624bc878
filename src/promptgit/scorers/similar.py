"""The output says about the same as the expected text."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Embedder
from promptgit.scorers.expected import expected_text
from promptgit.scorers.lexical import LexicalEmbedder, words
from promptgit.scorers.wording import visible

NAMED = 5  # missing words
WORTH_NAMING = 4  # letters, when nothing better says which words matter


def similar(case: Case, output: str, *, embedder: Embedder, value: Any = None) -> Score:
    """
    Grade by the cosine that `embedder` sees between output and `value`, negative ones as 0.

    Which embedder it is decides what "alike" means; the `why` names the lexical one.
    """
    wanted = expected_text(case, value)
    alike = min(1.0, max(0.0, embedder.similarity(output, wanted)))
    said = f"{alike:.2f} alike"
    if isinstance(embedder, LexicalEmbedder):
        said += " in words"
    missing = _missing(embedder, output, wanted)
    return Score(alike, f"{said}; missing: {', '.join(map(visible, missing))}" if missing else said)


def _missing(embedder: Embedder, output: str, wanted: str) -> list[str]:
    if isinstance(embedder, LexicalEmbedder):
        return embedder.missing(output, wanted, NAMED)
    there = set(words(output))
    absent = {word for word in words(wanted) if word not in there and len(word) >= WORTH_NAMING}
    return sorted(absent, key=lambda word: (-len(word), word))[:NAMED]
