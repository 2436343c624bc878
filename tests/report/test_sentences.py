from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.core.verdict import Flip, Outcome, Policy, Verdict
from promptgit.report.sentences import confirmation, draft, gate

GAIN = Verdict(
    Outcome.PASS,
    effect=0.081,
    low=0.023,
    high=0.137,
    n=50,
    of=50,
    baseline=0.70,
    candidate=0.781,
    p_value=0.004,
    alpha=0.05,
)


def test_a_confirmed_gain_tells_the_sealed_number_and_labels_the_other():
    line = confirmation(GAIN, Policy(), search_gain=0.14, proposals=23, calls=1412, look=2)

    assert line == (
        "CONFIRMED: +8.1 points (90 % range +2.3 to +13.7) on all 50 sealed cases that chose "
        "nothing (+14.0 on the search cases). 23 proposals, 1,412 calls, sealed cases asked for "
        "the 2nd time."
    )


def test_what_is_not_confirmed_says_what_would_settle_it():
    open_end = replace(GAIN, outcome=Outcome.INCONCLUSIVE, effect=0.01, low=-0.06, needed=430, n=30)

    line = confirmation(open_end, Policy(), search_gain=0.06)

    assert line == (
        "NOT CONFIRMED: +1.0 points (90 % range -6.0 to +13.7) on 30 of 50 sealed cases (+6.0 on "
        "the search cases). About 430 sealed cases would settle it. Nothing delivered."
    )


def test_what_is_not_better_says_why():
    worse = replace(GAIN, outcome=Outcome.NOT_BETTER, reasons=("the case 'refund' got worse",))

    line = confirmation(worse, Policy())

    assert line.startswith("NOT BETTER: the case 'refund' got worse; +8.1 points")
    assert line.endswith("Nothing delivered.")


def test_without_a_sealed_case_there_is_no_number_to_show():
    empty = replace(GAIN, outcome=Outcome.INCONCLUSIVE, n=0, of=0)

    line = confirmation(empty, Policy())

    assert line == "NOT CONFIRMED: there is no sealed case to confirm with. Nothing delivered."


@pytest.mark.parametrize("say", [confirmation, gate])
def test_an_invalid_comparison_says_what_was_in_the_way(say):
    invalid = replace(GAIN, outcome=Outcome.INVALID, reasons=("5 of 50 pairs have no score",))

    assert say(invalid, Policy()).startswith("INVALID: 5 of 50 pairs have no score.")


def test_the_gate_names_the_margin_it_ruled_out_and_what_it_saved():
    passed = replace(GAIN, effect=0.004, low=-0.031, high=0.039, n=87, of=200)

    assert gate(passed, Policy()) == (
        "PASS: a drop of 5 points or more is ruled out. +0.4 points (90 % range -3.1 to +3.9), "
        "87 of 200 cases compared, 113 not needed."
    )


def test_a_regression_counts_what_was_lost_and_won():
    flips = (Flip("a", 1.0, 0.0), Flip("b", 1.0, 0.5), Flip("c", 0.0, 1.0))
    worse = replace(GAIN, outcome=Outcome.REGRESSION, effect=-0.11, low=-0.18, high=-0.04)

    line = gate(replace(worse, n=68, of=200, flips=flips), Policy())

    assert line == (
        "REGRESSION: -11.0 points (90 % range -18.0 to -4.0), 2 cases got worse, 1 better, "
        "68 of 200 cases compared."
    )


def test_an_open_gate_says_how_many_cases_would_decide():
    open_end = replace(GAIN, outcome=Outcome.INCONCLUSIVE, effect=-0.012, low=-0.079, needed=740)

    line = gate(open_end, Policy())

    assert "a drop of 5 points can be neither shown nor ruled out" in line
    assert line.endswith("About 740 cases would settle it.")


def test_a_draft_says_what_was_seen_and_that_it_proves_nothing():
    line = draft(24, 60, replace(GAIN, n=12, of=12))

    assert line == (
        "DRAFT: 24 cases cannot prove an improvement, 60 is the least. +8.1 points (90 % range "
        "+2.3 to +13.7) on all 12 sealed cases. Read the diff yourself."
    )
