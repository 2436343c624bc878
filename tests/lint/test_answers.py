"""Rules on cases."""

from __future__ import annotations

from lint.looking import a_subject, cases, findings
from promptgit.lint.finding import Place
from promptgit.lint.subject import Asked, Trouble

LETTER = "Thank you for waiting. The bicycle was sent on Monday and will arrive by Friday noon."
WHERE = Place("prompts/reply.eval.yaml", 4, 13)


def test_every_second_case_with_an_id_is_found_on_its_line():
    asked = cases({"id": "a"}, {"id": "b"}, {"id": "a"}, {"id": "a"})

    found = findings(a_subject("x\n", asked=asked), "duplicate-case-id")

    assert [(f.file, f.line) for f in found] == [("prompts/reply.csv", 4), ("prompts/reply.csv", 5)]
    assert "also on line 2" in found[0].message


def test_a_case_that_repeats_another_one_is_found_on_its_line():
    twice = {"message": "Where is it?", "expected": "late"}
    asked = cases(
        {"id": "a", **twice}, {"id": "b", **twice, "expected": "lost"}, {"id": "c", **twice}
    )

    (found,) = findings(a_subject("x\n", asked=asked), "repeated-case")

    assert (found.severity, found.file, found.line) == ("warning", "prompts/reply.csv", 4)
    assert "the case 'c' says the same as 'a' on line 2" in found.message


def test_of_many_repeated_cases_a_few_are_marked_and_all_are_counted():
    asked = cases(*({"id": f"c{n}", "message": "Hi"} for n in range(40)))

    found = findings(a_subject("x\n", asked=asked), "repeated-case")

    assert len(found) == 5
    assert "39 cases here repeat another one" in found[0].message


def test_an_expected_answer_in_the_prompt_is_found_at_its_place():
    asked = cases({"id": "late", "message": "Where is it?", "expected": LETTER})

    (found,) = findings(a_subject(f"Be kind.\nSay: {LETTER}\n", asked=asked), "case-in-prompt")

    assert found.severity == "warning"
    assert (found.line, found.column) == (2, 6)
    assert "the expected answer of case 'late'" in found.message


def test_eight_words_of_a_message_in_the_prompt_are_found():
    asked = cases({"id": "late", "message": LETTER, "expected": "late"})

    (found,) = findings(
        a_subject("For example: the bicycle was sent on Monday and will arrive.\n", asked=asked),
        "case-in-prompt",
    )

    assert "the words of case 'late'" in found.message


def test_labels_and_what_three_answers_share_are_no_finding():
    labels = [{"id": f"l{n}", "message": "Hi", "expected": "complaint"} for n in range(9)]
    signed = [{"id": f"s{n}", "message": f"{n}", "expected": LETTER} for n in range(3)]

    subject = a_subject(f"Answer: complaint.\n{LETTER}\n", asked=cases(*labels, *signed))

    assert findings(subject, "case-in-prompt") == []


def test_must_pass_that_names_nobody_is_found_in_the_eval_file():
    asked = cases({"id": "refund-abuse"}, must_pass=(("refund-abus", WHERE),))

    (found,) = findings(a_subject("x\n", asked=asked), "must-pass-nobody")

    assert (found.file, found.line, found.column) == ("prompts/reply.eval.yaml", 4, 13)
    assert found.hint == "did you mean 'refund-abuse'?"


def test_must_pass_may_name_an_id_or_a_tag():
    asked = cases({"id": "a", "tags": ("legal",)}, must_pass=(("a", WHERE), ("legal", WHERE)))

    assert findings(a_subject("x\n", asked=asked), "must-pass-nobody") == []


def test_cases_that_cannot_be_read_are_found_where_they_are_wrong():
    trouble = Trouble("9 values for 2 columns", "quote it", Place("prompts/reply.csv", 7))
    asked = Asked("prompts/reply.eval.yaml", trouble=trouble, must_pass=(("a", WHERE),))

    (found,) = findings(a_subject("x\n", asked=asked))

    assert (found.rule, found.file, found.line) == ("unreadable-cases", "prompts/reply.csv", 7)


def test_a_prompt_without_cases_is_advised_to_have_some():
    (found,) = findings("x\n", "no-eval-file")

    assert found.severity == "advice"
    assert "prompts/reply.csv" in found.hint


def test_cases_without_an_eval_file_are_advised_to_have_one():
    (found,) = findings(a_subject("x\n", asked=cases(eval_file="")), "no-eval-file")

    assert "`promptgit init` writes prompts/reply.eval.yaml" in found.hint


def test_what_other_prompts_include_needs_no_eval_file():
    assert findings(a_subject("x\n", is_included=True), "no-eval-file") == []
