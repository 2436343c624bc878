"""The strategy `critique`, in a world where each mistake has one remedy."""

from __future__ import annotations

import itertools

from improve.toy import SEED, TOPICS, a_dataset, a_lab, adding, evaluated, good_mentor
from promptgit.core.candidate import Fate
from promptgit.improve.improve import improve
from promptgit.strategies.critique import critique


def texts(lab, **options):
    return [c.prompt.text for c in improve(SEED, lambda s, lab: critique(s, lab, **options), lab)]


def test_it_learns_every_rule_that_the_misses_show():
    found = list(critique(SEED, a_lab(), rounds=20))

    assert found[0].evaluation.mean == 0.0
    assert found[-1].evaluation.mean == 1.0
    assert all(f"know {topic}" in found[-1].prompt.text for topic in TOPICS)


def test_each_candidate_is_better_than_its_parent_and_can_name_it():
    found = list(critique(SEED, a_lab(), rounds=20))

    for parent, child in itertools.pairwise(found):
        assert child.parents == (parent,)
        assert child.evaluation.mean > parent.evaluation.mean
        assert child.patch is not None
        assert child.patch.after == child.prompt.text


def test_a_patch_that_helps_nobody_is_not_kept():
    lab = a_lab(lambda request: adding("Be nice."))

    found = list(critique(SEED, lab, rounds=3))

    assert [c.prompt for c in found] == [SEED]
    assert [p.fate for p in lab.notebook.proposals] == [Fate.DROPPED, Fate.REPEATED, Fate.REPEATED]


def test_a_patch_that_harms_is_not_kept():
    knowing = SEED.edited(SEED.text + "You know apples.\n")
    forgetting = "```diff\n@@\n-You know apples.\n+Forget apples.\n```"
    lab = a_lab(lambda request: forgetting)

    found = list(critique(knowing, lab, rounds=2))

    assert [c.prompt for c in found] == [knowing]


def test_the_race_is_run_on_cases_that_the_mentor_has_not_seen():
    lab = a_lab()

    list(critique(SEED, lab, rounds=6))

    for number in range(1, lab.round + 1):
        shown = {c for p in lab.notebook.proposals if p.round == number for c in p.shown}
        raced = {
            result.case_id
            for kind, facts in race_events(lab, number)
            if kind == "evaluated"
            for result in facts["evaluation"].results
        }
        assert shown
        assert not shown & raced


def race_events(lab, number):
    """What was evaluated between the start of a round's race and its verdict."""
    inside, found = False, []
    for kind, facts in lab.notebook.events:
        if kind == "racing" and facts["round"] == number:
            inside = True
        elif kind == "proposal":
            inside = False
        elif inside:
            found.append((kind, facts))
    # the survivor is evaluated on all search cases afterwards: those are not the race
    return [e for e in found if len(e[1]["evaluation"].cases) < len(lab.search)]


def test_the_same_seed_gives_the_same_candidates():
    assert texts(a_lab(seed=7), rounds=20) == texts(a_lab(seed=7), rounds=20)


def test_it_stops_at_the_target():
    found = list(critique(SEED, a_lab(), rounds=20, target=0.4))

    assert 0.4 <= found[-1].evaluation.mean < 1.0


def test_a_round_without_a_miss_is_said_and_asks_no_mentor():
    lab = a_lab()

    list(critique(SEED, lab, rounds=2, miss_threshold=0.0))

    first, second = lab.notebook.proposals
    assert (first.round, second.round) == (1, 2)
    assert {first.fate, second.fate} == {Fate.SKIPPED}
    assert first.reason == "none of the 20 cases drawn for the mentor scores below 0"
    assert not lab.tried


def test_it_gives_up_after_as_many_fruitless_rounds_as_patience_allows():
    lab = a_lab(lambda request: "I would rather not.")

    list(critique(SEED, lab, rounds=50, patience=3))

    assert lab.round == 3


def test_it_makes_no_more_proposals_than_rounds():
    lab = a_lab()

    list(critique(SEED, lab, rounds=2))

    assert len(lab.notebook.proposals) == 2


def test_a_gain_below_the_minimum_is_not_kept():
    lab = a_lab()

    found = list(critique(SEED, lab, rounds=3, min_improvement=0.9))

    assert len(found) == 1
    assert all(p.fate is Fate.DROPPED for p in lab.notebook.proposals[:1])


def test_cases_at_the_threshold_are_no_misses():
    knowing = SEED.edited("".join(f"You know {topic}.\n" for topic in TOPICS))
    mentor_calls = []

    def mentor(request):
        mentor_calls.append(request)
        return good_mentor(request)

    list(critique(knowing, a_lab(mentor), rounds=5, target=1.1, miss_threshold=1.0))

    assert not mentor_calls


def test_no_more_misses_are_shown_than_asked_for():
    lab = a_lab()

    list(critique(SEED, lab, rounds=1, misses_shown=3))

    assert len(lab.notebook.proposals[0].shown) == 3


def test_sample_sizes_are_kept():
    sizes = []

    def evaluator(prompt, cases):
        sizes.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_lab(evaluator=evaluator, search=a_dataset(10))

    list(critique(SEED, lab, rounds=1, train_sample=8, validation_sample=12, misses_shown=50))

    assert len(lab.notebook.proposals[0].shown) <= 8
    assert lab.notebook.proposals[0].raced <= 12


def test_exemplars_are_tried_first_and_stay_when_they_help():
    def evaluator(prompt, cases):
        shown = SEED.edited(prompt.text.replace("What of", "You know"))
        found = evaluated(shown, cases)
        return type(found)(prompt, cases, found.model, found.metrics, found.results)

    lab = a_lab(lambda request: "no", evaluator=evaluator)

    found = list(critique(SEED, lab, rounds=1, exemplars=3))

    assert found[-1].prompt.text.count("Input: What of") == 3
    assert lab.notebook.proposals[0].fate is Fate.ACCEPTED


def test_exemplars_that_do_not_help_are_not_kept():
    lab = a_lab(lambda request: "no")

    found = list(critique(SEED, lab, rounds=1, exemplars=3))

    assert len(found) == 1
    assert lab.notebook.proposals[0].fate is Fate.DROPPED
