from __future__ import annotations

import json
from dataclasses import replace
from math import pi

import pytest

from check.sides import some_cases
from promptgit.check.ledger import Ledger, alpha_for_look
from promptgit.core.dataset import Dataset


def both(one: Dataset, other: Dataset) -> Dataset:
    return replace(one, cases=one.cases + other.cases)


def after(sealed: Dataset, finalists: int) -> Ledger:
    ledger = Ledger()
    for number in range(finalists):
        ledger = ledger.judged(sealed, f"run {number}")
    return ledger


def test_the_first_look_may_err_with_six_over_pi_squared_of_alpha():
    assert alpha_for_look(1, 0.05) == pytest.approx(0.05 * 6 / pi**2)
    assert alpha_for_look(3, 0.05) == pytest.approx(0.05 * 6 / (9 * pi**2))


def test_all_looks_together_never_err_more_often_than_alpha():
    assert sum(alpha_for_look(look, 0.05) for look in range(1, 100_000)) < 0.05


def test_each_finalist_that_a_sealed_set_judges_counts():
    sealed = some_cases(40)
    ledger = after(sealed, 3)

    assert ledger.look(sealed, "run 3") == 4
    assert ledger.alpha(sealed, "run 3", 0.05) == alpha_for_look(4, 0.05)


def test_a_resumed_run_keeps_its_number():
    sealed = some_cases(40)
    ledger = after(sealed, 3)

    assert ledger.look(sealed, "run 1") == 2
    assert ledger.judged(sealed, "run 1").look(sealed, "run 3") == 4


def test_another_set_starts_at_one():
    assert after(some_cases(40), 3).look(some_cases(40, prefix="other"), "run 3") == 1


@pytest.mark.parametrize(("added", "look"), [(0, 4), (42, 4), (43, 1)])
def test_thirty_percent_of_cases_that_never_judged_make_a_set_new(added: int, look: int):
    sealed = some_cases(100)
    ledger = after(sealed, 3)

    grown = both(sealed, some_cases(added, prefix="new"))

    assert ledger.look(grown, "next") == look


def test_a_set_that_grows_little_by_little_stays_the_same_set():
    sealed = some_cases(100)
    ledger = after(sealed, 1)

    for number in range(8):
        sealed = both(sealed, some_cases(20, prefix=f"more-{number}"))
        ledger = ledger.judged(sealed, f"grown {number}")

    assert ledger.look(sealed, "next") == 10


def test_leaving_cases_out_does_not_make_a_set_new():
    sealed = some_cases(100)
    ledger = after(sealed, 2)

    assert ledger.look(sealed.first(30), "next") == 3


def test_a_new_id_or_a_corrected_answer_does_not_make_a_case_new():
    sealed = some_cases(10)
    ledger = after(sealed, 2)

    renamed = tuple(replace(case, id=f"x{case.id}", expected="yes", weight=2.0) for case in sealed)

    assert ledger.look(replace(sealed, cases=renamed), "next") == 3


def test_the_old_set_keeps_its_count_after_a_new_one_grew_out_of_it():
    old = some_cases(100)
    new = both(old.first(60), some_cases(40, prefix="new"))
    ledger = after(old, 5).judged(new, "first on the new set")

    assert ledger.look(new, "next") == 2
    assert ledger.look(old, "next") == 6


def test_a_ledger_survives_being_written_down():
    ledger = after(some_cases(20), 2).judged(some_cases(5, prefix="b"), "c")

    again = Ledger.of(json.loads(json.dumps(ledger.facts)))

    assert again == ledger
    assert Ledger.of({}) == Ledger()


def test_two_clones_that_judged_apart_have_judged_together():
    sealed, elsewhere = some_cases(20), some_cases(20, prefix="b")
    here = after(sealed, 2)
    there = Ledger().judged(sealed, "run 0").judged(sealed, "theirs").judged(elsewhere, "b")

    merged = here.merged(there)

    assert merged.look(sealed, "next") == 4
    assert merged.look(elsewhere, "next") == 2
