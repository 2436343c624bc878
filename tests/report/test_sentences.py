from __future__ import annotations

from dataclasses import replace

from promptgit.core.gate import Flip as CaseFlip
from promptgit.core.gate import GateFinding
from promptgit.core.verdict import Outcome, Policy, Verdict
from promptgit.report.sentences import confirmation, draft, gate_finding
from report.a_report import a_case, a_gate, a_guard, a_metric, a_side

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


def test_an_invalid_comparison_says_what_was_in_the_way():
    invalid = replace(GAIN, outcome=Outcome.INVALID, reasons=("5 of 50 pairs have no score",))

    assert confirmation(invalid, Policy()).startswith("INVALID: 5 of 50 pairs have no score.")


def test_a_draft_says_what_was_seen_where_and_that_it_proves_nothing():
    line = draft(11, 13, 60, 0.081)

    assert line == (
        "DRAFT: 24 cases cannot prove an improvement, 60 is the least. +8.1 points on the 11 "
        "search cases, which chose the patch and so prove nothing; the 13 sealed cases were not "
        "asked. Read the diff yourself."
    )


# ── what the gate found ─────────────────────────────────────────────────────────────────────

NOT_RUN = tuple(a_case(f"late-{number}", CaseFlip.NOT_RUN) for number in range(20))


def a_gate_without_cases(outcome: Outcome, *metrics, **changes) -> GateFinding:
    return a_gate(outcome, (), metrics or None, **changes)


def test_a_pass_says_what_it_rules_out_and_what_was_not_needed():
    line = gate_finding(a_gate(Outcome.PASS, NOT_RUN))

    assert line == (
        "PASS: a drop of 5 points or more is ruled out. +2.0 points (90 % range -3.0 to +7.0), "
        "40 of 60 cases compared, 20 not needed."
    )


def test_a_gain_that_is_shown_is_called_one():
    score = a_metric()
    better = replace(score, verdict=replace(score.verdict, effect=0.2, low=0.01, high=0.4))

    line = gate_finding(a_gate_without_cases(Outcome.PASS, better))

    assert line.startswith("PASS: it got better. +20.0 points (90 % range +1.0 to +40.0)")


def test_a_pass_names_what_else_had_to_hold():
    shown = a_metric("kind", gated=False)

    one = a_gate_without_cases(Outcome.PASS, a_metric(), a_guard(), shown)
    two = a_gate_without_cases(Outcome.PASS, a_metric(), a_metric("short"), a_guard(), shown)

    assert "ruled out; cost holds too. +2.0 points" in gate_finding(one)
    assert "ruled out; short and cost hold too. +2.0 points" in gate_finding(two)


def test_a_regression_of_the_score_needs_no_name():
    line = gate_finding(a_gate(Outcome.REGRESSION, (a_case(), *NOT_RUN)))

    assert line == (
        "REGRESSION: -10.0 points (90 % range -15.0 to -5.0), 1 case got worse, 0 better, "
        "40 of 60 cases compared, 20 not needed."
    )


def test_a_regression_of_something_else_names_it():
    kind = a_metric("kind", Outcome.REGRESSION)
    cost = a_guard(outcome=Outcome.REGRESSION)

    line = gate_finding(a_gate_without_cases(Outcome.REGRESSION, a_metric(), kind, cost))
    grown = gate_finding(a_gate_without_cases(Outcome.REGRESSION, a_metric(), cost))

    assert line.startswith("REGRESSION: kind -10.0 points (90 % range -15.0 to -5.0), ")
    assert line.endswith("40 of 60 cases compared. Worse too: cost.")
    assert grown == (
        "REGRESSION: cost +40.0 % (90 % range +36.0 % to +44.0 %), 40 of 60 cases compared."
    )


def test_what_is_shown_and_not_gated_decides_nothing():
    shown = a_metric("kind", Outcome.REGRESSION, gated=False)

    line = gate_finding(a_gate_without_cases(Outcome.PASS, a_metric(), shown))

    assert "kind" not in line


def test_a_must_pass_case_that_broke_is_named_first():
    one = a_gate(Outcome.REGRESSION, (a_case("refund", must_pass=True), a_case("greet")))
    many = a_gate(
        Outcome.REGRESSION, tuple(a_case(f"c{number}", must_pass=True) for number in range(5))
    )

    assert gate_finding(one).startswith("REGRESSION: the must-pass case 'refund' got worse. -10.0")
    assert "the must-pass cases 'c0', 'c1', 'c2' and 2 more got worse" in gate_finding(many)


def test_what_is_open_is_named_and_how_many_cases_would_settle_it():
    open_end = a_gate_without_cases(
        Outcome.INCONCLUSIVE,
        a_metric(),
        a_metric("kind", Outcome.INCONCLUSIVE),
        a_metric("short", Outcome.INCONCLUSIVE),
    )

    assert gate_finding(open_end) == (
        "INCONCLUSIVE: kind +2.0 points (90 % range -3.0 to +7.0) on 40 of 60 cases; a drop of 5 "
        "points can be neither shown nor ruled out. Not settled either: short. "
        "About 220 cases would settle it."
    )


def test_a_gate_without_a_case_says_so():
    nothing = replace(a_metric().verdict, n=0, outcome=Outcome.INCONCLUSIVE)
    line = gate_finding(
        a_gate_without_cases(Outcome.INCONCLUSIVE, replace(a_metric(), verdict=nothing))
    )

    assert line == "INCONCLUSIVE: there was no case to compare."


def test_an_invalid_check_says_what_is_wrong_and_faults_come_first():
    lost = a_gate_without_cases(Outcome.INVALID, reasons=("9 of 60 pairs have no score", "more"))
    late = replace(lost, faults=("the quarantine of 'refund' ended on 2027-01-30",))

    assert gate_finding(lost) == "INVALID: 9 of 60 pairs have no score."
    assert gate_finding(late) == "INVALID: the quarantine of 'refund' ended on 2027-01-30."


def test_answers_that_were_asked_for_again_are_told():
    again = a_case("moody", before=a_side(0.5, repeats=3), after=a_side(0.4, repeats=3))

    line = gate_finding(a_gate(Outcome.REGRESSION, (again,)))

    assert "40 of 60 cases compared with up to 3 answers each." in line


def test_a_suite_is_ruled_out_for_its_own_cases_and_when_all_are_in_there_is_no_range():
    whole = replace(a_metric().verdict, effect=-0.02, low=-0.02, high=-0.02, n=60)

    line = gate_finding(
        a_gate_without_cases(
            Outcome.PASS, replace(a_metric(), verdict=whole), policy=Policy(scope="suite")
        )
    )

    assert line == (
        "PASS: a drop of 5 points or more is ruled out on these cases. -2.0 points, "
        "60 of 60 cases compared."
    )
