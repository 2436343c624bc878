from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from check.answering import TODAY, always, gate
from check.sides import some_cases
from promptgit.check.check import GatePlan, plan
from promptgit.core.dataset import Dataset
from promptgit.core.verdict import Policy, Quarantined


def planned(cases: Dataset, policy: Policy | None = None, **facts: float) -> GatePlan:
    return plan(cases, policy or Policy(), today=TODAY, **facts)


def test_the_plan_looks_as_the_check_does():
    cases = some_cases(60)

    asked = gate(cases, always(score=0.5), always(score=0.5)).asked

    assert len(asked[0].cases) == planned(cases).looks[0]
    assert planned(cases).looks == (20, 30, 45, 60)


def test_a_smaller_drop_is_seen_with_more_cases_and_fewer_gates():
    few, many = planned(some_cases(50)), planned(some_cases(500))
    gated = planned(some_cases(50), Policy(guards={"cost": 0.2, "length": 0.2}))

    assert few.smallest_effect is not None
    assert many.smallest_effect is not None
    assert gated.smallest_effect is not None
    assert many.smallest_effect < few.smallest_effect < gated.smallest_effect


def test_a_drop_below_the_margin_is_never_found_however_many_cases():
    assert planned(some_cases(3000), Policy(margin=0.1)).smallest_effect == 0.1


def test_equal_prompts_need_as_many_cases_as_the_margin_asks_for():
    wide, narrow = (planned(some_cases(60), Policy(margin=margin)) for margin in (0.10, 0.05))

    assert wide.cases_for_pass is not None
    assert narrow.cases_for_pass is not None
    assert 60 < wide.cases_for_pass < narrow.cases_for_pass < 500


def test_too_few_cases_for_the_margin_are_warned_of():
    (warning,) = planned(some_cases(60)).warnings

    assert "60 cases will often not settle a margin of 5 points" in warning
    assert planned(some_cases(500)).warnings == ()


def test_nine_cases_can_never_pass():
    assert "9 cases can never pass" in planned(some_cases(9)).warnings[0]


def test_what_is_gated_is_listed_and_the_error_of_a_drop_is_shared():
    found = planned(some_cases(500), Policy(metrics={"kind": 0.1}), comparisons=2)

    assert [measure.name for measure in found.gated] == ["score", "kind"]
    assert (found.alpha, found.drop_alpha) == (0.05, 0.0125)


def test_quarantined_cases_cost_calls_and_count_for_nothing():
    entry = Quarantined("case-1", "@ana", "flips", TODAY)

    found = planned(some_cases(100), Policy(quarantine=(entry,), repeats=3))

    assert (found.cases, found.set_aside) == (99, 1)
    assert found.most_calls == 2 * (99 * 3 + 1)


def test_a_faulty_quarantine_is_warned_of_before_a_call():
    late = Quarantined("case-1", "@ana", "flips", TODAY - timedelta(days=1))

    assert "ended on" in planned(some_cases(500), Policy(quarantine=(late,))).warnings[0]


def test_groups_are_planned_for_as_one_each():
    plain = some_cases(100)
    grouped = replace(
        plain, cases=tuple(replace(case, group=f"g{i // 10}") for i, case in enumerate(plain))
    )

    found = planned(grouped)

    assert (found.cases, found.groups) == (100, 10)
    assert found.looks == (100,)
    assert any("10 groups are few" in warning for warning in found.warnings)


def test_many_gates_are_warned_of():
    policy = Policy(metrics={"a": 0.1, "b": 0.1, "c": 0.1})

    assert any(
        "4 things are gated" in warning for warning in planned(some_cases(500), policy).warnings
    )


def test_the_suite_is_always_settled():
    found = planned(some_cases(20), Policy(scope="suite", repeats=3))

    assert found.most_calls == 40
    assert found.smallest_effect is None
    assert found.warnings == ()


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_case_can_be_planned_for(count: int):
    assert planned(some_cases(count)).cases == count
