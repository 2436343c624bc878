"""The strategy `gepa`, in a world where each mistake has one remedy."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

from improve.toy import SEED, TEMPLATES, TOPICS, a_dataset, a_lab, adding, evaluated
from promptgit.core.candidate import Fate
from promptgit.edges.merging import merged
from promptgit.errors import BudgetSpent
from promptgit.improve.improve import improve
from promptgit.improve.pareto import leads
from promptgit.metaprompts import text
from promptgit.strategies.gepa import gepa

REFLECT = (
    "REFLECT {{ path }} {{ count }}\n{{ prompt }}\n"
    "{% for miss in misses %}{{ miss.input }} {{ miss.output }}\n{% endfor %}"
)


def reflecting(request):
    """Add a line for each topic that the minibatch shows."""
    words = request.messages[-1].text
    topics = dict.fromkeys(re.findall(r"What of (\w+)", words))
    return "\n".join(adding(f"You know {topic}.") for topic in topics)


def a_gepa_lab(mentor=reflecting, *, merge=merged, **facts):
    lab = a_lab(mentor, **facts)
    templates = {**TEMPLATES, "reflect": REFLECT}
    lab.mentor = replace(lab.mentor, templates=templates)
    lab.merge = merge
    return lab


def found_by(lab, **options):
    return list(improve(SEED, lambda seed, lab: gepa(seed, lab, **options), lab))


def test_it_learns_every_rule_that_the_traces_show():
    found = found_by(a_gepa_lab())

    assert found[-1].evaluation.mean == 1.0
    assert all(f"know {topic}" in found[-1].prompt.text for topic in TOPICS)


def test_what_it_yields_is_one_line_of_descent_that_can_be_delivered_commit_by_commit():
    found = found_by(a_gepa_lab())

    assert len(found) > 2
    for best, child in itertools.pairwise(found):
        assert child.parents[0].prompt == best.prompt
        assert child.patch.before == best.prompt.text
        assert child.patch.after == child.prompt.text


def test_a_gain_is_measured_on_cases_that_parent_and_child_were_both_asked_about():
    for child in found_by(a_gepa_lab())[1:]:
        before, after = child.compared
        assert after.mean > before.mean


def test_patches_of_one_reflection_are_merged_and_both_parents_are_named():
    found = found_by(a_gepa_lab(), minibatch=12, patches=4)

    second = found[2]
    best, other = second.parents
    assert best.prompt == found[1].prompt
    assert other.parents[0].prompt == SEED
    assert other.prompt.text != best.prompt.text
    assert set(second.prompt.text.splitlines()) == {
        *best.prompt.text.splitlines(),
        *other.prompt.text.splitlines(),
    }


def test_where_nobody_can_merge_a_patch_must_beat_the_best_by_itself():
    lab = a_gepa_lab(merge=lambda base, ours, theirs: None)

    found = found_by(lab, minibatch=12, patches=4, rounds=1)

    assert len(found) == 2
    assert {p.fate for p in lab.notebook.proposals[1:]} == {Fate.DROPPED}


def test_a_patch_that_mends_none_of_its_misses_costs_no_more_than_these():
    lab = a_gepa_lab(lambda request: adding("Be nice."))

    found = found_by(lab, rounds=1)

    (proposal,) = lab.notebook.proposals
    assert [c.prompt for c in found] == [SEED]
    assert proposal.fate is Fate.DROPPED
    assert proposal.reason == "no better on the 3 misses that it was written for"
    assert proposal.raced <= 3


def test_a_patch_that_helps_only_the_cases_it_was_shown_is_not_kept():
    """Nobody but the duel can tell: the gate asks about those very cases."""

    def leaking(request):
        names = re.findall(r"What of (\w+), (\d+)", request.messages[-1].text)
        return adding("Remember " + " ".join(f"{topic}-{number}" for topic, number in names) + ".")

    def evaluator(prompt, cases):
        found = evaluated(prompt, cases)
        results = tuple(
            replace(result, score=1.0)
            if f"{result.case_id}" in re.split(r"[ .]", prompt.text)
            else result
            for result in found.results
        )
        return replace(found, results=results)

    lab = a_gepa_lab(leaking, evaluator=evaluator)

    found = found_by(lab, rounds=4)

    assert [c.prompt for c in found] == [SEED]
    assert all("no gain on" in p.reason for p in lab.notebook.proposals)


def test_a_patch_that_harms_more_than_it_mends_is_not_kept():
    knowing = SEED.edited(f"{SEED.text}You know apples. You know cheese. You know dates.\n")
    forgetting = (
        "```diff\n@@\n-You know apples. You know cheese. You know dates.\n+You know bread.\n```"
    )
    lab = a_gepa_lab(lambda request: forgetting)

    found = list(gepa(knowing, lab, rounds=6))

    assert [c.prompt for c in found] == [knowing]
    assert any(p.raced >= 10 for p in lab.notebook.proposals)


def test_a_must_pass_case_may_not_get_worse_whatever_the_duel_says():
    knowing = SEED.edited(SEED.text + "You know apples.\n")
    swapping = "```diff\n@@\n-You know apples.\n+You know bread. You know cheese.\n```"
    lab = a_gepa_lab(lambda request: swapping.replace("bread. You know", "bread, and know"))
    lab.vital = frozenset({"apples-3"})

    found = list(gepa(knowing, lab, rounds=3, minibatch=9))

    assert [c.prompt for c in found] == [knowing]
    assert any("'apples-3' got worse" in p.reason for p in lab.notebook.proposals)


def test_nobody_is_shown_what_the_duel_is_fought_on():
    lab = a_gepa_lab()

    found_by(lab, patches=1)

    accepted = [p for p in lab.notebook.proposals if p.fate is Fate.ACCEPTED]
    assert accepted
    for proposal in accepted:
        assert proposal.shown
        assert len(proposal.shown) <= 3


def test_the_same_seed_gives_the_same_candidates():
    one, other = (found_by(a_gepa_lab(seed=7)) for _ in range(2))

    assert [c.prompt for c in one] == [c.prompt for c in other]


def test_another_seed_asks_about_other_cases():
    asked = [
        {
            case
            for kind, facts in lab.notebook.events
            if kind == "evaluated"
            for case in facts["evaluation"].scores
        }
        for lab in (a_gepa_lab(seed=1), a_gepa_lab(seed=2))
        if found_by(lab, rounds=1)
    ]

    assert asked[0] != asked[1]


@pytest.mark.parametrize("cap", [5, 20, 33, 60, 111])
def test_the_budget_is_never_exceeded(cap):
    spent = []

    def evaluator(prompt, cases):
        spent.extend((prompt.blob, case.id) for case in cases)
        return evaluated(prompt, cases)

    lab = a_gepa_lab(evaluator=evaluator, affordable=lambda calls: len(set(spent)) + calls <= cap)

    found_by(lab)

    assert len(set(spent)) <= cap


def test_no_case_is_asked_that_is_not_a_search_case():
    cases = a_dataset(20)
    search, sealed = cases.split()
    asked = set()

    def evaluator(prompt, some):
        asked.update(case.id for case in some)
        return evaluated(prompt, some)

    found_by(a_gepa_lab(search=search, evaluator=evaluator))

    assert asked
    assert not asked & {case.id for case in sealed}


def test_it_stops_at_the_target_and_only_when_all_cases_say_so():
    found = found_by(a_gepa_lab(), target=0.5, minibatch=1)

    known = evaluated(found[-1].prompt, a_dataset()).mean
    assert 0.5 <= known < 1.0


def test_it_gives_up_after_as_many_fruitless_reflections_as_patience_allows():
    lab = a_gepa_lab(lambda request: "I would rather not.")

    found_by(lab, patience=3)

    assert lab.round == 3


def test_it_reflects_no_more_often_than_rounds_say():
    lab = a_gepa_lab(lambda request: adding("Be nice."))

    found_by(lab, rounds=2)

    assert lab.round == 2


def test_a_world_without_a_miss_is_said_and_asks_no_mentor():
    knowing = SEED.edited("".join(f"You know {topic}.\n" for topic in TOPICS))
    lab = a_gepa_lab(lambda request: pytest.fail("nothing to ask"))

    list(gepa(knowing, lab, target=2.0))

    (proposal,) = lab.notebook.proposals
    assert proposal.fate is Fate.SKIPPED


def test_a_mentor_that_fails_costs_a_round_and_no_more():
    from promptgit.errors import CallFailed

    answers = itertools.chain([CallFailed("busy", kind="rate_limit")], itertools.repeat(None))

    def mentor(request):
        return next(answers) or reflecting(request)

    found = found_by(a_gepa_lab(mentor))

    assert found[-1].evaluation.mean == 1.0


def test_with_no_money_at_all_nothing_is_yielded():
    def broke(prompt, cases):
        raise BudgetSpent("nothing left")

    assert found_by(a_gepa_lab(evaluator=broke)) == []


def test_the_front_remembers_who_is_best_somewhere():
    best = {"a": 1.0, "b": 1.0, "c": 0.0}
    lost = {"a": 0.0, "b": 0.0, "c": 1.0}
    dominated = {"a": 1.0, "b": 0.0, "c": 0.0}

    assert leads([dominated, lost, best]) == {1: 1, 2: 2}


def test_the_meta_prompt_asks_for_as_many_patches_as_are_wanted():
    from promptgit.core.prompt import Prompt

    facts = {"path": "p.md", "prompt": "P\n", "misses": [], "tried": [], "fence": "f"}
    facts |= {"score": 0.5, "metrics": {}}
    several = Prompt.of(text("reflect")).fill({**facts, "count": 3})
    one = Prompt.of(text("reflect")).fill({**facts, "count": 1})

    assert "Write exactly 3 patches, the most general lesson first." in several
    assert "Write one patch, for the most general lesson." in one
