"""The strategy `interview`, in a world where each mistake has one remedy."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from improve.toy import SEED, TOPICS, a_dataset
from promptgit.core.candidate import Fate
from promptgit.errors import BudgetSpent
from promptgit.improve.improve import improve
from promptgit.strategies.interview import interview
from strategies.learning import (
    a_talking_lab,
    knows_all,
    noted,
    only_search,
    patch_adding,
    texts,
    topics_missed,
)


def told(topics: list[str], number: int) -> str:
    parts = [f"### Failure {n}\nQ: Why was it wrong?\nA: It was not told." for n in range(number)]
    changes = [patch_adding(f"You know {topic}.") for topic in topics]
    return "\n\n".join([*parts, "## Analysis\nNothing is known.", "## Changes", *changes])


def interviewer(request):
    words = request.messages[-1].text
    return told(topics_missed(words), words.count("### Failure ") - 1)


def stubborn(request):
    return patch_adding(f"Be nice, {len(request.messages[-1].text)}.")


def test_it_learns_every_rule_and_stops_when_nothing_is_missed():
    lab = a_talking_lab(interviewer)

    found = list(interview(SEED, lab, target=1.0))

    assert knows_all(found[-1].prompt.text)
    assert lab.round <= 5


def test_each_prompt_goes_on_from_the_best_one_and_can_name_it():
    found = list(interview(SEED, a_talking_lab(interviewer), target=1.0))

    assert len(found) > 2
    for parent, child in itertools.pairwise(found):
        assert child.parents[0].prompt == parent.prompt
        assert child.patch is not None
        assert child.patch.before == parent.prompt.text


def test_each_interview_is_kept_whole():
    lab = a_talking_lab(interviewer)

    list(interview(SEED, lab, rounds=1))

    (held,) = (facts["interview"] for facts in noted(lab, "interview"))
    shown = set(lab.notebook.proposals[0].shown)
    assert held["analysis"] == "Nothing is known."
    assert {each["question"] for each in held["exchanges"]} == {"Why was it wrong?"}
    assert {each["answer"] for each in held["exchanges"]} == {"It was not told."}
    assert {each["case"] for each in held["exchanges"] if each["case"]} <= shown
    assert all("+You know" in change["diff"] for change in held["changes"])
    assert all(change["why"].startswith("Say") for change in held["changes"])
    assert held["reply"].startswith("### Failure")


def test_the_reason_of_a_change_is_the_reason_of_its_commit():
    found = list(interview(SEED, a_talking_lab(interviewer), rounds=1))

    assert found[1].why.startswith("Say 'You know")


def test_a_change_that_helps_nobody_is_not_kept():
    lab = a_talking_lab(stubborn)

    found = list(interview(SEED, lab, rounds=3))

    assert [candidate.prompt for candidate in found] == [SEED]
    assert {proposal.fate for proposal in lab.notebook.proposals} <= {Fate.DROPPED, Fate.REPEATED}


def test_a_plateau_of_three_interviews_ends_it():
    lab = a_talking_lab(stubborn)

    list(interview(SEED, lab, rounds=5))

    assert lab.round == 3


def test_it_holds_five_interviews_at_most():
    lab = a_talking_lab(interviewer, search=a_dataset(10))

    list(interview(SEED, lab, target=2.0, changes=1, misses_shown=1, patience=99))

    assert lab.round <= 5


def test_no_change_needed_ends_it():
    lab = a_talking_lab(lambda request: "No change needed.")

    list(interview(SEED, lab))

    (proposal,) = lab.notebook.proposals
    assert proposal.fate is Fate.SKIPPED
    assert lab.round == 1


def test_a_good_prompt_is_not_interviewed():
    knowing = SEED.edited(SEED.text + "".join(f"You know {topic}.\n" for topic in TOPICS))
    lab = a_talking_lab(interviewer)

    list(interview(knowing, lab))

    assert not noted(lab, "interview")
    (proposal,) = lab.notebook.proposals
    assert (proposal.fate, proposal.reason) == (
        Fate.SKIPPED,
        "no search case scores below 0.95",
    )


def test_it_stops_at_the_target():
    one_topic = a_talking_lab(lambda request: told(topics_missed(request.messages[-1].text)[:1], 1))

    found = list(interview(SEED, one_topic, target=0.4, patience=9))

    assert not knows_all(found[-1].prompt.text)
    assert one_topic.round <= 3


def test_the_same_seed_gives_the_same_prompts():
    strategy = partial(interview, target=1.0)

    one, two = (texts(strategy, a_talking_lab(interviewer, seed=3)) for _ in range(2))

    assert one == two


def test_no_sealed_case_is_ever_asked_about():
    whole = a_dataset(10)
    lab = a_talking_lab(interviewer, search=whole.split()[0])

    list(interview(SEED, lab, target=1.0, exemplars=2))

    assert only_search(lab, whole)


def test_it_stops_when_the_budget_is_spent():
    left = 30
    lab = a_talking_lab(interviewer, affordable=lambda calls: calls <= left - len(lab.ran))

    list(improve(SEED, interview, lab))

    assert len(lab.ran) <= left
    assert noted(lab, "stopped")
    with pytest.raises(BudgetSpent):
        lab.evaluate(SEED.edited("Another text."), lab.search)
