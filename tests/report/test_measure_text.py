"""A measurement in words: what nobody could tell is named in one line, and cents are told apart."""

from __future__ import annotations

from promptgit.flywheel.cube import Metric
from promptgit.flywheel.measure import Effect, Measurement
from promptgit.flywheel.proposal import Compared, Proposal
from promptgit.flywheel.tally import Difference
from promptgit.flywheel.window import Window
from promptgit.report.history_text import plain
from promptgit.report.measure_text import measure_lines

OF = Compared(
    "reply",
    "prompts/reply.md",
    "a" * 40,
    "b" * 40,
    "production",
    Window("2026-11-02T00:00:00.000Z", "2026-11-09T00:00:00.000Z"),
)


def an_effect(name: str, value: float, low: float, high: float, **said) -> Effect:
    metric = Metric(name, unit=said.pop("unit", "share"), better="lower")
    return Effect(metric, 0.0402, 0.0402 + value, Difference(value, low, high), (400, 100), **said)


def lines(*effects: Effect, move: str = "wait") -> list[str]:
    found = Measurement("side by side", effects, (400, 100), 7)
    return [*map(plain, measure_lines(found, OF, (), Proposal(move, "so it is")))]  # type: ignore[arg-type]


def test_metrics_that_no_traffic_would_tell_are_named_in_one_line():
    said = lines(*(an_effect(f"rate_{one}", 0.0, -0.01, 0.01) for one in "abc"))

    (line,) = [one for one in said if "in sight" in one]
    assert line.endswith(": rate_a_delta, rate_b_delta, rate_c_delta")
    assert "not proven" not in said


def test_a_proven_change_of_a_fraction_of_a_cent_can_be_seen():
    said = lines(an_effect("cost", 0.0003, 0.0002, 0.0004, unit="usd", proven=True))

    assert "  cost_delta: $0.0402 to $0.0405, +$0.000300 (+$0.000200 to +$0.000400): worse" in said


def test_what_is_proposed_is_a_command_to_type():
    assert lines(move="abort")[-1] == "`promptgit abort reply --to production`"
    assert lines(move="wait")[-1] == "proposal: wait: so it is"
