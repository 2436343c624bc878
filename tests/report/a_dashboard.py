"""Dashboards for tests: two prompts, two weeks, one deploy."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from promptgit.flywheel.cube import Cell, Cube, Metric, joined
from promptgit.flywheel.dashboard import Alarm, Dashboard, Experiment, Live, Turned
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.window import Window

OLD, NEW = "aa11" * 10, "bb22" * 10
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
METRICS = joined(
    [
        Metric("leaks", "prompts leaked", "count", "lower", "security"),
        Metric("block_rate", "attacks blocked", "share", "higher", "security"),
        Metric("quality_score", "quality, 0 to 10", "number", "higher", "quality"),
        Metric("escalation_rate", "escalations", "share", "lower", "quality"),
        Metric("average_value", "average value", "usd", "higher", "business"),
    ]
)


def a_cube(days: range, escalation: float, prompts: tuple[str, ...] = ("reply", "triage")) -> Cube:
    draw = Random(7)
    rows = {}
    for prompt in prompts:
        for day in days:
            cell = Cell(prompt, OLD if day < 20 else NEW, "stable", "m", f"2026-11-{day:02d}")
            escalated = [(float(draw.random() < escalation), 1.0) for _ in range(150)]
            rows[cell] = {
                "leaks": Tally.of([(float(day == 18), 1.0)]),
                "block_rate": Tally.of([(1.0, 1.0), (0.0, 1.0)]),
                "quality_score": Tally.of([(draw.gauss(7, 1), 1.0) for _ in range(150)]),
                "escalation_rate": Tally.of(escalated),
                "average_value": Tally(),
            }
    return Cube(METRICS, rows, calls=9_000, conversations=4_200)


def a_dashboard() -> Dashboard:
    return Dashboard(
        made="2026-11-22T06:00:00.000Z",
        window=Window("2026-11-15T00:00:00.000Z", "2026-11-22T00:00:00.000Z"),
        now=a_cube(range(15, 22), escalation=0.05),
        before=a_cube(range(8, 15), escalation=0.15),
        alarms=[Alarm("2026-11-21T00:00:00.000Z", "reply", "leaks", "leaks is 1: more than 0")],
        experiments=[Experiment("reply", "escalation_rate", "bb22 against aa11", None, "proven")],
        rollouts=[Live("production", "reply", OLD, NEW, 10, "2026-11-20T06:00:00.000Z", "50 %")],
        turns=[Turned("20261121T060000Z-1a2b", "2026-11-21T06:00:00.000Z", "improved", "better")],
        engine="duckdb",
        notices=["3 malformed lines were left out"],
    )


def a_hostile_dashboard() -> Dashboard:
    """Everything that others write wants to run."""
    board = a_dashboard()
    rows = {
        replace(cell, prompt=HOSTILE, model=HOSTILE): row for cell, row in board.now.rows.items()
    }
    metrics = {name: replace(metric, title=HOSTILE) for name, metric in METRICS.items()}
    return replace(
        board,
        now=Cube(metrics, rows),
        alarms=[Alarm(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)],
        experiments=[Experiment(HOSTILE, HOSTILE, HOSTILE, None, HOSTILE)],
        rollouts=[Live(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 10, HOSTILE, HOSTILE)],
        turns=[Turned(HOSTILE, HOSTILE, HOSTILE, HOSTILE)],
        engine=HOSTILE,
        notices=[HOSTILE],
    )
