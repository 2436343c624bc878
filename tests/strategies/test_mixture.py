"""The strategy `mixture`: several ways to ask, one best prompt, and a bandit over who asks."""

from __future__ import annotations

import itertools
from collections import Counter

from improve.toy import SEED, TOPICS, a_dataset, evaluated
from promptgit.core.evaluation import Evaluation
from promptgit.errors import BudgetSpent
from promptgit.improve.improve import improve
from promptgit.improve.performers import Performer
from promptgit.strategies.mixture import Expert, experts, mixture
from strategies.learning import (
    a_talking_lab,
    knows_all,
    noted,
    only_search,
    patch_adding,
    texts,
    topics_missed,
)

HEADS = {
    "# Patch a prompt, several ways": "critique",
    "# Reflect on a prompt": "reflection",
    "# Interview the failures": "interview",
    "# Name the patterns of the best answers": "patterns",
}


def who(request) -> str:
    return who_of(request.messages[-1].text)


def who_of(text: str) -> str:
    heading = text.lstrip().partition("\n")[0].strip()
    return HEADS.get(heading, "critique")  # whose edits are asked for once more


def helpful(request):
    """Answer any request with a patch for each topic that it shows."""
    topics = topics_missed(request.messages[-1].text)
    return "\n\n".join(patch_adding(f"You know {topic}.") for topic in topics) or "Nothing."


def helpful_to(*names):
    def mentor(request):
        return helpful(request) if who(request) in names else patch_adding("Be nice.")

    return mentor


def test_it_learns_every_rule_whoever_asks():
    found = list(mixture(SEED, a_talking_lab(helpful)))

    assert knows_all(found[-1].prompt.text)


def test_it_learns_from_the_answers_of_production_before_all_else():
    answers = [Performer(f"a question {n}", TOPICS[0], 1.0) for n in range(4)]
    answers += [Performer(f"another question {n}", "no idea", 0.1) for n in range(4)]
    asked: list[str] = []

    def mentor(request):
        asked.append(request.messages[-1].text)
        return patch_adding(f"You know {TOPICS[0]}.") if len(asked) == 1 else "Nothing."

    found = list(mixture(SEED, a_talking_lab(mentor), rounds=4, performers=answers))

    assert who_of(asked[0]) == "patterns"
    assert "a question 0" in asked[0]
    assert "another question 0" in asked[0]
    assert f"You know {TOPICS[0]}." in found[1].prompt.text
    assert [who_of(text) for text in asked[:2]] == ["patterns", "patterns"]


def test_production_is_asked_about_only_while_it_pays():
    answers = [Performer(f"a question {n}", "an answer", n / 10) for n in range(10)]
    asked: list[str] = []

    def mentor(request):
        asked.append(request.messages[-1].text)
        return "Nothing."

    list(mixture(SEED, a_talking_lab(mentor), rounds=2, performers=answers))

    assert sum("a question 9" in text for text in asked) == 1


def test_every_expert_learns_every_rule_on_its_own():
    for name in HEADS.values():
        found = list(mixture(SEED, a_talking_lab(helpful_to(name)), patience=20))

        assert knows_all(found[-1].prompt.text), name


def test_each_prompt_is_an_edit_of_the_one_before_whoever_proposed_it():
    found = list(mixture(SEED, a_talking_lab(helpful)))

    assert len(found) == 1 + len(TOPICS)
    for parent, child in itertools.pairwise(found):
        assert child.parents[0].prompt == parent.prompt
        assert child.patch.before == parent.prompt.text
        assert child.patch.after == child.prompt.text


def test_who_had_patches_accepted_for_few_calls_is_asked_more_often():
    good, poor = Expert("good", lambda s, m: [], 12, 200), Expert("poor", lambda s, m: [], 0, 200)
    lab = a_talking_lab(helpful)

    drawn = Counter(max((good, poor), key=lambda one: one.drawn(lab)).name for _ in range(200))

    assert drawn["good"] > 190


def test_nobody_is_given_up_for_good():
    fresh, good = Expert("fresh", lambda s, m: [], 0, 0), Expert("good", lambda s, m: [], 2, 300)
    lab = a_talking_lab(helpful)

    drawn = Counter(max((good, fresh), key=lambda one: one.drawn(lab)).name for _ in range(200))

    assert drawn["fresh"] > 20


def test_what_an_expert_took_and_gained_is_noted():
    lab = a_talking_lab(helpful)

    list(mixture(SEED, lab))

    events = noted(lab, "expert")
    assert {event["name"] for event in events} <= {one.name for one in experts(4, 4)}
    assert sum(max(0, event["accepted"]) for event in events) >= 1
    assert all(event["calls"] >= 10 for event in events)


def test_what_one_was_refused_the_others_are_told():
    requests = []

    def mentor(request):
        requests.append(request.messages[-1].text)
        return patch_adding("Be nice.")

    list(mixture(SEED, a_talking_lab(mentor), rounds=4))

    assert all("Be nice." in words for words in requests[1:])


def test_a_patch_that_helps_nobody_is_kept_by_nobody():
    found = list(mixture(SEED, a_talking_lab(lambda request: patch_adding("Be nice."))))

    assert [candidate.prompt for candidate in found] == [SEED]


def test_the_same_seed_asks_the_same_experts_and_finds_the_same_prompts():
    one, other = (a_talking_lab(helpful, seed=5) for _ in range(2))

    assert texts(mixture, one) == texts(mixture, other)
    assert noted(one, "expert") == noted(other, "expert")


def test_it_stops_within_the_budget():
    paid = []

    def evaluator(prompt, cases) -> Evaluation:
        paid.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_talking_lab(
        helpful, evaluator=evaluator, affordable=lambda calls: sum(paid) + calls <= 35
    )

    found = list(improve(SEED, mixture, lab))

    assert found
    assert sum(paid) <= 35


def test_it_sees_and_asks_search_cases_only():
    whole = a_dataset(8)
    search, sealed = whole.split()
    requests = []

    def mentor(request):
        requests.append(request.messages[-1].text)
        return helpful(request)

    lab = a_talking_lab(mentor, search=search)
    list(mixture(SEED, lab))

    assert only_search(lab, whole)
    questions = [case.inputs["question"] for case in sealed]
    assert not [one for one in questions for words in requests if one in words]


def test_a_mentor_without_an_answer_ends_it_after_patience():
    lab = a_talking_lab(lambda request: "I would rather not.")

    found = list(mixture(SEED, lab, patience=3))

    assert len(found) == 1
    assert lab.round <= 2 * 3


def test_a_budget_that_ends_within_a_request_leaves_what_was_found():
    def mentor(request):
        raise BudgetSpent("spent")

    assert len(list(improve(SEED, mixture, a_talking_lab(mentor)))) == 1
