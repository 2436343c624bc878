"""Case by case: what became of each, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from promptgit.check.answers import Answers
from promptgit.check.flaky import differs
from promptgit.check.pairs import ROUNDING
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Result
from promptgit.core.gate import CaseFinding, Flip, Origin, Side
from promptgit.core.verdict import Quarantined

HALF = 0.5  # below it a graded score is a miss


@dataclass(frozen=True)
class Known:
    """What is known of cases beside their answers."""

    vital: frozenset[str] = frozenset()  # must-pass
    quarantined: Mapping[str, Quarantined] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    flaky: frozenset[str] = frozenset()


def case_findings(cases: Dataset, answers: Answers, known: Known) -> tuple[CaseFinding, ...]:
    """Say what became of every case, the worst loss first, then as in the file."""
    line = pass_line(answers)
    found = [_finding(case, answers, known, line) for case in cases]
    return tuple(sorted(found, key=_loss))


def pass_line(answers: Answers) -> float:
    """Return the score below which a case fails, as `line_of` all answers."""
    return line_of(
        result.score
        for side in (answers.before, answers.after)
        for results in side.values()
        for result in results
    )


def line_of(scores: Iterable[float | None]) -> float:
    """
    Return the score below which a case fails: 1 where every answer is right or wrong, else 0.5.

    >>> line_of([1.0, 0.0, None]), line_of([1.0, 0.7])
    (1.0, 0.5)
    """
    return 1.0 if set(scores) <= {0.0, 1.0, None} else HALF


def _finding(case: Case, answers: Answers, known: Known, line: float) -> CaseFinding:
    both = [side.get(case.id, ()) for side in (answers.before, answers.after)]
    before, after = (side_of(results) for results in both)
    if case.id in answers.asked:
        before, after = before or Side(None), after or Side(None)
    wobbles = any(differs([r.score for r in results if r.score is not None]) for results in both)
    return CaseFinding(
        case,
        _flip(before, after),
        before,
        after,
        origin=known.origins.get(case.id, Origin.BOTH),
        must_pass=case.id in known.vital,
        already_failing=_misses(before, line) and _misses(after, line),
        quarantined=known.quarantined.get(case.id),
        flaky=wobbles or case.id in known.flaky,
    )


def side_of(results: Sequence[Result]) -> Side | None:
    """Join the answers of one prompt to one case; None when it was not asked."""
    if not results:
        return None
    scored = [result for result in results if result.score is not None]
    scores = [result.score for result in scored if result.score is not None]
    first = (scored or list(results))[0]
    return Side(
        fmean(scores) if scores else None,
        first.output,
        first.scores,
        "" if scores or first.failure is None else first.failure.message,
        first.flags,
        len(results),
        stdev(scores) if len(scores) > 1 else 0.0,
    )


def _misses(side: Side | None, line: float) -> bool:
    return side is not None and side.score is not None and side.score < line - ROUNDING


def _flip(before: Side | None, after: Side | None) -> Flip:
    if before is None or after is None:
        return Flip.NOT_RUN
    if before.score is None or after.score is None:
        return Flip.UNSCORED
    move = after.score - before.score
    if abs(move) <= ROUNDING:
        return Flip.SAME
    return Flip.FIXED if move > 0 else Flip.BROKE


def _loss(found: CaseFinding) -> float:
    """What to sort by: the score's change where the case broke, else 0."""
    before, after = found.before, found.after
    if found.flip is not Flip.BROKE or before is None or after is None:
        return 0.0
    return (after.score or 0.0) - (before.score or 0.0)
