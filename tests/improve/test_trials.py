"""Trials between prompts that are known in part: the gate and the duel."""

from __future__ import annotations

import pytest

from improve.toy import SEED, a_dataset, a_lab, evaluated
from promptgit.core.dataset import Case
from promptgit.improve.trials import ask, asked, dealt, duel, gate, known, parted, standing

APPLES = SEED.edited(f"{SEED.text}You know apples.\n")
BREAD = SEED.edited(f"{SEED.text}You know bread.\n")
CASES = [case.id for case in a_dataset()]


def a_known_lab(*prompts, **facts):
    """A lab in which these prompts were asked about everything."""
    lab = a_lab(**facts)
    for prompt in prompts:
        ask(lab, prompt, CASES)
    return lab


def fought(lab, child, rival, cases=CASES, *, longest=40, **options):
    return duel(lab, child, rival, cases, longest=longest, order_seed="1", **options)


def test_nobody_is_asked_the_same_twice():
    sizes = []

    def evaluator(prompt, cases):
        sizes.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_lab(evaluator=evaluator)
    ask(lab, SEED, CASES[:5])
    ask(lab, SEED, CASES[:8])
    ask(lab, SEED, CASES[:8])

    assert sizes == [5, 3]
    assert len(known(lab, SEED)) == len(asked(lab, SEED)) == 8


def test_a_prompt_that_was_asked_nothing_is_known_in_nothing():
    assert not known(a_lab(), SEED)
    assert not asked(a_lab(), SEED)


def test_the_gate_opens_at_the_first_miss_that_is_mended():
    lab = a_known_lab(SEED)

    trial = gate(lab, APPLES, SEED, ["apples-0", "apples-1", "bread-0"])

    assert trial.won
    assert set(asked(lab, APPLES)) == {"apples-0"}


def test_the_gate_stays_shut_when_nothing_is_mended():
    lab = a_known_lab(SEED)

    trial = gate(lab, BREAD, SEED, ["apples-0", "apples-1"])

    assert not trial.won
    assert trial.reason == "no better on the 2 misses that it was written for"
    assert trial.raced == 2


def test_a_miss_that_is_none_any_more_can_not_open_the_gate():
    lab = a_known_lab(APPLES)

    assert not gate(lab, SEED, APPLES, ["apples-0"]).won


def test_a_duel_ends_as_soon_as_the_child_does_not_lead():
    lab = a_known_lab(SEED)

    trial = fought(lab, SEED.edited("You know nothing.\n"), SEED)

    assert not trial.won
    assert trial.raced == 10


def test_a_duel_is_won_after_the_longest_look():
    lab = a_known_lab(SEED)

    trial = fought(lab, APPLES, SEED, longest=20)

    assert trial.won
    assert trial.raced == 20
    assert trial.after > trial.before == 0.0


def test_swapping_one_topic_for_another_gains_nothing():
    """Seven of ten cases are those that the rival misses; weighing must make up for that."""
    lab = a_known_lab(APPLES)

    assert not fought(lab, BREAD, APPLES).won


def test_a_gain_below_the_minimum_is_no_win():
    lab = a_known_lab(SEED)

    trial = fought(lab, APPLES, SEED, min_improvement=0.5)

    assert not trial.won
    assert trial.reason == "gained 0.2500 on 40 cases, less than 0.5"


def test_a_second_duel_goes_on_from_the_first():
    lab = a_known_lab(SEED)
    fought(lab, APPLES, SEED, longest=10)
    first = set(asked(lab, APPLES))

    duel(lab, APPLES, SEED, CASES, longest=20, order_seed="another")

    assert len(first) == 10
    assert len(asked(lab, APPLES)) == 20
    assert first < set(asked(lab, APPLES))


def test_a_duel_without_cases_says_nothing():
    trial = fought(a_known_lab(SEED), APPLES, SEED, cases=[])

    assert not trial.won
    assert trial.unscored


def test_too_many_cases_without_a_score_say_nothing():
    cases = [Case(name, {}) for name in "abcd"]

    trial = standing({"a": 1.0}, dict.fromkeys("abcd", 0.0), cases, set("abcd"), 1.0)

    assert (trial.won, trial.unscored) == (False, True)
    assert trial.reason == "3 of 4 cases had no score"


def test_heavy_cases_count_for_more():
    cases = [Case("light", {}), Case("heavy", {}, weight=3.0)]
    rival = {"light": 0.0, "heavy": 1.0}

    assert not standing({"light": 1.0, "heavy": 0.0}, rival, cases, set(), 0.0).won


@pytest.mark.parametrize("count", [0, 3, 7])
def test_nobody_is_lost_when_cases_are_dealt(count):
    weak = [Case(f"w{n}", {}) for n in range(count)]
    rest = [Case(f"r{n}", {}) for n in range(5)]

    assert sorted(case.id for case in dealt(weak, rest)) == sorted(c.id for c in weak + rest)


def test_cases_below_the_mean_are_weak():
    scores = {"apples-0": 1.0, "bread-0": 0.25, "bread-1": 0.5}

    weak, rest = parted(a_dataset(), scores)

    assert [case.id for case in weak] == ["bread-0", "bread-1"]
    assert [case.id for case in rest] == ["apples-0"]
