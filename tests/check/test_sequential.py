from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf, log, sqrt

import numpy as np
import pytest
from scipy import optimize, stats

from promptgit.check.bounds import Plan
from promptgit.check.sequential import (
    Finding,
    Kind,
    Tally,
    decide,
    gate,
    interval,
    z_above,
    z_of_t,
)

GRADED = [0.1, -0.2, 0.05, 0.0, 0.3, -0.05, 0.1, 0.0, 0.0, 0.15, -0.1, 0.2] * 2


def tally_of(won: int, lost: int, ties: int) -> Tally:
    return Tally.of([1.0] * won + [-1.0] * lost + [0.0] * ties)


# ── the two statistics ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("degrees", [19, 30, 60, 200])
@pytest.mark.parametrize("t", [-3.0, -1.0, 0.0, 0.5, 1.7, 2.5, 4.0])
def test_the_z_of_a_t_has_the_tail_that_scipy_gives_the_t(degrees: int, t: float):
    ours = stats.norm.sf(z_of_t(t, degrees))

    assert ours == pytest.approx(stats.t.sf(t, degrees), abs=1e-4)


@pytest.mark.parametrize("line", [-0.1, -0.05, 0.0, 0.05])
def test_scores_are_tested_by_students_t_with_one_case_that_went_the_worst_way(line: float):
    z = z_above(Tally.of(GRADED), line, Kind.SCORE)

    p = stats.ttest_1samp([*GRADED, -1.0], line, alternative="greater").pvalue
    assert stats.norm.sf(z) == pytest.approx(p, abs=1e-4)


@pytest.mark.parametrize(("won", "lost", "ties"), [(6, 3, 41), (1, 9, 90), (4, 4, 12), (0, 3, 60)])
@pytest.mark.parametrize("line", [-0.2, -0.05, 0.1])
def test_pass_fail_cases_are_tested_by_the_score_at_the_likeliest_rates_on_the_line(
    won: int, lost: int, ties: int, line: float
):
    n = won + lost + ties

    def unlikely(share: float) -> float:  # of lost cases, when `line` is the true mean
        terms = [(won, share + line), (lost, share), (ties, 1 - 2 * share - line)]
        return -sum(count * log(chance) for count, chance in terms if count)

    edge = 1e-12
    limits = (max(0.0, -line) + edge, (1 - line) / 2 - edge)
    share = optimize.minimize_scalar(
        unlikely, bounds=limits, method="bounded", options={"xatol": 1e-12}
    ).x
    z = (won - lost - n * line) / sqrt(n * (2 * share + line - line**2))

    assert z_above(tally_of(won, lost, ties), line, Kind.PASS_FAIL) == pytest.approx(z, abs=1e-4)


def test_at_zero_the_score_test_is_mcnemars():
    assert z_above(tally_of(9, 3, 50), 0.0, Kind.PASS_FAIL) == pytest.approx(6 / sqrt(12))


@pytest.mark.parametrize("kind", Kind)
def test_no_pairs_and_no_change_say_nothing_about_zero(kind: Kind):
    assert z_above(Tally.of([]), 0.0, kind) == 0.0
    assert z_above(tally_of(0, 0, 30), 0.0, Kind.PASS_FAIL) == 0.0


def test_losing_every_case_is_as_bad_as_it_gets():
    lost = tally_of(0, 30, 0)

    assert z_above(lost, 0.0, Kind.SCORE) == -inf
    assert z_above(lost, 0.0, Kind.PASS_FAIL) < -5


@pytest.mark.parametrize(
    ("tally", "kind"),
    [(tally_of(7, 4, 39), Kind.PASS_FAIL), (Tally.of(GRADED), Kind.SCORE)],
    ids=["pass/fail", "score"],
)
def test_a_higher_line_is_harder_to_be_above(tally: Tally, kind: Kind):
    zs = [z_above(tally, line, kind) for line in np.linspace(-0.9, 0.9, 37)]

    assert all(z > higher for z, higher in pairwise(zs))


def test_twenty_ties_are_not_certainty():
    twenty = Tally.of([0.0] * 20)

    assert z_above(twenty, -0.05, Kind.SCORE) < 1
    assert z_above(twenty, -0.05, Kind.PASS_FAIL) < 1.645


@pytest.mark.parametrize(
    ("tally", "kind"),
    [(tally_of(7, 4, 39), Kind.PASS_FAIL), (Tally.of(GRADED), Kind.SCORE)],
    ids=["pass/fail", "score"],
)
def test_the_interval_ends_where_the_bound_begins_to_tell(tally: Tally, kind: Kind):
    low, high = interval(tally, 1.75, kind)

    assert low < tally.mean < high
    assert z_above(tally, low, kind) == pytest.approx(1.75, abs=1e-4)
    assert z_above(tally.mirrored, -high, kind) == pytest.approx(1.75, abs=1e-4)


def test_the_interval_of_nothing_is_everything():
    assert interval(Tally.of([]), 1.75, Kind.SCORE) == (-1.0, 1.0)


# ── the verdict of a look ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", Kind)
def test_forty_ties_settle_nothing_and_sixty_rule_a_drop_out(kind: Kind):
    assert gate([0.0] * 40, 40, kind=kind).finding is Finding.UNDECIDED
    assert gate([0.0] * 60, 60, kind=kind).finding is Finding.NO_DROP


def test_ties_rule_a_drop_out_from_52_pass_fail_cases_and_53_scores_on():
    plain = 1.645

    assert z_above(Tally.of([0.0] * 51), -0.05, Kind.PASS_FAIL) < plain
    assert z_above(Tally.of([0.0] * 52), -0.05, Kind.PASS_FAIL) > plain
    assert z_above(Tally.of([0.0] * 52), -0.05, Kind.SCORE) < plain
    assert z_above(Tally.of([0.0] * 53), -0.05, Kind.SCORE) > plain


def test_the_same_loss_on_every_case_is_a_drop_though_nothing_varies():
    assert gate([-0.2] * 60, 60, kind=Kind.SCORE).finding is Finding.DROP


def test_the_same_small_gain_on_every_case_is_no_drop():
    assert gate([0.01] * 60, 60, kind=Kind.SCORE).finding is Finding.NO_DROP


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_fewer_than_ten_cases_rule_nothing_out_whatever_they_show(kind: Kind, gain: float):
    assert gate([gain] * 9, 9, kind=kind).finding is Finding.UNDECIDED


def test_nine_losses_of_nine_are_a_drop():
    assert gate([-1.0] * 9, 9, kind=Kind.PASS_FAIL).finding is Finding.DROP


def test_a_drop_smaller_than_the_margin_is_not_called_one_however_certain():
    decision = gate([-0.03] * 200, 200, kind=Kind.SCORE, margin=0.05)

    assert decision.finding is Finding.NO_DROP


def test_a_certain_drop_short_of_the_margin_is_neither_ruled_out_nor_a_drop():
    assert gate([-0.04] * 200, 200, kind=Kind.SCORE, margin=0.05).finding is Finding.UNDECIDED


def test_a_drop_may_be_asked_to_be_shown_beyond_the_margin():
    tally = Tally.of([-1.0] * 15 + [0.0] * 85)
    plan = Plan.of(100)
    last = plan.last

    likely = decide(tally, plan, last, kind=Kind.PASS_FAIL, margin=0.10)
    shown = decide(tally, plan, last, kind=Kind.PASS_FAIL, margin=0.10, confirmed_drops_only=True)

    assert (likely, shown) == (Finding.DROP, Finding.UNDECIDED)


def test_no_more_differences_are_taken_than_the_decision_needs():
    def losses() -> Iterator[float]:
        nonlocal taken
        while True:
            taken += 1
            yield -1.0

    taken = 0

    decision = gate(losses(), 200, kind=Kind.PASS_FAIL)

    assert (decision.finding, decision.tally.n, taken) == (Finding.DROP, 20, 20)


def test_hopeless_cases_end_early_and_undecided():
    noisy = [1.0, -1.0, -1.0, 1.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0] * 6

    decision = gate(noisy, 50, kind=Kind.PASS_FAIL)

    assert decision.finding is Finding.UNDECIDED
    assert decision.tally.n < 50


def test_the_p_of_a_drop_is_below_alpha_exactly_when_a_look_shows_one():
    dropped = gate([-1.0] * 12 + [0.0] * 88, 100, kind=Kind.PASS_FAIL)
    steady = gate([0.0] * 100, 100, kind=Kind.PASS_FAIL)

    assert dropped.p_drop < 0.05 < steady.p_drop


# ── error rates, power and cost: reference bars on few worlds, seeded ───────────────────────

RUNS = 1500
NOISE = 3.5 * sqrt(0.05 * 0.95 / RUNS)  # of a simulated rate of 5 %


def pass_fail_runs(n: int, won: float, lost: float, seed: int = 1) -> list[list[float]]:
    u = np.random.default_rng([seed, n]).random((RUNS, n))
    return np.where(u < won, 1.0, np.where(u > 1 - lost, -1.0, 0.0)).tolist()


def rare_disasters(n: int, delta: float, chance: float) -> list[list[float]]:
    """A full point is lost in a few cases; the others gain a little."""
    rng = np.random.default_rng([2, n])
    shift = (delta + chance) / (1 - chance)
    small = shift + rng.normal(0, 0.005, (RUNS, n))
    return np.where(rng.random((RUNS, n)) < chance, -1.0, small).tolist()


def share(rows: list[list[float]], kind: Kind, finding: Finding) -> float:
    decisions = [gate(row, len(row), kind=kind) for row in rows]
    return sum(decision.finding is finding for decision in decisions) / len(rows)


@pytest.mark.parametrize("n", [50, 100, 200])
@pytest.mark.parametrize(("won", "lost"), [(0.055, 0.105), (0.0, 0.05), (0.225, 0.275)])
def test_a_drop_of_the_margin_passes_in_at_most_one_run_of_twenty(n: int, won: float, lost: float):
    rows = pass_fail_runs(n, won, lost)

    assert share(rows, Kind.PASS_FAIL, Finding.NO_DROP) <= 0.05 + NOISE


@pytest.mark.parametrize("n", [50, 100, 200])
@pytest.mark.parametrize("chance", [0.01, 0.03, 0.05])
def test_a_drop_hidden_in_rare_disasters_passes_in_at_most_one_run_of_twenty(n: int, chance: float):
    rows = rare_disasters(n, -0.05, chance)

    assert share(rows, Kind.SCORE, Finding.NO_DROP) <= 0.059 + NOISE  # approximate by 0.9 points


@pytest.mark.parametrize("n", [50, 100, 200])
@pytest.mark.parametrize("churn", [0.02, 0.08, 0.25])
def test_a_change_that_changes_nothing_fails_in_at_most_one_run_of_twenty(n: int, churn: float):
    rows = pass_fail_runs(n, churn, churn)

    assert share(rows, Kind.PASS_FAIL, Finding.DROP) <= 0.05 + NOISE


def test_a_drop_of_ten_points_is_found_as_often_and_as_soon_as_the_reference_finds_it():
    rows = pass_fail_runs(200, 0.038, 0.138)  # pass rate 0.8, correlation 0.5

    decisions = [gate(row, 200, kind=Kind.PASS_FAIL) for row in rows]

    found = np.mean([decision.finding is Finding.DROP for decision in decisions])
    used = np.mean([decision.tally.n for decision in decisions]) / 200
    assert found >= 0.90
    assert used <= 0.70


def test_a_harmless_change_passes_as_often_as_the_reference_lets_it():
    rows = pass_fail_runs(200, 0.08, 0.08)  # pass rate 0.8, correlation 0.5

    assert share(rows, Kind.PASS_FAIL, Finding.NO_DROP) >= 0.45


def test_the_interval_covers_the_truth_though_the_run_stopped_early():
    rows = pass_fail_runs(100, 0.05, 0.15)

    ranges = [gate(row, 100, kind=Kind.PASS_FAIL).interval for row in rows]

    covered = np.mean([low <= -0.10 <= high for low, high in ranges])
    assert covered >= 0.93 - 3 * sqrt(0.07 * 0.93 / RUNS)


def test_adding_cases_after_an_open_end_keeps_the_error_when_alpha_is_halved_each_time():
    passed = 0
    for row in pass_fail_runs(300, 0.055, 0.105, seed=3):
        for extra in range(5):
            n = 100 + 50 * extra
            finding = gate(row[:n], n, kind=Kind.PASS_FAIL, alpha=0.05 / 2**extra).finding
            if finding is not Finding.UNDECIDED:
                passed += finding is Finding.NO_DROP
                break

    assert passed / RUNS <= 0.065 + NOISE
