"""The sieve: patches that race together, who may come again, and what a race is run on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from improve.test_sieve import a_sieve, draft_of, known
from improve.toy import SEED, adding, evaluated
from promptgit.core.candidate import Fate
from promptgit.core.patch import derive
from promptgit.improve.mentor import Draft


def a_draft(line: str, shown: list[str]) -> Draft:
    """What the mentor writes to add one line; it can be read again as an edit of a later text."""
    patch = derive("prompts/toy.md", SEED.text, f"{SEED.text}{line}\n")
    return Draft("", (adding(line),), tuple(shown), patch)


def three(sieve) -> list[Draft]:
    topics = ("apples", "bread", "cheese")
    return [a_draft(f"You know {topic}.", known(sieve, topic)) for topic in topics]


def fates(sieve) -> list[Fate]:
    return [proposal.fate for proposal in sieve.lab.notebook.proposals]


def test_patches_of_one_request_race_together_and_each_is_an_edit_of_its_own():
    sieve, _ = a_sieve()

    found = list(sieve.sifted(three(sieve)))

    assert len(found) == 3
    assert sum(sieve.races.values()) == 1
    before = SEED
    for child in found:
        assert child.parents[0].prompt == before
        assert (child.patch.before, child.patch.after) == (before.text, child.prompt.text)
        before = child.prompt
    assert sieve.best == found[-1]
    assert sieve.lab.notebook.proposals[0].reason.endswith("together with 2 more")


def test_together_they_take_fewer_calls_than_one_after_the_other():
    both, count = a_sieve(look=40)
    alone, count_alone = a_sieve(look=40)

    list(both.sifted(three(both)))
    for draft in three(alone):
        list(alone.sifted([draft]))

    assert both.best.prompt.text.count("know") == alone.best.prompt.text.count("know") == 4
    assert len(count.calls) < 0.8 * len(count_alone.calls)


def test_each_of_them_is_compared_with_the_one_before_on_a_case_that_both_answered():
    sieve, _ = a_sieve()

    for child in sieve.sifted(three(sieve)):
        before, after = child.compared
        assert [r.case_id for r in before.results] == [r.case_id for r in after.results]
        assert after.mean > before.mean


def test_a_patch_that_adds_nothing_to_the_others_is_not_kept_with_them():
    sieve, _ = a_sieve()
    same = a_draft("Really, you know apples.", known(sieve, "apples"))

    found = list(sieve.sifted([*three(sieve), same]))

    assert not any("Really" in child.prompt.text for child in found)
    assert len(found) == 3


def test_a_patch_that_mended_no_kin_does_not_race_with_the_others():
    """It would pass on what the others gain."""

    def world(prompt, cases):
        found = evaluated(prompt, cases)
        if "by heart" not in prompt.text:
            return found
        told = [
            r if r.case_id != "dates-0" else replace(r, score=1.0, output="right")
            for r in found.results
        ]
        return replace(found, results=tuple(told))

    sieve, _ = a_sieve(world, look=40)
    leak = a_draft("Know dates-0 by heart.", ["dates-0"])

    found = list(sieve.sifted([*three(sieve), leak]))

    assert len(found) == 3
    assert not any("by heart" in child.prompt.text for child in found)


def test_where_they_lose_together_each_may_still_win_alone():
    """One of them breaks more than the other mends."""

    def world(prompt, cases):
        found = evaluated(prompt, cases)
        if "know dates" not in prompt.text:
            return found
        kept = [
            r if r.case_id.startswith("dates") else replace(r, score=0.0) for r in found.results
        ]
        return replace(found, results=tuple(kept))

    knowing = f"{SEED.text}You know apples.\nYou know bread.\n"
    sieve, _ = a_sieve(world, seed=SEED.edited(knowing), look=40)
    drafts = [
        Draft("", (adding(line),), tuple(known(sieve, topic)), patch_of(knowing, line))
        for topic, line in (("cheese", "You know cheese."), ("dates", "You know dates."))
    ]

    found = list(sieve.sifted(drafts))

    assert ["know cheese" in child.prompt.text for child in found] == [True]
    assert "know dates" not in sieve.best.prompt.text


def patch_of(before: str, line: str):
    return derive("prompts/toy.md", before, before.replace("things.\n", f"things.\n{line}\n"))


def test_a_must_pass_case_stops_one_of_several_and_those_after_it_are_tried_alone():
    sieve, _ = a_sieve()
    sieve.lab.harm = lambda parent, child: "harms" if child.text.count("know ") == 3 else ""

    list(sieve.sifted(three(sieve)))

    assert sieve.best.prompt.text.count("You know ") == 2
    assert Fate.DROPPED in fates(sieve)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_who_mended_nothing_may_come_again_and_is_tried_on_other_misses_then(tries):
    sieve, count = a_sieve(look=40)
    shown = known(sieve, "apples", 9)
    idle = draft_of(SEED.text + "About apples.\n", shown)
    blob = sieve.best.prompt.edited(idle.patch.after).blob

    for _ in range(tries):
        sieve.lab.seen.add(blob)
        assert sieve.own([idle]) == []

    assert len(set(count.calls)) == len(count.calls) == 3 * tries
    assert (blob in sieve.lab.seen) is (tries == 3)


def test_the_next_race_is_not_run_on_what_the_best_prompt_was_kept_for():
    """It was lucky there: whatever came after would look worse than it is."""
    sieve, _ = a_sieve(look=40)
    list(sieve.sifted(three(sieve)))
    won_on = {name for text, name in asked_of(sieve) if text == sieve.best.prompt.text}

    racers = sieve._racers(())

    assert len(won_on) >= 10
    assert not won_on & set(racers)
    assert len(racers) == 40 - len(won_on)


def test_where_there_are_no_others_it_is():
    sieve, _ = a_sieve(look=40)
    sieve.won_on = frozenset(sieve.ground.order[5:])

    assert len(sieve._racers(())) == 40


def asked_of(sieve) -> set[tuple[str, str]]:
    return {
        (found.evaluation.prompt.text, name)
        for found in sieve.lab.results.values()
        for name in found.results
    }


@pytest.mark.parametrize(("changed", "asked"), [(0, False), (40, True)])
def test_where_answers_waver_the_best_prompt_is_asked_about_every_case_of_a_race(changed, asked):
    sieve, count = a_sieve(look=40)
    list(sieve.sifted(three(sieve)))
    sieve.ground.asked_again, sieve.ground.changed = 40, changed
    best = sieve.best.prompt
    count.calls.clear()

    sieve.raced(Draft("", ("",), (), derive("prompts/toy.md", best.text, best.text + "Try.\n")))

    again = {name for text, name in count.calls if text == best.text}
    assert any(name.startswith("dates") for name in again) is asked  # wrong before, and still


def test_who_lost_a_race_tells_what_the_best_prompt_scores_where_there_is_luck():
    """Not of itself, though, and no longer when another prompt is the best."""
    sieve, _ = a_sieve(look=40)
    lucky = draft_of("You know dates.", known(sieve, "apples"))
    child = sieve._child(lucky)
    sieve.lab.evaluate(child, sieve.ground.cases(sieve.ground.order))
    plain = sieve.ground.scores
    sieve.lost[child.blob] += 1
    assert sieve._before(SEED) == plain

    sieve.ground.asked_again = sieve.ground.changed = 40

    assert sum(sieve._before(SEED).values()) == (sum(plain.values()) + 10) / 2 == 5
    assert sieve._before(child) == plain

    sieve.raced(draft_of("You know bread.", known(sieve, "apples")))

    assert not sieve.lost


def test_who_loses_a_race_is_remembered():
    sieve, _ = a_sieve(look=40)
    useless = draft_of("Be kind.", known(sieve, "apples"))

    assert sieve.raced(useless) is None

    assert sieve.lost == {sieve._child(useless).blob: 1}


def test_an_edit_that_says_again_what_stands_there_is_not_tried():
    """Two lines alike cannot be told apart by the edit that would take one of them out."""
    sieve, count = a_sieve(seed=SEED.edited("You know some things.\nYou know apples.\n"))
    sieve.lab.seen.clear()
    patch = derive("p.md", sieve.best.prompt.text, sieve.best.prompt.text + " You know apples.\n")

    assert sieve.lab.vetted(sieve.best, Draft("", ("",), (), patch)) is None
    assert fates(sieve) == [Fate.REPEATED]
    assert not count.calls


def test_an_edit_that_moves_a_line_is_tried():
    sieve, _ = a_sieve(seed=SEED.edited("You know apples.\nYou know some things.\n"))
    moved = "You know some things.\nYou know apples.\n"
    draft = Draft("", ("",), (), derive("p.md", sieve.best.prompt.text, moved))

    assert sieve.lab.vetted(sieve.best, draft) is draft
