"""What a record says of an evaluation or a comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from history.shelf import BETTER, HALF, PATH, SEED, ZERO, an_evaluation, compared, evaluated
from promptgit.core.evaluation import Evaluation, Failure, Result
from promptgit.core.evidence import comparison_record, joins
from promptgit.core.record import Record
from promptgit.core.verdict import Outcome, Verdict


def with_results(evaluation: Evaluation, *results: Result) -> Evaluation:
    return replace(evaluation, results=results)


def test_equal_evaluations_have_the_same_name():
    first, second = (evaluated(an_evaluation(SEED, ZERO)) for _ in range(2))

    assert first.digest == second.digest
    assert Record.read(first.data, first.digest).body == first.body


def test_a_record_holds_what_its_score_depends_on():
    evaluation = an_evaluation(BETTER, HALF, includes={"persona.md": "You are Ada.\n"})

    body = evaluated(evaluation).body

    assert body["prompt"] == {
        "path": PATH,
        "blob": evaluation.prompt.blob,
        "identity": evaluation.prompt.identity,
        "includes": {"persona.md": "2a9684badc801222d7f3cac93ee53198abc599e2"},
    }
    assert body["cases"] == {"name": "cases", "digest": evaluation.cases.digest, "n": 4}
    assert body["suite"] == {
        "digest": "5" * 64,
        "metrics": [{"name": "contains", "weight": 1.0}],
    }
    assert body["model"]["digest"] == evaluation.model.digest
    assert body["mean"] == 0.5
    assert body["metrics"] == {"contains": 0.5}


def test_without_outputs_nothing_a_model_wrote_is_kept():
    record = evaluated(an_evaluation(BETTER, HALF), outputs=False)

    row = record.body["results"][0]
    assert "output" not in row
    assert len(row["output_sha256"]) == 64
    assert row["scores"] == {"contains": {"value": 1.0}}
    assert b"brief. to c0" not in record.data


def test_a_secret_in_an_output_or_an_error_is_struck_out():
    leaked = "the key is sk-proj-4f9a8b7c6d5e4f3a2b1c"
    answered = Result("c0", 0, leaked, score=1.0)
    failed = Result("c1", 0, failure=Failure("auth", leaked))

    record = evaluated(with_results(an_evaluation(SEED, ZERO), answered, failed))

    assert b"sk-proj" not in record.data
    assert "redacted" in record.body["results"][0]["output"]


def test_a_failed_case_is_unscored_and_its_failure_is_told():
    failed = Result("c1", 0, failure=Failure("timeout", "took too long"))

    body = evaluated(with_results(an_evaluation(SEED, ZERO), failed)).body

    assert body["unscored"] == ["c0", "c1", "c2", "c3"]
    assert body["mean"] is None
    assert body["results"][0]["failure"] == {"kind": "timeout", "message": "took too long"}
    assert body["results"][0]["score"] is None
    assert "output" not in body["results"][0]


def test_a_comparison_holds_the_verdict_and_names_its_evaluations():
    before, after = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)

    body = compared(before, after).body

    assert body["prompt"]["blob"] == after.prompt.blob
    assert body["baseline"]["blob"] == before.prompt.blob
    assert body["evaluations"] == [evaluated(before).digest, evaluated(after).digest]
    assert body["metrics"] == {"contains": {"before": 0.0, "after": 0.5}}
    assert body["verdict"]["outcome"] == "PASS"
    assert body["verdict"]["flips"][0] == {"case": "c0", "before": 0.0, "after": 1.0}


def test_metrics_are_compared_on_the_cases_that_both_sides_scored():
    before = an_evaluation(SEED, [1.0, 0.0, 0.0, 0.0])
    after = an_evaluation(BETTER, [1.0, 1.0, 1.0, 1.0])
    lost = Result("c0", 0, failure=Failure("server", "500"))

    body = compared_rows(before, with_results(after, lost, *after.results[1:]))

    back = compared_rows(with_results(after, lost, *after.results[1:]), before)
    assert body["metrics"] == {"contains": {"before": 0.0, "after": 1.0}}
    assert back["metrics"] == {"contains": {"before": 1.0, "after": 0.0}}


def test_metrics_are_compared_on_the_pairs_that_the_verdict_counts():
    before = an_evaluation(SEED, [0.0, 0.0, 1.0, 1.0])
    after = an_evaluation(BETTER, [1.0, 0.0, 1.0, 1.0])

    body = compared_rows(before, after, aside=("c2", "c3"))

    assert body["metrics"] == {"contains": {"before": 0.0, "after": 0.5}}
    assert body["verdict"]["aside"] == ["c2", "c3"]


def test_a_group_counts_once_in_a_metric_as_it_does_in_the_score():
    before, after = (
        in_groups(an_evaluation(text, scores), "talk", "talk", "", "")
        for text, scores in ((SEED, ZERO), (BETTER, [1.0, 1.0, 0.0, 0.0]))
    )

    body = compared_rows(before, after)

    assert body["metrics"]["contains"] == {"before": 0.0, "after": pytest.approx(1 / 3)}


def in_groups(evaluation: Evaluation, *groups: str) -> Evaluation:
    cases = tuple(
        replace(case, group=group) for case, group in zip(evaluation.cases, groups, strict=True)
    )
    return replace(evaluation, cases=replace(evaluation.cases, cases=cases))


def compared_rows(before: Evaluation, after: Evaluation, *, aside: tuple[str, ...] = ()) -> dict:
    nan, infinite = float("nan"), float("inf")
    verdict = Verdict(Outcome.PASS, 1.0, 0.1, infinite, 3, 4, 0.0, 1.0, nan, 0.05, aside=aside)
    record = comparison_record(
        verdict,
        stage="screening",
        baseline=before,
        candidate=after,
        path=PATH,
        suite="5" * 64,
        half="search",
        when="2026-01-02T03:04:05Z",
    )
    return dict(record.body)


def test_a_number_that_json_cannot_say_is_null():
    verdict = compared_rows(an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF))["verdict"]

    assert verdict["high"] is None
    assert verdict["p_value"] is None


def test_a_comparison_is_found_by_both_of_its_texts():
    before, after = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)

    assert joins(compared(before, after)) == (after.prompt.blob, before.prompt.blob)
    assert joins(evaluated(before)) == (before.prompt.blob,)
