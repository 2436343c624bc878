"""Answers that the records hold: what may be taken over, and what may not."""

from dataclasses import replace

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.evidence import evaluation_record, joins
from promptgit.core.ports import Answer, ModelIdentity, Request
from promptgit.core.prompt import Prompt
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.reuse import answers_on_record, reuse
from promptgit.evaluate.side_by_side import Contender
from promptgit.testing.repositories import a_repository
from promptgit.testing.scripted import ScriptedModel

PROMPT = Prompt.of("Be kind.\n")
CASES = Dataset((Case("hi", {"say": "hi"}), Case("ho", {"say": "ho"})))


class Shelf(dict):
    """An answer store in memory."""

    def put(self, key, answer):
        self[key] = answer


@pytest.fixture
def records(tmp_path):
    return Records(Git.discover(a_repository(tmp_path, {"a.txt": "a\n"}).path))


def an_evaluation(outputs, *, prompt=PROMPT, model=None, repeat=0):
    results = tuple(
        Result(case.id, repeat, output=text, scores={"m": Score(1.0)}, score=1.0, latency_s=0.25)
        for case, text in zip(CASES, outputs, strict=True)
    )
    identity = model or ModelIdentity("scripted", "script")
    return Evaluation(prompt, CASES, identity, (Metric("m"),), results)


def kept(records, evaluation, **options):
    told = {"path": "p.md", "suite": "0" * 64, "half": "all", "when": "2026-01-01T00:00:00Z"}
    record = evaluation_record(evaluation, **told, **options)
    records.put(record, joins(record))


CONTENDER = Contender(PROMPT, ScriptedModel("?"), CASES)


def test_an_answer_to_the_very_same_request_is_taken_over_with_its_latency(records):
    kept(records, an_evaluation(["a", "b"]))
    shelf = Shelf()

    assert reuse(records, CONTENDER, shelf) == 2

    request = Request(PROMPT.render({"say": "hi"}), 0)
    found = shelf[request.key(CONTENDER.model.identity)]
    assert (found.text, found.latency_s) == ("a", 0.25)


def test_a_log_probability_comes_with_its_answer(records):
    sure = an_evaluation(["a", "b"])
    results = (replace(sure.results[0], mean_logprob=-0.5), sure.results[1])
    kept(records, replace(sure, results=results))
    shelf = Shelf()

    reuse(records, CONTENDER, shelf)

    found = {answer.text: answer.mean_logprob for answer in shelf.values()}
    assert found == {"a": -0.5, "b": None}


def test_what_is_at_hand_already_stays(records):
    kept(records, an_evaluation(["a", "b"]))
    key = Request(PROMPT.render({"say": "hi"}), 0).key(CONTENDER.model.identity)
    shelf = Shelf({key: Answer("mine")})

    assert reuse(records, CONTENDER, shelf) == 1
    assert shelf[key].text == "mine"


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTENDER, prompt=Prompt.of("Be rude.\n")),
        replace(CONTENDER, model=ScriptedModel("?", identity=ModelIdentity("scripted", "another"))),
        replace(
            CONTENDER,
            cases=Dataset((Case("hi", {"say": "hello"}), Case("ho", {"say": "hoho"}))),
        ),
    ],
    ids=["another text", "another model", "another question under the same id"],
)
def test_nothing_else_is(records, other):
    kept(records, an_evaluation(["a", "b"]))

    assert reuse(records, other, Shelf()) == 0


def test_an_answer_with_a_struck_out_secret_is_no_answer(records):
    kept(records, an_evaluation(["the key is sk-proj-4f9a8b7c6d5e4f3a2b1c0", "b"]))

    assert reuse(records, CONTENDER, Shelf()) == 1


def test_a_record_without_outputs_answers_nothing(records):
    kept(records, an_evaluation(["a", "b"]), outputs=False)

    assert reuse(records, CONTENDER, Shelf()) == 0


def test_repeats_are_answers_of_their_own(records):
    kept(records, an_evaluation(["a", "b"], repeat=1))

    assert reuse(records, CONTENDER, Shelf()) == 0
    assert reuse(records, CONTENDER, Shelf(), repeats=2) == 2


def test_the_same_answer_in_two_records_is_one(records):
    kept(records, an_evaluation(["a", "b"]))
    kept(records, an_evaluation(["a", "b"]), run="another")
    kept(records, an_evaluation(["a", "c"], repeat=1))

    found = answers_on_record(records, CONTENDER)

    assert sorted((r.case_id, r.repeat, r.output) for r in found) == [
        ("hi", 0, "a"),
        ("hi", 1, "a"),
        ("ho", 0, "b"),
        ("ho", 1, "c"),
    ]
