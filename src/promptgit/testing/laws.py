"""
What every scorer must hold to, as checks for the tests of whoever writes one.

    from promptgit.testing.laws import scorer_obeys

    def test_my_scorer_is_a_scorer():
        scorer_obeys(politeness, options={"words": ["please"]})
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError

CASES = (
    Case("plain", {"comment": "Where is order 4417?"}, "It is on its way.", tags=("a",)),
    Case("json", {"comment": "Sort this."}, '{"label": "refund", "tags": ["a", "b"]}'),
    Case("odd", {"comment": "\u202e\ud800 {{ x }} <b>"}, "é 🙂", {"note": "for the scorer"}),
    Case("lines", {"comment": "one\r\ntwo"}, 'a, "b\r\nc'),
    Case("silent", {"comment": ""}, ""),
)
OUTPUTS = (
    "",
    " \n\t ",
    "It is on its way.",
    '{"label": "refund", "tags": ["b", "a"]}',
    "{",
    "[" * 5000,
    "null",
    "NaN",
    "9" * 5000,
    "\0\x1b[31m\u202e\u200b\ud800",
    "é 🙂 文字",
    "{{ comment }} {% raw %}",
    "a,b;c\r\n::error::x",
    "word " * 5000,
)
PLAIN = (str, int, float, bool, list, dict, tuple, set)
LONGEST_WHY = 1000  # characters


def scorer_obeys(
    scorer: Callable[..., Score],
    *,
    options: Mapping[str, Any] | None = None,
    cases: Iterable[Case] = CASES,
    outputs: Iterable[str] = OUTPUTS,
) -> None:
    """
    Raise AssertionError, with the law and the example, where `scorer` breaks one.

    The laws: it takes a case and an output by position, and options by keyword only; it
    returns a Score, or raises UserError (the assertion or the case is wrong) or CallFailed (the
    judge is down), and nothing else for any output whatsoever, the empty one included; the
    value is between 0 and 1; the `why` is one line, short enough to read; the same question
    has the same answer, whatever was asked in between; the case and the options are left as
    they were.  `options` holds all that it needs, also what promptgit would inject.
    """
    given = dict(options or {})
    _has_the_shape_of_a_scorer(scorer)
    questions = [(case, output) for case in cases for output in outputs]
    first = [_asked(scorer, case, output, given) for case, output in questions]
    again = [_asked(scorer, case, output, given) for case, output in reversed(questions)]
    for (case, output), one, other in zip(questions, first, reversed(again), strict=True):
        assert one == other, f"{_of(case, output)}: first {one!r}, then {other!r}"


def _has_the_shape_of_a_scorer(scorer: Callable[..., Score]) -> None:
    parameters = list(inspect.signature(scorer).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    assert len(positional) == 2, "a scorer takes two things by position: the case and the output"
    others = [p.name for p in parameters if p not in positional and p.kind is not p.KEYWORD_ONLY]
    assert not others, f"options are keyword-only and named one by one, not {others}"


def _asked(
    scorer: Callable[..., Score], case: Case, output: str, options: Mapping[str, Any]
) -> Score | str:
    """Ask once; return the score, or what was raised, as text."""
    asked = _of(case, output)
    case_before, options_before = copy.deepcopy(case), _copied(options)
    try:
        score: object = scorer(case, output, **options)
    except (UserError, CallFailed) as error:
        score = f"{type(error).__name__}: {error}"
    assert case == case_before, f"{asked}: it changed the case"
    for name, before in options_before.items():
        assert options[name] == before, f"{asked}: it changed the option {name}"
    if isinstance(score, str):
        return score
    assert isinstance(score, Score), f"{asked}: it returned {score!r}, not a Score"
    assert 0 <= score.value <= 1, f"{asked}: its value is {score.value}"
    assert len(score.why.splitlines()) <= 1, f"{asked}: its why has several lines: {score.why!r}"
    assert len(score.why) <= LONGEST_WHY, f"{asked}: its why has {len(score.why)} characters"
    return score


def _copied(options: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the options that are plain values; models and functions have no copies."""
    return {name: copy.deepcopy(item) for name, item in options.items() if isinstance(item, PLAIN)}


def _of(case: Case, output: str) -> str:
    shown = output if len(output) <= 40 else f"{output[:40]}…"
    return f"case {case.id}, output {shown!r}"
