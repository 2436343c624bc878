"""
What a whole `improve` run ships, by simulation: false promotion, power, honesty of the report.

    python benchmarks/improve_rules.py [--quick] [--seed N]

Runs the race and the confirmation that ship, on a simulated prompt whose true pass rate is
known.  20 proposals a run, each relative to its parent.  Worlds:

nohelp  no proposal changes the true pass rate; each still flips cases both ways
leak    10 % help; half of all proposals also fix a fifth of the failing search cases, with no
        true effect: the mentor has seen them
mixed   15 % help by 2 to 10 points, 50 % change nothing, 35 % harm by as much

"Not better" means: shipped, and the true pass rate is not above the one at the start.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from math import isnan

import numpy as np

from promptgit.check.confirm import confirm
from promptgit.check.ledger import Ledger, alpha_for_look
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy, Verdict
from promptgit.improve.race import race

PASS_RATE = 0.70
CHURN = 0.02  # share of all cases that a harmless edit fixes, and as many that it breaks
LEAKED = 0.20  # of the failing search cases that were shown
PROPOSALS = 20
POLICY = Policy()
NOTHING = 1e-9
NAN = float("nan")
IDENTITY = ModelIdentity("simulated", "simulated")
SEED_PROMPT = Prompt.of("simulated")
METRICS = (Metric("right"),)


@dataclass(frozen=True)
class Simulated:
    """A prompt as the simulation knows it: which cases it passes, and its true pass rate."""

    right: np.ndarray  # one 0 or 1 a case
    rate: float


@dataclass(frozen=True)
class Run:
    """What one run shipped, or did not."""

    verdict: Verdict | None  # None: nothing survived the search
    true_gain: float
    true_rate: float
    search_gain: float
    calls: int

    @property
    def shipped(self) -> bool:
        return bool(self.verdict)

    @property
    def not_better(self) -> bool:
        return self.shipped and self.true_gain <= NOTHING


def effect(world: str, rng: np.random.Generator) -> tuple[float, bool]:
    """Draw what a proposal truly does to the pass rate, and whether it leaks."""
    u = rng.random()
    size = rng.uniform(0.02, 0.10)
    match world:
        case "mixed":
            return (size if u < 0.15 else 0.0 if u < 0.65 else -size), False
        case "leak":
            return (size if u < 0.10 else 0.0), rng.random() < 0.5
        case _:
            return 0.0, False


def proposal(
    parent: Simulated, world: str, searched: np.ndarray, rng: np.random.Generator
) -> Simulated:
    """Edit the parent: some failing cases get fixed, some passing ones break."""
    true, leaks = effect(world, rng)
    rate = min(0.99, max(0.01, parent.rate + true))
    true = rate - parent.rate
    fixes, breaks = CHURN + max(true, 0.0), CHURN + max(-true, 0.0)
    u = rng.random(parent.right.size)
    failing = parent.right == 0
    fixed = failing & (u < fixes / (1 - parent.rate))
    broken = ~failing & (u < breaks / parent.rate)
    right = np.where(fixed, 1.0, np.where(broken, 0.0, parent.right))
    if leaks:
        lucky = searched & failing & (rng.random(parent.right.size) < LEAKED)
        right = np.where(lucky, 1.0, right)
    return Simulated(right, rate)


@dataclass
class Bench:
    """Cases of one run, and a counter of the answers that were asked for."""

    cases: Dataset
    position: dict[str, int]
    asked: set[tuple[int, str]]  # by prompt and case: the cache pays for the rest

    def compare(
        self, old: Simulated, new: Simulated
    ) -> Callable[[Dataset], tuple[Evaluation, Evaluation]]:
        return lambda batch: (self.evaluate(old, batch), self.evaluate(new, batch))

    def evaluate(self, prompt: Simulated, batch: Dataset) -> Evaluation:
        self.asked |= {(id(prompt), case.id) for case in batch}
        results = tuple(
            Result(case.id, 0, score=float(prompt.right[self.position[case.id]])) for case in batch
        )
        return Evaluation(SEED_PROMPT, batch, IDENTITY, METRICS, results)


def one_run(
    world: str,
    count: int,
    rng: np.random.Generator,
    *,
    alpha: float = 0.05,
    sealed_right: np.ndarray | None = None,
) -> Run:
    """Search on half of `count` cases, confirm on the other half."""
    cases = Dataset(tuple(Case(f"c{i}", {"text": str(i)}) for i in range(count)))
    half = count // 2
    search, sealed = (
        replace(cases, cases=cases.cases[:half]),
        replace(cases, cases=cases.cases[half:]),
    )
    right = (rng.random(count) < PASS_RATE).astype(float)
    if sealed_right is not None:
        right[half:] = sealed_right
    bench = Bench(cases, {case.id: i for i, case in enumerate(cases)}, set())
    searched = np.arange(count) < half

    seed = best = Simulated(right, PASS_RATE)
    kept = [seed]  # alive, so that no id() is used twice
    for number in range(PROPOSALS):
        child = proposal(best, world, searched, rng)
        kept.append(child)
        order = f"{rng.integers(2**62)} {number}"
        parent = bench.evaluate(best, search)
        if race(search, parent.scores, partial(bench.evaluate, child), order_seed=order).survived:
            best = child

    search_gain = float((best.right - seed.right)[:half].mean())
    if best is seed:
        return Run(None, 0.0, PASS_RATE, 0.0, len(bench.asked))
    verdict = confirm(
        sealed, bench.compare(seed, best), POLICY, alpha=alpha, order_seed=str(rng.integers(2**62))
    )
    return Run(verdict, best.rate - PASS_RATE, best.rate, search_gain, len(bench.asked))


def one_set(rng: np.random.Generator, runs: int, count: int, *, spending: bool) -> bool:
    """Judge finalist after finalist on one sealed set; say whether anything useless shipped."""
    half = count // 2
    sealed = Dataset(tuple(Case(f"c{i}", {"text": str(i)}) for i in range(half, count)))
    right = (rng.random(half) < PASS_RATE).astype(float)
    ledger = Ledger()
    for run in range(runs):
        alpha = ledger.alpha(sealed, f"run {run}", 0.05) if spending else 0.05
        ledger = ledger.judged(sealed, f"run {run}")
        if one_run("nohelp", count, rng, alpha=alpha, sealed_right=right).not_better:
            return True
    return False


def rows_of(world: str, count: int, runs: list[Run]) -> list[tuple[str, float, str, float]]:
    """What one cell of runs shows, as (what, measured, relation, bar); bar NaN: for information."""
    told = [run for run in runs if run.verdict is not None]
    shipped = [run for run in runs if run.shipped]
    cell = f"{world}, {count} cases"
    naive = mean(run.search_gain > 0 and run.true_gain <= NOTHING for run in runs)
    every = mean(run.verdict.candidate - run.true_rate for run in told)
    rows = [
        (f"{cell}: ships not-better", mean(run.not_better for run in runs), "<=", 0.05),
        (f"{cell}:   if the search gain were proof", naive, "", NAN),
        (f"{cell}: reported - true score, every run", every, "+-", 0.02),
    ]
    if world == "nohelp" or not shipped:
        return rows
    gains, curses, calls = {100: 0.035, 300: 0.06}, {100: 0.06, 300: 0.035}, {100: 700, 300: 1500}
    lucky = mean(run.verdict.candidate - run.true_rate for run in shipped)
    covered = mean(run.verdict.low <= run.true_gain <= run.verdict.high for run in shipped)
    big = [run for run in runs if run.true_gain >= 0.10]
    rows += [
        (f"{cell}: interval covers, when shipped", covered, ">=", 0.80),
        (f"{cell}: reported - true score, when shipped", lucky, "", NAN),
        (f"{cell}: ships when the true gain is .10", mean(run.shipped for run in big), "", NAN),
        (
            f"{cell}: search gain - true gain",
            mean(r.search_gain - r.true_gain for r in told),
            "",
            NAN,
        ),
        (f"{cell}: calls", mean(run.calls for run in runs), "<=", calls.get(count, NAN)),
    ]
    if world == "mixed":
        gain = mean(run.true_gain * run.shipped for run in runs)
        curse = mean(run.verdict.effect - run.true_gain for run in shipped)
        rows += [
            (f"{cell}: true gain shipped, a run", gain, ">=", gains.get(count, NAN)),
            (f"{cell}: reported - true gain, shipped", curse, "<=", curses.get(count, NAN)),
        ]
    return rows


def mean(values: Iterable[float]) -> float:
    found = [float(value) for value in values]
    return sum(found) / len(found) if found else NAN


def holds(measured: float, relation: str, bar: float) -> bool:
    if isnan(bar):
        return True
    return {"<=": measured <= bar, ">=": measured >= bar, "+-": abs(measured) <= bar}[relation]


def show(what: str, measured: float, relation: str, bar: float) -> bool:
    ok = holds(measured, relation, bar)
    asked = "" if isnan(bar) else f"{relation} {bar:g}"
    verdict = "" if isnan(bar) else "ok" if ok else "MISSED"
    print(f"{what:<54} {asked:>9}  {measured:>9.3f}  {verdict}", flush=True)
    return ok


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="100 runs a cell instead of 600")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    runs, ledgers = (100, 30) if options.quick else (600, 300)
    start = time.monotonic()
    fine = []
    for world in ("nohelp", "leak", "mixed"):
        for count in (60, 100, 300):
            rng = np.random.default_rng([options.seed, count, len(world)])
            alpha = alpha_for_look(1, POLICY.alpha)
            cell = [one_run(world, count, rng, alpha=alpha) for _ in range(runs)]
            fine += [show(*row) for row in rows_of(world, count, cell)]
    for spending, bar in ((True, 0.06), (False, NAN)):
        rng = np.random.default_rng([options.seed, 50])
        wrong = mean(one_set(rng, 50, 100, spending=spending) for _ in range(ledgers))
        how = "ledger" if spending else "  the same without the ledger"
        fine.append(show(f"50 runs on one sealed set, {how}", wrong, "<=", bar))
    missed = sum(not ok for ok in fine)
    print(f"\n{missed} bars missed; {runs} runs a cell, {time.monotonic() - start:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
