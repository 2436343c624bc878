"""Run a prompt on its cases: bounded, in order, and never counting a failure as a zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Failure, Result, flags_of, weighted
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.ports import Answer, Model, Request
from promptgit.core.prompt import Prompt
from promptgit.errors import CallFailed, WorldError
from promptgit.evaluate.crew import Crew
from promptgit.evaluate.pipelines import StepFailed, play

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Suite

Job = tuple[Case, int]  # a case, and the how-manieth answer to it


def evaluate(
    prompt: Prompt,
    cases: Dataset,
    model: Model,
    suite: Suite,
    *,
    repeats: int = 1,
    concurrency: int = 16,
) -> Evaluation:
    """
    Run `prompt` on every case.  A case the world fails is kept, unscored.

    Raises what `run` raises, and WorldError when nothing at all could be scored because the
    world was in the way: there is no evaluation to speak of.  Cases whose own request is refused
    (too long, say) do not count as that: they are the prompt's doing, and come back as failures.
    """
    results = run(prompt, cases, model, suite, repeats=repeats, concurrency=concurrency)
    return collected(prompt, cases, model, suite, results)


def run(
    prompt: Prompt,
    cases: Dataset,
    model: Model,
    suite: Suite,
    *,
    repeats: int = 1,
    concurrency: int = 16,
) -> Generator[Result, None, None]:
    """
    Yield results as they finish; at most `concurrency` calls are in flight.

    Cases are started in their order, every case once before any is repeated.  BudgetSpent, a
    fatal CallFailed and a UserError (a hole without a column) end the run: nothing more is
    started, what is in flight is still yielded, then the error is raised.
    """

    def work(job: Job) -> Result:
        case, repeat = job
        return answered(prompt, case, repeat, model, suite)

    jobs = ((case, repeat) for repeat in range(repeats) for case in cases)
    yield from Crew(work, jobs, size=min(concurrency, len(cases) * repeats))


def collected(
    prompt: Prompt, cases: Dataset, model: Model, suite: Suite, results: Iterable[Result]
) -> Evaluation:
    """Make the Evaluation of what `run` yielded, in case order; raises WorldError as `evaluate`."""
    place = {case.id: index for index, case in enumerate(cases)}
    ordered = sorted(results, key=lambda result: (place[result.case_id], result.repeat))
    _refuse_if_nothing_scored(ordered)
    return Evaluation(prompt, cases, model.identity, suite.metrics, tuple(ordered))


def answered(prompt: Prompt, case: Case, repeat: int, model: Model, suite: Suite) -> Result:
    """Ask once and score the answer; a failure of the world, or of a judge, leaves it unscored."""
    try:
        answer = _asked(prompt, case, repeat, model)
    except CallFailed as error:
        if error.fatal:
            raise
        before = error.steps if isinstance(error, StepFailed) else ()
        failure = Failure(error.kind, error.message)
        return Result(case.id, repeat, failure=failure, steps=before)
    return scored(case, repeat, answer, suite)


def scored(case: Case, repeat: int, answer: Answer, suite: Suite) -> Result:
    """Score an answer; a failure of a judge leaves it unscored."""
    try:
        scores = suite.score(case, answer)
    except CallFailed as error:
        if error.fatal:
            raise
        return _answered(case, repeat, answer, failure=Failure("judge", error.message))
    score = weighted(scores, suite.metrics)
    return _answered(case, repeat, answer, scores=scores, score=score)


def _asked(prompt: Prompt, case: Case, repeat: int, model: Model) -> Answer:
    if prompt.form == PIPELINE:
        return play(prompt, case, repeat, model)
    return model.complete(Request(prompt.render(case.inputs), repeat))


def _answered(case: Case, repeat: int, answer: Answer, **outcome: Any) -> Result:
    return Result(
        case.id,
        repeat,
        output=answer.text,
        usage=answer.usage,
        cost_usd=answer.cost_usd,
        latency_s=answer.latency_s,
        finish_reason=answer.finish_reason,
        model=answer.model,
        cached=answer.cached,
        flags=flags_of(answer),
        steps=answer.steps,
        mean_logprob=answer.mean_logprob,
        trace=answer.trace,
        **outcome,
    )


def _refuse_if_nothing_scored(results: list[Result]) -> None:
    failures = [result.failure for result in results if result.failure]
    if not failures or len(failures) < len(results):
        return
    world = Counter(failure.kind for failure in failures if failure.kind != "request")
    if not world:
        return
    kind, _ = world.most_common(1)[0]
    message = next(failure.message for failure in failures if failure.kind == kind)
    answered = any(result.model for result in results)  # and a judge was not there
    kept = "what was paid for is kept; " if answered else ""
    raise WorldError(
        f"none of {len(results)} answers could be scored: {message}",
        hint=f"{kept}run the same command again when the cause is gone",
    )
