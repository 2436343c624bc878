"""Several assertions as one: promptfoo's `assert-set`, and the assertions of a single case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score, weighted
from promptgit.core.ports import Answer, canonical
from promptgit.errors import UserError
from promptgit.scorers.json_text import NotJson, parsed
from promptgit.scorers.wording import listed

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Suite

LONGEST = 160  # characters of one inner `why`


def assert_set(
    case: Case,
    _output: str,
    *,
    answer: Answer,
    bound: Callable[[str, bool], Suite],
    assert_: Any,
    threshold: float | None = None,
) -> Score:
    """
    Grade by the weighted mean of the assertions in `assert`; with `threshold`, pass from it on.

    `assert` is a list in the eval file, or a hole: `"{{ __assert }}"` takes the list, as JSON,
    from a column of the case.  A case without one has nothing to fail.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise UserError(f"the threshold of assert-set is between 0 and 1, not {threshold:g}")
    own = isinstance(assert_, list)
    entries = canonical(assert_).decode() if own else _of_the_case(assert_)
    if not entries:
        return Score(1.0, "the case asserts nothing")
    suite = bound(entries, own)
    scores = suite.score(case, answer)
    mean = weighted(scores, suite.metrics)
    missed = [f"{name}: {score.why[:LONGEST]}" for name, score in scores.items() if score.value < 1]
    why = listed(missed, most=3) if missed else f"all {len(scores)} hold"
    if threshold is None:
        return Score(mean, why)
    passed = mean >= threshold
    return Score(float(passed), f"{mean:.2f} {'≥' if passed else '<'} {threshold:g}: {why}")


def _of_the_case(written: Any) -> str:
    if not isinstance(written, str):
        raise UserError("`assert` is a list of assertions, or a hole for one: '{{ __assert }}'")
    if not written.strip():
        return ""
    try:
        found = parsed(written)
    except NotJson as error:
        raise UserError(f"the assertions of the case are not JSON: {error}") from error
    return canonical(found).decode() if found != [] else ""
