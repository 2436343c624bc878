"""What an evaluation says of each label, and which of its worst cases it shows."""

from __future__ import annotations

from collections.abc import Mapping

from cli.terminal import an_office, promptgit
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.report.by_label import labels, worst


def an_evaluation(scores: Mapping[str, float], *, expected: Mapping[str, str]) -> Evaluation:
    """Scores by case id; the expected answer by the letter that an id begins with."""
    cases = tuple(Case(name, {"q": name}, expected.get(name[0])) for name in scores)
    results = tuple(
        Result(name, 0, scores={"right": Score(value, "")}, score=value)
        for name, value in scores.items()
    )
    model = ModelIdentity("toy", "toy")
    return Evaluation(Prompt.of("?"), Dataset(cases), model, (Metric("right"),), results)


LABELS = {"a": "apple", "b": "bread", "c": "cheese"}


def test_cases_that_are_equally_bad_are_shown_of_every_label():
    found = an_evaluation(dict.fromkeys(("a1", "a2", "a3", "b1", "c1"), 0.0), expected=LABELS)

    assert [miss.case_id for miss in worst(found, 4)] == ["a1", "b1", "c1", "a2"]


def test_a_worse_case_comes_before_a_rarer_label():
    found = an_evaluation({"a1": 0.0, "a2": 0.1, "b1": 0.5, "c1": 1.0}, expected=LABELS)

    assert [miss.case_id for miss in worst(found, 4)] == ["a1", "a2", "b1"]


def test_each_label_has_its_count_and_mean_the_worst_first():
    scores = {"a1": 1.0, "a2": 1.0, "b1": 0.0, "b2": 1.0, "c1": 0.0, "c2": 0.0}
    found = labels(an_evaluation(scores, expected=LABELS))

    assert [(label.expected, label.n, label.mean) for label in found] == [
        ("cheese", 2, 0.0),
        ("bread", 2, 0.5),
        ("apple", 2, 1.0),
    ]


def test_answers_that_are_texts_or_missing_are_no_labels():
    scores = dict.fromkeys(("a1", "a2", "b1", "b2"), 1.0)
    long = {"a": "It is on its way, and here is why it took so long.", "b": "No."}

    assert labels(an_evaluation(scores, expected={"a": "yes"})) == ()
    assert labels(an_evaluation(scores, expected=long)) == ()
    assert labels(an_evaluation({"a1": 1.0, "b1": 1.0}, expected=LABELS)) == ()
    assert labels(an_evaluation({f"a{n}": 1.0 for n in range(4)}, expected=LABELS)) == ()


def test_eval_shows_them(tmp_path):
    office = an_office(tmp_path / "office", per_label=4)

    said = promptgit(office, "eval", "sort")
    told = promptgit(office, "eval", "sort", "--json").json["labels"]

    assert {label["expected"]: label["n"] for label in told} == dict.fromkeys(
        ("fruit", "tool", "animal"), 4
    )
    assert "expected" in said.out
    for label in told:
        assert f"{label['expected']}" in said.out
        assert f"{label['mean']:.3f}" in said.out
