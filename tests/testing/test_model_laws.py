"""check_model: every model of ours passes, and each law catches its culprit."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field, replace

import pytest

from promptgit import plugins
from promptgit.core.ports import Answer, ModelIdentity, Usage
from promptgit.errors import CallFailed
from promptgit.models.replay import Recording
from promptgit.testing import ScriptedModel, check_model
from promptgit.testing.model_laws import PLAIN
from servers.openai_server import serving

KEY = "sk-test-4f9a8b7c6d5e4f3a2b1c0d9e"


def offline(tmp_path):
    return lambda: plugins.model_factory("offline")("offline", options={})


def replay(tmp_path):
    path = tmp_path / "recorded.jsonl"
    recording = Recording(echo(), path)
    for request in PLAIN:
        recording.complete(request)
    return lambda: plugins.model_factory("replay")(f"replay/{path.as_posix()}", options={})


def echo(request=None):
    return ScriptedModel(lambda request: request.messages[-1].text if request.messages else "")


MAKERS = {"offline": offline, "replay": replay}


@pytest.mark.parametrize("name", [name for name in plugins.names("models") if name != "openai"])
def test_every_model_that_there_is_obeys(name, tmp_path):
    assert name in MAKERS, f"say in MAKERS how {name} is made for a test"

    check_model(MAKERS[name](tmp_path))


def test_the_openai_model_obeys_also_when_its_server_refuses():
    def reply(body):
        return json.dumps(body["messages"][-1:])

    with serving(reply=reply) as server:
        endpoint = replace(server.endpoint(), api_key=KEY)
        check_model(
            lambda: plugins.model_factory("openai")("any-model", options={}, endpoint=endpoint),
            secret=KEY,
        )
    with serving(reply=reply, faults=lambda number, seen: "401" if number % 2 else "500") as server:
        endpoint = replace(server.endpoint(), api_key=KEY)
        check_model(
            lambda: plugins.model_factory("openai")("any-model", options={}, endpoint=endpoint),
            secret=KEY,
            same_answer=False,
        )


def test_a_scripted_model_obeys():
    check_model(echo)


def caught(factory, law, **more):
    with pytest.raises(AssertionError, match=law):
        check_model(factory, **more)


@dataclass
class Crooked:
    """A model that answers as `says` does, and is called as `named` says."""

    says: object = staticmethod(lambda request: Answer("well"))
    identity: ModelIdentity = field(default_factory=lambda: ModelIdentity("crooked", "one"))

    def complete(self, request):
        return self.says(request)


def saying(says):
    return lambda: Crooked(says)


def test_one_that_is_called_otherwise_each_time():
    numbers = itertools.count()

    caught(lambda: Crooked(identity=ModelIdentity("a", f"{next(numbers)}")), "identity changes")


def test_one_that_has_no_name():
    caught(lambda: Crooked(identity=ModelIdentity("", "x")), "names no provider or no model")


def test_one_whose_settings_cannot_be_written_down():
    caught(
        lambda: Crooked(identity=ModelIdentity("a", "b", options={"x": {1}})), "JSON cannot hold"
    )


def test_one_that_raises_errors_of_its_own():
    def broken(request):
        return Answer(request.messages[0].text)

    caught(saying(broken), "raised IndexError.*raise CallFailed")


def test_one_that_fails_in_a_way_nobody_knows():
    def failing(request):
        raise CallFailed("no", kind="mood")

    caught(saying(failing), "kind 'mood': the kinds are auth, breaker")


def test_one_that_returns_a_text():
    caught(saying(lambda request: "well"), "returned 'well', not an Answer")


@pytest.mark.parametrize(
    ("answer", "law"),
    [
        (Answer(None), "its text is None"),
        (Answer("x", Usage(-1, 0)), r"counts \(-1, 0, 0\) tokens"),
        (Answer("x", Usage(1, 0, 2)), "cached tokens are part of the input"),
        (Answer("x", cost_usd=-0.1), "a price that nobody knows is None"),
        (Answer("x", cost_usd=float("nan")), "a price that nobody knows is None"),
        (Answer("x", latency_s=-1.0), "monotonic clock"),
        (Answer("x", finish_reason=""), "why it ended"),
    ],
)
def test_one_that_counts_what_cannot_be(answer, law):
    caught(saying(lambda request: answer), law)


def test_one_that_shows_its_key():
    @dataclass
    class Open(Crooked):
        api_key: str = KEY

    def telling(request):
        raise CallFailed(f"401: {KEY} is refused", kind="auth")

    caught(Open, "its repr or its identity shows the key", secret=KEY)
    caught(saying(telling), "its error shows the key", secret=KEY)


def test_one_that_mixes_up_its_callers():
    def mixing():
        last, lock = [None], threading.Lock()

        def says(request):
            with lock:
                last[0] = request.messages[-1].text if request.messages else ""
            time.sleep(0.02)
            return Answer(last[0])

        return Crooked(says)

    caught(mixing, "keep what belongs to a call out of the object")


def test_one_that_holds_a_lock_for_ever():
    def stuck():
        turns = threading.Semaphore(len(PLAIN) + 6)  # the calls that are made one by one

        def says(request):
            turns.acquire()
            return Answer("well")

        return Crooked(says)

    caught(stuck, "no answer within 0.3 s from 8 threads", seconds=0.3)


def test_one_that_changes_the_request():
    def messy(request):
        request.options["seen"] = True
        return Answer("well")

    caught(saying(messy), "changed the request")
