"""Two prompts on the same cases, taking turns."""

import threading
from dataclasses import replace

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.errors import CallFailed
from promptgit.evaluate.side_by_side import Contender, compared
from promptgit.testing.scripted import ScriptedModel

CASES = Dataset(tuple(Case(f"case-{n}", {"say": f"word {n}"}) for n in range(6)))


class Loudness:
    """Scores 1 for an answer in capitals."""

    metrics = (Metric("loud"),)
    digest = "0" * 64

    def score(self, case, answer):
        return {"loud": Score(float(answer.text.isupper()))}


def follows(request):
    system, user = (message.text for message in request.messages)
    return user.upper() if "SHOUT" in system else user


def two(model, *, cases=CASES, other=None):
    baseline = Contender(Prompt.of("Say it back."), model, cases)
    return baseline, Contender(Prompt.of("SHOUT it back."), other or model, cases)


def test_each_prompt_is_run_on_every_case():
    baseline, candidate = compared(two(ScriptedModel(follows)), Loudness())

    assert (baseline.mean, candidate.mean) == (0, 1)
    assert [result.case_id for result in candidate.results] == [case.id for case in CASES]


def test_they_take_turns_and_neither_is_always_first():
    model = ScriptedModel(follows)

    compared(two(model), Loudness(), concurrency=1)

    loud = ["SHOUT" in request.messages[0].text for request in model.requests]
    assert loud == [False, True, True, False] * 3


def test_a_failure_leaves_the_case_of_one_side_unscored():
    def answer(request):
        if "SHOUT" in request.messages[0].text and request.messages[1].text == "word 3":
            raise CallFailed("the server said 500", kind="server")
        return follows(request)

    baseline, candidate = compared(two(ScriptedModel(answer)), Loudness())

    assert baseline.unscored == ()
    assert candidate.unscored == ("case-3",)


def test_each_side_has_its_own_model():
    other = ScriptedModel("QUIET PLEASE", identity=ModelIdentity("scripted", "other"))

    baseline, candidate = compared(two(ScriptedModel(follows), other=other), Loudness())

    assert (baseline.model.model, candidate.model.model) == ("script", "other")
    assert other.calls == len(CASES)


def test_a_side_may_be_asked_with_columns_that_the_other_does_not_have():
    wider = replace(
        CASES, cases=tuple(replace(c, inputs={**c.inputs, "order": "7"}) for c in CASES)
    )
    model = ScriptedModel(follows)
    baseline = Contender(Prompt.of("Say it back."), model, CASES)
    candidate = Contender(Prompt.of("Order {{ order }}: SHOUT."), model, wider)

    _, found = compared((baseline, candidate), Loudness())

    assert found.mean == 1


def test_no_more_calls_are_in_flight_than_allowed():
    gate, most, now = threading.Lock(), 0, 0

    def answer(request):
        nonlocal most, now
        with gate:
            now += 1
            most = max(most, now)
        with gate:
            now -= 1
        return follows(request)

    compared(two(ScriptedModel(answer)), Loudness(), concurrency=2)

    assert most <= 2
