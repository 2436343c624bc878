"""Whose turn it is: misses that were seldom asked about, and more when few are left."""

from __future__ import annotations

from improve.toy import SEED, a_dataset, a_lab
from promptgit.improve.agenda import Agenda
from promptgit.improve.ground import Ground

KNOWING = SEED.edited(SEED.text + "You know apples. You know bread. You know cheese.\n")


def an_agenda(*, seed=SEED, look=4, cases=5, **options):
    ground = Ground(a_lab(search=a_dataset(cases)), seed)
    ground.look(look)
    options = {"enough": 3, "next_look": 2, "most": 4, **options}
    return Agenda(ground, threshold=0.95, **options)


def names(misses):
    return [miss.case_id for miss in misses]


def test_it_looks_no_further_while_there_are_enough_misses():
    agenda = an_agenda()

    assert len(agenda.misses()) == 4
    assert len(agenda.ground.newest) == 4


def test_it_looks_at_more_cases_where_misses_are_few():
    agenda = an_agenda(seed=KNOWING)

    assert len(agenda.misses()) >= 3
    assert len(agenda.ground.newest) > 4


def test_a_miss_that_was_asked_about_twice_waits_for_the_others():
    agenda = an_agenda(look=20)
    tired = names(agenda.misses())[:5]
    agenda.note(tired)
    agenda.note(tired)

    assert not set(names(agenda.misses())) & set(tired)


def test_those_that_waited_come_again_when_no_other_is_left():
    agenda = an_agenda(look=20, cases=1)
    for _ in range(2):
        agenda.note(names(agenda.misses()))

    assert len(agenda.misses()) == 4


def test_nobody_is_asked_about_more_often_than_allowed():
    agenda = an_agenda(look=20, cases=1, most=3)

    rounds = 0
    while misses := agenda.misses():
        agenda.note(names(misses))
        rounds += 1

    assert rounds == 3


def test_before_it_gives_up_it_asks_again_what_only_an_ancestor_answered():
    agenda = an_agenda(look=20, cases=1)
    child = SEED.edited(SEED.text + "Be nice.\n")
    ground = agenda.ground
    ground.lab.evaluate(child, ground.cases(["apples-0"]))
    ground.descend(child)
    for _ in range(4):
        agenda.note(ground.order)

    assert agenda.misses() == []
    assert not ground.stale
