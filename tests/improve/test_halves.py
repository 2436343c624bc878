"""The two halves of the cases: what was searched with proves nothing, under whatever name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.core.dataset import Case, Dataset, is_sealed
from promptgit.errors import UserError
from promptgit.improve.improvement import Halves


def rows(count: int, says: int, **facts) -> Dataset:
    """So many cases, of which every `says`-th says the same."""
    return Dataset(
        tuple(
            Case(f"c{n}", {"message": f"A pear, {n % says}"}, "fruit", **facts)
            for n in range(count)
        ),
        "cases.csv",
    )


def test_cases_that_differ_are_all_kept():
    cases = rows(80, 80)

    halves = Halves.of(cases)

    assert (halves.search, halves.sealed) == cases.split()
    assert halves.twins == 0


def test_a_sealed_case_that_says_what_a_searched_one_says_is_left_out():
    halves = Halves.of(rows(80, 4))

    assert len(halves.sealed) == 0
    assert halves.twins == 80 - len(halves.search)
    assert not halves.enough
    with pytest.raises(UserError, match="80 cases cannot be halved") as told:
        halves.check()
    assert f"{halves.twins} only repeat another one" in told.value.hint


def test_of_sealed_cases_that_say_the_same_one_confirms():
    twins = tuple(case for case in rows(60, 1) if is_sealed(case))
    others = tuple(replace(case, expected="tool") for case in rows(60, 1) if not is_sealed(case))

    halves = Halves.of(Dataset((*twins, *others), "cases.csv"))

    assert [case.id for case in halves.sealed] == [twins[0].id]
    assert halves.search.cases == others


def test_another_answer_reference_or_name_of_an_input_makes_another_case():
    cases = [
        Case(f"c{n}", {"message": "A pear"}, f"fruit {n}", {"must": f"say {n}"}) for n in range(40)
    ]

    assert Halves.of(Dataset(tuple(cases), "cases.csv")).twins == 0


def test_what_must_pass_stays():
    tagged = rows(80, 4, tags=("never",))

    assert Halves.of(tagged, ["never"]).twins == 0
    (named,) = [case for case in rows(80, 4) if is_sealed(case)][:1]
    assert [case.id for case in Halves.of(rows(80, 4), [named.id]).sealed] == [named.id]
