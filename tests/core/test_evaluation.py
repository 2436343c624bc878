"""An evaluation: means over what was scored, and nothing else."""

from __future__ import annotations

import math

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import (
    Evaluation,
    Failure,
    Metric,
    Result,
    Score,
    flags_of,
    merged,
    weighted,
)
from promptgit.core.ports import Answer, ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError

DOWN = Failure("server", "503")


def an_evaluation(*results: Result, weights: dict[str, float] | None = None) -> Evaluation:
    ids = dict.fromkeys(result.case_id for result in results)
    cases = tuple(Case(name, {"q": name}, weight=(weights or {}).get(name, 1.0)) for name in ids)
    return Evaluation(
        Prompt.of("Be kind."),
        Dataset(cases),
        ModelIdentity("toy", "toy"),
        (Metric("m"),),
        results,
    )


def scored(case: str, value: float, repeat: int = 0, **more) -> Result:
    return Result(case, repeat, scores={"m": Score(value)}, score=value, **more)


def test_a_failure_is_not_a_zero():
    evaluation = an_evaluation(scored("a", 1.0), Result("b", 0, failure=DOWN))

    assert evaluation.mean == 1.0
    assert evaluation.metric_mean("m") == 1.0
    assert evaluation.unscored == ("b",)


def test_repeats_count_as_one_case():
    evaluation = an_evaluation(
        scored("a", 1.0),
        scored("a", 0.0, 1),
        scored("a", 0.0, 2),
        scored("a", 0.0, 3),
        scored("b", 1.0),
    )

    assert evaluation.scores == {"a": 0.25, "b": 1.0}
    assert evaluation.mean == 0.625


def test_a_repeat_that_failed_leaves_the_others_of_its_case():
    evaluation = an_evaluation(scored("a", 1.0), Result("a", 1, failure=DOWN))

    assert evaluation.scores == {"a": 1.0}
    assert evaluation.unscored == ()


def test_a_heavy_case_counts_more():
    evaluation = an_evaluation(scored("a", 1.0), scored("b", 0.0), weights={"a": 3.0})

    assert evaluation.mean == 0.75


def test_no_score_at_all_is_no_number():
    assert math.isnan(an_evaluation(Result("a", 0, failure=DOWN)).mean)


def test_misses_come_worst_first_and_failures_are_none():
    evaluation = an_evaluation(
        scored("a", 0.5), scored("b", 0.1), scored("c", 0.9), Result("d", 0, failure=DOWN)
    )

    assert [miss.case_id for miss in evaluation.misses(0.9)] == ["b", "a"]


def test_an_unknown_price_is_not_zero():
    known = scored("a", 1.0, cost_usd=0.5)

    assert an_evaluation(known).cost_usd == 0.5
    assert an_evaluation(known, scored("b", 1.0, cost_usd=None)).cost_usd is None


def test_only_answers_that_were_bought_now_count_as_calls():
    evaluation = an_evaluation(
        scored("a", 1.0), scored("b", 1.0, cached=True), Result("c", 0, failure=DOWN)
    )

    assert evaluation.paid_calls == 1


def test_a_part_of_an_evaluation_is_about_its_cases_only():
    evaluation = an_evaluation(scored("a", 1.0), scored("b", 0.0))

    part = evaluation.on(evaluation.cases.only(["b"]))

    assert part.mean == 0.0
    assert len(part.cases) == 1


def test_parts_join_to_the_whole():
    evaluation = an_evaluation(scored("a", 1.0), scored("b", 0.0))
    parts = [evaluation.on(evaluation.cases.only([name])) for name in "ab"]

    assert merged(parts) == evaluation


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_score_is_between_0_and_1(value):
    with pytest.raises(UserError, match="between 0 and 1"):
        Score(value)


def test_metrics_are_weighed_and_those_of_weight_0_only_inform():
    metrics = (Metric("a", 3.0), Metric("b", 1.0), Metric("c", 0.0))

    assert weighted({"a": Score(1), "b": Score(0), "c": Score(0)}, metrics) == 0.75


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        (Answer("fine"), ()),
        (Answer(" \n"), ("empty",)),
        (Answer("half a", finish_reason="length"), ("cut",)),
        (Answer("", finish_reason="content_filter"), ("empty", "refused")),
    ],
)
def test_what_is_odd_about_an_answer_is_flagged(answer, flags):
    assert flags_of(answer) == flags
