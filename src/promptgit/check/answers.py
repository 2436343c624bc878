"""All answers of both prompts, as far as they came: what the measures are taken from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from promptgit.check.measures import Measure, why_no_cost
from promptgit.check.pairs import Scores
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result

ByCase = Mapping[str, tuple[Result, ...]]


@dataclass(frozen=True)
class Answers:
    """Results by case id, in the order in which they were asked for."""

    before: ByCase = field(default_factory=dict)
    after: ByCase = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    def plus(self, cases: Dataset, baseline: Evaluation, candidate: Evaluation) -> Answers:
        return Answers(
            _joined(self.before, baseline.results),
            _joined(self.after, candidate.results),
            self.asked | {case.id for case in cases},
        )

    def scores(self, measure: Measure, counted: frozenset[str]) -> Scores:
        """Both sides' values of `measure` for those of the `counted` cases that were asked."""
        return Scores(
            measure.by_case(self.before, counted),
            measure.by_case(self.after, counted),
            self.asked & counted,
            self._is_repeated,
        )

    @cached_property
    def _is_repeated(self) -> bool:
        every = chain(self.before.values(), self.after.values())
        return any(len(results) > 1 for results in every)

    @property
    def why_no_cost(self) -> str:
        every = chain.from_iterable(chain(self.before.values(), self.after.values()))
        return why_no_cost(every)


def _joined(known: ByCase, results: Iterable[Result]) -> ByCase:
    joined = dict(known)
    for result in results:
        joined[result.case_id] = (*joined.get(result.case_id, ()), result)
    return joined
