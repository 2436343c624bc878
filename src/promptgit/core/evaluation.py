"""What came of running a prompt on its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean

from promptgit.core.dataset import Case, Dataset
from promptgit.core.ports import Answer, ModelIdentity, StepOutput, Usage
from promptgit.core.prompt import Prompt
from promptgit.core.trace import Trace
from promptgit.errors import UserError

DECLINED = "request"  # kind of failure: the provider read what was asked, and said no (HTTP 400)


@dataclass(frozen=True, slots=True)
class Score:
    value: float  # 0 is wrong, 1 is right
    why: str = ""  # one sentence a person, or a strategy, can act on

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:  # also catches NaN
            raise UserError(
                f"a score must be between 0 and 1, this one is {self.value!r}",
                hint="rescale it in the scorer",
            )


@dataclass(frozen=True, slots=True)
class Metric:
    """One scorer as an eval file asks for it."""

    name: str  # unique in the suite: `contains`, `contains-2`, or what the user called it
    weight: float = 1.0  # its share in a result's score; 0 is for show only


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no score: the world, or the judge, never the model's words."""

    kind: str  # as CallFailed.kind
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """One case, one repeat."""

    case_id: str
    repeat: int
    output: str = ""
    scores: Mapping[str, Score] = field(default_factory=dict)  # by metric name
    score: float | None = None  # the weighted mean of `scores`; None: unscored
    failure: Failure | None = None  # set exactly when `score` is None
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = 0.0
    latency_s: float = 0.0
    finish_reason: str = "stop"
    model: str = ""
    cached: bool = False
    flags: tuple[str, ...] = ()  # empty, cut, refusal: scored as it stands, and said
    steps: tuple[StepOutput, ...] = ()  # of a pipeline, as far as it came; of a prompt none
    mean_logprob: float | None = None  # as of the answer
    trace: Trace | None = None  # as of the answer

    @property
    def calls(self) -> int:
        """How many answers of a model it took, whoever paid for them."""
        return sum(step.calls for step in self.steps) if self.steps else int(not self.failure)

    @property
    def paid_calls(self) -> int:
        """How many came from no cache, and the request that the provider read and declined."""
        declined = self.failure is not None and self.failure.kind == DECLINED
        if self.steps:
            return sum(step.calls for step in self.steps if not step.cached) + declined
        return int(declined or (not self.cached and not self.failure))

    @property
    def cached_calls(self) -> int:
        """How many answers came from the cache."""
        if self.steps:
            return sum(step.calls for step in self.steps if step.cached)
        return int(self.cached)


@dataclass(frozen=True)
class Evaluation:
    """
    A prompt, on cases, with a model and metrics: the results, in case order.

    No mean includes a failure: an unscored case is in `unscored`, and nowhere else.
    """

    prompt: Prompt
    cases: Dataset
    model: ModelIdentity
    metrics: tuple[Metric, ...]
    results: tuple[Result, ...]

    @cached_property
    def scores(self) -> dict[str, float]:
        """Score by case id, the mean over its repeats; unscored cases are absent."""
        return self._by_case(lambda result: result.score)

    def metric_scores(self, metric: str) -> dict[str, float]:
        """One metric's score by case id, the mean over its repeats."""

        def value(result: Result) -> float | None:
            scored = result.score is not None and metric in result.scores
            return result.scores[metric].value if scored else None

        return self._by_case(value)

    @cached_property
    def mean(self) -> float:
        """The mean over scored cases, weighted by `Case.weight`; NaN when none is scored."""
        return self._mean(self.scores)

    def metric_mean(self, metric: str) -> float:
        return self._mean(self.metric_scores(metric))

    @property
    def unscored(self) -> tuple[str, ...]:
        """Ids of the cases that have no score at all."""
        return tuple(case.id for case in self.cases if case.id not in self.scores)

    @property
    def failures(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.failure)

    def on(self, cases: Dataset) -> Evaluation:
        """The part of this evaluation that concerns `cases`."""
        ids = {case.id for case in cases}
        kept = tuple(result for result in self.results if result.case_id in ids)
        return Evaluation(self.prompt, cases, self.model, self.metrics, kept)

    def misses(self, threshold: float) -> tuple[Result, ...]:
        """Results scored below `threshold`, worst first."""
        below = [r for r in self.results if r.score is not None and r.score < threshold]
        return tuple(sorted(below, key=lambda result: (result.score, result.case_id)))

    @property
    def usage(self) -> Usage:
        return sum((result.usage for result in self.results), Usage())

    @property
    def cost_usd(self) -> float | None:
        """What the answers cost when they were paid for; None when a price is unknown."""
        costs = [result.cost_usd for result in self.results if not result.failure]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def paid_calls(self) -> int:
        return sum(result.paid_calls for result in self.results)

    def _by_case(self, value: Callable[[Result], float | None]) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for result in self.results:
            score = value(result)
            if score is not None:
                found.setdefault(result.case_id, []).append(score)
        return {case: fmean(values) for case, values in found.items()}

    def _mean(self, scores: Mapping[str, float]) -> float:
        weights = {case.id: case.weight for case in self.cases if case.id in scores}
        total = sum(weights.values())
        if not total:
            return float("nan")
        return sum(scores[case] * weight for case, weight in weights.items()) / total


def merged(parts: Sequence[Evaluation]) -> Evaluation:
    """Join evaluations of one prompt on cases that do not overlap; there must be at least one."""
    cases = replace(parts[0].cases, cases=tuple(c for part in parts for c in part.cases))
    results = tuple(result for part in parts for result in part.results)
    return replace(parts[0], cases=cases, results=results)


def flags_of(answer: Answer) -> tuple[str, ...]:
    """Name what is odd about an answer that is scored all the same."""
    flags = []
    if not answer.text.strip():
        flags.append("empty")
    if answer.finish_reason == "length":
        flags.append("cut")
    if answer.finish_reason in ("content_filter", "refusal"):
        flags.append("refused")
    return tuple(flags)


Scoring = Callable[[Case, Answer], Mapping[str, Score]]  # raises CallFailed when a judge is down


def weighted(scores: Mapping[str, Score], metrics: Sequence[Metric]) -> float:
    """Average the metrics of one result by weight; metrics of weight 0 only inform."""
    weights = {metric.name: metric.weight for metric in metrics if metric.name in scores}
    total = sum(weights.values())
    if not total:
        return fmean(score.value for score in scores.values()) if scores else 0.0
    return sum(scores[name].value * weight for name, weight in weights.items()) / total
