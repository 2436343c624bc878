"""Two sides of a comparison, made of plain scores: what the tests of check/ and improve/ share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Failure, Metric, Result
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt

Scored = float | None | Sequence[float]


def some_cases(count: int, *, prefix: str = "case", **facts: Any) -> Dataset:
    ids = [f"{prefix}-{number}" for number in range(count)]
    return Dataset(tuple(Case(name, {"text": f"text of {name}"}, **facts) for name in ids))


def an_evaluation(cases: Dataset, scores: Mapping[str, Scored]) -> Evaluation:
    results = []
    for case in cases:
        score = scores[case.id]
        repeats = score if isinstance(score, Sequence) else [score]
        for repeat, value in enumerate(repeats):
            failure = Failure("server", "500") if value is None else None
            results.append(Result(case.id, repeat, score=value, failure=failure))
    model = ModelIdentity("scripted", "scripted")
    return Evaluation(Prompt.of("Be kind."), cases, model, (Metric("right"),), tuple(results))


@dataclass
class Sides:
    """Says what baseline and candidate score, and remembers what it was asked."""

    before: Mapping[str, Scored]
    after: Mapping[str, Scored]
    asked: list[Dataset] = field(default_factory=list)

    def __call__(self, cases: Dataset) -> tuple[Evaluation, Evaluation]:
        self.asked.append(cases)
        return an_evaluation(cases, self.before), an_evaluation(cases, self.after)

    @property
    def ids(self) -> list[str]:
        return [case.id for batch in self.asked for case in batch]


def sides_of(cases: Dataset, differences: Sequence[float | None], start: float = 0.5) -> Sides:
    """The candidate moves each case, in file order, by the difference; None: it has no score."""
    before = dict.fromkeys((case.id for case in cases), start)
    moves = dict(zip(before, differences, strict=True))
    after = {case: None if moves[case] is None else start + moves[case] for case in before}
    return Sides(before, after)


def flips_of(cases: Dataset, *, fixed: int = 0, broke: int = 0) -> Sides:
    """Pass/fail: the first cases get fixed, the next break, the rest pass on both sides."""
    ids = [case.id for case in cases]
    before = {name: 0.0 if i < fixed else 1.0 for i, name in enumerate(ids)}
    after = {name: 0.0 if fixed <= i < fixed + broke else 1.0 for i, name in enumerate(ids)}
    return Sides(before, after)
