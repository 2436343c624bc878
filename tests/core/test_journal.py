"""A journal is told: lives, rounds, and the failures that decisions rest on."""

from __future__ import annotations

from typing import Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.journal import (
    answer_facts,
    answer_of,
    failures,
    last,
    lives,
    losses,
    proposal_facts,
    read_run,
)
from promptgit.core.ports import Answer
from promptgit.core.prompt import Prompt

START = {"kind": "start"}
SCREENED = {"kind": "screened"}


def a_failure(key: str) -> dict[str, Any]:
    return {"kind": "failed", "call": {"key": key, "kind": "server", "message": "500"}}


def a_round(number: int, reason: str) -> dict[str, Any]:
    proposal = Proposal(number, Prompt.of("x"), Fate.DROPPED, reason)
    return {"kind": "proposal", "proposal": proposal_facts(proposal)}


def keys(*events: dict[str, Any]) -> list[str]:
    return [call.key for call in failures(events)]


def test_a_failure_is_settled_once_something_lasting_came_after_it():
    assert keys(START, a_failure("a"), SCREENED, a_failure("b")) == ["a"]


def test_a_failure_that_nothing_rests_on_is_forgotten():
    assert keys(START, a_failure("a")) == []


def test_the_life_that_got_furthest_says_what_failed():
    first = (START, a_failure("a"), SCREENED, a_failure("b"), SCREENED)
    second = (START, a_failure("a"), SCREENED)

    assert keys(*first, *second) == ["a", "b"]


def test_of_two_lives_that_got_as_far_the_later_one_is_believed():
    assert keys(START, a_failure("a"), SCREENED, START, a_failure("b"), SCREENED) == ["b"]


def test_what_made_a_verdict_invalid_may_be_tried_anew():
    looked = (START, a_failure("search"), {"kind": "confirming"}, a_failure("sealed"))
    invalid = {"kind": "verdict", "verdict": {"outcome": "INVALID"}}
    passed = {"kind": "verdict", "verdict": {"outcome": "PASS"}}

    assert keys(*looked, invalid, {"kind": "end"}) == ["search"]
    assert keys(*looked, passed, {"kind": "end"}) == ["search", "sealed"]


def test_a_call_that_failed_twice_is_told_twice():
    assert keys(START, a_failure("a"), a_failure("a"), SCREENED) == ["a", "a"]


def test_each_round_is_told_as_the_latest_life_saw_it():
    first = (START, a_round(1, "old"), a_round(2, "old"), a_round(3, "old"))
    second = (START, a_round(1, "new"), a_round(2, "new"))

    told = read_run("r", (*first, *second)).proposals

    assert [(each.round, each.reason) for each in told] == [(1, "new"), (2, "new"), (3, "old")]


def test_a_round_with_two_equal_proposals_keeps_both():
    told = read_run("r", (START, a_round(1, "same"), a_round(1, "same"))).proposals

    assert len(told) == 2


def test_what_was_noted_last_counts():
    events = ({"kind": "end", "state": "a"}, {"kind": "end", "state": "b"})

    assert last(events, "end") == events[1]
    assert last(events, "verdict") is None


def test_events_before_any_start_are_a_life_too():
    assert lives([SCREENED, START]) == [(SCREENED,), (START,)]


def test_an_answer_is_read_back_with_its_log_probability_and_without():
    plain, sure = Answer("x"), Answer("x", mean_logprob=-0.5)

    assert [answer_of(answer_facts(one)) for one in (plain, sure)] == [plain, sure]
    assert "mean_logprob" not in answer_facts(plain)


def test_lost_attempts_belong_to_the_answer_that_came_after_them():
    paid = {"kind": "paid", "key": "a", "lost": 2}

    assert losses([paid, {"kind": "paid", "key": "b"}]) == {"a": 2}
