"""The lineage of a run, as its journal tells it."""

from __future__ import annotations

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.journal import proposal_facts
from promptgit.core.lineage import lineage_of
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt

SEED = Prompt.of("Be kind.\n")
ONE = SEED.edited("Be kind.\nBe brief.\n")
TWO = ONE.edited("Be kind.\nBe brief.\nSay when.\n")


def a_proposal(parent, child, *, fate=Fate.DROPPED, round=1, at="2026-11-20T10:00:00Z"):
    patch = derive("p.md", parent.text, child.text)
    facts = proposal_facts(Proposal(round, parent, fate, f"it was {fate}", patch=patch))
    return {"kind": "proposal", "at": at, "proposal": facts}


def an_evaluation(prompt, **scores):
    results = [{"case": name, "score": score} for name, score in scores.items()]
    return {"kind": "evaluated", "at": "", "evaluation": {"blob": prompt.blob, "results": results}}


def a_variant(child, *parents, operator, **facts):
    blobs = [parent.blob for parent in parents]
    told = {"blob": child.blob, "text": child.text, "operator": operator, "parents": blobs}
    return {"kind": "variant", "at": "2026-11-20T09:00:00Z", "round": 1, **told, **facts}


def test_any_strategy_has_one_from_its_proposals_alone():
    events = [
        an_evaluation(SEED, a=0, b=1),
        a_proposal(SEED, ONE, fate=Fate.ACCEPTED),
        a_proposal(ONE, TWO, round=2),
    ]

    seed, one, two = lineage_of(events)

    assert (seed.blob, seed.text, seed.generation, seed.fate) == (SEED.blob, SEED.text, 0, "seed")
    assert (one.parents, one.generation, one.operator) == ((SEED.blob,), 1, "patch")
    assert (one.fate, one.reason, one.time) == (
        "accepted",
        "it was accepted",
        "2026-11-20T10:00:00Z",
    )
    assert (two.parents, two.generation, two.round) == ((ONE.blob,), 2, 2)
    assert "+Say when." in two.diff


def test_fitness_is_the_mean_over_all_that_a_text_was_asked():
    events = [
        an_evaluation(SEED, a=0, b=1),
        an_evaluation(SEED, b=1, c=1),
        {
            "kind": "evaluated",
            "evaluation": {"blob": SEED.blob, "results": [{"case": "d", "score": None}]},
        },
    ]

    (seed,) = lineage_of(events)

    assert (seed.fitness, seed.cases) == (2 / 3, 3)


def test_a_text_that_was_asked_nothing_has_no_fitness():
    *_, one = lineage_of([an_evaluation(SEED, a=0), a_proposal(SEED, ONE)])

    assert (one.fitness, one.cases) == (None, 0)


def test_a_strategy_may_tell_operators_and_several_parents():
    events = [
        an_evaluation(SEED, a=0),
        a_variant(ONE, SEED, operator="lamarckian", instruction="Ask why.", style="Slowly."),
        a_variant(TWO, ONE, SEED, operator="merge"),
        a_proposal(ONE, TWO, fate=Fate.ACCEPTED),
    ]

    _, one, two = lineage_of(events)

    assert (one.operator, one.instruction, one.style) == ("lamarckian", "Ask why.", "Slowly.")
    assert one.fate == ""
    assert (two.operator, two.parents, two.generation) == ("merge", (ONE.blob, SEED.blob), 2)
    assert (two.fate, two.time) == ("accepted", "2026-11-20T09:00:00Z")


def test_what_was_accepted_stays_so_when_the_text_comes_again():
    events = [a_proposal(SEED, ONE, fate=Fate.ACCEPTED), a_proposal(SEED, ONE)]

    assert lineage_of(events)[1].fate == "accepted"


def test_a_run_that_was_resumed_tells_each_text_once():
    life = [an_evaluation(SEED, a=0), a_proposal(SEED, ONE)]

    assert lineage_of([*life, *life]) == lineage_of(life)


def test_proposals_without_a_text_of_their_own_are_no_variants():
    unreadable = proposal_facts(Proposal(1, SEED, Fate.UNREADABLE, "no diff"))
    events = [an_evaluation(SEED, a=0), {"kind": "proposal", "proposal": unreadable}]

    assert len(lineage_of(events)) == 1


def test_every_parent_is_a_variant_before_its_child():
    events = [an_evaluation(SEED, a=0), a_proposal(SEED, ONE), a_proposal(ONE, TWO)]

    known = set()
    for variant in lineage_of(events):
        assert known.issuperset(variant.parents)
        known.add(variant.blob)
