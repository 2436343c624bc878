"""The strategy `critique`, in a world where each mistake has one remedy."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

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
        before, after = child.compared
        assert child.parents[0].prompt == parent.prompt
        assert after.mean > before.mean
        assert child.patch is not None
        assert (child.patch.before, child.patch.after) == (parent.prompt.text, child.prompt.text)


def test_a_patch_that_helps_nobody_is_not_kept():
    lab = a_lab(lambda request: adding("Be nice."))

    found = list(critique(SEED, lab, rounds=5))

    assert [c.prompt for c in found] == [SEED]
    fates = [p.fate for p in lab.notebook.proposals]
    assert fates == [Fate.DROPPED] * 3 + [Fate.REPEATED] * 2


def test_a_patch_that_harms_is_not_kept():
    knowing = SEED.edited(SEED.text + "You know apples.\n")
    forgetting = "```diff\n@@\n-You know apples.\n+Forget apples.\n```"
    lab = a_lab(lambda request: forgetting)

    found = list(critique(knowing, lab, rounds=2))

    assert [c.prompt for c in found] == [knowing]


def test_what_a_patch_passes_by_are_cases_that_the_mentor_has_not_seen():
    """The misses that were shown only tell which patches are worth a look."""

    def by_heart(prompt, cases):
        learnt = set(re.findall(r"Recall (\S+)\.", prompt.text))
        found = evaluated(prompt, cases)
        results = [replace(r, score=1.0) if r.case_id in learnt else r for r in found.results]
        return replace(found, results=tuple(results))

    def leaking(request):
        numbers = re.findall(r"What of (\w+), (\d+)", request.messages[-1].text)
        return adding(" ".join(f"Recall {topic}-{number}." for topic, number in numbers))

    lab = a_lab(leaking, evaluator=by_heart)

    found = list(critique(SEED, lab, rounds=8))

    assert [candidate.prompt for candidate in found] == [SEED]


def test_few_of_the_calls_are_spent_on_what_is_known():
    asked = []

    def evaluator(prompt, cases):
        asked.extend((prompt.text, case.id) for case in cases)
        return evaluated(prompt, cases)

    lab = a_lab(evaluator=evaluator)

    found = list(critique(SEED, lab, rounds=20))

    assert len(found) == 1 + len(TOPICS)
    assert len(asked) == len(set(asked))
    each_on_all = len(found) * len(lab.search)  # what was spent on survivors alone, once
    assert len(asked) < 0.75 * each_on_all


def test_one_request_asks_for_a_patch_for_each_group_of_misses():
    requests = []

    def mentor(request):
        requests.append(request.messages[-1].text)
        return good_mentor(request)

    list(critique(SEED, a_lab(mentor), rounds=1, patches=4))

    assert requests[0].startswith("PATCHES prompts/toy.md 4")
    assert requests[0].count("group of") == 4


def test_the_mentor_is_told_what_was_refused_and_what_was_kept_and_why():
    requests = []

    def mentor(request):
        requests.append(request.messages[-1].text)
        good = adding("You know apples.") if len(requests) == 1 else ""
        return adding("Be nice.") + good

    list(critique(SEED, a_lab(mentor), rounds=2))

    assert "tried: +Be nice. / mended none of the misses" in requests[1]
    assert re.search(r"kept: \+You know apples\. / (mended|gained) ", requests[1])


def test_the_same_seed_gives_the_same_candidates():
    assert texts(a_lab(seed=7), rounds=20) == texts(a_lab(seed=7), rounds=20)


def test_it_stops_at_the_target():
    found = list(critique(SEED, a_lab(), rounds=20, target=0.2))

    assert 1 < len(found) < 1 + len(TOPICS)


def test_where_no_case_is_missed_no_mentor_is_asked_and_the_reason_is_noted():
    lab = a_lab()

    list(critique(SEED, lab, rounds=2, miss_threshold=0.0))

    (only,) = lab.notebook.proposals
    assert only.fate is Fate.SKIPPED
    assert only.reason == "no search case scores below 0"
    assert not lab.tried


def test_each_phase_gives_up_after_as_many_fruitless_rounds_as_patience_allows():
    lab = a_lab(lambda request: "I would rather not.")

    list(critique(SEED, lab, rounds=50, patience=3))

    assert lab.round == 2 * 3


def test_it_asks_no_more_often_than_rounds():
    lab = a_lab()

    list(critique(SEED, lab, rounds=2, patches=1))

    assert lab.round == 2
    assert len(lab.notebook.proposals) == 2


def test_the_thrifty_phase_does_not_ask_about_one_miss_for_ever():
    lab = a_lab(lambda request: "I would rather not.", search=a_dataset(1))

    list(critique(SEED, lab, rounds=50, patience=10, asked_most=2))

    assert lab.round == 2 + 10


def test_what_the_first_phase_misses_the_second_races_on_all_the_other_cases():
    """An edit that mends a tenth of the cases, none of which are alike."""
    odd = {f"{topic}-{number}" for topic in TOPICS for number in (3, 7)}

    def world(prompt, cases):
        found = evaluated(prompt, cases)
        if "odd" not in prompt.text:
            return found
        results = [replace(r, score=1.0) if r.case_id in odd else r for r in found.results]
        return replace(found, results=tuple(results))

    def patient(request):
        return adding("Know what is odd.") if lab.round > 2 else "Not yet."

    lab = a_lab(patient, evaluator=world)

    found = list(critique(SEED, lab, rounds=12, patience=2))

    assert found[-1].prompt.text.endswith("Know what is odd.\n")


def test_cases_at_the_threshold_are_no_misses():
    knowing = SEED.edited("".join(f"You know {topic}.\n" for topic in TOPICS))
    mentor_calls = []

    def mentor(request):
        mentor_calls.append(request)
        return good_mentor(request)

    list(critique(knowing, a_lab(mentor), rounds=5, target=1.1, miss_threshold=1.0))

    assert not mentor_calls


def test_no_more_misses_of_a_group_are_shown_than_asked_for():
    lab = a_lab()

    list(critique(SEED, lab, rounds=1, patches=2, misses_shown=3))

    assert len(lab.notebook.proposals[0].shown) <= 6


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
