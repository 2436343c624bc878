"""One prompt on several models, turn by turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.core.prompt import Prompt
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.in_turns import Spared, Turn, sorted_out, taking_turns, turns
from promptgit.evaluate.suite import Assertion, Suite, bind
from promptgit.scorers.equals import equals
from promptgit.testing.scripted import ScriptedModel

PROMPT = Prompt("Repeat.", "b1", "repeat")


class Kept(dict[str, Answer]):
    """Answers by key, in memory."""

    def put(self, key: str, answer: Answer) -> None:
        self[key] = answer


def some_cases(count: int) -> Dataset:
    return Dataset(tuple(Case(f"c{n:02}", {"text": f"t{n}"}, f"t{n}") for n in range(count)))


def a_suite() -> Suite:
    return bind((Assertion("equals", "{{ expected }}"),), lambda name: equals, injected={})


def identity(name: str, host: str = "host") -> ModelIdentity:
    return ModelIdentity("openai", name, host)


def parrot(name: str) -> ScriptedModel:
    return ScriptedModel(lambda request: request.messages[-1].text, identity=identity(name))


def broken(name: str, *, fatal: bool, host: str = "host") -> ScriptedModel:
    failure = CallFailed("no such model", kind="request", fatal=fatal)
    return ScriptedModel(lambda request: failure, identity=identity(name, host))


def collected(models: Sequence[Model], cases: Dataset, *, at_once: int = 1) -> list[Turn]:
    return list(turns(PROMPT, cases, models, a_suite(), concurrency=at_once))


def test_every_model_is_asked_about_every_case():
    models = [parrot("a"), parrot("b"), parrot("c")]
    cases = some_cases(7)

    found = collected(models, cases, at_once=4)

    assert Counter(place for place, _ in found) == {0: 7, 1: 7, 2: 7}
    for evaluation in sorted_out(PROMPT, cases, models, a_suite(), found):
        assert [result.case_id for result in evaluation.results] == [case.id for case in cases]
        assert evaluation.mean == 1.0


def test_each_time_another_model_comes_first():
    first = [place for place, _ in taking_turns(some_cases(4), 3)][::3]

    assert first == [0, 1, 2, 0]


def test_the_cases_come_in_an_order_that_chance_decided_and_it_is_always_the_same():
    cases = some_cases(20)

    once = [result.case_id for _, result in collected([parrot("a")], cases)]
    again = [result.case_id for _, result in collected([parrot("a")], cases)]

    assert once == again
    assert once != [case.id for case in cases]


def test_when_the_budget_ends_all_models_have_answered_the_same_cases_but_one():
    budget = Budget(Cap(calls=11))
    models = [Metered(parrot(name), budget) for name in "abc"]
    found: list[Turn] = []
    running = turns(PROMPT, some_cases(30), models, a_suite(), concurrency=1)

    with pytest.raises(BudgetSpent):
        found.extend(running)

    asked = [{result.case_id for place, result in found if place == model} for model in range(3)]
    assert len(found) == 11
    assert len(set.union(*asked)) - len(set.intersection(*asked)) <= 1


def test_a_model_that_does_not_exist_is_unscored_and_the_others_finish():
    models = [parrot("a"), Spared(broken("gone", fatal=True), Kept()), parrot("b")]
    cases = some_cases(12)

    good, gone, too = sorted_out(PROMPT, cases, models, a_suite(), collected(models, cases))

    assert good.mean == too.mean == 1.0
    assert gone.scores == {}
    assert {result.failure.kind for result in gone.results if result.failure} == {"request"}


def test_nobody_calls_a_model_again_that_is_out():
    gone = broken("gone", fatal=True)

    collected([Spared(gone, Kept())], some_cases(12))

    assert gone.calls == 1


def test_a_failure_that_may_pass_does_not_put_a_model_out():
    shaky = broken("shaky", fatal=False)

    collected([Spared(shaky, Kept())], some_cases(12))

    assert shaky.calls == 12


def test_answers_that_were_paid_for_still_come_when_a_model_is_out():
    cases, store = some_cases(10), Kept()
    known = cases.first(4)
    collected([Cached(parrot("m"), store)], known)

    model = Spared(Cached(broken("m", fatal=True), store), store)
    (found,) = sorted_out(PROMPT, cases, [model], a_suite(), collected([model], cases))

    assert sorted(found.scores) == [case.id for case in known]


def test_a_recording_that_lacks_an_answer_may_have_the_next():
    script: Mapping[str, str | CallFailed] = {
        f"t{n}": CallFailed("not recorded", kind="request", fatal=True) if n % 2 else f"t{n}"
        for n in range(10)
    }
    recording = Spared(ScriptedModel(script, identity=identity("old", host="")), Kept())
    cases = some_cases(10)

    (found,) = sorted_out(PROMPT, cases, [recording], a_suite(), collected([recording], cases))

    assert len(found.scores) == 5


def test_a_judge_that_is_out_ends_it_for_all():
    class Judged:
        metrics = a_suite().metrics

        def score(self, case: Case, answer: Answer) -> None:
            raise CallFailed("a refused key", kind="auth", fatal=True)

    models = [Spared(parrot("a"), Kept())]

    with pytest.raises(CallFailed, match="refused key"):
        list(turns(PROMPT, some_cases(3), models, Judged(), concurrency=1))  # type: ignore[arg-type]


def test_one_request_names_its_model():
    model = Spared(parrot("a"), Kept())

    assert model.identity == identity("a")
    assert model.complete(Request(PROMPT.render({"text": "hello"}))).text == "hello"
