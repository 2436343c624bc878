"""
What the statistics of live traffic promise, by simulation; every line has a bar it must clear.

    python benchmarks/live.py [--quick] [--seed N]

Runs the bandit, the drift detector, the triggers and the prediction that ship.  Arms are coins
(rate .85 is "85 % of its requests go well"); a stream changes its rate at a known place.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from promptgit.flywheel.adwin import changes
from promptgit.flywheel.bandit import State, choose, p_best, proven
from promptgit.flywheel.cube import Cell, Cube, Metric
from promptgit.flywheel.drift import watch
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.logs import Point, Step
from promptgit.flywheel.prediction import predict
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.trigger import judged
from promptgit.flywheel.window import instant

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
Stream = np.ndarray
Draw = Callable[[np.random.Generator, float, int], Stream]


@dataclass(frozen=True)
class Run:
    state: State
    lost: float
    promoted: tuple[int, str] | None  # at which request, and which arm


def live(rates: Sequence[float], requests: int, seed: int, *, stop: bool = False) -> Run:
    """One bandit, looked at after every ten requests; `stop`: at the first promotion."""
    rng = random.Random(seed)
    state = State.of([str(number) for number in range(len(rates))])
    lost, promoted = 0.0, None
    for request in range(1, requests + 1):
        arm = choose(state, rng)
        lost += max(rates) - rates[int(arm)]
        state = state.after(arm, float(rng.random() < rates[int(arm)]))
        if promoted is None and request % 10 == 0 and (winner := proven(state)):
            promoted = (request, winner)
            if stop:
                break
    return Run(state, lost, promoted)


def coins(rng: np.random.Generator, rate: float, many: int) -> Stream:
    return (rng.random(many) < rate).astype(float)


def graded(rng: np.random.Generator, mean: float, many: int) -> Stream:
    return rng.beta(10 * mean, 10 * (1 - mean), many)


@dataclass
class Bench:
    runs: int
    seed: int
    slack: float  # what so few runs may be off by, as a factor of a bar
    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def row(self, what: str, bar: str, measured: str, ok: bool) -> None:
        self.rows.append((what, bar, measured, bool(ok)))

    def seeds(self, many: int) -> range:
        return range(1_000 * self.seed, 1_000 * self.seed + many)

    def regret(self) -> None:
        runs = [live((0.75, 0.85, 0.80), 1_000, seed) for seed in self.seeds(self.runs)]
        lost = float(np.mean([run.lost for run in runs]))
        share = min(run.state.arms[0].pulls for run in runs) / 1_000
        self.row(
            "lost in 1,000 requests, .75/.85/.80", "<= 33", f"{lost:.1f} (uniform: 50)", lost <= 33
        )
        self.row(
            "least share of the baseline, any run", ">= 7 %", f"{100 * share:.1f} %", share >= 0.07
        )

    def equal_arms(self) -> None:
        for arms in (2, 4):
            runs = [live((0.8,) * arms, 1_000, s, stop=True) for s in self.seeds(2 * self.runs)]
            wrong = np.mean([run.promoted is not None for run in runs])
            bar = 0.05 * self.slack
            self.row(
                f"{arms} equal arms, one promoted in 1,000",
                "<= 5 %",
                f"{100 * wrong:.1f} %",
                wrong <= bar,
            )

    def large_gap(self) -> None:
        runs = [live((0.6, 0.9), 600, seed, stop=True) for seed in self.seeds(self.runs)]
        right = np.mean([run.promoted is not None and run.promoted[1] == "1" for run in runs])
        when = float(np.median([run.promoted[0] if run.promoted else 601 for run in runs]))
        self.row(".60 v .90: promoted within 600", ">= 97 %", f"{100 * right:.1f} %", right >= 0.97)
        self.row(".60 v .90: median requests until then", "<= 150", f"{when:.0f}", when <= 150)

    def middle_gap(self) -> None:
        runs = [live((0.75, 0.85), 3_000, seed, stop=True) for seed in self.seeds(self.runs)]
        right = np.mean([run.promoted is not None and run.promoted[1] == "1" for run in runs])
        wrong = np.mean([run.promoted is not None and run.promoted[1] == "0" for run in runs])
        when = float(np.median([run.promoted[0] if run.promoted else 3_001 for run in runs]))
        self.row(
            ".75 v .85: right within 3,000",
            ">= 90 %",
            f"{100 * right:.1f} %, median {when:.0f}",
            right >= 0.9,
        )
        self.row(".75 v .85: wrong within 3,000", "<= 3 %", f"{100 * wrong:.1f} %", wrong <= 0.03)

    def small_gap(self) -> None:
        runs = [live((0.85, 0.83), 3_000, seed, stop=True) for seed in self.seeds(self.runs // 2)]
        wrong = np.mean([run.promoted is not None and run.promoted[1] == "1" for run in runs])
        told = np.mean([run.promoted is not None for run in runs])
        self.row(
            ".85 v .83: wrong within 3,000",
            "<= 5 %",
            f"{100 * wrong:.1f} %, decided in {100 * told:.0f} %",
            wrong <= 0.05 * self.slack,
        )

    def fractions(self) -> None:
        state = State.of(["a", "b"])
        for _ in range(300):
            state = state.after("a", 0.3).after("b", 0.4)
        best = p_best(state, random.Random(self.seed))["b"]
        self.row(
            "300 rewards of .3 against 300 of .4: P(best)",
            ">= 97 %",
            f"{100 * best:.1f} %",
            best >= 0.97,
        )

    def false_alarms(self) -> None:
        worlds: list[tuple[str, Draw, float, float]] = [
            ("rate .95", coins, 0.95, 0.12),
            ("rate .90", coins, 0.90, 0.20),
            ("rate .82", coins, 0.82, 0.30),
            ("Beta(8, 2)", graded, 0.80, 0.08),
        ]
        for name, draw, mean, bar in worlds:
            falls = [
                sum(
                    not change.rises
                    for change in changes(draw(np.random.default_rng(s), mean, 1_000))
                )
                for s in self.seeds(self.runs)
            ]
            rate = float(np.mean(falls))
            self.row(
                f"false alarms in 1,000, {name}",
                f"<= {bar:.2f}",
                f"{rate:.3f}",
                rate <= bar * self.slack,
            )

    def delays(self) -> None:
        worlds: list[tuple[str, Draw, float, float, int]] = [
            (".90 to .80", coins, 0.9, 0.8, 220),
            (".90 to .70", coins, 0.9, 0.7, 65),
            (".90 to .60", coins, 0.9, 0.6, 40),
            (".95 to .85", coins, 0.95, 0.85, 180),
            ("Beta mean .8 to .7", graded, 0.8, 0.7, 95),
        ]
        for name, draw, before, after, bar in worlds:
            late, off, once = [], [], []
            for seed in self.seeds(self.runs // 2):
                rng = np.random.default_rng(seed)
                stream = np.concatenate([draw(rng, before, 500), draw(rng, after, 700)])
                found = [c for c in changes(stream) if not c.rises and c.found >= 500]
                late.append(found[0].found - 500 if found else 701)
                off.append(abs(found[0].began - 500) if found else 701)
                once.append(len(found) == 1)
            delay = float(np.median(late))
            self.row(
                f"values until {name} is found, median", f"<= {bar}",
                f"{delay:.0f}; begin off by {np.median(off):.0f}; "
                f"once in {100 * np.mean(once):.0f} %",
                delay <= bar,
            )  # fmt: skip

    def improvements(self) -> None:
        rung = []
        for seed in self.seeds(self.runs):
            rng = np.random.default_rng(seed)
            stream = np.concatenate([coins(rng, 0.8, 500), coins(rng, 0.9, 500)])
            rung.append(any(not c.rises and c.found >= 500 for c in changes(stream)))
        share = float(np.mean(rung))
        self.row(
            "alarm after an improvement (.8 to .9)",
            "<= 5 %",
            f"{100 * share:.1f} %",
            share <= 0.05 * self.slack,
        )

    def culprits(self) -> None:
        metric = Metric("quality", better="higher")
        truths = {"version": "v2", "model": "m1", "everything": ""}
        for kind, name in truths.items():
            right, wrong, many = 0, 0, max(20, self.runs // 10)
            for seed in self.seeds(many):
                streams = {
                    p: _mixed(kind, p, np.random.default_rng([seed, n]))
                    for n, p in enumerate(("a", "b"))
                }
                found = [
                    drift
                    for one in watch(metric, streams)
                    if one.prompt == "a"
                    for drift in one.drifts
                    if drift.proven
                ]
                if found:
                    causes = found[0].causes
                    sure = len(causes) == 1
                    right += sure and (causes[0].kind, causes[0].name) == (kind, name)
                    wrong += sure and (causes[0].kind, causes[0].name) != (kind, name)
            self.row(
                f"whose drop (.9 to .6): {kind}", "<= 5 % wrong",
                f"named in {100 * right / many:.0f} %, wrongly in {100 * wrong / many:.0f} %",
                wrong / many <= 0.05 * self.slack,
            )  # fmt: skip

    def triggers(self) -> None:
        metric = Metric("upsell_rate", better="higher")
        condition = parse("upsell_rate < 20%")
        for many in (30, 200, 2_000):
            fired = 0
            for seed in self.seeds(4 * self.runs):
                x = int(np.random.default_rng(seed).binomial(many, 0.2))
                tally = Tally.of([(1.0, 1.0)] * x + [(0.0, 1.0)] * (many - x))
                cube = Cube({"upsell_rate": metric}, {Cell(): {"upsell_rate": tally}})
                fired += judged(condition, cube).holds is True
            rate = fired / (4 * self.runs)
            self.row(
                f"`upsell_rate < 20%` at just 20 %, {many} conversations",
                "<= 6 %",
                f"{100 * rate:.1f} %",
                rate <= 0.06 * self.slack,
            )

    def predictions(self) -> None:
        many = max(20, self.runs // 10)
        for name, weight, bar in (
            ("nothing predicts it", 0.0, "<= 6 %"),
            ("odds ratio 9", 2.2, ">= 90 %"),
        ):
            found = [predict("escalation", "a", _steps(weight, seed)) for seed in self.seeds(many)]
            useful = float(np.mean([one.useful for one in found]))
            slopes = [one.slope for one in found if one.slope]
            covers = float(np.mean([one.low <= 1 <= one.high for one in slopes]))
            shown = f"{100 * useful:.0f} %"
            if weight:
                middle = np.median([one.value for one in slopes])
                shown += f"; slope {middle:.2f}, its range covers 1 in {100 * covers:.0f} %"
            self.row(
                f"prediction is shown: {name}",
                bar,
                shown,
                useful >= 0.9 if weight else useful <= 0.06 * self.slack,
            )

    def speed(self) -> None:
        rng = np.random.default_rng(self.seed)
        points = [
            Point(instant(BEGIN + timedelta(seconds=place)), float(value), version="v", model="m")
            for place, value in enumerate(coins(rng, 0.9, 200_000))
        ]
        started = time.process_time()
        watch(Metric("quality", better="higher"), {"a": points})
        took = time.process_time() - started
        self.row(
            "200,000 conversations watched, of the processor", "<= 5 s", f"{took:.1f} s", took <= 5
        )
        state, rng_ = State.of(["a", "b"]), random.Random(0)
        started = time.process_time()
        for _ in range(20_000):
            state = state.after(choose(state, rng_), 1.0)
        each = (time.process_time() - started) / 20_000 * 1e6
        self.row("a choice of the bandit and its reward", "<= 50 us", f"{each:.0f} us", each <= 50)


def _mixed(kind: str, prompt: str, rng: np.random.Generator) -> list[Point]:
    """1,600 conversations of two versions on two models; half way something drops by .3."""
    points = []
    for place in range(1_600):
        version, model = str(rng.choice(["v1", "v2"])), str(rng.choice(["m1", "m2"]))
        hit = {
            "version": prompt == "a" and version == "v2",
            "model": model == "m1",
            "everything": True,
        }[kind]
        rate = 0.9 - 0.3 * (hit and place >= 800)
        at = instant(BEGIN + timedelta(minutes=place))
        points.append(Point(at, float(rng.random() < rate), version=version, model=model))
    return points


def _steps(weight: float, seed: int) -> list[Step]:
    """1,500 conversations of up to 4 questions; one detector of ten raises the odds."""
    rng = np.random.default_rng(seed)
    steps = []
    for number in range(1_500):
        at = instant(BEGIN + timedelta(minutes=number))
        fired = {f"d{k}": 0.0 for k in range(10)}
        for turn in range(int(rng.integers(1, 5))):
            for name in fired:
                fired[name] = max(fired[name], float(rng.random() < 0.1))
            happened = bool(rng.random() < 1 / (1 + np.exp(2.8 - weight * fired["d0"])))
            steps.append(Step(at, f"c{number}", turn, happened, dict(fired)))
            if happened:
                break
    return steps


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="60 runs a cell instead of 400")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.monotonic()
    bench = Bench(60, options.seed, 2.0) if options.quick else Bench(400, options.seed, 1.3)
    for measure in (
        bench.regret, bench.equal_arms, bench.large_gap, bench.middle_gap, bench.small_gap,
        bench.fractions, bench.false_alarms, bench.delays, bench.improvements, bench.culprits,
        bench.triggers, bench.predictions, bench.speed,
    ):  # fmt: skip
        done = len(bench.rows)
        measure()
        for what, bar, measured, ok in bench.rows[done:]:
            print(f"{what:<56} {bar:>12}  {measured:<46} {'ok' if ok else 'MISSED'}", flush=True)
    missed = sum(not ok for *_, ok in bench.rows)
    took = time.monotonic() - start
    print(f"\n{len(bench.rows)} bars, {missed} missed; {bench.runs} runs a cell, {took:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
