"""What is known of the search cases: asked as few times as possible, and never wrongly."""

from __future__ import annotations

import pytest

from improve.toy import SEED, a_dataset, a_lab, evaluated
from promptgit.improve.ground import Ground

CHILD = SEED.edited(SEED.text + "You know apples.\n")


def a_ground(**options):
    asked = []

    def evaluator(prompt, cases):
        asked.extend((prompt.text, case.id) for case in cases)
        return evaluated(prompt, cases)

    lab = a_lab(evaluator=evaluator, search=a_dataset(5), **options)
    return Ground(lab, SEED), asked


def test_it_looks_at_each_case_once():
    ground, asked = a_ground()

    while ground.look(7):
        pass

    assert len(asked) == len(set(asked)) == 20
    assert not ground.unseen


def test_the_order_of_looking_is_the_seed_s():
    one, _ = a_ground(seed=1)
    same, _ = a_ground(seed=1)
    other, _ = a_ground(seed=2)

    assert one.order == same.order != other.order


def test_answers_of_an_ancestor_stand_until_they_are_asked_again():
    ground, asked = a_ground()
    ground.look(20)
    ground.lab.evaluate(CHILD, ground.cases(["apples-1"]))
    ground.descend(CHILD)
    asked.clear()

    assert ground.is_fresh("apples-1")
    assert len(ground.stale) == 19
    assert len(ground.misses(0.95)) == 19
    assert not asked

    ground.look_again(30)

    assert len(asked) == 19
    assert len(ground.misses(0.95)) == 15


def test_gains_ask_the_best_prompt_only_where_the_answer_changed():
    ground, asked = a_ground()
    ground.look(20)
    ground.lab.evaluate(CHILD, ground.cases(["dates-0"]))
    ground.descend(CHILD)
    grandchild = CHILD.edited(CHILD.text + "You know bread.\n")
    asked.clear()

    found = ground.lab.evaluate(grandchild, ground.cases(["bread-1", "cheese-1", "apples-1"]))
    gains = ground.gains(found)

    assert gains == {"bread-1": 1.0, "cheese-1": 0.0, "apples-1": 0.0}
    assert {case for text, case in asked if text == CHILD.text} == {"bread-1", "apples-1"}


def test_the_mean_is_that_of_the_newest_answers():
    ground, _ = a_ground()
    ground.look(20)
    assert ground.mean == 0.0

    ground.lab.evaluate(CHILD, ground.cases([f"apples-{n}" for n in range(5)]))
    ground.descend(CHILD)

    assert ground.mean == 0.25


def test_how_often_an_answer_in_doubt_had_changed_is_remembered():
    ground, _ = a_ground()
    ground.look(20)
    trusting = ground.wavering
    ground.lab.evaluate(CHILD, ground.cases(["bread-1"]))
    ground.descend(CHILD)

    for _ in range(3):
        ground.gains(ground.lab.evaluate(CHILD, ground.cases(["apples-1"])))
    ground.gains(evaluated(CHILD.edited("You know dates.\n"), ground.cases(["dates-1"])))

    assert trusting == 0.1
    assert (ground.asked_again, ground.changed) == (2, 1)
    assert ground.wavering > trusting


def test_to_refresh_asks_only_where_an_ancestor_gave_the_answer():
    ground, asked = a_ground()
    ground.look(20)
    ground.lab.evaluate(CHILD, ground.cases(["apples-1"]))
    ground.descend(CHILD)
    asked.clear()

    ground.refresh(["apples-1", "apples-2", "bread-1"])

    assert asked == [(CHILD.text, "apples-2"), (CHILD.text, "bread-1")]


@pytest.mark.parametrize(("lucky", "mean"), [(1, 0.0), (2, 2 / 2 / 20)])
def test_where_luck_decides_much_the_answers_of_those_who_lost_count_too(lucky, mean):
    """From one better answer in ten on; each case by the mean of all who answered it."""
    ground, _ = a_ground()
    ground.look(20)
    topics = ("apples", "bread")[:lucky]
    better = [f"{topic}-1" for topic in topics]
    knowing = SEED.edited(SEED.text + "".join(f"You know {topic}.\n" for topic in topics))
    others = [name for name in ground.order if name not in better]
    ground.lab.evaluate(knowing, ground.cases(better))
    ground.lab.evaluate(SEED.edited(SEED.text + "Be kind.\n"), ground.cases(others))

    evened = ground.evened(ground.lab.results.keys() - {SEED.blob})

    assert sum(evened.values()) / 20 == pytest.approx(mean)
