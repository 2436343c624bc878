"""What follows from a measurement, and from the guards of a rollout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.cli.guarding import guarded, refuse_broken
from promptgit.errors import UserError
from promptgit.flywheel.cube import Cell, Cube, Metric
from promptgit.flywheel.measure import Measurement, side_by_side
from promptgit.flywheel.proposal import Compared, Guarded, measurement_record, proposed
from promptgit.flywheel.rollout import Arm, Rollout
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.window import Window

OLD, NEW = Arm("a" * 40, "c" * 40), Arm("b" * 40, "d" * 40)
ONE = Rollout("production", "reply", OLD, NEW, 50.0)
METRICS = {
    "upsell_rate": Metric("upsell_rate", better="higher"),
    "error_rate": Metric("error_rate", better="lower"),
    "leaks": Metric("leaks", unit="count", better="lower"),
}


def ones(count: int, of: int) -> Tally:
    return Tally.of([(1.0, 1.0)] * count + [(0.0, 1.0)] * (of - count))


def a_cube(
    upsell: tuple[int, int], errors: tuple[int, int], leaks: int = 0, of: int = 2000
) -> Cube:
    """Sums of stable and candidate, each of `of` conversations on one day."""
    rows = {}
    for index, (variant, arm) in enumerate((("stable", OLD), ("candidate", NEW))):
        rows[Cell("reply", arm.blob, variant, "m", "2026-11-02")] = {
            "upsell_rate": ones(upsell[index], of),
            "error_rate": ones(errors[index], of),
            "leaks": ones(leaks if index else 0, of),
        }
    return Cube(METRICS, rows)


def measured(cube: Cube) -> Measurement:
    return side_by_side(cube, OLD.blob, NEW.blob)


BETTER = a_cube((200, 400), (20, 20))
SAME = a_cube((200, 200), (20, 20))
FAILING = a_cube((200, 400), (20, 200))
SOLD_LESS = a_cube((400, 200), (20, 20))
FEW = a_cube((20, 60), (2, 3), of=100)


@pytest.mark.parametrize(
    ("cube", "move", "why"),
    [
        (BETTER, "promote", "proven better: upsell_rate"),
        (SAME, "wait", "nothing is proven better"),
        (FAILING, "abort", "proven worse by more than the margin: error_rate"),
        (SOLD_LESS, "wait", "proven worse: upsell_rate"),
        (FEW, "wait", "nobody knows yet of: `error_rate`"),
    ],
)
def test_promote_abort_or_wait(cube: Cube, move: str, why: str):
    found = proposed(measured(cube), ())

    assert found.move == move
    assert why in found.why


def test_a_guard_that_came_true_outweighs_everything():
    guards = [Guarded("leaks > 0", True, "leaks is 1")]

    found = proposed(measured(BETTER), guards)

    assert (found.move, found.why) == ("abort", "a guard came true: `leaks > 0` (leaks is 1)")


def test_a_guard_that_nobody_knows_of_is_waited_for():
    assert proposed(measured(BETTER), [Guarded("x > 1", None, "?")]).move == "wait"


@pytest.mark.parametrize(
    ("guard", "leaks", "holds"),
    [
        ("leaks > 0", 1, True),
        ("leaks > 0", 0, False),
        ("error_rate > 5%", 0, False),
        ("upsell_rate < 15%", 0, False),
        ("upsell_rate > 15%", 0, True),
        ("change(upsell_rate) > 10%", 0, True),
        ("drift(upsell_rate)", 0, None),
    ],
)
def test_a_guard_looks_at_the_candidate_and_a_change_is_one_against_the_stable_text(
    guard: str, leaks: int, holds: bool | None
):
    cube = a_cube((200, 400), (20, 20), leaks)

    (found,) = guarded(replace(ONE, guards=(guard,)), cube)

    assert found.holds is holds
    assert found.figures


def test_traffic_of_another_text_says_nothing_of_a_guard():
    other = replace(ONE, candidate=Arm("e" * 40, "d" * 40), guards=("upsell_rate > 15%",))

    (found,) = guarded(other, BETTER)

    assert found.holds is None


def test_a_step_is_refused_with_the_figures_unless_every_guard_is_known_to_hold():
    one = replace(ONE, guards=("leaks > 0", "error_rate > 5%"))

    refuse_broken(one, guarded(one, BETTER))
    with pytest.raises(UserError) as broken:
        refuse_broken(one, guarded(one, a_cube((200, 400), (20, 20), leaks=3)))
    with pytest.raises(UserError) as unknown:
        refuse_broken(one, guarded(one, Cube(METRICS, {})))

    assert "came true: leaks > 0 (leaks is 3" in broken.value.message
    assert "abort" in broken.value.hint
    assert "nobody knows: leaks > 0" in unknown.value.message
    assert "wait" in unknown.value.hint


def test_a_guard_on_a_metric_that_nobody_measures_names_the_nearest():
    with pytest.raises(UserError) as stopped:
        guarded(replace(ONE, guards=("eror_rate > 5%",)), BETTER)

    assert stopped.value.hint == "did you mean 'error_rate'?"


def test_a_record_holds_numbers_and_no_text():
    window = Window("2026-11-02T00:00:00.000Z", "2026-11-09T00:00:00.000Z")
    of = Compared("reply", "prompts/reply.md", OLD.blob, NEW.blob, "production", window)

    one, two = (
        measurement_record(measured(BETTER), of, engine="duckdb", when="2026-11-09T08:00:00Z")
        for _ in range(2)
    )

    assert one.digest == two.digest
    assert one.body["prompt"]["blob"] == NEW.blob
    assert one.body["effects"]["conversion_delta"]["verdict"] == "better"
