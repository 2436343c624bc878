"""Questions one by one: what was seen before each answer, and nothing of it or after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptgit.config.detector_file import rulebook
from promptgit.edges.engines.ibis_logs import IbisLogs
from promptgit.edges.engines.tables import opened
from promptgit.errors import UserError
from promptgit.flywheel.interaction import FEEDBACK, Interaction
from promptgit.flywheel.window import Window

pytest.importorskip("ibis")

WINDOW = Window("2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z")
HANDED = "I am handing this over to a colleague, who calls you on Monday."
FINE = "The invoice of order 48213 is attached to this mail."


def call(talk, turn, said, answer):
    return Interaction(
        f"{talk}-{turn}",
        f"2026-11-02T10:{turn:02d}:00.000Z",
        conversation=talk,
        turn=turn,
        prompt="reply",
        input=said,
        output=answer,
        latency_ms=900.0,
    )


def steps(folder: Path, *lines, outcome="escalation", limit=50_000):
    path = folder / "2026-11-02.jsonl"
    path.write_text("".join(f"{line.line()}\n" for line in lines))
    logs = IbisLogs(opened("duckdb", lambda window: [path]), rulebook({}))
    return sorted(
        logs.steps(outcome, WINDOW, prompt="reply", limit=limit),
        key=lambda step: (step.conversation, step.turn),
    )


def test_a_question_counts_at_once_and_its_answer_from_the_next_one_on(tmp_path):
    found = steps(
        tmp_path,
        call("a", 0, "Hello, one thing about the invoice", "Yes."),
        call("a", 1, "I will close my account.", FINE),
        call("a", 2, "Goodbye", FINE),
    )

    assert [step.fired["churn_words"] for step in found] == [0, 1, 1]
    assert [step.fired["short_answer"] for step in found] == [0, 1, 1]
    assert [step.turn for step in found] == [0, 1, 2]
    assert not any(step.happened for step in found)


def test_nothing_after_the_outcome_is_seen(tmp_path):
    found = steps(
        tmp_path,
        call("a", 0, "Hello, one thing about the invoice", FINE),
        call("a", 1, "And now?", HANDED),
        call("a", 2, "I will close my account.", "No."),
    )

    assert [step.happened for step in found] == [False, True]
    assert not any(step.fired["churn_words"] for step in found)


def test_the_outcome_and_what_it_is_made_of_are_no_features(tmp_path):
    (step,) = steps(tmp_path, call("a", 0, "Hello", HANDED))

    assert step.happened
    assert not {"escalation", "escalation_words", "reported_escalated"} & set(step.fired)


def test_feedback_is_no_feature(tmp_path):
    told = Interaction(
        "f", "2026-11-02T12:00:00.000Z", kind=FEEDBACK, of="a", scores={"satisfaction": 0.0},
        facts={"upsell": "accepted"},
    )  # fmt: skip
    found = steps(tmp_path, call("a", 0, "Hello", FINE), told)

    assert not {"unhappy", "poor_answer", "upsell_reported", "upsell_accepted"} & set(
        found[0].fired
    )


def test_conversations_do_not_mix(tmp_path):
    found = steps(
        tmp_path,
        call("a", 0, "I will close my account.", "Yes."),
        call("b", 1, "Hello", FINE),
        call("b", 2, "Hello again", FINE),
    )

    assert [step.fired["churn_words"] for step in found] == [1, 0, 0]
    assert [step.turn for step in found] == [0, 0, 1]


def test_another_outcome_may_be_asked_for(tmp_path):
    found = steps(tmp_path, call("a", 0, "Hello", "Yes."), outcome="short_answer")

    assert found[0].happened
    assert "escalation_words" in found[0].fired


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("escalatio", "no detector"), ("repeated_answer", "a whole conversation")],
)
def test_what_cannot_be_an_outcome_is_refused(tmp_path, outcome, said):
    with pytest.raises(UserError, match=said):
        steps(tmp_path, call("a", 0, "Hello", FINE), outcome=outcome)


def test_no_logs_are_no_questions(tmp_path):
    logs = IbisLogs(opened("duckdb", lambda window: []), rulebook({}))

    assert list(logs.steps("escalation", WINDOW, prompt="reply")) == []
