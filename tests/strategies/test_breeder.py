"""The strategy `breeder`, in a world where each mistake has one remedy."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

from improve.toy import SEED, TEMPLATES, TOPICS, a_dataset, a_lab, adding, evaluated
from promptgit import metaprompts
from promptgit.core.candidate import Candidate, Fate
from promptgit.core.patch import Refusal
from promptgit.core.prompt import Prompt
from promptgit.edges.merging import merged
from promptgit.improve.improve import improve
from promptgit.strategies import breeder as bred
from promptgit.strategies.breeder import breeder, scores_in

BREED = (
    "BREED {{ operator }} / {{ instruction }} / {{ style }}\n{{ prompt }}\n"
    "{% for miss in misses %}{{ miss.input }} {{ miss.output }}\n{% endfor %}"
    "{% for lesson in lessons %}{{ lesson.input }} {{ lesson.expected }}\n{% endfor %}"
    "{% for other in others %}OTHER {{ other.text }}{% endfor %}"
)
POPULATION = {
    "breed": BREED,
    "hypermutate": "HYPERMUTATE {{ instruction }} / {{ style }}",
    "prescreen": "PRESCREEN {% for patch in patches %}{{ patch }}\n{% endfor %}",
    "mutation-prompts": "# Ours\n\n- Add a rule.\n- Take one out.\n",
    "thinking-styles": "# Ours\n\n- Slowly.\n- From the end.\n",
}


def breeding(request):
    """Add a line for each topic that is shown; write an instruction when that is asked for."""
    words = request.messages[-1].text
    if words.startswith("HYPERMUTATE"):
        return "Say what is known."
    if words.startswith("PRESCREEN"):
        return "1: 2\n2: 9\n3: 1"
    topics = dict.fromkeys(re.findall(r"What of (\w+)", words))
    return "\n".join(adding(f"You know {topic}.") for topic in topics)


def a_breeders_lab(mentor=breeding, **facts):
    lab = a_lab(mentor, **facts)
    lab.mentor = replace(lab.mentor, templates={**TEMPLATES, **POPULATION})
    lab.merge = merged
    return lab


def found_by(lab, **options):
    return list(improve(SEED, lambda seed, lab: breeder(seed, lab, **options), lab))


def variants(lab):
    return [facts for kind, facts in lab.notebook.events if kind == "variant"]


def test_it_learns_every_rule_that_is_shown():
    found = found_by(a_breeders_lab())

    assert found[-1].evaluation.mean == 1.0
    assert all(f"know {topic}" in found[-1].prompt.text for topic in TOPICS)


def test_what_it_yields_is_one_line_of_descent_that_can_be_delivered_commit_by_commit():
    found = found_by(a_breeders_lab())

    assert len(found) > 2
    for best, child in itertools.pairwise(found):
        assert child.parents[0].prompt == best.prompt
        assert child.patch.before == best.prompt.text
        assert child.patch.after == child.prompt.text


@pytest.mark.parametrize("operator", bred.OPERATORS)
def test_every_operator_makes_children_of_its_own(operator, monkeypatch):
    monkeypatch.setattr(bred, "OPERATORS", (operator,))
    lab = a_breeders_lab()

    found = found_by(lab, rounds=12)

    if operator == bred.CROSSOVER:  # all start alike: there is nothing to cross over yet
        assert len(found) == 1
    else:
        assert len(found) > 1
        assert operator in {one["operator"] for one in variants(lab)}


def test_first_order_mutation_says_how_and_shows_what_went_wrong():
    asked = requests_of(bred.FIRST)

    assert re.match(
        r"BREED first-order / (Add a rule|Take one out)\. / (Slowly|From the end)\.", asked
    )
    assert "wrong" in asked


@pytest.mark.parametrize("operator", bred.FROM_LESSONS)
def test_zero_order_and_lamarckian_mutation_see_what_is_right_and_not_what_went_wrong(operator):
    asked = requests_of(operator)

    assert "right" in asked
    assert "wrong" not in asked


def requests_of(operator):
    """The first request that one operator makes."""
    said = []

    def mentor(request):
        said.append(request.messages[-1].text)
        return "I would rather not."

    lab = a_breeders_lab(mentor)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(bred, "OPERATORS", (operator,))
        found_by(lab, rounds=1)
    return said[0]


def test_mutation_prompts_evolve():
    lab = a_breeders_lab()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(bred, "OPERATORS", (bred.HYPER_FIRST,))
        found_by(lab, rounds=4)

    told = {one["instruction"] for one in variants(lab) if "instruction" in one}
    assert told == {"Say what is known."}


def test_members_that_learnt_different_things_are_crossed_hunk_by_hunk():
    lab = a_breeders_lab()
    seed = Candidate(SEED, evaluated(SEED, lab.search))
    units = [bred.Unit(a_child(seed, topic), "", "") for topic in ("apples", "bread")]
    pool = bred.Pool(lab, 0.95, [seed])
    for unit in units:
        lab.evaluate(unit.candidate.prompt, lab.search)

    _, (draft,) = bred.Tribe(pool, units).mutations(0, bred.CROSSOVER, (), 1, 0)

    assert draft.patch.before == units[0].candidate.prompt.text
    assert set(draft.patch.after.splitlines()) == {
        "You know some things.",
        "You know apples.",
        "You know bread.",
    }


def a_child(parent, topic):
    prompt = parent.prompt.edited(f"{parent.prompt.text}You know {topic}.\n")
    return Candidate(prompt, parent.evaluation, (parent,))


def test_the_loser_of_a_tournament_is_the_worse_one_on_the_same_cases():
    """Whoever answered fast or was asked more often has no advantage."""
    lab = a_breeders_lab()
    seed = Candidate(SEED, evaluated(SEED, lab.search))
    knowing = a_child(seed, "apples. You know bread. You know cheese")
    units = [bred.Unit(seed, "", ""), bred.Unit(knowing, "", "")]

    places = {bred.Tribe(bred.Pool(lab, 0.95, [seed]), units).tournament(10) for _ in range(5)}

    assert places == {(1, 0)}


def test_context_shuffling_shows_worked_examples_where_they_are_wanted(monkeypatch):
    monkeypatch.setattr(bred, "OPERATORS", ())
    lab = a_breeders_lab()

    found_by(lab, rounds=2, exemplars=2)

    (one, *_) = variants(lab)
    assert one["operator"] == bred.SHUFFLING
    assert one["text"].count("Input: What of") == 2


def test_only_the_child_that_was_judged_best_is_run_when_the_mentor_screens():
    lab = a_breeders_lab()

    found_by(lab, rounds=1, prescreen=True, misses_shown=12)

    dropped = [p for p in lab.notebook.proposals if "judged less promising" in p.reason]
    assert dropped
    ran = {
        facts["evaluation"].prompt.blob
        for kind, facts in lab.notebook.events
        if kind == "evaluated"
    }
    assert not ran & {SEED.edited(p.patch.after).blob for p in dropped}


def test_a_child_that_mends_nothing_is_not_kept():
    lab = a_breeders_lab(lambda request: adding("Be nice."))

    found = found_by(lab, rounds=6)

    assert [c.prompt for c in found] == [SEED]
    assert Fate.ACCEPTED not in {p.fate for p in lab.notebook.proposals}


def test_a_child_that_mends_nothing_costs_no_more_than_the_misses_it_was_made_for():
    lab = a_breeders_lab(lambda request: adding("Be nice."))

    found_by(lab, rounds=6)

    assert {p.raced <= 3 for p in lab.notebook.proposals} == {True}


def test_a_child_that_helps_only_the_cases_it_was_shown_is_not_kept():
    def leaking(request):
        names = re.findall(r"What of (\w+), (\d+)", request.messages[-1].text)
        told = " ".join(f"{topic}-{number}" for topic, number in names)
        return adding(f"Remember {told}.") if names else "Say what is known."

    def evaluator(prompt, cases):
        found = evaluated(prompt, cases)
        leaked = set(re.split(r"[ .\n]", prompt.text))
        results = tuple(
            replace(result, score=1.0) if result.case_id in leaked else result
            for result in found.results
        )
        return replace(found, results=results)

    lab = a_breeders_lab(leaking, evaluator=evaluator)

    found = found_by(lab, rounds=8)

    assert [c.prompt for c in found] == [SEED]
    assert any("no gain on" in p.reason for p in lab.notebook.proposals)


def test_every_child_goes_past_the_guard():
    lab = a_breeders_lab(guard=lambda patch, prompt: Refusal("not today"))

    found = found_by(lab, rounds=6)

    assert len(found) == 1
    assert {p.fate for p in lab.notebook.proposals} == {Fate.GUARDED}


def test_its_lineage_is_whole():
    lab = a_breeders_lab()

    found = found_by(lab)

    known = {SEED.blob}
    for one in variants(lab):
        assert known.issuperset(one["parents"])
        known.add(one["blob"])
    assert {c.prompt.blob for c in found} <= known


def test_the_same_seed_gives_the_same_candidates():
    one, other = (found_by(a_breeders_lab(seed=7)) for _ in range(2))

    assert [c.prompt for c in one] == [c.prompt for c in other]


@pytest.mark.parametrize("cap", [5, 20, 33, 60, 111])
def test_the_budget_is_never_exceeded(cap):
    spent = set()

    def evaluator(prompt, cases):
        spent.update((prompt.blob, case.id) for case in cases)
        return evaluated(prompt, cases)

    lab = a_breeders_lab(evaluator=evaluator, affordable=lambda calls: len(spent) + calls <= cap)

    found_by(lab)

    assert len(spent) <= cap


def test_no_case_is_asked_that_is_not_a_search_case():
    search, sealed = a_dataset(20).split()
    asked = set()

    def evaluator(prompt, some):
        asked.update(case.id for case in some)
        return evaluated(prompt, some)

    found_by(a_breeders_lab(search=search, evaluator=evaluator))

    assert asked
    assert not asked & {case.id for case in sealed}


def test_it_gives_up_after_as_many_fruitless_tournaments_as_patience_allows():
    lab = a_breeders_lab(lambda request: "I would rather not.")

    found_by(lab, patience=5)

    assert lab.round == 5


def test_it_holds_no_more_tournaments_than_rounds_say():
    lab = a_breeders_lab(lambda request: adding("Be nice."))

    found_by(lab, rounds=2)

    assert lab.round == 2


def test_it_stops_at_the_target():
    found = found_by(a_breeders_lab(), target=0.5, children=1, misses_shown=1)

    assert 0.5 <= evaluated(found[-1].prompt, a_dataset()).mean < 1.0


def test_a_prompt_without_a_miss_is_left_alone():
    knowing = SEED.edited("".join(f"You know {topic}.\n" for topic in TOPICS))
    lab = a_breeders_lab(lambda request: pytest.fail("nothing to ask"))

    list(breeder(knowing, lab, target=2.0))

    assert lab.notebook.proposals[-1].fate is Fate.SKIPPED


def test_our_own_seeds_are_many_and_none_is_said_twice():
    for name in ("mutation-prompts", "thinking-styles"):
        bullets = bred._BULLET.findall(metaprompts.text(name))
        assert len(bullets) >= 12
        assert len(set(bullets)) == len(bullets)


@pytest.mark.parametrize("operator", bred.OPERATORS)
def test_the_meta_prompt_frames_all_that_it_is_told(operator):
    facts = {
        "path": "p.md",
        "prompt": "P\n",
        "tried": [],
        "fence": "f00d",
        "score": 0.5,
        "metrics": {},
        "operator": operator,
        "instruction": "INSTRUCTION",
        "style": "STYLE",
        "count": 3,
        "lessons": [],
        "misses": [],
        "others": [{"text": "MEMBER", "score": 0.25}],
    }

    words = Prompt.of(metaprompts.text("breed")).fill(facts)

    assert "Write exactly 3 patches" in words
    for told in ("STYLE", "MEMBER"):
        assert re.search(rf'<data-f00d name="[^"]+">\n{told}\n</data-f00d>', words)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("reply", ["\n" * 64_000, "\n " * 32_000, "9" * 5_000 + ": 9"])
def test_a_judge_that_writes_nonsense_is_read_at_once(reply):
    assert scores_in(reply, 3) == {}
