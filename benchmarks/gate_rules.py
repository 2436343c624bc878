"""
The gate's error rates, power and cost, by simulation; every line has a bar it must clear.

    python benchmarks/gate_rules.py [--quick] [--seed N]

Runs the gate that ships, on simulated differences between two prompts.  A world fixes what the
differences look like: pass/fail cases at three rates and three correlations between the sides,
graded scores, mostly ties, rare disasters.  `delta` is the true mean difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from promptgit.check.betting import suite_gate
from promptgit.check.pairs import Scores, compared, units
from promptgit.check.sequential import Decision, Finding, Kind, gate
from promptgit.core.dataset import Case, Dataset, drawn

MARGIN = 0.05
Draw = Callable[[np.random.Generator, float, tuple[int, int]], np.ndarray]


@dataclass(frozen=True)
class World:
    kind: Kind
    draw: Draw  # (rng, delta, shape) -> differences


def pass_fail(rate: float, phi: float) -> World:
    def draw(rng: np.random.Generator, delta: float, shape: tuple[int, int]) -> np.ndarray:
        old, new = rate, min(1.0, rate + delta)
        both = old * new + phi * np.sqrt(old * (1 - old) * new * (1 - new))
        both = min(both, old, new)
        u = rng.random(shape)
        won = u < new - both
        lost = (u >= new - both) & (u < new - both + old - both)
        return won.astype(float) - lost

    return World(Kind.PASS_FAIL, draw)


def graded(spread: float, a: float, b: float) -> World:
    def draw(rng: np.random.Generator, delta: float, shape: tuple[int, int]) -> np.ndarray:
        sd = np.sqrt(2 * a * b / ((a + b) ** 2 * (a + b + 1)))
        noise = rng.beta(a, b, shape) - rng.beta(a, b, shape)
        return delta + spread * noise / sd

    return World(Kind.SCORE, draw)


def mostly_ties(rng: np.random.Generator, delta: float, shape: tuple[int, int]) -> np.ndarray:
    share = 0.15
    a = 2 * (1 + delta / share)
    return np.where(rng.random(shape) < share, 2 * rng.beta(a, 4 - a, shape) - 1, 0.0)


def disaster(chance: float) -> World:
    def draw(rng: np.random.Generator, delta: float, shape: tuple[int, int]) -> np.ndarray:
        shift = (delta + chance) / (1 - chance)
        small = shift + 0.02 * (rng.beta(2, 2, shape) - rng.beta(2, 2, shape))
        return np.where(rng.random(shape) < chance, -1.0, small)

    return World(Kind.SCORE, draw)


def one_way(rng: np.random.Generator, delta: float, shape: tuple[int, int]) -> np.ndarray:
    return np.where(rng.random(shape) < abs(delta), np.sign(delta), 0.0)


WORLDS = {
    **{
        f"pass/fail {rate:g} corr {phi:g}": pass_fail(rate, phi)
        for rate in (0.5, 0.8, 0.95)
        for phi in (0.0, 0.5, 0.8)
    },
    "graded, sd .12": graded(0.12, 2, 2),
    "graded, sd .03": graded(0.03, 17, 3),
    "85 % ties": World(Kind.SCORE, mostly_ties),
    "disaster 1 %": disaster(0.01),
    "disaster 3 %": disaster(0.03),
    "disaster 5 %": disaster(0.05),
    "one way": World(Kind.PASS_FAIL, one_way),
}
P8_5, P8_8, P95_5, P95_8 = (
    f"pass/fail {rate}"
    for rate in ("0.8 corr 0.5", "0.8 corr 0.8", "0.95 corr 0.5", "0.95 corr 0.8")
)
GRADED, TIES = "graded, sd .12", "85 % ties"


@dataclass(frozen=True)
class Cell:
    """Many runs of the gate in one world."""

    runs: list[Decision]
    n_max: int

    def share(self, finding: Finding) -> float:
        return sum(run.finding is finding for run in self.runs) / len(self.runs)

    @property
    def passed(self) -> float:
        return self.share(Finding.NO_DROP)

    @property
    def failed(self) -> float:
        return self.share(Finding.DROP)

    @property
    def calls(self) -> float:
        """Cases used, as a share of all."""
        return sum(run.tally.n for run in self.runs) / len(self.runs) / self.n_max


@dataclass
class Bench:
    reps: int
    seed: int
    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def rng(self, *key: object) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(drawn("bench", repr(key))[:8], 16)])

    def cell(
        self, world: str, n_max: int, delta: float, *, margin: float = MARGIN, alpha: float = 0.05
    ) -> Cell:
        found = WORLDS[world]
        draws = found.draw(self.rng(world, n_max, delta, margin), delta, (self.reps, n_max))
        runs = [
            gate(row, n_max, kind=found.kind, margin=margin, alpha=alpha) for row in draws.tolist()
        ]
        return Cell(runs, n_max)

    def at_most(self, what: str, value: float, bar: float, note: str = "") -> None:
        self.rows.append(
            (what, f"<= {100 * bar:.1f} %", f"{100 * value:.1f} % {note}", value <= bar)
        )

    def at_least(self, what: str, value: float, bar: float, note: str = "") -> None:
        self.rows.append(
            (what, f">= {100 * bar:.1f} %", f"{100 * value:.1f} % {note}", value >= bar)
        )

    # ── what is measured ────────────────────────────────────────────────────────────────────

    def errors(self) -> None:
        """G1 and G2: passing a drop of the margin, failing what did not change."""
        worst = 0.068 if self.reps >= 2000 else 0.055 + 3 * np.sqrt(0.055 * 0.945 / self.reps)
        for name, delta, wrong in (
            ("G1 false PASS at -margin", -MARGIN, Finding.NO_DROP),
            ("G2 false FAIL at 0", 0.0, Finding.DROP),
        ):
            rates = {
                (world, n): self.cell(world, n, delta).share(wrong)
                for world in WORLDS
                for n in (50, 100, 200)
            }
            at = max(rates, key=lambda key: rates[key])
            self.at_most(f"{name}, worst cell", rates[at], worst, f"({at[0]}, N={at[1]})")
            self.at_most(f"{name}, mean", float(np.mean(list(rates.values()))), 0.05)

    def power(self) -> None:
        """G3, G4, G8: finding a real drop, and how soon."""
        for world, n, bar in (
            (P8_5, 200, 0.90),
            (P8_5, 100, 0.67),
            (P8_5, 50, 0.40),
            (P8_8, 100, 0.93),
            (P95_5, 100, 0.93),
            (P8_8, 200, 0.97),
            (P95_5, 200, 0.97),
            (GRADED, 100, 0.97),
            (TIES, 100, 0.93),
        ):
            self.at_least(
                f"G3 FAIL at -.10, {world}, N={n}", self.cell(world, n, -0.10).failed, bar
            )
        for world, bar in ((P8_5, 0.70), (P8_8, 0.55), (P95_5, 0.55), (GRADED, 0.45)):
            self.at_most(
                f"G4 calls at -.10, {world}, N=200", self.cell(world, 200, -0.10).calls, bar
            )
        collapse = self.cell(P8_5, 200, -0.30)
        self.at_least("G8 FAIL at -.30, N=200", collapse.failed, 0.995)
        self.at_most("G8 calls at -.30, N=200", collapse.calls, 0.25)

    def passing(self) -> None:
        """G5 to G7: letting harmless changes through, and how soon."""
        for world, n, bar in (
            (P8_5, 200, 0.45),
            (P8_8, 200, 0.75),
            (P95_5, 200, 0.82),
            (P95_8, 200, 0.95),
            (GRADED, 200, 0.97),
            (TIES, 200, 0.90),
            (P8_5, 500, 0.80),
        ):
            self.at_least(f"G5 PASS at 0, {world}, N={n}", self.cell(world, n, 0.0).passed, bar)
        for world, n, bar in ((P95_5, 200, 0.85), (P8_8, 200, 0.85), (P8_5, 500, 0.82)):
            self.at_most(f"G6 calls at 0, {world}, N={n}", self.cell(world, n, 0.0).calls, bar)
        better = self.cell(P8_5, 200, 0.05)
        self.at_least("G7 PASS at +.05, N=200", better.passed, 0.94)
        self.at_most("G7 calls at +.05, N=200", better.calls, 0.65)

    def margins(self) -> None:
        """G9: the same errors at other margins."""
        for margin in (0.02, 0.10):
            rates = [
                self.cell(world, n, -margin, margin=margin).passed
                for world in (P8_5, P95_8, GRADED, TIES, "disaster 1 %")
                for n in (100, 200)
            ]
            self.at_most(f"G9 false PASS, margin {margin:g}, worst cell", max(rates), 0.068)

    def order(self) -> None:
        """G11: a file whose last third got worse, shuffled as we do and left as it is."""
        n, passed = 200, {True: 0, False: 0}
        rng = self.rng("order")
        late = np.arange(n) >= 0.7 * n
        before = rng.random((self.reps, n)) < 0.8
        for rep in range(self.reps):
            broken = before[rep] & late & (rng.random(n) < 0.10 / 0.3 / 0.8)
            differences = (-broken.astype(float)).tolist()
            shuffled = sorted(range(n), key=lambda i: drawn(f"{self.seed} {rep}", str(i)))
            for shuffle in (True, False):
                row = [differences[i] for i in shuffled] if shuffle else differences
                run = gate(row, n, kind=Kind.PASS_FAIL, margin=MARGIN)
                passed[shuffle] += run.finding is Finding.NO_DROP
        note = f"(unshuffled: {100 * passed[False] / self.reps:.1f} %)"
        self.at_most("G11 PASS, all losses late in the file", passed[True] / self.reps, 0.01, note)

    def contradictions(self) -> None:
        """G12: the same change, tried twice."""
        worst = 0.0
        for n in (50, 100, 200):
            for delta in (0.0, -0.05):
                runs = self.cell(P8_5, n, delta).runs
                pairs = list(zip(runs[::2], runs[1::2], strict=True))
                opposite = {Finding.NO_DROP, Finding.DROP}
                clash = sum({a.finding, b.finding} == opposite for a, b in pairs) / len(pairs)
                worst = max(worst, clash)
        noise = 0.0 if self.reps >= 2000 else 3 * np.sqrt(0.05 * 0.95 / (self.reps / 2))
        self.at_most("G12 two runs contradict each other, worst", worst, 0.06 + noise)

    def coverage(self) -> None:
        """G13: the interval after stopping."""
        rates = {}
        for world in (P8_5, P95_5, GRADED, TIES):
            for delta in (-0.10, -0.05, 0.0, 0.05):
                runs = self.cell(world, 200, delta).runs
                inside = sum(low <= delta <= high for low, high in (r.interval for r in runs))
                rates[world, delta] = inside / len(runs)
        at = min(rates, key=lambda key: rates[key])
        self.at_least("G13 interval covers delta, worst", rates[at], 0.93, f"({at[0]}, {at[1]:+g})")

    def suite(self) -> None:
        """G14: foretelling what all N cases will say."""
        for n, bar in ((100, 0.75), (200, 0.62), (500, 0.47)):
            agreements, calls = [], []
            for world in (P8_5, P8_8, P95_5, P95_8, GRADED, TIES, "disaster 3 %"):
                for delta in (-0.10, -0.05, -0.02, 0.0, 0.05):
                    draw = WORLDS[world].draw
                    rows = draw(self.rng("suite", world, n, delta), delta, (self.reps // 2, n))
                    bets = [suite_gate(row, n) for row in rows.tolist()]
                    truth = [Finding.NO_DROP if m > -MARGIN else Finding.DROP for m in rows.mean(1)]
                    agree = [bet.finding is true for bet, true in zip(bets, truth, strict=True)]
                    agreements.append(float(np.mean(agree)))
                    calls.append(float(np.mean([bet.n for bet in bets])) / n)
            self.at_least(
                f"G14 suite: agrees with the full run, N={n}, worst", min(agreements), 0.98
            )
            self.at_most(f"G14 suite: calls, N={n}, mean", float(np.mean(calls)), bar)

    def extending(self) -> None:
        """G15: 50 more cases after each INCONCLUSIVE, four times."""
        rows = WORLDS[P8_5].draw(self.rng("extend"), -MARGIN, (self.reps, 300)).tolist()
        passed = {True: 0, False: 0}
        for halving in (True, False):
            for row in rows:
                for extra in range(5):
                    alpha = 0.05 / 2**extra if halving else 0.05
                    n = 100 + 50 * extra
                    run = gate(row[:n], n, kind=Kind.PASS_FAIL, alpha=alpha)
                    if run.finding is not Finding.UNDECIDED:
                        passed[halving] += run.finding is Finding.NO_DROP
                        break
        note = f"(same alpha each time: {100 * passed[False] / self.reps:.1f} %)"
        self.at_most("G15 false PASS, cases added 4 times", passed[True] / self.reps, 0.065, note)

    def speed(self) -> None:
        """G16: what one look costs, warm."""
        rows = WORLDS[P8_5].draw(self.rng("speed"), 0.0, (50, 200)).tolist()
        gate(rows[0], 200, kind=Kind.PASS_FAIL)
        start = time.perf_counter()
        looks = 0
        for row in rows:
            run = gate(row, 200, kind=Kind.PASS_FAIL)
            looks += run.look + 1
            assert run.interval[0] <= run.interval[1]
            assert run.p_drop <= 1
        per_run_ms = 1000 * (time.perf_counter() - start) / len(rows)
        self.rows.append(
            ("G16 gate with interval and p", "<= 20 ms", f"{per_run_ms:.1f} ms", per_run_ms <= 20)
        )
        scipy = "scipy" in sys.modules
        self.rows.append(("G16 scipy imported", "no", "yes" if scipy else "no", not scipy))

    def hygiene(self) -> None:
        """Repeats and groups are not cases."""
        rng = self.rng("repeats")
        cases = Dataset(tuple(Case(f"c{i}", {}) for i in range(50)))
        failed = rows_failed = 0
        for _ in range(self.reps):
            move = rng.normal(0, 0.2, 50)  # half of the variance is the case's own
            rows = move[:, None] + rng.normal(0, 0.2, (50, 5))
            after = np.clip(0.5 + rows.mean(1), 0, 1)
            failed += self._fails(cases, dict(enumerate(after)), "c", repeated=True)
            run = gate(rng.permutation(rows.ravel()).tolist(), 250, kind=Kind.SCORE)
            rows_failed += run.finding is Finding.DROP
        note = f"(rows as cases: {100 * rows_failed / self.reps:.1f} %)"
        self.at_most("repeats: false FAIL, r=5, 50 cases", failed / self.reps, 0.068, note)

        failed = naive = 0
        grouped = Dataset(tuple(Case(f"c{i}", {}, group=f"g{i // 10}") for i in range(400)))
        plain = Dataset(tuple(Case(f"c{i}", {}) for i in range(400)))
        for _ in range(self.reps):
            shared = np.repeat(rng.normal(0, 0.2 * np.sqrt(0.3), 40), 10)
            own = rng.normal(0, 0.2 * np.sqrt(0.7), 400)
            after = dict(enumerate(np.clip(0.5 + shared + own, 0, 1)))
            failed += self._fails(grouped, after, "c", margin=0.01)
            naive += self._fails(plain, after, "c", margin=0.01)
        note = f"(groups ignored: {100 * naive / self.reps:.1f} %)"
        self.at_most("groups: false FAIL, ICC .3, size 10", failed / self.reps, 0.07, note)

    def _fails(
        self,
        cases: Dataset,
        after: dict[int, float],
        prefix: str,
        *,
        repeated: bool = False,
        margin: float = MARGIN,
    ) -> bool:
        new = {f"{prefix}{i}": float(value) for i, value in after.items()}
        old = dict.fromkeys(new, 0.5)
        scores = Scores(old, new, frozenset(new), repeated)
        order = units(cases, "bench")
        tallies = [compared([unit], scores, 1.0) for unit in order]
        run = gate((one.tally.total for one in tallies), len(order), kind=Kind.SCORE, margin=margin)
        return run.finding is Finding.DROP


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="300 runs a cell instead of 2,000")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.monotonic()
    bench = Bench(reps=300 if options.quick else 2000, seed=options.seed)
    for measure in (
        bench.errors,
        bench.power,
        bench.passing,
        bench.margins,
        bench.order,
        bench.contradictions,
        bench.coverage,
        bench.suite,
        bench.extending,
        bench.speed,
        bench.hygiene,
    ):
        done = len(bench.rows)
        measure()
        for what, bar, measured, ok in bench.rows[done:]:
            print(f"{what:<52} {bar:>11}  {measured:<46} {'ok' if ok else 'MISSED'}", flush=True)
    missed = sum(not ok for *_, ok in bench.rows)
    took = time.monotonic() - start
    print(f"\n{len(bench.rows)} bars, {missed} missed; {bench.reps} runs a cell, {took:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
