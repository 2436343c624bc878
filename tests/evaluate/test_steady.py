"""A resumed run fails where it failed before, and pays for it as it did."""

from __future__ import annotations

import pytest

from promptgit.core.journal import FailedCall
from promptgit.core.ports import Answer, Request
from promptgit.core.prompt import Message
from promptgit.core.spend import Spend
from promptgit.errors import CallFailed
from promptgit.evaluate.budget import Budget
from promptgit.evaluate.steady import Failures, Steady
from promptgit.testing.scripted import ScriptedModel

ASKED = Request((Message("user", "hello"),))


def a_steady(
    *before: FailedCall, replies: object = "hi"
) -> tuple[Steady, Budget, list[FailedCall]]:
    told: list[FailedCall] = []
    budget = Budget()
    model = ScriptedModel(replies)
    return Steady(model, "judge", Failures(before, budget, told.append)), budget, told


def a_failure(message: str = "500", *, kind: str = "server", lost: int = 0) -> FailedCall:
    key = ASKED.key(ScriptedModel("hi").identity)
    return FailedCall(key, kind, message, "judge", lost)


def test_each_failure_is_met_once_in_order_and_then_the_model_answers():
    steady, _, told = a_steady(a_failure("first"), a_failure("second"))

    with pytest.raises(CallFailed, match="first"):
        steady.complete(ASKED)
    with pytest.raises(CallFailed, match="second"):
        steady.complete(ASKED)
    answer = steady.complete(ASKED)

    assert isinstance(answer, Answer)
    assert told == [a_failure("first"), a_failure("second")]


def test_another_request_does_not_meet_it():
    steady, _, told = a_steady(a_failure())

    answer = steady.complete(Request((Message("user", "other"),)))

    assert (answer.text, told) == ("hi", [])


def test_its_lost_attempts_count_as_spent_again_and_are_told_again():
    steady, budget, told = a_steady(a_failure(lost=2))

    with pytest.raises(CallFailed):
        steady.complete(ASKED)

    assert budget.spend == Spend(calls=2, unpriced_calls=2)
    assert budget.by_purpose == {"judge": budget.spend}
    assert told == [a_failure(lost=2)]


def test_a_declined_request_counts_as_spent_again():
    steady, budget, _ = a_steady(a_failure(kind="request"))

    with pytest.raises(CallFailed):
        steady.complete(ASKED)

    assert budget.spend == Spend(calls=1)


def test_a_new_failure_is_told_with_the_attempts_it_took():
    error = CallFailed("no", kind="timeout")
    steady, budget, told = a_steady(replies=[error])
    key = ASKED.key(steady.identity)
    budget.lost(error, "judge", key=key)

    with pytest.raises(CallFailed):
        steady.complete(ASKED)

    assert told == [FailedCall(key, "timeout", "no", "judge", lost=1)]


def test_a_fatal_failure_is_not_to_be_repeated():
    steady, _, told = a_steady(replies=[CallFailed("who?", kind="auth", fatal=True)])

    with pytest.raises(CallFailed):
        steady.complete(ASKED)

    assert told == []
