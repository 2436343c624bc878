from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from check.answering import TODAY, always, failing_at, gate
from check.sides import some_cases
from promptgit.check.quarantine import quarantine
from promptgit.core.dataset import Dataset
from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome, Policy, Quarantined

RIGHT = always(score=1.0)
CASES = some_cases(100)


def held(*names: str, until: date = TODAY, owner: str = "@ana") -> Policy:
    entries = (Quarantined(name, owner, "flips at temperature 1", until) for name in names)
    return Policy(quarantine=tuple(entries))


def faults(policy: Policy, cases: Dataset = CASES) -> tuple[str, ...]:
    return quarantine(cases, policy, TODAY).faults


def test_a_quarantined_case_is_run_and_shown_and_counts_for_nothing():
    run = gate(CASES, RIGHT, failing_at("case-7"), held("case-7"))

    found = run.case("case-7")
    assert run.finding.outcome is Outcome.PASS
    assert found.flip is Flip.BROKE
    assert found.quarantined is not None
    assert found.quarantined.owner == "@ana"
    verdict = run.finding.score.verdict
    assert (verdict.effect, verdict.of, verdict.flips) == (0.0, 99, ())
    assert any("in quarantine" in reason and "case-7" in reason for reason in run.finding.reasons)


def test_a_quarantined_case_without_a_score_is_no_lost_pair():
    def down(case: str, repeat: int) -> dict[str, float | None]:
        return {"score": None if case in ("case-7", "case-8", "case-9") else 1.0}

    run = gate(CASES, RIGHT, down, held("case-7", "case-8", "case-9"))

    assert run.finding.outcome is Outcome.PASS
    assert run.finding.score.verdict.unscored == ()


def test_the_last_day_still_holds_and_the_day_after_does_not():
    yesterday = TODAY - timedelta(days=1)

    assert faults(held("case-7", until=TODAY)) == ()
    assert faults(held("case-7", until=yesterday)) == (
        "the quarantine of 'case-7' ended on 2027-01-30: "
        "@ana was to look after it (flips at temperature 1)",
    )


def test_a_quarantine_past_its_day_fails_the_check_and_the_case_counts_again():
    policy = held("case-7", until=TODAY - timedelta(days=1))

    run = gate(CASES, RIGHT, RIGHT, policy)

    assert run.finding.outcome is Outcome.INVALID
    assert run.finding.reasons[0] == run.finding.faults[0]
    assert run.finding.score.verdict.outcome is Outcome.PASS
    assert run.finding.score.verdict.of == 100


def test_a_quarantine_that_names_no_case_fails_the_check():
    run = gate(CASES, RIGHT, RIGHT, held("case-700"))

    assert run.finding.outcome is Outcome.INVALID
    assert "'case-700', and no case is called that" in run.finding.faults[0]


def test_a_must_pass_case_cannot_be_quarantined_by_its_name_or_by_its_tag():
    tagged = replace(CASES.cases[7], tags=("safety",))
    cases = replace(CASES, cases=(*CASES.cases[:7], tagged, *CASES.cases[8:]))
    by_id = replace(held("case-7"), must_pass=("case-7",))
    by_tag = replace(held("case-7"), must_pass=("safety",))

    run = gate(cases, RIGHT, failing_at("case-7"), by_tag)

    assert "cannot be quarantined" in faults(by_id)[0]
    assert "cannot be quarantined" in faults(by_tag, cases)[0]
    assert run.finding.outcome is Outcome.REGRESSION


def test_five_percent_in_quarantine_are_allowed_and_more_fail_the_check():
    names = [f"case-{number}" for number in range(6)]

    assert faults(held(*names[:5])) == ()
    assert faults(held(*names)) == ("6 of 100 cases are in quarantine, more than the 5 % allowed",)


def test_base_lets_head_mend_the_quarantine():
    policy = held("case-7", until=TODAY - timedelta(days=1))

    run = gate(CASES, RIGHT, RIGHT, policy, judge_quarantine=False)

    assert run.finding.outcome is Outcome.PASS
    assert run.finding.faults == ()


def test_a_regression_is_one_also_where_the_quarantine_is_at_fault():
    broken = failing_at(*[case.id for case in CASES.cases[:50]])

    run = gate(CASES, RIGHT, broken, held("case-700"))

    assert run.finding.outcome is Outcome.REGRESSION
    assert run.finding.faults
