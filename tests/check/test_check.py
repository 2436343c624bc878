from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from check.answering import (
    ANY,
    Gate,
    Prompted,
    always,
    evaluated,
    failing_at,
    gate,
    scoring,
    silent_at,
)
from check.sides import some_cases
from promptgit.check.check import check
from promptgit.core.dataset import Dataset
from promptgit.core.gate import Flip, Origin
from promptgit.core.verdict import Outcome, Policy
from promptgit.errors import UserError

RIGHT = always(score=1.0)
FIVE = ("clear", "kind", "short", "true")  # with the score they are five


def first(cases: Dataset, count: int) -> list[str]:
    return [case.id for case in cases.cases[:count]]


def tagged(cases: Dataset, tag: str, *ids: str) -> Dataset:
    marked = (replace(case, tags=(tag,)) if case.id in ids else case for case in cases)
    return replace(cases, cases=tuple(marked))


def noisy(seed: int, mean: float, spread: float = 0.2) -> Prompted:
    """Graded scores around a mean, another for each case, the same each time."""

    def answer(case: str, repeat: int) -> dict[str, float]:
        number = int(case.rpartition("-")[2])
        draw = np.random.default_rng([seed, number]).normal(mean, spread)
        return {"score": float(min(1.0, max(0.0, draw)))}

    return answer


# ── pass, regression, and neither ───────────────────────────────────────────────────────────


def test_equal_prompts_pass_before_all_cases_are_paid_for():
    cases = some_cases(200)

    run = gate(cases, RIGHT, RIGHT)

    assert run.finding.outcome is Outcome.PASS
    assert len(run.ids) == run.finding.score.verdict.n < 200
    assert "a drop of 5 points or more is ruled out" in run.finding.reasons[0]


def test_a_clear_drop_is_a_regression_and_stops_at_once():
    cases = some_cases(200)

    run = gate(cases, RIGHT, failing_at(*first(cases, 100)))

    assert run.finding.outcome is Outcome.REGRESSION
    assert len(run.ids) <= 45
    assert run.finding.score.verdict.effect < -0.05
    assert not run.finding.score.verdict


def test_a_gain_passes():
    cases = some_cases(100)

    run = gate(cases, failing_at(*first(cases, 30)), RIGHT)

    assert run.finding.outcome is Outcome.PASS
    assert run.finding.score.verdict.effect > 0.2


def test_what_the_cases_cannot_settle_is_inconclusive_and_says_how_many_could():
    cases = some_cases(60)

    run = gate(cases, failing_at(*first(cases, 6)), failing_at(*first(cases, 12)[6:]))

    verdict = run.finding.score.verdict
    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert verdict.needed is not None
    assert verdict.needed > 60
    assert verdict.low < 0 < verdict.high


def test_no_case_is_asked_for_twice():
    cases = some_cases(150)

    run = gate(cases, noisy(1, 0.6), noisy(2, 0.6))

    assert len(set(run.ids)) == len(run.ids)
    assert set(run.repeats) == {0}


def test_the_order_does_not_depend_on_the_file_but_on_the_seed():
    cases = some_cases(100)
    backwards = replace(cases, cases=cases.cases[::-1])
    before, after = noisy(1, 0.6), noisy(2, 0.55)

    run, turned = gate(cases, before, after), gate(backwards, before, after)
    other = gate(cases, before, after, order_seed="another")

    assert run.finding.score == turned.finding.score
    assert set(run.ids[:20]) != set(other.ids[:20])


def test_nine_cases_never_pass_and_are_called_too_few():
    run = gate(some_cases(9), RIGHT, RIGHT, Policy(margin=0.9))

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert any("9 cases are too few" in reason for reason in run.finding.reasons)


def test_no_case_at_all_settles_nothing():
    run = gate(some_cases(0), RIGHT, RIGHT)

    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert run.asked == ()
    assert isnan(run.finding.score.verdict.baseline)


def test_the_margin_decides_what_a_regression_is():
    cases = some_cases(300)
    after = failing_at(*first(cases, 30))

    assert gate(cases, RIGHT, after).finding.outcome is Outcome.REGRESSION
    assert gate(cases, RIGHT, after, Policy(margin=0.2)).finding.outcome is Outcome.PASS


def test_a_drop_may_have_to_be_shown_to_exceed_the_margin():
    cases = some_cases(200)
    after = failing_at(*first(cases, 14))

    likely = gate(cases, RIGHT, after)
    confirmed = gate(cases, RIGHT, after, Policy(confirmed_drops_only=True))

    assert likely.finding.outcome is Outcome.REGRESSION
    assert confirmed.finding.outcome is Outcome.INCONCLUSIVE
    smallest = (likely.finding.smallest_effect, confirmed.finding.smallest_effect)
    assert smallest[0] is not None
    assert smallest[1] is not None
    assert smallest[0] < smallest[1]


def test_the_smallest_drop_that_would_be_seen_falls_with_the_cases():
    few, many = (
        gate(some_cases(count), noisy(1, 0.6), noisy(2, 0.6)).finding.smallest_effect
        for count in (60, 600)
    )

    assert few is not None
    assert many is not None
    assert 0 < many < few < 1


def test_where_all_was_alike_a_drop_must_still_be_as_big_as_cases_can_show():
    same = gate(some_cases(18), RIGHT, RIGHT).finding.smallest_effect

    assert same is not None
    assert 0.2 < same < 0.4


# ── several metrics ─────────────────────────────────────────────────────────────────────────


def with_metrics(**metrics: Prompted) -> Prompted:
    """Score each metric by a prompt of its own."""
    return lambda case, repeat: {
        "metrics": {name: one(case, repeat)["score"] for name, one in metrics.items()}
    }


def four(**changed: Prompted) -> Prompted:
    return with_metrics(**{**dict.fromkeys(FIVE, RIGHT), **changed})


def test_a_gated_metric_may_not_drop_even_where_the_score_rises():
    cases = some_cases(100)
    half = first(cases, 50)
    before = four(clear=failing_at(*half), kind=failing_at(*half), short=failing_at(*half))
    after = four(true=failing_at(*first(cases, 60)))

    run = gate(cases, before, after, Policy(metrics={"true": 0.05}), metrics=FIVE)

    assert run.finding.outcome is Outcome.REGRESSION
    assert run.finding.score.verdict.effect > 0
    assert run.metric("true").verdict.outcome is Outcome.REGRESSION
    assert run.finding.reasons[0].startswith("true: ")


def test_a_metric_that_is_not_gated_is_only_shown():
    cases = some_cases(200)
    before = four(clear=failing_at(*first(cases, 80)))
    after = four(true=failing_at(*first(cases, 60)))

    run = gate(cases, before, after, metrics=FIVE)

    assert run.finding.outcome is Outcome.PASS
    shown = run.metric("true")
    assert not shown.gated
    assert shown.verdict.high < 0


def test_to_pass_every_gated_metric_must_hold():
    cases = some_cases(100)
    unclear = four(kind=failing_at(*first(cases, 8)))
    other = four(kind=failing_at(*first(cases, 16)[8:]))

    free = gate(cases, unclear, other, metrics=FIVE)
    gated = gate(cases, unclear, other, Policy(metrics={"kind": 0.05}), metrics=FIVE)

    assert free.finding.outcome is Outcome.PASS
    assert gated.finding.outcome is Outcome.INCONCLUSIVE
    assert gated.finding.score.verdict.outcome is Outcome.PASS
    assert gated.metric("kind").verdict.outcome is Outcome.INCONCLUSIVE


def test_what_was_open_when_another_metric_dropped_is_not_for_want_of_cases():
    cases = some_cases(200)
    after = four(true=failing_at(*first(cases, 200)), kind=noisy(3, 0.5))

    run = gate(
        cases,
        four(kind=noisy(2, 0.5)),
        after,
        Policy(metrics={"true": 0.05, "kind": 0.05}),
        metrics=FIVE,
    )

    kind = run.metric("kind").verdict
    assert run.finding.outcome is Outcome.REGRESSION
    assert (kind.outcome, kind.needed) == (Outcome.INCONCLUSIVE, None)


def test_each_gated_metric_has_its_own_margin():
    cases = some_cases(200)
    after = four(kind=failing_at(*first(cases, 20)))

    wide = gate(cases, four(), after, Policy(metrics={"kind": 0.3}), metrics=FIVE)
    narrow = gate(cases, four(), after, Policy(metrics={"kind": 0.05}), metrics=FIVE)

    assert wide.finding.outcome is Outcome.PASS
    assert wide.metric("kind").margin == 0.3
    assert narrow.finding.outcome is Outcome.REGRESSION


def test_what_is_settled_stays_as_it_was_when_it_was_settled():
    cases = some_cases(200)
    before = four(kind=noisy(4, 0.5, spread=0.1))
    after = four(kind=noisy(14, 0.5, spread=0.1))

    run = gate(cases, before, after, Policy(metrics={"kind": 0.05}), metrics=FIVE)

    score, kind = run.finding.score.verdict, run.metric("kind").verdict
    assert score.outcome is Outcome.PASS
    assert score.n < kind.n
    assert score.low > -0.05


def losing(cases: Dataset, count: int) -> Prompted:
    return failing_at(*[case.id for case in cases.shuffled("any").cases[:count]])


def test_more_gated_metrics_ask_for_stronger_evidence_of_a_drop():
    cases = some_cases(40)
    after = four(**dict.fromkeys(FIVE, losing(cases, 4)))

    alone = gate(cases, four(), after, metrics=FIVE)
    among_five = gate(cases, four(), after, Policy(metrics=dict.fromkeys(FIVE, 0.05)), metrics=FIVE)

    assert alone.finding.outcome is Outcome.REGRESSION
    assert among_five.finding.outcome is Outcome.INCONCLUSIVE


def test_more_prompts_in_one_change_ask_for_stronger_evidence_of_a_drop_and_not_of_none():
    cases = some_cases(40)
    after = losing(cases, 4)

    alone = gate(cases, RIGHT, after)
    among_five = gate(cases, RIGHT, after, comparisons=5)

    assert alone.finding.outcome is Outcome.REGRESSION
    assert among_five.finding.outcome is Outcome.INCONCLUSIVE
    many = some_cases(100)
    assert gate(many, RIGHT, RIGHT, comparisons=5).ids == gate(many, RIGHT, RIGHT).ids


def test_a_gated_metric_that_nobody_measures_is_an_error_before_a_call():
    policy = Policy(metrics={"rigth": 0.05})

    with pytest.raises(UserError, match="no metric is called 'rigth'") as error:
        gate(some_cases(60), RIGHT, RIGHT, policy)
    with pytest.raises(UserError):
        check(*whole(some_cases(60), RIGHT, RIGHT), policy)

    assert "did you mean 'right'?" in error.value.hint


def test_the_score_comes_first_and_then_what_is_gated():
    policy = Policy(metrics={"true": 0.1}, guards={"length": 0.2})

    run = gate(some_cases(100), four(), four(), policy, metrics=FIVE)

    names = [(metric.name, metric.gated) for metric in run.finding.metrics]
    assert names[:3] == [("score", True), ("true", True), ("length", True)]
    assert not any(gated for _, gated in names[3:])


# ── guards ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("guard", "few", "many"),
    [
        ("cost", {"cost": 0.01}, {"cost": 0.02}),
        ("latency", {"latency": 1.0}, {"latency": 2.0}),
        ("length", {"output": "four"}, {"output": "eight of"}),
    ],
)
def test_a_better_score_may_not_be_bought_with_a_guard(guard, few, many):
    cases = some_cases(100)
    before = always(score=0.5, **few)

    bought = gate(cases, before, always(score=1.0, **many), Policy(guards={guard: 0.25}))
    free = gate(cases, before, always(score=1.0, **many))
    thrifty = gate(
        cases, always(score=0.5, **many), always(score=0.5, **few), Policy(guards={guard: 0.25})
    )

    assert bought.finding.outcome is Outcome.REGRESSION
    assert bought.metric(guard).verdict.effect == pytest.approx(1.0)
    assert free.finding.outcome is Outcome.PASS
    assert not free.metric(guard).gated
    assert thrifty.finding.outcome is Outcome.PASS
    assert thrifty.metric(guard).verdict.effect == pytest.approx(-0.5)


def test_growth_within_the_guard_passes():
    cases = some_cases(200)

    run = gate(cases, always(cost=0.010), always(cost=0.011), Policy(guards={"cost": 0.25}))

    assert run.finding.outcome is Outcome.PASS
    verdict = run.metric("cost").verdict
    assert verdict.effect == pytest.approx(0.1)
    assert verdict.low < 0.1 < verdict.high < 0.25
    assert (verdict.baseline, verdict.candidate) == pytest.approx((0.010, 0.011))


def test_one_answer_that_explodes_is_one_case():
    cases = some_cases(200)

    def after(case: str, repeat: int) -> dict[str, object]:
        return {"output": "x" * (100_000 if case == "case-7" else 100)}

    run = gate(cases, always(output="x" * 100), after, Policy(guards={"length": 0.25}))

    assert run.finding.outcome is Outcome.PASS


def test_an_unknown_price_leaves_the_cost_guard_out_and_says_so():
    run = gate(some_cases(100), always(cost=0.01), always(cost=None), Policy(guards={"cost": 0.25}))

    assert run.finding.outcome is Outcome.PASS
    assert [metric.name for metric in run.finding.metrics if metric.gated] == ["score"]
    assert any("a price is unknown" in reason for reason in run.finding.reasons)


def test_where_every_answer_is_free_the_cost_guard_has_nothing_to_hold():
    free = always(cost=0.0)

    run = gate(some_cases(20), free, free, Policy(margin=0.5, guards={"cost": 0.05}))
    paid = gate(some_cases(100), free, always(cost=0.01), Policy(guards={"cost": 0.05}))

    assert run.finding.outcome is Outcome.PASS
    assert "the cost guard was left out: every answer was free" in run.finding.reasons
    assert paid.finding.outcome is Outcome.REGRESSION


def test_a_guard_for_information_is_left_out_where_there_is_nothing_of_it():
    run = gate(some_cases(100), always(cost=0.0), always(cost=0.0))

    assert "cost" not in [metric.name for metric in run.finding.metrics]


def test_a_metric_may_be_called_as_a_guard_is():
    cases = some_cases(100)
    before = with_metrics(cost=RIGHT)
    after = with_metrics(cost=failing_at(*first(cases, 60)))

    run = gate(
        cases, before, after, Policy(metrics={"cost": 0.1}, guards={"cost": 0.1}), metrics=("cost",)
    )

    found = {
        metric.kind: metric.verdict.effect
        for metric in run.finding.metrics
        if metric.name == "cost"
    }
    assert found["metric"] < -0.3
    assert found["guard"] == 0.0


# ── what may never get worse ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["case-99", "safety"])
def test_a_must_pass_case_may_not_get_worse_even_if_the_mean_improves(name: str):
    cases = tagged(some_cases(100), "safety", "case-99")

    run = gate(
        cases, failing_at(*first(cases, 50)), failing_at("case-99"), Policy(must_pass=(name,))
    )

    assert run.finding.outcome is Outcome.REGRESSION
    assert "the must-pass case 'case-99' got worse: 1.0000 -> 0.0000" in run.finding.reasons[0]
    assert run.finding.cases[0].case.id == "case-99"
    assert run.finding.cases[0].must_pass
    assert "case-99" in [flip.case_id for flip in run.finding.score.verdict.flips]
    assert len(run.asked) == 1


def test_a_must_pass_case_that_got_worse_before_its_turn_is_among_the_flips():
    cases = some_cases(200)
    drawn = gate(cases, RIGHT, RIGHT).ids
    late = next(case.id for case in cases if case.id not in drawn)

    run = gate(cases, RIGHT, failing_at(late), Policy(must_pass=(late,)))

    assert [flip.case_id for flip in run.finding.score.verdict.flips] == [late]


def test_must_pass_cases_are_run_first_but_count_in_their_turn():
    cases = some_cases(200)
    vital = tuple(first(cases, 10))

    run = gate(cases, noisy(1, 0.6), noisy(1, 0.6), Policy(must_pass=vital))

    assert set(vital) <= {case.id for case in run.asked[0].cases}
    verdict = run.finding.score.verdict
    assert verdict.n + len(verdict.aside) == len(run.ids)
    assert verdict.n == gate(cases, noisy(1, 0.6), noisy(1, 0.6)).finding.score.verdict.n


def test_a_must_pass_case_that_fails_as_before_is_no_regression():
    cases = some_cases(100)

    run = gate(cases, failing_at("case-3"), failing_at("case-3"), Policy(must_pass=("case-3",)))

    assert run.finding.outcome is Outcome.PASS
    assert run.case("case-3").already_failing


def test_a_must_pass_case_without_a_score_is_invalid():
    cases = some_cases(100)

    run = gate(cases, RIGHT, silent_at("case-3"), Policy(must_pass=("case-3",)))

    assert run.finding.outcome is Outcome.INVALID
    assert "'case-3' has no score" in run.finding.reasons[0]


# ── failures ────────────────────────────────────────────────────────────────────────────────


def test_a_lost_pair_is_dropped_and_counted():
    cases = some_cases(200)

    run = gate(cases, RIGHT, silent_at("case-3", "case-4"))

    verdict = run.finding.score.verdict
    assert run.finding.outcome is Outcome.PASS
    assert set(verdict.unscored) <= {"case-3", "case-4"}
    assert verdict.n + len(verdict.unscored) == len(run.ids)


def test_too_many_lost_pairs_are_invalid_and_never_green():
    cases = some_cases(200)

    run = gate(cases, RIGHT, silent_at(*first(cases, 20)))

    assert run.finding.outcome is Outcome.INVALID
    assert "have no score, more than the 2 % allowed" in run.finding.reasons[0]
    assert run.finding.score.verdict.outcome is Outcome.INVALID


def test_failures_early_in_the_order_may_be_made_up_for_by_later_cases():
    cases = some_cases(200)
    early = gate(cases, RIGHT, RIGHT).ids[:2]

    run = gate(cases, RIGHT, silent_at(*early))

    assert run.finding.outcome is Outcome.PASS
    assert len(run.ids) >= 100


def test_nothing_is_concluded_while_too_many_pairs_are_lost():
    cases = some_cases(200)
    lost, *_ = gate(cases, RIGHT, RIGHT).ids

    run = gate(cases, RIGHT, scoring({lost: None}, otherwise=0.0))

    assert len(gate(cases, RIGHT, always(score=0.0)).ids) == 20
    assert run.finding.outcome is Outcome.REGRESSION
    assert len(run.ids) >= 50  # one lost pair is 2 % of them


def test_what_was_seen_while_too_many_pairs_were_lost_settles_nothing():
    cases = some_cases(200)
    early = [case.id for case in gate(cases, RIGHT, RIGHT).asked[0].cases]
    before = scoring(dict.fromkeys(early, 1.0), otherwise=0.0)
    after = scoring({**dict.fromkeys(early, 0.0), early[0]: None}, otherwise=1.0)

    run = gate(cases, before, after)

    assert run.finding.outcome is Outcome.PASS


def test_with_every_answer_lost_there_is_no_verdict():
    cases = some_cases(60)

    run = gate(cases, RIGHT, silent_at(*first(cases, 60)))

    assert run.finding.outcome is Outcome.INVALID
    assert len(run.ids) == 20


# ── groups, weights, scope ──────────────────────────────────────────────────────────────────


def test_cases_of_one_group_count_as_one():
    plain = some_cases(120)
    grouped = replace(
        plain,
        cases=tuple(replace(case, group=f"g{i // 10}") for i, case in enumerate(plain)),
    )

    run = gate(grouped, RIGHT, RIGHT)

    assert gate(plain, RIGHT, RIGHT).finding.outcome is Outcome.PASS
    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert any("12 groups" in reason for reason in run.finding.reasons)


def test_cases_that_say_the_same_count_as_one():
    plain = some_cases(120)
    copied = replace(
        plain,
        cases=tuple(replace(case, inputs={"input": f"Q{i % 12}"}) for i, case in enumerate(plain)),
    )

    run = gate(copied, RIGHT, RIGHT)

    assert gate(plain, RIGHT, RIGHT).finding.outcome is Outcome.PASS
    assert run.finding.outcome is Outcome.INCONCLUSIVE
    assert any(
        "108 of the 120 cases say the same as others, and count with them as one" in reason
        for reason in run.finding.reasons
    )


def test_a_heavy_case_counts_more():
    heavy = tuple(replace(case, weight=5.0) for case in some_cases(10, prefix="heavy"))
    cases = Dataset(heavy + some_cases(9).cases)

    run = gate(cases, RIGHT, failing_at(*[case.id for case in heavy]))

    assert run.finding.score.verdict.effect == pytest.approx(-50 / 59)


def test_the_margin_is_one_of_the_weighted_mean():
    heavy = tuple(replace(case, weight=5.0) for case in some_cases(10, prefix="heavy"))
    cases = Dataset(heavy + some_cases(90).cases)

    run = gate(cases, RIGHT, failing_at(*first(some_cases(90), 30)), Policy(margin=0.2))

    assert run.finding.outcome is Outcome.REGRESSION
    assert run.finding.score.verdict.effect <= -0.2


def test_within_the_suite_all_cases_always_settle_it():
    cases = some_cases(60)
    after = failing_at(*first(cases, 2))

    population = gate(cases, RIGHT, after)
    suite = gate(cases, RIGHT, after, Policy(scope="suite"))

    assert population.finding.outcome is Outcome.INCONCLUSIVE
    assert suite.finding.outcome is Outcome.PASS
    assert suite.finding.smallest_effect is None


def test_within_the_suite_a_drop_of_the_margin_over_all_cases_is_a_regression():
    cases = some_cases(60)

    just = gate(cases, RIGHT, failing_at(*first(cases, 3)), Policy(scope="suite"))
    less = gate(cases, RIGHT, failing_at(*first(cases, 2)), Policy(scope="suite"))

    assert (just.finding.outcome, less.finding.outcome) == (Outcome.REGRESSION, Outcome.PASS)


def test_within_the_suite_a_lost_pair_is_no_case_to_come():
    cases = some_cases(60)
    after = scoring({"case-0": None, "case-1": 0.0, "case-2": 0.0, "case-3": 0.0})

    run = gate(cases, RIGHT, after, Policy(scope="suite"))

    assert run.finding.outcome is Outcome.REGRESSION  # 3 of 59


def test_within_the_suite_too_more_prompts_ask_for_stronger_evidence_of_a_drop():
    cases = some_cases(400)
    after, policy = losing(cases, 100), Policy(scope="suite")

    alone, among_many = (
        gate(cases, RIGHT, after, policy),
        gate(cases, RIGHT, after, policy, comparisons=200),
    )

    assert alone.finding.outcome is among_many.finding.outcome is Outcome.REGRESSION
    assert len(alone.ids) < len(among_many.ids)


def test_within_the_suite_the_range_foretells_the_mean_over_all_cases():
    cases = some_cases(300)
    before, after = noisy(1, 0.5), noisy(2, 0.7)
    everything = check(*whole(cases, before, after), Policy(scope="suite"))

    run = gate(cases, before, after, Policy(scope="suite"))

    verdict = run.finding.score.verdict
    assert verdict.n < 300
    assert verdict.low <= everything.effect <= verdict.high
    assert everything.low == everything.high == pytest.approx(everything.effect)


# ── case by case ────────────────────────────────────────────────────────────────────────────


def test_the_worst_loss_comes_first_and_the_rest_as_in_the_file():
    cases = some_cases(30)
    before = scoring({"case-2": 0.0}, otherwise=0.9)
    after = scoring({"case-9": 0.5, "case-5": 0.1, "case-2": 0.6}, otherwise=0.9)

    run = gate(cases, before, after)

    ids = [found.case.id for found in run.finding.cases]
    assert ids[:2] == ["case-5", "case-9"]
    rest = [case.id for case in cases if case.id not in ("case-5", "case-9")]
    assert ids[2:] == rest
    assert run.case("case-2").flip is Flip.FIXED
    assert run.case("case-0").flip is Flip.SAME


def test_a_case_whose_turn_never_came_is_listed_as_not_run():
    run = gate(some_cases(200), RIGHT, RIGHT)

    skipped = run.finding.flipped(Flip.NOT_RUN)
    assert len(skipped) == 200 - len(run.ids)
    assert all(found.before is None and found.after is None for found in skipped)


def test_an_unscored_case_says_why():
    run = gate(some_cases(60), RIGHT, silent_at("case-3"))

    found = run.case("case-3")
    assert found.flip is Flip.UNSCORED
    assert found.after is not None
    assert found.after.failure == "503 from the provider"


def test_a_case_that_was_asked_and_never_answered_is_unscored():
    def after(case: str, repeat: int) -> dict[str, float]:
        return {} if case == "case-3" else {"score": 1.0}

    run = gate(some_cases(60), RIGHT, after)

    assert run.case("case-3").flip is Flip.UNSCORED
    assert run.finding.score.verdict.unscored == ("case-3",)


def test_a_case_that_failed_before_is_not_this_changes_doing():
    cases = some_cases(60)

    run = gate(cases, failing_at("case-1"), failing_at("case-1", "case-2"))

    assert run.case("case-1").already_failing
    assert not run.case("case-2").already_failing
    assert not run.case("case-0").already_failing


def test_a_graded_score_fails_below_one_half():
    cases = some_cases(60)
    scores = scoring({"case-1": 0.4, "case-2": 0.6}, otherwise=0.9)

    run = gate(cases, scores, scores)

    assert run.case("case-1").already_failing
    assert not run.case("case-2").already_failing


def test_a_case_keeps_where_it_stands_and_takes_part_like_the_others():
    cases = some_cases(60)
    origins = {"case-1": Origin.ADDED, "case-2": Origin.DELETED}

    run = gate(cases, RIGHT, RIGHT, origins=origins)

    assert run.case("case-1").origin is Origin.ADDED
    assert run.case("case-2").origin is Origin.DELETED
    assert run.finding.score.verdict.n == 60


def test_a_case_known_to_be_flaky_is_marked():
    run = gate(some_cases(60), RIGHT, RIGHT, flaky=frozenset({"case-1"}))

    assert [found.case.id for found in run.finding.cases if found.flaky] == ["case-1"]


# ── two whole evaluations ───────────────────────────────────────────────────────────────────


def whole(cases: Dataset, before: Prompted, after: Prompted):
    return evaluated(cases, before, ("right",), 0), evaluated(cases, after, ("right",), 0)


def test_two_whole_evaluations_are_judged_by_one_look_at_all_cases():
    cases = some_cases(100)

    same = check(*whole(cases, RIGHT, RIGHT), ANY)
    worse = check(*whole(cases, RIGHT, failing_at(*first(cases, 20))), ANY)

    assert same
    assert (same.n, same.looks) == (100, 1)
    assert worse.outcome is Outcome.REGRESSION
    assert worse.effect == pytest.approx(-0.2)


def test_a_critical_case_may_not_get_worse_even_if_the_mean_improves():
    cases = some_cases(100)
    sides = whole(cases, failing_at(*first(cases, 30)), failing_at("case-77"))

    verdict = check(*sides, Policy(must_pass=("case-77",)))

    assert verdict.outcome is Outcome.REGRESSION
    assert "'case-77'" in verdict.reasons[0]


def test_evaluations_of_different_cases_are_not_compared():
    baseline, _ = whole(some_cases(60), RIGHT, RIGHT)
    candidate, _ = whole(some_cases(60, prefix="other"), RIGHT, RIGHT)

    verdict = check(baseline, candidate, ANY)

    assert verdict.outcome is Outcome.INVALID
    assert "different cases" in verdict.reasons[0]


# ── how often it errs ───────────────────────────────────────────────────────────────────────


def coins(rng: np.random.Generator, rate: float, names: tuple[str, ...], count: int) -> Prompted:
    rows = {name: (rng.random(count) < rate).astype(float).tolist() for name in names}
    return lambda case, repeat: {
        "metrics": {name: row[int(case.rpartition("-")[2])] for name, row in rows.items()}
    }


def rate_of(outcome: Outcome, runs: list[Gate]) -> float:
    return sum(run.finding.outcome is outcome for run in runs) / len(runs)


def at_most_one_in_twenty(runs: int) -> float:
    return 0.05 + 3.5 * (0.05 * 0.95 / runs) ** 0.5


def test_with_five_gated_metrics_a_change_of_nothing_regresses_in_at_most_one_run_of_twenty():
    rng = np.random.default_rng(4)
    cases = some_cases(60)
    policy = Policy(metrics=dict.fromkeys(FIVE, 0.05))

    runs = [
        gate(
            cases,
            coins(rng, 0.8, FIVE, 60),
            coins(rng, 0.8, FIVE, 60),
            policy,
            metrics=FIVE,
            order_seed=str(seed),
        )
        for seed in range(150)
    ]

    assert rate_of(Outcome.REGRESSION, runs) <= at_most_one_in_twenty(150)


def test_a_drop_of_the_margin_passes_in_at_most_one_run_of_twenty():
    rng = np.random.default_rng(5)
    cases = some_cases(100)

    runs = [
        gate(
            cases,
            coins(rng, 0.95, ("right",), 100),
            coins(rng, 0.90, ("right",), 100),
            order_seed=str(seed),
        )
        for seed in range(150)
    ]

    assert rate_of(Outcome.PASS, runs) <= at_most_one_in_twenty(150)
    assert rate_of(Outcome.REGRESSION, runs) > 0.1
