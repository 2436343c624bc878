"""
What `promptgit suite` calls proven, by simulation: false proofs, true ranges, power.

    python benchmarks/ranking_rules.py [--quick] [--seed N]

Runs the shipped comparison (`check/standings.py`) on simulated models that answer the same cases.
`alike` is the share of cases on which two models are right or wrong together whatever their rate.

false proof   equal models: any `>` or any change called proven
range         models that differ by 0, 5, 10 points …: any range of any pair misses the truth
order         the same: any `>` the wrong way round
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from itertools import product

from promptgit.check.standings import Standings, standings
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result
from promptgit.core.lineup import Difference
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt

BAR = 0.05
NOISE = 3  # standard errors of the simulation that a bar allows
STEP = 0.05  # between one model and the next, where they differ
SIZES = (20, 50, 200)
MODELS = (2, 3, 5)
WORLDS = ((0.9, 0.0), (0.8, 0.8), (0.95, 0.5))  # rate, alike


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulate what `promptgit suite` proves")
    parser.add_argument("--quick", action="store_true", help="A tenth of the suites")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    suites = 60 if asked.quick else 600
    started = time.monotonic()
    bar = BAR + NOISE * (BAR * (1 - BAR) / suites) ** 0.5
    worst = 0.0
    print("scores          models  cases  rate  alike  false proof  range missed  wrong order")
    for graded, models, cases, (rate, alike) in product((False, True), MODELS, SIZES, WORLDS):
        rng = random.Random(f"{asked.seed} {graded} {models} {cases} {rate} {alike}")
        equal = [rate] * models
        apart = [max(0.05, rate - STEP * place) for place in range(models)]
        errors = [0, 0, 0]
        for _ in range(suites):
            errors[0] += any(
                pair.proven for pair in asked_of(rng, equal, cases, alike, graded).pairs
            )
            found = asked_of(rng, apart, cases, alike, graded)
            errors[1] += misses(found, apart)
            errors[2] += any(
                pair.proven and truth(pair, apart) * pair.effect < 0 for pair in found.pairs
            )
        shares = [error / suites for error in errors]
        worst = max(worst, *shares)
        shape = "any score" if graded else "right or wrong"
        told = "  ".join(f"{100 * share:10.1f} %" for share in shares)
        print(f"{shape:14}  {models:6}  {cases:5}  {rate:4}  {alike:5} {told}", flush=True)
    print(f"worst {100 * worst:.1f} %, bar {100 * bar:.1f} %; {time.monotonic() - started:.0f} s")
    return int(worst > bar)


def asked_of(
    rng: random.Random, rates: Sequence[float], cases: int, alike: float, graded: bool
) -> Standings:
    """One suite: models with these rates, on so many cases."""
    answers: list[list[float]] = [[] for _ in rates]
    for _ in range(cases):
        shared = rng.random() if rng.random() < alike else None
        for scores, rate in zip(answers, rates, strict=True):
            scores.append(score(rng, shared, rate, graded))
    found = {str(place): evaluation(scores) for place, scores in enumerate(answers)}
    return standings(found, "0")


def score(rng: random.Random, shared: float | None, rate: float, graded: bool) -> float:
    right = (rng.random() if shared is None else shared) < rate
    if not graded:
        return float(right)
    return rng.betavariate(8, 2) if right else rng.betavariate(2, 8)


def evaluation(scores: Sequence[float]) -> Evaluation:
    cases = Dataset(tuple(Case(str(place), {}) for place in range(len(scores))))
    results = tuple(Result(str(place), 0, score=score) for place, score in enumerate(scores))
    return Evaluation(
        Prompt.of("Answer."), cases, ModelIdentity("none", "m"), (Metric("right"),), results
    )


def truth(pair: Difference, rates: Sequence[float], width: float = 1.0) -> float:
    """The true difference of a pair's means."""
    return width * (rates[int(pair.first)] - rates[int(pair.second)])


def misses(found: Standings, rates: Sequence[float]) -> bool:
    graded = any(
        score not in (0.0, 1.0) for each in found.entrants for score in each.scores.values()
    )
    width = 0.6 if graded else 1.0  # 0.8 for a right answer, 0.2 for a wrong one
    return any(not pair.low <= truth(pair, rates, width) <= pair.high for pair in found.pairs)


if __name__ == "__main__":
    sys.exit(main())
