"""Two prompts that answer as the test says, driven through the gate as the command does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from promptgit.check.check import Ask, checking
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Failure, Metric, Result, Score
from promptgit.core.gate import CaseFinding, GateFinding, MetricFinding
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy

ANY = Policy()
TODAY = date(2027, 1, 31)
Facts = Mapping[str, Any]  # score, or metrics by name; cost, latency, output; none: no result
Prompted = Callable[[str, int], Facts]  # what a prompt does with a case, the how-manieth time


def a_result(case: str, repeat: int, facts: Facts) -> Result:
    """
    One answer.

    `metrics`: scores by name, whose mean is the score; without them `right` is the only one.
    """
    metrics = facts.get("metrics") or {"right": facts.get("score", 1.0)}
    values = [value for value in metrics.values() if value is not None]
    taken = {
        "cost_usd": facts.get("cost", 0.01),
        "latency_s": facts.get("latency", 1.0),
        "output": facts.get("output", "fine"),
    }
    if len(values) < len(metrics):
        return Result(case, repeat, failure=Failure("server", "503 from the provider"))
    scores = {name: Score(value) for name, value in metrics.items()}
    return Result(case, repeat, scores=scores, score=sum(values) / len(values), **taken)


def evaluated(
    cases: Dataset, prompted: Prompted, metrics: Sequence[str], repeat: int
) -> Evaluation:
    facts = {case.id: prompted(case.id, repeat) for case in cases}
    results = tuple(a_result(case, repeat, found) for case, found in facts.items() if found)
    model = ModelIdentity("scripted", "scripted")
    names = tuple(Metric(name) for name in metrics)
    return Evaluation(Prompt.of("Be kind."), cases, model, names, results)


@dataclass(frozen=True)
class Gate:
    """What came out, and what was asked for on the way."""

    finding: GateFinding
    asked: tuple[Ask, ...]

    @property
    def ids(self) -> list[str]:
        """Of the cases, as they were asked for."""
        return [case.id for ask in self.asked for case in ask.cases]

    @property
    def repeats(self) -> list[int]:
        return [ask.repeat for ask in self.asked]

    def metric(self, name: str) -> MetricFinding:
        return next(metric for metric in self.finding.metrics if metric.name == name)

    def case(self, name: str) -> CaseFinding:
        return next(found for found in self.finding.cases if found.case.id == name)


def gate(
    cases: Dataset,
    before: Prompted,
    after: Prompted,
    policy: Policy = ANY,
    *,
    metrics: Sequence[str] = ("right",),
    **facts: Any,
) -> Gate:
    """Answer whatever the gate asks for."""
    known: dict[str, Any] = {"rules": "base", "order_seed": "seed", "today": TODAY, **facts}
    steps = checking(cases, tuple(Metric(name) for name in metrics), policy, **known)
    asked: list[Ask] = []
    try:
        ask = next(steps)
        while True:
            asked.append(ask)
            sides = (evaluated(ask.cases, side, metrics, ask.repeat) for side in (before, after))
            baseline, candidate = sides
            ask = steps.send((baseline, candidate))
    except StopIteration as end:
        return Gate(end.value, tuple(asked))


def always(**facts: Any) -> Prompted:
    """Answer every case alike, every time."""
    return lambda case, repeat: facts


def scoring(scores: Mapping[str, float | None], otherwise: float = 1.0) -> Prompted:
    """Score the named cases so, and the others as they mostly do."""
    return lambda case, repeat: {"score": scores.get(case, otherwise)}


def failing_at(*cases: str) -> Prompted:
    return scoring(dict.fromkeys(cases, 0.0))


def silent_at(*cases: str) -> Prompted:
    """Have no score there: the provider was down."""
    return scoring(dict.fromkeys(cases))
