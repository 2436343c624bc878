"""
Run two prompts on the same cases, turn by turn.

A provider has good and bad minutes.  When baseline and candidate take turns, a bad minute hits
both, and what differs between them is the prompt.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.ports import Model
from promptgit.core.prompt import Prompt
from promptgit.evaluate.crew import Crew
from promptgit.evaluate.evaluate import answered

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Suite

Turn = tuple[int, Result]  # 0 is the baseline's, 1 the candidate's


@dataclass(frozen=True, slots=True)
class Contender:
    """A prompt with the model that runs it, and the cases as it is asked them."""

    prompt: Prompt
    model: Model
    cases: Dataset  # the same ids on both sides; the columns may differ


def turns(
    contenders: tuple[Contender, Contender], suite: Suite, *, repeat: int = 0, concurrency: int = 16
) -> Generator[Turn, None, None]:
    """
    Yield both contenders' results as they finish; at most `concurrency` calls are in flight.

    Raises what `evaluate.run` raises, in the same manner.
    """

    def work(job: tuple[int, Case]) -> Turn:
        side, case = job
        contender = contenders[side]
        return side, answered(contender.prompt, case, repeat, contender.model, suite)

    size = min(concurrency, sum(len(contender.cases) for contender in contenders))
    yield from Crew(work, _taking_turns(contenders), size=size)


def evaluations(
    contenders: tuple[Contender, Contender], suite: Suite, found: Iterable[Turn]
) -> tuple[Evaluation, Evaluation]:
    """Sort what `turns` yielded into an Evaluation for each contender, in case order."""
    results: tuple[list[Result], list[Result]] = ([], [])
    for side, result in found:
        results[side].append(result)
    baseline, candidate = (
        _evaluation(contender, suite, done)
        for contender, done in zip(contenders, results, strict=True)
    )
    return baseline, candidate


def compared(
    contenders: tuple[Contender, Contender], suite: Suite, *, repeat: int = 0, concurrency: int = 16
) -> tuple[Evaluation, Evaluation]:
    """Run both on all of their cases."""
    with closing(turns(contenders, suite, repeat=repeat, concurrency=concurrency)) as running:
        return evaluations(contenders, suite, running)


def _taking_turns(contenders: tuple[Contender, Contender]) -> Iterator[tuple[int, Case]]:
    """Alternate, and let the other one begin every second time."""
    for place, pair in enumerate(zip(*(c.cases for c in contenders), strict=True)):
        jobs = list(enumerate(pair))
        yield from jobs if place % 2 == 0 else reversed(jobs)


def _evaluation(contender: Contender, suite: Suite, done: list[Result]) -> Evaluation:
    place = {case.id: index for index, case in enumerate(contender.cases)}
    ordered = sorted(done, key=lambda result: (place[result.case_id], result.repeat))
    model = contender.model.identity
    return Evaluation(contender.prompt, contender.cases, model, suite.metrics, tuple(ordered))
