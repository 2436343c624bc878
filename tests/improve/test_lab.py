"""The lab: what a strategy may do, and what is noted of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from improve.toy import SEED, TEMPLATES, a_dataset, a_lab, adding, evaluated, good_mentor
from promptgit.core.candidate import Fate
from promptgit.core.patch import Refusal
from promptgit.core.ports import Answer
from promptgit.core.prompt import Prompt
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.improve.improve import improve
from promptgit.improve.lab import lineage
from promptgit.improve.mentor import reason_of
from promptgit.strategies.critique import critique
from promptgit.testing.scripted import ScriptedModel


def proposed(lab):
    """Let the mentor propose once from the seed; return the draft and what was noted."""
    parent = lab.candidate(SEED)
    training, validation = lab.begin_round(0, 0)
    draft = lab.propose(parent, lab.misses(parent, training, 1.0))
    return parent, draft, validation


def test_training_and_validation_cases_never_overlap_and_are_all_search_cases():
    lab = a_lab()

    training, validation = lab.begin_round(13, 0)

    assert len(training) == 13
    assert {c.id for c in training} | {c.id for c in validation} == {c.id for c in lab.search}
    assert not {c.id for c in training} & {c.id for c in validation}


def test_at_least_one_case_is_left_for_each_side():
    lab = a_lab(search=a_dataset(1).first(2))

    training, validation = lab.begin_round(99, 0)

    assert (len(training), len(validation)) == (1, 1)


def test_what_the_guard_refuses_is_noted_and_costs_no_evaluation():
    ran = []

    def evaluator(prompt, cases):
        ran.append(prompt.text)
        return evaluated(prompt, cases)

    lab = a_lab(guard=lambda patch, prompt: Refusal("it adds a link"), evaluator=evaluator)

    _, draft, _ = proposed(lab)

    assert draft is None
    assert ran == [SEED.text]
    assert lab.notebook.proposals[-1].fate is Fate.GUARDED
    assert lab.notebook.proposals[-1].reason == "it adds a link"


def test_the_mentor_is_told_what_was_refused_and_why():
    mentor = ScriptedModel(good_mentor)
    lab = a_lab(mentor, guard=lambda patch, prompt: Refusal("it adds a link"))

    proposed(lab)
    proposed(lab)

    critiques = [r for r in mentor.requests if r.messages[0].text.startswith("CRITIQUE")]
    assert "tried:" not in critiques[0].messages[0].text
    assert "it adds a link" in critiques[1].messages[0].text
    assert "+You know" in critiques[1].messages[0].text


def test_an_unreadable_patch_is_asked_for_again_with_the_reason_then_as_a_whole_file():
    mentor = ScriptedModel(
        [
            "- It does not know.",
            "```diff\n@@\n-You know many things.\n+You know all.\n```",
            "```diff\n@@\n-You knew things.\n+You know all.\n```",
            "```text\nYou know some things.\nYou know apples.\n```",
        ]
    )
    lab = a_lab(mentor)

    _, draft, _ = proposed(lab)

    asked = [request.messages[0].text for request in mentor.requests]
    assert asked[2].startswith("RETRY because")
    assert "You know some things." in asked[2]  # the nearest real line
    assert asked[3].startswith("WHOLE because")
    assert draft is not None
    assert draft.patch.after == "You know some things.\nYou know apples.\n"


def test_a_mentor_that_only_talks_is_a_failed_round_and_no_more():
    lab = a_lab(lambda request: "I am sorry, I cannot do that.")

    _, draft, _ = proposed(lab)

    assert draft is None
    assert lab.notebook.proposals[-1].fate is Fate.UNREADABLE
    assert len(lab.notebook.proposals[-1].replies) == 3


def test_a_patch_that_was_cut_at_the_token_limit_is_not_applied():
    def cut(request):
        if request.messages[-1].text.startswith("CRITIQUE"):
            return "- It does not know."
        return Answer(adding("You know apples."), finish_reason="length")

    lab = a_lab(cut)

    _, draft, _ = proposed(lab)

    assert draft is None
    assert lab.notebook.proposals[-1].fate is Fate.UNREADABLE


def test_a_mentor_that_is_down_is_a_failed_round():
    lab = a_lab(lambda request: CallFailed("overloaded", kind="server", retryable=True))

    _, draft, _ = proposed(lab)

    assert draft is None
    assert lab.notebook.proposals[-1].fate is Fate.FAILED
    assert lab.notebook.proposals[-1].reason == "overloaded"


def test_a_refused_key_ends_the_search():
    lab = a_lab(lambda request: CallFailed("no such key", kind="auth", fatal=True))

    with pytest.raises(CallFailed, match="no such key"):
        proposed(lab)


def test_a_text_that_was_tried_is_not_raced_again():
    lab = a_lab(lambda request: adding("Be nice."))

    parent, draft, validation = proposed(lab)
    lab.screen(parent, draft, validation)
    _, again, _ = proposed(lab)

    assert again is None
    assert lab.notebook.proposals[-1].fate is Fate.REPEATED


def test_too_many_failures_in_a_race_say_nothing_about_the_patch():
    def evaluator(prompt, cases):
        found = evaluated(prompt, cases)
        return found if prompt == SEED else found.on(cases.first(len(cases) // 2))

    lab = a_lab(evaluator=evaluator)

    parent, draft, validation = proposed(lab)
    child = lab.screen(parent, draft, validation)

    assert child is None
    assert lab.notebook.proposals[-1].fate is Fate.UNSCORED


def test_an_evaluation_that_cannot_be_paid_for_is_not_begun():
    ran = []

    def evaluator(prompt, cases):
        ran.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_lab(affordable=lambda calls: calls <= 10, evaluator=evaluator)

    with pytest.raises(BudgetSpent):
        lab.candidate(SEED)

    assert not ran


def test_a_spent_budget_ends_the_search_and_keeps_what_was_found():
    paid = []

    def evaluator(prompt, cases):
        paid.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_lab(affordable=lambda calls: sum(paid) + calls <= 45, evaluator=evaluator)

    found = list(improve(SEED, critique, lab))

    assert 1 <= len(found) < 5
    assert sum(paid) <= 45
    assert lab.notebook.events[-1][0] == "stopped"


def test_what_was_evaluated_once_is_not_reckoned_as_a_new_expense():
    asked = []

    def affordable(calls):
        asked.append(calls)
        return True

    lab = a_lab(affordable=affordable)
    lab.candidate(SEED)

    lab.evaluate(SEED, lab.search)

    assert asked == [len(lab.search), 0]


def test_the_lineage_of_a_candidate_is_its_patches_in_order():
    found = list(critique(SEED, a_lab(), rounds=20))

    chain = list(lineage(found[-1]))

    assert [one.prompt for one in chain] == [one.prompt for one in found[1:]]


def test_what_cases_bring_is_cut_and_cleaned_before_the_mentor_reads_it():
    planted = "x\u202e\x07" + "y" * 5_000
    cases = a_dataset(2)
    first = cases.cases[0]
    first.inputs["question"] = planted  # type: ignore[index]
    mentor = ScriptedModel(good_mentor)
    lab = a_lab(mentor, search=cases)

    parent = lab.candidate(SEED)
    lab.propose(parent, lab.misses(parent, cases, 1.0))

    words = mentor.requests[0].messages[0].text
    assert "\u202e" not in words
    assert "\x07" not in words
    assert "y" * 1_501 not in words
    assert "more characters)" in words


def test_the_fence_is_new_each_time_and_the_same_for_the_same_seed():
    def fences(seed):
        mentor = ScriptedModel(lambda request: "no")
        lab = a_lab(mentor, seed=seed)
        lab.mentor = type(lab.mentor)(mentor, {**TEMPLATES, "critique": "{{ fence }}"}, "p.md")
        proposed(lab)
        proposed(lab)
        return [r.messages[0].text for r in mentor.requests if len(r.messages[0].text) == 16]

    first, second = fences(1)

    assert first != second
    assert fences(1) == [first, second]


def test_the_reason_for_a_commit_is_what_the_mentor_said_before_the_patch():
    _, draft, _ = proposed(a_lab())

    assert draft is not None
    assert draft.why == "It was missing."


def test_a_long_reason_is_cut_at_a_sentence():
    words = "It is short. " + "It goes on and on. " * 50

    assert reason_of(words, limit=30) == "It is short."


def without_the_first_apple(prompt, cases):
    """Knowing about bread costs the answer to the first question about apples."""
    found = evaluated(prompt, cases)
    results = [
        replace(result, score=0.0)
        if result.case_id == "apples-0" and "know bread" in prompt.text
        else result
        for result in found.results
    ]
    return replace(found, results=tuple(results))


KNOWS_APPLES = Prompt.of("You know some things.\nYou know apples.\n", name="toy")


def test_a_patch_that_costs_a_must_pass_case_is_dropped_whatever_it_gains():
    bread = ScriptedModel(["- No bread.", adding("You know bread.")])
    lab = a_lab(bread, evaluator=without_the_first_apple)
    lab.vital = frozenset({"apples-0"})
    parent = lab.candidate(KNOWS_APPLES)

    draft = lab.propose(parent, lab.misses(parent, lab.search, 1.0))

    assert lab.screen(parent, draft, lab.search) is None
    assert "must-pass case 'apples-0'" in lab.notebook.proposals[-1].reason


def test_what_a_must_pass_case_is_held_against_is_the_first_prompt_of_the_run():
    mentor = ScriptedModel(["- a", adding("You know apples."), "- b", adding("You know bread.")])
    lab = a_lab(mentor, evaluator=without_the_first_apple)
    lab.vital = frozenset({"apples-0"})
    seed = lab.candidate(SEED)  # it does not know apples: the case cannot get worse than that
    first = lab.screen(seed, lab.propose(seed, lab.misses(seed, lab.search, 1.0)), lab.search)

    second = lab.propose(first, lab.misses(first, lab.search, 1.0))

    assert lab.screen(first, second, lab.search) is not None
