"""
Which cases a race should look at first: the rule that ships against two others, for equal calls.

    python benchmarks/race_rules.py [--quick] [--seed N]

ships    three of ten cases from where the parent is weak, each counted for what it stands for
plain    cases by chance
patient  cases by chance, and a first look on which no case changed does not end the race

Each run proposes until its calls are spent (300 for 60 cases, 500 for 100, 1,200 for 300; two of
them are the mentor's, a proposal), and confirms what it has.  Worlds: those of improve_rules.py,
and

rare  a proposal concerns one of 12 topics, drawn by how badly the prompt does on it: 20 % help
      there by 20 to 60 points, 50 % change nothing, 30 % harm by 10 to 40; the other topics stay
      as they are
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from improve_rules import (
    NAN,
    NOTHING,
    PASS_RATE,
    POLICY,
    Bench,
    Simulated,
    mean,
    proposal,
    show,
)

from promptgit.check.confirm import confirm
from promptgit.check.ledger import alpha_for_look
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.improve.race import FIRST, race, sizes

TOPICS = 12
MENTOR_CALLS = 2  # a critique and a patch
BUDGETS = {60: 300, 100: 500, 300: 1200}

Evaluate = Callable[[Dataset], Evaluation]
Rule = Callable[[Dataset, Evaluation, Evaluate, str], bool]


@dataclass(frozen=True)
class Topical(Simulated):
    """A simulated prompt that is better on some topics than on others."""

    rates: np.ndarray = field(default_factory=lambda: np.full(TOPICS, PASS_RATE))


def ships(cases: Dataset, parent: Evaluation, evaluate: Evaluate, seed: str) -> bool:
    return race(cases, parent.scores, evaluate, order_seed=seed).survived


def plain(
    cases: Dataset, parent: Evaluation, evaluate: Evaluate, seed: str, *, patient: bool = False
) -> bool:
    order = cases.shuffled(seed).cases
    gain, changed, done = 0.0, False, 0
    for size in sizes(len(order)):
        child = evaluate(replace(cases, cases=order[done:size]))
        moves = [child.scores[case.id] - parent.scores[case.id] for case in order[done:size]]
        gain, changed, done = gain + sum(moves), changed or any(moves), size
        if gain <= NOTHING and (changed or not patient or size > FIRST):
            return False
    return True


RULES: dict[str, Rule] = {"ships": ships, "plain": plain, "patient": partial(plain, patient=True)}


def seed_prompt(world: str, topics: np.ndarray, rng: np.random.Generator) -> Topical:
    rates = rng.beta(2.1, 0.9, TOPICS) if world == "rare" else np.full(TOPICS, PASS_RATE)
    right = (rng.random(topics.size) < rates[topics]).astype(float)
    return Topical(right, float(rates.mean()), rates)


def edited(
    parent: Topical, world: str, topics: np.ndarray, searched: np.ndarray, rng: np.random.Generator
) -> Topical:
    if world != "rare":
        child = proposal(parent, world, searched, rng)
        return Topical(child.right, child.rate, parent.rates)
    room = 1 - parent.rates + NOTHING
    topic = rng.choice(TOPICS, p=room / room.sum())
    old, u = parent.rates[topic], rng.random()
    move = rng.uniform(0.2, 0.6) if u < 0.2 else 0.0 if u < 0.7 else -rng.uniform(0.1, 0.4)
    rates = parent.rates.copy()
    rates[topic] = min(0.98, max(0.02, old + move))
    true, churn = rates[topic] - old, 0.05  # of the topic's cases, both ways
    chance, here = rng.random(topics.size), topics == topic
    fixed = here & (parent.right == 0) & (chance < (churn + max(true, 0)) / (1 - old + NOTHING))
    broken = here & (parent.right == 1) & (chance < (churn + max(-true, 0)) / (old + NOTHING))
    right = np.where(fixed, 1.0, np.where(broken, 0.0, parent.right))
    return Topical(right, float(rates.mean()), rates)


def one_run(world: str, count: int, rule: Rule, rng: np.random.Generator) -> tuple[float, bool]:
    """Return the true gain of what a run shipped (0 when nothing), and whether it shipped."""
    cases = Dataset(tuple(Case(f"c{i}", {"text": str(i)}) for i in range(count)))
    half = count // 2
    search = replace(cases, cases=cases.cases[:half])
    sealed = replace(cases, cases=cases.cases[half:])
    topics, searched = rng.integers(TOPICS, size=count), np.arange(count) < half
    seed = best = seed_prompt(world, topics, rng)
    bench = Bench(cases, {case.id: i for i, case in enumerate(cases)}, set())
    parent = bench.evaluate(seed, search)
    kept = [seed]  # alive, so that no id() is used twice
    while len(bench.asked) + MENTOR_CALLS * len(kept) < BUDGETS[count]:
        child = edited(best, world, topics, searched, rng)
        kept.append(child)
        if rule(search, parent, partial(bench.evaluate, child), str(rng.integers(2**62))):
            best, parent = child, bench.evaluate(child, search)
    if best is seed:
        return 0.0, False
    alpha, order = alpha_for_look(1, POLICY.alpha), str(rng.integers(2**62))
    verdict = confirm(sealed, bench.compare(seed, best), POLICY, alpha=alpha, order_seed=order)
    return (best.rate - seed.rate, True) if verdict else (0.0, False)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="100 runs a cell instead of 600")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    runs = 100 if options.quick else 600
    start = time.monotonic()
    fine = []
    for world in ("mixed", "rare", "leak", "nohelp"):
        for count in BUDGETS:
            plainly = NAN
            for name in ("plain", "patient", "ships"):
                draws = [np.random.default_rng([options.seed, count, i]) for i in range(runs)]
                told = [one_run(world, count, RULES[name], rng) for rng in draws]
                gain = mean(gain for gain, _ in told)
                plainly = round(gain, 3) if name == "plain" else plainly
                cell = f"{world}, {count} cases, {name}"
                if world == "nohelp" or name == "ships":
                    wrong = mean(shipped and gain <= NOTHING for gain, shipped in told)
                    fine.append(show(f"{cell}: ships not-better", wrong, "<=", 0.05))
                if world != "nohelp":
                    bar = plainly if name == "ships" else NAN
                    fine.append(show(f"{cell}: true gain shipped, a run", gain, ">=", bar))
    missed = sum(not ok for ok in fine)
    print(f"\n{missed} bars missed; {runs} runs a cell, {time.monotonic() - start:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
