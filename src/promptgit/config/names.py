"""What may stand for a model or an embedder: our own few words, and names that providers give."""

from __future__ import annotations

from collections.abc import Sequence

MODELS = ("offline", "replay")  # our own; every other plain name is one of OpenAI's
EMBEDDERS = ("lexical", "provider", "sentence-transformers")
NEAR = 0.8  # of difflib's ratio: `ofline` is near, `online` is not


def fault_in_model(name: str) -> str:
    """
    Say why `name` cannot be a model's; empty when it can.

    >>> fault_in_model("Offline")
    "did you mean 'offline'? A model of OpenAI that is called so is 'openai/Offline'"
    >>> fault_in_model("gpt-5-mini"), fault_in_model("openai/ofline")
    ('', '')
    """
    fault = _fault_in_name(name)
    if fault or "/" in name or name in MODELS:
        return fault
    meant = _nearest(name, MODELS)
    if meant:
        return f"did you mean {meant!r}? A model of OpenAI that is called so is 'openai/{name}'"
    return ""


def fault_in_embedder(name: str) -> str:
    """
    Say why `name` cannot be an embedder's; empty when it can.

    >>> fault_in_embedder("Lexical")
    "did you mean 'lexical'?"
    >>> fault_in_embedder("openai/text-embedding-3-large")
    ''
    """
    fault = _fault_in_name(name)
    first = name.partition("/")[0]
    if fault or name in EMBEDDERS or first == EMBEDDERS[-1]:
        return fault
    meant = _nearest(first, EMBEDDERS[-1:] if "/" in name else EMBEDDERS)
    if meant:
        return f"did you mean {meant + name[len(first) :]!r}?"
    if "/" not in name:
        return (
            "an embedder is lexical, provider, sentence-transformers[/MODEL], "
            "or PROVIDER/NAME like openai/text-embedding-3-small"
        )
    return ""


def _fault_in_name(name: str) -> str:
    if not name or any(mark.isspace() or ord(mark) < 32 for mark in name):
        return "a name has no spaces and is not empty"
    return "a model is named, never given by its address" if "://" in name else ""


def _nearest(name: str, words: Sequence[str]) -> str:
    if not any(_may_be_near(name.lower(), word) for word in words):
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower(), words, n=1, cutoff=NEAR)), "")


def _may_be_near(name: str, word: str) -> bool:
    """Bound difflib's ratio from above by the letters in common: a hook need not load difflib."""
    common = sum(letter in word for letter in name)
    return 2 * min(common, len(word)) >= NEAR * (len(name) + len(word))
