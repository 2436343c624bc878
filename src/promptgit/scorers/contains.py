"""The output has a piece of text in it: six checks, with promptfoo's names."""

from __future__ import annotations

from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_text, expected_texts
from promptgit.scorers.wording import listed, quoted


def contains(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when `value` is in the output, capitals and all."""
    wanted = _single(case, value)
    return _one(wanted, wanted in output)


def icontains(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when `value` is in the output, whatever the capitals."""
    wanted = _single(case, value)
    return _one(wanted, wanted.casefold() in output.casefold())


def contains_all(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when every one of `value` (a list, or text with commas) is in the output."""
    wanted = expected_texts(case, value)
    return _all(wanted, [text for text in wanted if text not in output])


def icontains_all(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass as `contains-all`, whatever the capitals."""
    wanted, folded = expected_texts(case, value), output.casefold()
    return _all(wanted, [text for text in wanted if text.casefold() not in folded])


def contains_any(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when one of `value` (a list, or text with commas) is in the output."""
    wanted = expected_texts(case, value)
    return _any(wanted, [text for text in wanted if text in output])


def icontains_any(case: Case, output: str, *, value: Any = None) -> Score:
    """Pass as `contains-any`, whatever the capitals."""
    wanted, folded = expected_texts(case, value), output.casefold()
    return _any(wanted, [text for text in wanted if text.casefold() in folded])


def _single(case: Case, value: Any) -> str:
    if isinstance(value, list | dict):
        raise UserError(
            "its value is one text, not a list or an object",
            hint="use contains-all or contains-any for a list",
        )
    return expected_text(case, value)


def _one(wanted: str, there: bool) -> Score:
    return Score(1.0, f"has {quoted(wanted)}") if there else Score(0.0, _missing([wanted]))


def _all(wanted: list[str], missing: list[str]) -> Score:
    if missing:
        return Score(0.0, _missing(missing))
    return Score(1.0, f"has {_names(wanted)}" if wanted else "nothing was asked for")


def _any(wanted: list[str], there: list[str]) -> Score:
    if there:
        return Score(1.0, f"has {_names(there)}")
    return Score(0.0, f"has none of {_names(wanted)}" if wanted else "nothing was asked for")


def _missing(texts: list[str]) -> str:
    return f"{_names(texts)} {'is' if len(texts) == 1 else 'are'} missing"


def _names(texts: list[str]) -> str:
    return listed([quoted(text) for text in texts])
