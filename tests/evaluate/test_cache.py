import threading

import pytest

from promptgit.core.ports import Answer, ModelIdentity, Request, Usage
from promptgit.core.prompt import Message
from promptgit.errors import CallFailed
from promptgit.evaluate.cache import Cached
from promptgit.testing.scripted import ScriptedModel


class AStore(dict):
    def put(self, key, answer):
        self[key] = answer


def asked(text="hello", **more):
    return Request((Message("user", text),), **more)


def test_the_same_request_is_paid_once():
    model = ScriptedModel("hi")
    cached = Cached(model, AStore())

    first, second = cached.complete(asked()), cached.complete(asked())

    assert model.calls == 1
    assert (first.cached, second.cached) == (False, True)
    assert first.text == second.text == "hi"


@pytest.mark.parametrize(
    "other",
    [
        asked("hullo"),
        asked(repeat=1),
        asked(options={"temperature": 1}),
        Request((Message("system", "hello"),)),
        Request((Message("user", "hel"), Message("user", "lo"))),
    ],
    ids=["other words", "another repeat", "other options", "another role", "cut elsewhere"],
)
def test_any_difference_in_the_request_is_another_answer(other):
    model = ScriptedModel("hi")
    cached = Cached(model, AStore())

    cached.complete(asked())
    cached.complete(other)

    assert model.calls == 2


@pytest.mark.parametrize(
    "other",
    [
        ModelIdentity("openrouter", "gpt", "api.example"),
        ModelIdentity("openai", "gpt-5", "api.example"),
        ModelIdentity("openai", "gpt", "localhost:8000"),
        ModelIdentity("openai", "gpt", "api.example", {"temperature": 0}),
    ],
    ids=["provider", "model", "host", "options"],
)
def test_answers_of_another_model_are_never_passed_off_as_this_ones(other):
    store = AStore()
    here = ModelIdentity("openai", "gpt", "api.example")
    Cached(ScriptedModel("mine", identity=here), store).complete(asked())

    answer = Cached(ScriptedModel("yours", identity=other), store).complete(asked())

    assert answer.text == "yours"


def test_a_stored_answer_keeps_what_it_took_when_it_was_paid_for():
    paid = Answer("hi", Usage(100, 20, 50), 0.25, 1.5, "length", "gpt-5-mini-2026-08-07")
    store = AStore()
    Cached(ScriptedModel([paid]), store).complete(asked())

    again = Cached(ScriptedModel("other"), store).complete(asked())

    assert again.cached
    assert (again.usage, again.cost_usd, again.latency_s) == (Usage(100, 20, 50), 0.25, 1.5)
    assert (again.finish_reason, again.model) == ("length", "gpt-5-mini-2026-08-07")


def test_a_failure_is_never_stored():
    store = AStore()
    model = ScriptedModel([CallFailed("500", kind="server"), "hi"])
    cached = Cached(model, store)
    with pytest.raises(CallFailed):
        cached.complete(asked())

    assert store == {}
    assert cached.complete(asked()).text == "hi"


def test_an_answer_is_stored_before_it_is_returned():
    class AFullDisk(AStore):
        def put(self, key, answer):
            raise CallFailed("the disk is full", kind="server")

    with pytest.raises(CallFailed, match="the disk is full"):
        Cached(ScriptedModel("hi"), AFullDisk()).complete(asked())


def in_many_threads(work, count=8):
    done = []
    threads = [threading.Thread(target=lambda: done.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_the_same_request_in_flight_in_many_threads_is_paid_once():
    def answer(request):
        threading.Event().wait(0.05)
        return "hi"

    model = ScriptedModel(answer)
    cached = Cached(model, AStore())

    answers = in_many_threads(lambda: cached.complete(asked()))

    assert model.calls == 1
    assert sorted(answer.cached for answer in answers) == [False] + [True] * 7


def test_an_answer_that_lands_between_a_look_at_the_store_and_the_call_is_not_paid_again():
    class ASlowLook(AStore):
        looks = 0

        def get(self, key):
            self.looks += 1
            return None if self.looks == 1 else Answer("hi", cached=True)

    model = ScriptedModel("another")

    answer = Cached(model, ASlowLook()).complete(asked())

    assert (answer.text, answer.cached, model.calls) == ("hi", True, 0)


def test_a_failure_in_flight_is_everybodys():
    def answer(request):
        threading.Event().wait(0.05)
        return CallFailed("500", kind="server")

    model = ScriptedModel(answer)
    cached = Cached(model, AStore())

    def work():
        with pytest.raises(CallFailed):
            cached.complete(asked())

    in_many_threads(work)

    assert model.calls == 1


def test_a_bug_in_flight_lets_the_next_thread_try_itself():
    lines = [ZeroDivisionError("a bug")] + ["hi"] * 8

    def answer(request):
        threading.Event().wait(0.05)
        line = lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return line

    cached = Cached(ScriptedModel(answer), AStore())

    def work():
        try:
            return cached.complete(asked()).text
        except ZeroDivisionError:
            return "bug"

    assert sorted(in_many_threads(work)) == ["bug"] + ["hi"] * 7
