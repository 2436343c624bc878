"""
Run one prompt on several models, turn by turn.

Case by case all models are asked, and each time another one first: a bad minute of the network
hits all of them, and whenever the budget ends every model has answered the same cases, but for the
last few.  The cases come in an order that chance decided, so that those of half an evaluation are
a fair sample of all.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.ports import Answer, AnswerStore, Model, ModelIdentity, Request
from promptgit.core.prompt import Prompt
from promptgit.errors import CallFailed
from promptgit.evaluate.crew import Crew
from promptgit.evaluate.evaluate import answered

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Suite

Turn = tuple[int, Result]  # the place of the model, and what it said


class Spared:
    """
    A model whose end is not the end of the others.

    A fatal failure (a refused key, an unknown model) becomes one that leaves its case unscored.
    From then on nobody is called: only answers that `store` holds still come.
    """

    def __init__(self, model: Model, store: AnswerStore) -> None:
        self._model = model
        self._store = store
        self._end: CallFailed | None = None

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer, or raise a CallFailed that is not fatal."""
        if self._end is not None and self._store.get(request.key(self.identity)) is None:
            raise self._end
        try:
            return self._model.complete(request)
        except CallFailed as error:
            if not error.fatal:
                raise
            spared = CallFailed(error.message, kind=error.kind, hint=error.hint)
            if self.identity.host:  # a recording that lacks one answer may have the next
                self._end = spared
            raise spared from error


def turns(
    prompt: Prompt, cases: Dataset, models: Sequence[Model], suite: Suite, *, concurrency: int = 16
) -> Generator[Turn, None, None]:
    """
    Yield every model's results as they finish; at most `concurrency` calls are in flight.

    Raises what `evaluate.run` raises, in the same manner.
    """

    def work(job: tuple[int, Case]) -> Turn:
        place, case = job
        return place, answered(prompt, case, 0, models[place], suite)

    jobs = taking_turns(cases.shuffled(f"suite {cases.digest}"), len(models))
    yield from Crew(work, jobs, size=min(concurrency, len(cases) * len(models)))


def taking_turns(cases: Iterable[Case], models: int) -> Iterator[tuple[int, Case]]:
    """
    Name who is asked what, in order.

    >>> pear, saw = Case("pear", {}), Case("saw", {})
    >>> [(place, case.id) for place, case in taking_turns([pear, saw], 2)]
    [(0, 'pear'), (1, 'pear'), (1, 'saw'), (0, 'saw')]
    """
    for number, case in enumerate(cases):
        for turn in range(models):
            yield (number + turn) % models, case


def sorted_out(
    prompt: Prompt, cases: Dataset, models: Sequence[Model], suite: Suite, found: Iterable[Turn]
) -> tuple[Evaluation, ...]:
    """Make an Evaluation of each model's results, in case order; half of one is one too."""
    place_of = {case.id: place for place, case in enumerate(cases)}
    results: list[list[Result]] = [[] for _ in models]
    for place, result in found:
        results[place].append(result)
    return tuple(
        Evaluation(
            prompt,
            cases,
            model.identity,
            suite.metrics,
            tuple(sorted(done, key=lambda result: place_of[result.case_id])),
        )
        for model, done in zip(models, results, strict=True)
    )
