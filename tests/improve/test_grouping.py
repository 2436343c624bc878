"""Groups of misses: few that stand for many."""

from __future__ import annotations

from promptgit.core.evaluation import Result
from promptgit.improve.grouping import grouped


def miss(name: str) -> Result:
    return Result(name, 0, output="wrong", score=0.0)


def by_letter(one: str, other: str) -> float:
    return 1.0 if one == other else 0.8 if one[0] == other[0] else 0.0


MISSES = [miss(name) for name in ("a1", "b1", "a2", "c1", "a3", "b2")]


def names(group):
    return [result.case_id for result in group.shown]


def test_each_group_holds_what_is_alike_and_the_largest_comes_first():
    found = grouped(MISSES, by_letter, groups=3, shown=9)

    assert [group.size for group in found] == [3, 2, 1]
    assert [names(group)[0][0] for group in found] == ["a", "b", "c"]


def test_few_groups_stand_for_as_many_misses_as_possible():
    found = grouped(MISSES, by_letter, groups=2, shown=9)

    assert [names(group)[0][0] for group in found] == ["a", "b"]


def test_never_more_than_half_of_a_group_is_shown():
    found = grouped(MISSES, by_letter, groups=3, shown=9)

    assert [len(group.shown) for group in found] == [2, 1, 1]


def test_no_more_are_shown_than_asked_for():
    found = grouped(MISSES, by_letter, groups=3, shown=1)

    assert [len(group.shown) for group in found] == [1, 1, 1]


def test_a_miss_that_was_asked_about_often_stands_back():
    tired = dict.fromkeys(("a1", "a2", "a3"), 9)

    found = grouped(MISSES, by_letter, groups=1, shown=1, asked=tired)

    assert names(found[0]) == ["b1"]


def test_misses_that_are_alike_in_nothing_are_groups_of_their_own():
    found = grouped(MISSES, lambda one, other: float(one == other), groups=4, shown=3)

    assert [group.size for group in found] == [1, 1, 1, 1]


def test_there_are_no_more_groups_than_misses():
    assert len(grouped(MISSES[:2], by_letter, groups=4, shown=1)) == 2
    assert grouped([], by_letter, groups=4, shown=1) == []
