"""A model whose key is missing: nobody is called, and what is in the cache still comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptgit.core.ports import Answer, Request
from promptgit.core.prompt import Message
from promptgit.edges.cache import SqliteAnswers
from promptgit.errors import CallFailed, KeyMissing
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.keyless import Keyless
from promptgit.testing.scripted import ScriptedModel

ASKED = Request((Message("user", "hello"),))


def test_a_request_fails_with_the_reason_and_calls_nobody():
    model = ScriptedModel("hi")

    with pytest.raises(CallFailed, match="not run: there is no key for x") as caught:
        Keyless(model, KeyMissing("there is no key for x", hint="export X")).complete(ASKED)

    assert (caught.value.fatal, caught.value.kind, caught.value.hint) == (True, "auth", "export X")
    assert model.calls == 0


def test_what_it_answered_before_comes_from_the_cache(tmp_path: Path):
    model, store = ScriptedModel("hi"), SqliteAnswers(tmp_path / "cache.db")
    store.put(ASKED.key(model.identity), Answer("earlier"))

    answer = Cached(Keyless(model, KeyMissing("no key")), store).complete(ASKED)

    assert answer.text == "earlier"
