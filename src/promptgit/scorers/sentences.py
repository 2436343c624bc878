"""Similarity by meaning, from a sentence-transformers model that runs on this machine."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from promptgit.errors import UserError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
CACHED = 4096  # vectors


class SentenceEmbedder:
    """
    Cosine of sentence embeddings (Reimers & Gurevych, "Sentence-BERT", 2019).

    The library looks for `model` on this machine and may download it, once.  A folder may bring
    code, which the library runs; so one inside `untrusted`, a checkout of somebody's branch, is
    refused.
    """

    def __init__(self, model: str = "", *, untrusted: Path | None = None) -> None:
        self._wanted = model or DEFAULT_MODEL
        if untrusted:
            _refuse_folder(self._wanted, untrusted)
        self._model = _loaded(self._wanted)
        self._lock = threading.Lock()  # the tokeniser is not made for several threads
        self._vector = lru_cache(maxsize=CACHED)(self._encoded)

    @property
    def name(self) -> str:
        return f"sentence-transformers/{self._wanted}"

    def similarity(self, left: str, right: str) -> float:
        """Return the cosine, -1 to 1."""
        import numpy

        return float(numpy.dot(self._vector(left), self._vector(right)))

    def _encoded(self, text: str) -> Any:
        with self._lock:
            return self._model.encode(text, normalize_embeddings=True, show_progress_bar=False)


def _refuse_folder(model: str, untrusted: Path) -> None:
    found = Path(model).resolve()
    if found.exists() and found.is_relative_to(untrusted.resolve()):
        raise UserError(
            f"{model!r} is in the repository: loading it as a model could run its code",
            hint="move it elsewhere, or name a model that can be downloaded",
        )


def _loaded(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UserError(
            "sentence-transformers is not installed",
            hint="pip install sentence-transformers, or set `embedder: lexical`",
        ) from error
    try:
        return SentenceTransformer(model)
    except (OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise UserError(
            f"the sentence-transformers model {model!r} does not load: {first}",
            hint="check its name, or that it can be downloaded here",
        ) from error
