"""
The laws of a scorer, with a word on what to mend for each.

    from promptgit.testing import check_scorer

    def test_politeness():
        check_scorer(politeness, [(case, "Thank you.", 1.0), (case, "Dude.", 0.0)])
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError
from promptgit.testing.contained import contained, side_by_side, within
from promptgit.testing.laws import CASES, OUTPUTS, scorer_obeys

Example = tuple[Case, str] | tuple[Case, str, float]
HUGE = "It is on its way. " * 3_000  # 54,000 characters
CLOSE = 1e-9


def check_scorer(
    scorer: Callable[..., Score],
    examples: Iterable[Example] = (),
    *,
    options: Mapping[str, Any] | None = None,
    cases: Iterable[Case] = CASES,
    outputs: Iterable[str] = (*OUTPUTS, HUGE),
    seconds: float = 60.0,
) -> None:
    """
    Raise AssertionError, with the law and what to mend, where `scorer` breaks one.

    examples: (case, output) pairs of your own, or triples with the value that is right.  options:
    all that it needs, also what promptgit would inject (`judge`, `embedder`, …).  Beyond
    `promptgit.testing.laws.scorer_obeys`: it raises nothing of its own whatever the output, the
    empty, the huge and the unprintable one; a value below 1 has a `why`; it may be called from
    many threads; it ends.
    """
    given = dict(options or {})
    yours = list(examples)
    asked = [*cases, *(example[0] for example in yours)]
    said = [*outputs, *(example[1] for example in yours)]
    tame = _tamed(scorer)
    ended = within(seconds, lambda: scorer_obeys(tame, options=given, cases=asked, outputs=said))
    assert ended is not None, (
        f"it takes more than {seconds:g} s for {len(asked) * len(said)} answers, twice: "
        "bound what it does by the length of the output"
    )
    if ended.error is not None:
        raise ended.error
    for number, example in enumerate(yours, 1):
        _as_expected(tame, number, example, given)
    _from_threads(tame, [(case, output) for case in asked[:4] for output in said[:2]], given)


def _tamed(scorer: Callable[..., Score]) -> Callable[..., Score]:
    """The same scorer; what it should not raise or return, it breaks the law with."""

    @functools.wraps(scorer)
    def tame(case: Case, output: str, **options: Any) -> Score:
        asked = _of(case, output)
        found = contained(lambda: scorer(case, output, **options))
        error = found.error
        if isinstance(error, UserError) and error.message.startswith("a score must be"):
            raise AssertionError(f"{asked}: {error.message}: clamp or rescale it")
        if isinstance(error, UserError | CallFailed):
            raise error
        assert error is None, (
            f"{asked}: it raised {found.said}: return a Score of 0 that says why; raise UserError "
            'where the assertion is wrong, CallFailed(kind="judge") where what it asks is down'
        )
        score: object = found.value
        assert isinstance(score, Score), (
            f"{asked}: it returned {score!r}, not a Score: write Score(value, why)"
        )
        assert score.value >= 1 or score.why.strip(), (
            f"{asked}: it gave {score.value:g} without a why: say in one sentence what is missing"
        )
        return score

    return tame


def _as_expected(
    scorer: Callable[..., Score], number: int, example: Example, options: Mapping[str, Any]
) -> None:
    if len(example) < 3:
        return
    case, output, value = example[0], example[1], example[2]
    score = scorer(case, output, **options)
    assert abs(score.value - value) <= CLOSE, (
        f"example {number}, {_of(case, output)}: {value:g} is right, it gave {score.value:g} "
        f"({score.why or 'no why'})"
    )


def _from_threads(
    scorer: Callable[..., Score],
    questions: list[tuple[Case, str]],
    options: Mapping[str, Any],
) -> None:
    calls = [functools.partial(scorer, *question, **options) for question in questions]
    alone = [_outcome(contained(call)) for call in calls]
    together = [_outcome(found) for found in side_by_side([*calls] * 2, 60.0)]
    for (case, output), one, other in zip(questions * 2, alone * 2, together, strict=True):
        assert one == other, (
            f"{_of(case, output)}: alone {one!r}, with others at the same time {other!r}: "
            "it is called from many threads, keep no state outside the call"
        )


def _outcome(found: Any) -> Any:
    if found is None:
        return "no answer in time"
    return found.value if found.error is None else found.said


def _of(case: Case, output: str) -> str:
    shown = output if len(output) <= 40 else f"{output[:40]}… ({len(output)} characters)"
    return f"case {case.id}, output {shown!r}"
