"""The sieve: where a patch stops, and what it costs until then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from improve.toy import SEED, a_dataset, a_lab, adding, evaluated
from promptgit.core.candidate import Candidate, Fate
from promptgit.core.evaluation import Evaluation
from promptgit.core.patch import derive
from promptgit.improve.experience import Breakage, Kin, Kinship
from promptgit.improve.ground import Ground
from promptgit.improve.mentor import Draft
from promptgit.improve.sieve import Sieve

KNOWING = SEED.text + "You know apples.\n"


class Count:
    """Evaluates in the toy world, and counts the calls."""

    def __init__(self, world=evaluated):
        self.world = world
        self.calls: list[tuple[str, str]] = []

    def __call__(self, prompt, cases) -> Evaluation:
        self.calls += [(prompt.text, case.id) for case in cases]
        return self.world(prompt, cases)


def a_sieve(world=evaluated, *, seed=SEED, look=20, **options):
    count = Count(world)
    lab = a_lab(evaluator=count, search=a_dataset(10), **options)
    ground = Ground(lab, seed)
    ground.look(look)
    sieve = Sieve(lab, ground, Candidate(seed, lab.so_far(seed)), threshold=0.95)
    count.calls.clear()
    return sieve, count


def draft_of(text: str, shown: list[str], before: str = SEED.text) -> Draft:
    return Draft("", (adding("x"),), tuple(shown), derive("prompts/toy.md", before, text))


def known(sieve, topic, count=1):
    names = [name for name in sieve.ground.newest if name.startswith(topic)]
    return names[:count]


def test_a_patch_that_mends_no_miss_of_its_own_stops_at_once():
    sieve, count = a_sieve()
    idle = draft_of(SEED.text + "Be nice.\n", known(sieve, "apples"))

    assert sieve.own([idle]) == []
    assert len(count.calls) == 1
    (proposal,) = sieve.lab.notebook.proposals
    assert proposal.fate is Fate.DROPPED
    assert proposal.reason == "mended none of the misses that it was written for"


def test_a_patch_that_helps_all_of_its_kind_passes_for_few_calls_where_little_breaks():
    sieve, count = a_sieve()
    sieve.breakage = Breakage(worse=0, tested=40)
    good = draft_of(SEED.text + "You know apples.\n", known(sieve, "apples"))

    ((draft, mended),) = sieve.own([good])
    found = sieve.passed(draft, mended)

    assert found is not None
    assert found.prompt.text == KNOWING
    assert found.patch == good.patch
    assert len(count.calls) <= 8


def test_without_experience_of_what_breaks_a_race_decides():
    sieve, count = a_sieve()
    good = draft_of(SEED.text + "You know apples.\n", known(sieve, "apples"))

    ((draft, mended),) = sieve.own([good])

    assert sieve.passed(draft, mended) is not None
    assert "gained" in sieve.lab.notebook.proposals[-1].reason
    assert len(count.calls) > 10


@pytest.mark.parametrize(
    ("worse", "tested", "rare"), [(0, 0, False), (0, 10, True), (1, 10, False), (2, 60, True)]
)
def test_that_little_breaks_is_believed_by_experience_only(worse, tested, rare):
    assert Breakage(worse, tested).is_rare is rare


def test_a_patch_that_has_learnt_its_cases_by_heart_stops_at_their_kin():
    sieve, _ = a_sieve()
    shown = known(sieve, "apples")

    def leaking(prompt, cases):
        found = evaluated(prompt, cases)
        if "by heart" not in prompt.text:
            return found
        told = [r if r.case_id not in shown else right(r) for r in found.results]
        return type(found)(prompt, cases, found.model, found.metrics, tuple(told))

    sieve.lab.evaluator = leaking
    leak = draft_of(SEED.text + "Know apples by heart.\n", shown)
    sieve.kinship = Kinship(mended=6, missed=0)

    ((draft, mended),) = sieve.own([leak])

    assert sieve.passed(draft, mended) is None
    assert "misses like the one" in sieve.lab.notebook.proposals[-1].reason


def right(result):
    return replace(result, score=1.0)


def test_a_patch_that_helps_its_kind_and_breaks_more_elsewhere_stops():
    everything = SEED.edited("You know apples. You know bread.\n")

    def world(prompt, cases):
        return evaluated(prompt, cases)

    sieve, _ = a_sieve(world, seed=everything, look=40)
    worse = draft_of(
        "You know cheese.\n", known(sieve, "cheese"), before="You know apples. You know bread.\n"
    )

    ((draft, mended),) = sieve.own([worse])

    assert sieve.passed(draft, mended) is None
    assert sieve.lab.notebook.proposals[-1].fate is Fate.DROPPED
    assert sieve.best.prompt == everything


def test_a_must_pass_case_stops_what_would_pass():
    sieve, _ = a_sieve(seed=SEED.edited("You know bread.\n"), look=40)
    sieve.lab.vital = frozenset(["bread-3"])
    swap = draft_of(
        "You know apples. You know cheese. You know dates.\n",
        known(sieve, "apples"),
        before="You know bread.\n",
    )

    ((draft, mended),) = sieve.own([swap])

    assert sieve.passed(draft, mended) is None
    assert "bread-3" in sieve.lab.notebook.proposals[-1].reason


def test_drafts_are_tried_side_by_side_each_on_a_miss_of_its_own():
    sieve, count = a_sieve()
    apples, bread = known(sieve, "apples"), known(sieve, "bread")
    drafts = [
        draft_of(SEED.text + "You know bread.\n", apples + bread),
        draft_of(SEED.text + "You know apples.\n", apples + bread),
    ]

    kept = sieve.own(drafts)

    assert [mended.split("-")[0] for _, mended in kept] == ["bread", "apples"]
    assert len(count.calls) == 2


def test_what_is_kept_is_compared_with_its_parent_on_cases_that_both_answered():
    sieve, _ = a_sieve()
    good = draft_of(SEED.text + "You know apples.\n", known(sieve, "apples"))

    ((draft, mended),) = sieve.own([good])
    before, after = sieve.passed(draft, mended).compared

    assert [r.case_id for r in before.results] == [r.case_id for r in after.results]
    assert before.prompt == SEED
    assert after.mean > before.mean


@pytest.mark.parametrize(("mended", "tested", "likely"), [(0, 1, True), (8, 2, False)])
def test_kin_tell_the_more_the_more_often_they_were_mended(mended, tested, likely):
    assert (Kinship(mended, 0).chance_of_none(tested) > 0.15) is likely


def test_what_kin_gained_counts_in_a_race_for_as_many_cases_as_they_stand_for():
    kin = Kin(frozenset("ab"), gains=(1.0, 0.5), share=0.2)

    assert kin.ahead == pytest.approx(0.15)
    assert Kin().ahead == 0.0


def test_a_race_weighs_what_is_weak_by_all_that_is_known_not_by_who_is_left_to_race():
    """Shown misses do not race: else a prompt seems to have more to lose than it has."""
    sieve, _ = a_sieve(seed=SEED.edited("You know apples.\n"), look=40)
    shown = [n for n in sieve.ground.newest if not n.startswith("apples")][:20]
    racers = [n for n in sieve.ground.newest if n not in shown]

    assert len(racers) == 20
    assert sieve._weak_share(racers, sieve.ground.scores) == pytest.approx(
        0.75
    )  # of 40, not 10 of 20


def test_a_share_goes_by_weight_not_by_the_number_of_cases():
    sieve, _ = a_sieve(seed=SEED.edited("You know apples.\n"), look=40)
    heavy = [replace(c, weight=3.0 if c.id.startswith("apples") else 1.0) for c in sieve.lab.search]
    sieve.lab.search = replace(sieve.lab.search, cases=tuple(heavy))

    assert sieve._weak_share(list(sieve.ground.newest), sieve.ground.scores) == pytest.approx(
        30 / 60
    )


def test_racers_are_looked_for_until_some_of_them_are_misses():
    sieve, _ = a_sieve(seed=SEED.edited("You know apples.\n"), look=12)
    misses = {n for n in sieve.ground.newest if not n.startswith("apples")}

    racers = sieve._racers(misses)

    assert len([n for n in racers if not n.startswith("apples")]) >= 3


def test_who_mends_kin_and_loses_a_race_may_come_again_but_not_for_ever():
    everything = SEED.edited("You know apples. You know bread.\n")
    sieve, _ = a_sieve(seed=everything, look=40)
    worse = draft_of(
        "You know cheese.\n",
        known(sieve, "cheese"),
        before="You know apples. You know bread.\n",
    )
    blob = everything.edited(worse.patch.after).blob

    again = []
    for _ in range(4):
        sieve.lab.seen.add(blob)
        ((draft, mended),) = sieve.own([worse])
        assert sieve.passed(draft, mended) is None
        again.append(blob not in sieve.lab.seen)

    assert again == [True, True, False, False]


def test_cases_that_edits_break_are_looked_at_first():
    knowing = SEED.edited("You know apples. You know bread.\n")
    sieve, count = a_sieve(seed=knowing, look=40)
    sieve.breakage.add({"bread-3": -1.0, "bread-7": -1.0, "apples-1": 0.0})
    sieve.breakage.add({"bread-7": -0.5})
    draft = draft_of("You know apples.\n", [], before=knowing.text)

    sieve._breaks_nothing(sieve._child(draft), draft)

    assert {"bread-3", "bread-7"} <= {
        case for text, case in count.calls if text == draft.patch.after
    }
    assert sieve.breakage.broken["bread-7"] >= 2


def test_the_more_was_raced_the_more_a_race_must_show():
    def asked_of(races: int) -> bool:
        sieve, _ = a_sieve(world=slightly, look=40)
        sieve.races.update({f"earlier {number}": 1 for number in range(races)})
        return sieve.raced(draft_of(SEED.text + "Try.\n", [])) is not None

    assert asked_of(0)
    assert not asked_of(40)


def slightly(prompt, cases):
    """An edit that mends one case in forty and changes nothing else."""
    found = evaluated(prompt, cases)
    if "Try." not in prompt.text:
        return found
    results = [replace(r, score=1.0) if r.case_id == "dates-4" else r for r in found.results]
    return replace(found, results=tuple(results))
