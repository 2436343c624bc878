"""Cases drafted from failures: once each, redacted, for a person, and never shown if sealed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from promptgit.core.dataset import NEEDS_REVIEW, Case
from promptgit.flywheel.drafting import (
    Draft,
    Failure,
    Slots,
    draft_id,
    drafted,
    failing_call,
    performers,
    will_be_sealed,
)
from promptgit.flywheel.interaction import FEEDBACK, Conversation, Interaction
from promptgit.improve.performers import Performer

MESSAGE = Slots(("message",), "message")
AT = "2026-11-21T10:00:00.000Z"


def a_call(name: str, said: str = "", output: str = "No.", **others: object) -> Interaction:
    given = {"prompt": "reply", "input": said or f"message {name}", "output": output, **others}
    return Interaction(name, AT, **given)  # type: ignore[arg-type]


def a_talk(*calls: Interaction, feedback: tuple[Interaction, ...] = ()) -> Conversation:
    return Conversation(calls[0].conversation or calls[0].id, calls, feedback)


def a_failure(name: str, said: str = "", **others: object) -> Failure:
    return Failure(a_talk(a_call(name, said, **others)), "Short answers")


def some_feedback(of: str, **facts: Mapping[str, object]) -> Interaction:
    return Interaction(f"f-{of}", AT, kind=FEEDBACK, of=of, **facts)  # type: ignore[arg-type]


def drafts_of(*failures: Failure, slots: Slots = MESSAGE, **others: object) -> tuple[Draft, ...]:
    given = {"redact": str, "most": 20, **others}
    return drafted(failures, "reply", slots, **given).drafts  # type: ignore[arg-type]


def test_a_draft_says_where_it_comes_from_and_that_nobody_has_reviewed_it():
    (draft,) = drafts_of(a_failure("call-1", "Where is my lamp?"))

    assert draft.inputs == {"message": "Where is my lamp?"}
    assert (draft.id, draft.log) == (draft_id("call-1"), "call-1")
    assert draft.tags == (NEEDS_REVIEW, "short-answers")
    assert (draft.expected, draft.answer) == ("", "No.")


def test_what_is_said_twice_or_nearly_so_is_drafted_once():
    failures = [
        a_failure("a", "Where is my new blue lamp, please?"),
        a_failure("b", "where is my  new blue lamp, please?"),
        a_failure("c", "Where is my new blue lamp?"),
        a_failure("d", "You charged my card two times."),
    ]

    found = drafted(failures, "reply", MESSAGE, redact=str, most=20)

    assert [draft.log for draft in found.drafts] == ["a", "d"]
    assert (found.repeated, found.failures) == (2, 4)


def test_what_differs_in_the_number_of_an_order_is_drafted_once():
    orders = [a_failure(f"o{n}", f"Where is my order {4_711 + n}?") for n in range(5)]
    chairs = [a_failure(f"c{n}", f"The chair number {4_711 + n} broke, alas") for n in range(5)]

    assert [draft.log for draft in drafts_of(*orders, *chairs)] == ["o0", "c0"]


def test_what_a_case_asks_already_is_not_drafted():
    known = [Case("lamp", {"message": "WHERE is my new blue lamp, please?"})]

    assert drafts_of(a_failure("a", "Where is my new blue lamp, please?"), known=known) == ()


def test_there_are_no_more_than_asked_for():
    talks = ("a lamp is late", "the chair broke", "my card was charged", "can I change colours")

    assert len(drafts_of(*(a_failure(said, said) for said in talks), most=2)) == 2


def test_every_text_is_redacted_once_more():
    found = drafts_of(
        a_failure("a", "I am ana@example.com", output="Dear ana@example.com"),
        redact=lambda text: text.replace("ana@example.com", "[email]"),
    )

    assert (found[0].inputs["message"], found[0].answer) == ("I am [email]", "Dear [email]")


def test_what_a_reviewer_would_not_see_is_taken_out():
    (draft,) = drafts_of(
        a_failure("a\u202e1", "pay\u202e\u200b \x1b[31mnow\x07\r\nplease\U000e0041")
    )

    assert draft.inputs["message"] == "pay [31mnow\nplease"
    assert draft.log == "a1"


def test_the_holes_of_a_template_are_filled_from_the_call_or_there_is_no_case():
    slots = Slots(("order", "message"), "message", frozenset({"order"}))
    with_order = a_failure("a", "Where is it?", inputs={"order": "48213"})
    without = a_failure("b", "Where is it, then?")

    found = drafted([with_order, without], "reply", slots, redact=str, most=9)

    assert [dict(draft.inputs) for draft in found.drafts] == [
        {"order": "48213", "message": "Where is it?"}
    ]
    assert found.unfit == 1


def test_the_answer_that_a_person_corrected_is_expected():
    talk = a_talk(
        a_call("a"), feedback=(some_feedback("a", facts={"corrected": "It left today."}),)
    )

    (draft,) = drafts_of(Failure(talk, "x"))

    assert draft.expected == "It left today."


def test_the_top_answer_to_the_same_message_is_proposed_and_no_other():
    best = [
        Performer("Where is my blue lamp now?", "Order 48213 left today.", 1.0),
        Performer("where is my blue  lamp now?", "Which order is it?", 0.95),
        Performer("Where is my blue lamp now?", "No idea.", 0.5),
        Performer("Please cancel the chair.", "Done.", 1.0),
    ]
    found = drafts_of(
        a_failure("a", "Where is my blue lamp now?"),
        a_failure("b", "Do you sell carpets in red?"),
        best=best,
    )

    assert [draft.expected for draft in found] == ["Which order is it?", ""]


def test_a_message_from_the_middle_of_a_conversation_says_so_and_gets_no_answer():
    talk = Conversation(
        "c", (a_call("one"), a_call("two", "And what of my blue lamp now?", turn=1))
    )
    best = [Performer("And what of my blue lamp now?", "It is here.", 1.0)]

    (draft,) = drafts_of(Failure(talk, "x", call="two"), best=best)

    assert draft.tags == (NEEDS_REVIEW, "x", "later-turn")
    assert draft.expected == ""


@pytest.mark.parametrize("text", ["", "  \n", "x" * 10_000])
def test_a_message_that_nobody_could_review_is_no_case(text: str):
    talk = a_talk(Interaction("a", AT, prompt="reply", input=text, output="No."))

    assert drafts_of(Failure(talk, "x")) == ()


def test_of_a_conversation_the_call_that_went_worst_is_taken():
    talk = Conversation(
        "c",
        (a_call("one"), a_call("two", scores={"quality": 0.9}), a_call("three"), a_call("other")),
        (some_feedback("one", scores={"quality": 0.1}),),
    )

    assert failing_call(talk, "reply") == talk.calls[0]
    assert failing_call(Conversation("c", talk.calls[2:]), "reply") == talk.calls[2]
    assert failing_call(talk, "reply", "two") == talk.calls[1]
    assert failing_call(talk, "another prompt") is None


def test_a_mentor_never_sees_what_will_be_sealed():
    calls = [a_call(f"c{number}", scores={"quality": 0.8}) for number in range(60)]

    shown = performers(
        [a_talk(call) for call in calls], "reply", failing=[Failure(a_talk(calls[0]), "x")]
    )

    seen = {each.input for each in shown}
    assert seen == {call.input for call in calls if not will_be_sealed(call)}
    assert 15 < len(seen) < 45


def test_a_failing_answer_is_never_a_top_one():
    talk = a_talk(a_call("c2", scores={"quality": 1.0}))
    assert not will_be_sealed(talk.calls[0])

    (shown,) = performers([talk], "reply", failing=[Failure(talk, "x")])

    assert shown.score == 0.5


def test_an_answer_without_a_score_tells_nothing_of_top_answers():
    assert performers([a_talk(a_call("c2"))], "reply") == []
