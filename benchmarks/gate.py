"""
`promptgit check` on simulated pull requests: how often it is wrong, what it finds, what it costs.

    python benchmarks/gate.py [--quick] [--seed N]

Runs the whole gate that ships, from the first batch of answers to what it found: several gated
metrics, several prompts in one pull request, guards, repeats.  The engine below it has a benchmark
of its own, `gate_rules.py`, whose worlds are used here.  Every line has a bar it must clear.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from statistics import fmean

import numpy as np
from gate_rules import GRADED, P8_5, P8_8, P95_5, TIES, WORLDS

from promptgit.check.bounds import Plan
from promptgit.check.check import checking
from promptgit.check.sequential import Finding, Kind, Tally, decide
from promptgit.core.dataset import Case, Dataset, drawn
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.gate import GateFinding
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Outcome, Policy

MARGIN = 0.05
TODAY = date(2027, 1, 31)
PROMPT, MODEL = Prompt.of("simulated"), ModelIdentity("simulated", "simulated")
GROWTH = 0.20  # the guards' margin
GUARDS = {"cost": GROWTH, "latency": GROWTH, "length": GROWTH}


@dataclass(frozen=True)
class Answers:
    """What one prompt answers: scores by repeat, metric and case, and how much it takes."""

    scores: np.ndarray
    amounts: np.ndarray  # cost, latency and length, by case

    def result(self, number: int, repeat: int, case_id: str) -> Result:
        values = self.scores[repeat, :, number].tolist()
        cost, latency, length = self.amounts[:, number].tolist()
        return Result(
            case_id,
            repeat,
            output="x" * round(1000 * length),
            scores={f"m{i}": Score(value) for i, value in enumerate(values)},
            score=fmean(values),
            cost_usd=cost,
            latency_s=latency,
        )


@dataclass(frozen=True)
class Change:
    """A pull request on one prompt."""

    before: Answers
    after: Answers

    @property
    def differences(self) -> np.ndarray:
        """The score's, case by case, at the first answer."""
        return (self.after.scores[0] - self.before.scores[0]).mean(0)


Draw = Callable[[np.random.Generator], Change]


@dataclass(frozen=True)
class Run:
    """What the gate said of one change."""

    outcome: Outcome
    calls: int  # answers of the candidate
    effect: float


@dataclass(frozen=True)
class Cell:
    """Many pull requests of one kind."""

    runs: list[Run]
    cases: int

    def share(self, outcome: Outcome) -> float:
        return sum(run.outcome is outcome for run in self.runs) / len(self.runs)

    @property
    def calls(self) -> float:
        """Answers asked for, as a share of one to each case."""
        return fmean(run.calls for run in self.runs) / self.cases


# ── pull requests ───────────────────────────────────────────────────────────────────────────


def of_world(world: str, cases: int, deltas: Sequence[float]) -> Draw:
    """A metric for each delta, independent of the others, in one of the engine's worlds."""

    def draw(rng: np.random.Generator) -> Change:
        rows = [WORLDS[world].draw(rng, delta, (1, cases))[0] for delta in deltas]
        moves = np.clip(np.array(rows)[None], -1, 1)
        if WORLDS[world].kind is Kind.PASS_FAIL:
            before, after = (moves <= 0).astype(float), (moves >= 0).astype(float)
        else:
            before, after = (1 - moves) / 2, (1 + moves) / 2
        ones = np.ones((3, cases))
        return Change(Answers(before, ones), Answers(after, ones))

    return draw


def flaky(cases: int, delta: float, repeats: int, steady: float = 0.0) -> Draw:
    """
    Right or wrong answers that change by themselves.

    A share `steady` of the cases does not: there a flip is a flip.
    """

    def draw(rng: np.random.Generator) -> Change:
        chance = rng.beta(2, 1, cases)
        factor = 1 + delta / (2 / 3)
        before = rng.random((repeats, cases)) < chance
        after = rng.random((repeats, cases)) < np.minimum(1, chance * factor)
        frozen = rng.random(cases) < steady
        before, after = (
            np.where(frozen, side[:1], side)[:, None].astype(float) for side in (before, after)
        )
        ones = np.ones((3, cases))
        return Change(Answers(before, ones), Answers(after, ones))

    return draw


def growing(cases: int, growths: Sequence[float], spread: float = 0.3) -> Draw:
    """Equal scores; cost, latency and length grow by so much, with noise of `spread`."""
    shifts = [_shift_for(growth, spread) for growth in growths]

    def draw(rng: np.random.Generator) -> Change:
        scores = (rng.random((1, 1, cases)) < 0.9).astype(float)
        size = rng.lognormal(0, 0.5, (3, cases))
        noise = rng.normal(0, spread, (3, cases))
        after = size * np.exp(noise + np.array(shifts)[:, None])
        return Change(Answers(scores, size), Answers(scores, after))

    return draw


@cache
def _shift_for(growth: float, spread: float) -> float:
    """The mean of a log-normal factor whose mean swing is just that of `growth`."""
    noise = np.random.default_rng(0).normal(0, spread, 200_000)
    low, high = -3.0, 3.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        swing = np.clip(2 * np.tanh((noise + middle) / 2), -1, 1).mean()
        low, high = (middle, high) if swing < 2 * growth / (2 + growth) else (low, middle)
    return high


# ── the gate, and what one would do without it ──────────────────────────────────────────────


@cache
def dataset(cases: int) -> Dataset:
    return Dataset(tuple(Case(f"c{number}", {}) for number in range(cases)))


def gate(change: Change, policy: Policy, seed: str, comparisons: int = 1) -> Run:
    """Let the gate ask for what it wants."""
    cases = dataset(change.before.scores.shape[2])
    metrics = tuple(Metric(f"m{i}") for i in range(change.before.scores.shape[1]))
    number = {case.id: i for i, case in enumerate(cases)}
    steps = checking(
        cases,
        metrics,
        policy,
        rules="base",
        order_seed=seed,
        today=TODAY,
        comparisons=comparisons,
    )
    calls = 0
    sides: tuple[Evaluation, Evaluation] | None = None
    while True:
        try:
            ask = next(steps) if sides is None else steps.send(sides)
        except StopIteration as end:
            found: GateFinding = end.value
            return Run(found.outcome, calls, found.score.verdict.effect)
        calls += len(ask.cases)
        before, after = (
            tuple(side.result(number[case.id], ask.repeat, case.id) for case in ask.cases)
            for side in (change.before, change.after)
        )
        sides = (
            Evaluation(PROMPT, ask.cases, MODEL, metrics, before),
            Evaluation(PROMPT, ask.cases, MODEL, metrics, after),
        )


def fixed_n(change: Change, policy: Policy, _: str) -> Run:
    """All cases, then one paired test at the same error."""
    moves = change.differences.tolist()
    plan = Plan.once(len(moves), policy.alpha)
    kind = Kind.PASS_FAIL if {*moves} <= {-1.0, 0.0, 1.0} else Kind.SCORE
    finding = decide(Tally.of(moves), plan, 0, kind=kind, margin=policy.margin)
    outcomes = {Finding.NO_DROP: Outcome.PASS, Finding.DROP: Outcome.REGRESSION}
    return Run(outcomes.get(finding, Outcome.INCONCLUSIVE), len(moves), fmean(moves))


def mean_went_down(change: Change, _: Policy, __: str) -> Run:
    """All cases, and no test."""
    mean = float(change.differences.mean())
    outcome = Outcome.REGRESSION if mean < -1e-12 else Outcome.PASS
    return Run(outcome, change.differences.size, mean)


@dataclass
class Bench:
    reps: int
    seed: int
    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def cell(
        self,
        draw: Draw,
        cases: int,
        policy: Policy,
        *key: object,
        judge: Callable[[Change, Policy, str], Run] = gate,
    ) -> Cell:
        rng = self.rng(cases, *key)
        return Cell(
            [judge(draw(rng), policy, f"{self.seed} {rep}") for rep in range(self.reps)], cases
        )

    def rng(self, *key: object) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(drawn("bench", repr(key))[:8], 16)])

    @property
    def worst(self) -> float:
        """5 %, and what so many runs may be off by chance."""
        return 0.068 if self.reps >= 2000 else 0.055 + 3 * np.sqrt(0.055 * 0.945 / self.reps)

    def at_most(self, what: str, value: float, bar: float, note: str = "") -> None:
        self._row(what, f"<= {100 * bar:.1f} %", f"{100 * value:.1f} % {note}", value <= bar)

    def at_least(self, what: str, value: float, bar: float, note: str = "") -> None:
        if self.reps < 2000:
            bar = max(0.0, bar - 3 * np.sqrt(0.25 / self.reps))
        self._row(what, f">= {100 * bar:.1f} %", f"{100 * value:.1f} % {note}", value >= bar)

    def _row(self, what: str, bar: str, measured: str, ok: bool) -> None:
        self.rows.append((what, bar, measured, ok))
        print(f"{what:<58} {bar:>10}  {measured:<42} {'ok' if ok else 'MISSED'}", flush=True)

    # ── what is measured ────────────────────────────────────────────────────────────────────

    def false_alarms(self) -> None:
        """Nothing changed, and the pull request is called a regression."""
        rates = []
        for world in (P8_5, P95_5, GRADED, TIES, "disaster 3 %"):
            for cases in (50, 200):
                cell = self.cell(of_world(world, cases, [0.0]), cases, Policy(), "a", world)
                rates.append(cell.share(Outcome.REGRESSION))
        self.at_most("no change: REGRESSION, one metric, worst of 10", max(rates), self.worst)
        self.at_most("no change: REGRESSION, one metric, mean", fmean(rates), 0.05)
        for world in (P8_5, GRADED):
            for cases in (50, 200):
                rate = self._five(world, cases, [0.0] * 4).share(Outcome.REGRESSION)
                what = f"no change: REGRESSION, 5 gated metrics, {world}, N={cases}"
                self.at_most(what, rate, self.worst)
        for cases in (50, 200):
            rate = self._three_prompts(cases)
            self.at_most(f"no change: REGRESSION, 3 prompts, N={cases}", rate, self.worst)
            policy = Policy(guards=GUARDS)
            cell = self.cell(growing(cases, [0.0] * 3), cases, policy, "grow 0")
            rate = cell.share(Outcome.REGRESSION)
            self.at_most(f"no change: REGRESSION, 3 guards, N={cases}", rate, self.worst)

    def _five(self, world: str, cases: int, deltas: Sequence[float]) -> Cell:
        """The score and four metrics."""
        policy = Policy(metrics={f"m{i}": MARGIN for i in range(len(deltas))})
        return self.cell(of_world(world, cases, deltas), cases, policy, "five", world, *deltas)

    def _three_prompts(self, cases: int) -> float:
        rng = self.rng("three", cases)
        draw = of_world(P8_5, cases, [0.0])
        failed = 0
        for rep in range(self.reps):
            runs = (gate(draw(rng), Policy(), f"{rep} {i}", comparisons=3) for i in range(3))
            failed += Outcome.REGRESSION in [run.outcome for run in runs]
        return failed / self.reps

    def false_passes(self) -> None:
        """Something dropped by just its margin, and the pull request passes."""
        rates = []
        for world in (P8_5, P95_5, GRADED, TIES, "disaster 3 %"):
            for cases in (50, 200):
                cell = self.cell(of_world(world, cases, [-MARGIN]), cases, Policy(), "b", world)
                rates.append(cell.share(Outcome.PASS))
        self.at_most("drop of the margin: PASS, one metric, worst of 10", max(rates), self.worst)
        self.at_most("drop of the margin: PASS, one metric, mean", fmean(rates), 0.05)
        for world in (P95_5, GRADED):
            rate = self._five(world, 200, [-MARGIN, 0.05, 0.05, 0.05]).share(Outcome.PASS)
            what = f"one of 5 metrics drops by its margin: PASS, {world}"
            self.at_most(what, rate, self.worst)
        for guard in range(3):
            growths = [GROWTH if i == guard else -0.2 for i in range(3)]
            cell = self.cell(growing(200, growths), 200, Policy(guards=GUARDS), "grow", guard)
            what = f"{list(GUARDS)[guard]} grows by its margin: PASS, N=200"
            self.at_most(what, cell.share(Outcome.PASS), self.worst)

    def power(self) -> None:
        """What is found, and at what price, beside the two usual ways."""
        bars: Mapping[tuple[str, int, float], tuple[Outcome, float, float]] = {
            (P8_5, 50, -0.10): (Outcome.REGRESSION, 0.40, 1.0),
            (P8_5, 100, -0.10): (Outcome.REGRESSION, 0.67, 0.90),
            (P8_5, 200, -0.10): (Outcome.REGRESSION, 0.90, 0.70),
            (P95_5, 200, -0.10): (Outcome.REGRESSION, 0.97, 0.55),
            (GRADED, 200, -0.10): (Outcome.REGRESSION, 0.97, 0.45),
            (P8_5, 200, 0.0): (Outcome.PASS, 0.45, 0.95),
            (P8_8, 200, 0.0): (Outcome.PASS, 0.75, 0.85),
            (P95_5, 200, 0.0): (Outcome.PASS, 0.82, 0.85),
            (P8_5, 500, 0.0): (Outcome.PASS, 0.80, 0.82),
            (P8_5, 200, 0.05): (Outcome.PASS, 0.94, 0.65),
        }
        for (world, cases, delta), (wanted, bar, most_calls) in bars.items():
            draw = of_world(world, cases, [delta])
            ours, fixed, naive = (
                self.cell(draw, cases, Policy(), "p", world, delta, judge=judge)
                for judge in (gate, fixed_n, mean_went_down)
            )
            what = f"{delta:+.2f}, {world}, N={cases}"
            shares = [f"{100 * cell.share(wanted):.0f}" for cell in (fixed, naive)]
            ends = [f"{100 * cell.share(Outcome.INCONCLUSIVE):.0f}" for cell in (ours, fixed)]
            note = f"(fixed n {shares[0]}, naive {shares[1]}; open {ends[0]}, fixed n {ends[1]})"
            self.at_least(f"{what}: {wanted.value}", ours.share(wanted), bar, note)
            self.at_most(f"{what}: calls", ours.calls, most_calls)

    def many_gates(self) -> None:
        """The price of gating much, for information and with a low bar."""
        for deltas, wanted, bar in (
            ([0.0] * 4, Outcome.PASS, 0.30),
            ([-0.15, 0.0, 0.0, 0.0], Outcome.REGRESSION, 0.80),
        ):
            cell = self._five(P95_5, 200, deltas)
            what = f"5 gated metrics, the first {deltas[0]:+.2f}: {wanted.value}, N=200"
            note = f"(calls {100 * cell.calls:.0f} %)"
            self.at_least(what, cell.share(wanted), bar, note)
        for growth, wanted, bar in ((0.0, Outcome.PASS, 0.80), (0.5, Outcome.REGRESSION, 0.95)):
            policy = Policy(guards=GUARDS)
            cell = self.cell(growing(200, [growth, 0.0, 0.0]), 200, policy, "guards", growth)
            what = f"3 guards, cost {100 * growth:+.0f} %: {wanted.value}, N=200"
            self.at_least(what, cell.share(wanted), bar, f"(calls {100 * cell.calls:.0f} %)")

    def repeats(self) -> None:
        """Answers that change by themselves: the errors hold, and repeats help where they can."""
        for steady in (0.0, 0.5, 1.0):
            for cases in (60, 120):
                policy = Policy(repeats=3)
                key = ("repeats", steady)
                same = self.cell(flaky(cases, 0.0, 3, steady), cases, policy, *key, 0)
                worse = self.cell(flaky(cases, -MARGIN, 3, steady), cases, policy, *key, 1)
                where = f"{100 * steady:.0f} % steady, N={cases}"
                rate = same.share(Outcome.REGRESSION)
                self.at_most(f"repeats, no change: REGRESSION, {where}", rate, self.worst)
                rate = worse.share(Outcome.PASS)
                self.at_most(f"repeats, drop of the margin: PASS, {where}", rate, self.worst)
        for delta, wanted in ((-0.15, Outcome.REGRESSION), (0.05, Outcome.PASS)):
            for steady, gain in ((0.0, 0.10), (1.0, -0.02)):
                once, thrice = (
                    self.cell(flaky(60, delta, 3, steady), 60, Policy(repeats=n), "gain", delta)
                    for n in (1, 3)
                )
                gained = thrice.share(wanted) - once.share(wanted)
                note = f"({100 * once.share(wanted):.0f} -> {100 * thrice.share(wanted):.0f}; "
                note += f"calls {once.calls:.2f} -> {thrice.calls:.2f} a case)"
                what = f"3 repeats add, {delta:+.2f}, {100 * steady:.0f} % steady: {wanted.value}"
                self.at_least(what, gained, gain, note)

    def speed(self) -> None:
        """The gate's own time, without the model's."""
        draw = of_world(P8_5, 200, [0.0])
        rng = self.rng("speed")
        changes = [draw(rng) for _ in range(60)]
        gate(changes[0], Policy(), "warm")
        start = time.perf_counter()
        for change in changes:
            gate(change, Policy(), "speed")
        spent_ms = 1000 * (time.perf_counter() - start) / len(changes)
        self._row("one check of 200 cases", "<= 60 ms", f"{spent_ms:.1f} ms", spent_ms <= 60)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="200 pull requests a cell, not 2,000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one of the measures")
    options = parser.parse_args()
    start = time.monotonic()
    bench = Bench(reps=200 if options.quick else 2000, seed=options.seed)
    for measure in _measures(bench):
        if options.only in (None, measure.__name__):
            measure()
    missed = sum(not ok for *_, ok in bench.rows)
    took = time.monotonic() - start
    print(f"\n{len(bench.rows)} bars, {missed} missed; {bench.reps} runs a cell, {took:.0f} s")
    return 1 if missed else 0


def _measures(bench: Bench) -> Iterator[Callable[[], None]]:
    yield bench.false_alarms
    yield bench.false_passes
    yield bench.power
    yield bench.many_gates
    yield bench.repeats
    yield bench.speed


if __name__ == "__main__":
    sys.exit(main())
