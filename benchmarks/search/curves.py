"""What the runs show: the share of the reachable gain at each budget, over worlds and seeds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median, stdev

from search.ours import METRIC, right_or_wrong
from search.world import Meter

from promptgit.check.confirm import confirm
from promptgit.check.ledger import alpha_for_look
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy

CALLS = (200, 500, 1_000, 2_000)  # of the task model
COSTS = (500, 1_000, 2_000, 4_000)  # task calls, and ten for each of the mentor's
RESAMPLES = 200
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Run:
    """What one search in one world came to."""

    who: str
    world: str
    seed: int
    by_calls: tuple[float, ...]  # share of the reachable gain at CALLS
    by_cost: tuple[float, ...]  # at COSTS
    task_calls: int
    mentor_calls: int  # as long as there were fewer task calls than the limit
    kept_worse: bool  # what it would return is not the start, and is truly no better
    shipped: bool  # it passes our sealed confirmation

    @property
    def shipped_worse(self) -> bool:
        return self.shipped and self.kept_worse


def run_of(who: str, meter: Meter) -> Run:
    terrain, last = meter.terrain, meter.marks[-1]
    truly = terrain.true_score(last.text, last.examples) - terrain.true_score(terrain.start)
    changed = last.text != terrain.start or bool(last.examples)
    return Run(
        who,
        terrain.world.name,
        terrain.seed,
        tuple(meter.gain(meter.at(task_calls=calls)) for calls in CALLS),
        tuple(meter.gain(meter.at(cost=cost)) for cost in COSTS),
        meter.task_calls,
        meter.mentor_calls_in_time,
        changed and truly <= NOTHING,
        changed and confirmed(meter),
    )


def confirmed(meter: Meter) -> bool:
    """Put the last prompt to the test that ships, on the sealed half, against the start."""
    terrain, last = meter.terrain, meter.marks[-1]

    def side(text: str, examples: Sequence[str], batch: Dataset) -> Evaluation:
        results = tuple(
            right_or_wrong(case.id, terrain.right(text, case.id, examples)) for case in batch
        )
        identity = ModelIdentity("simulated", "simulated")
        return Evaluation(Prompt.of(text), batch, identity, (METRIC,), results)

    return bool(
        confirm(
            terrain.halves[1],
            lambda batch: (side(terrain.start, (), batch), side(last.text, last.examples, batch)),
            Policy(),
            alpha=alpha_for_look(1, Policy().alpha),
            order_seed=f"confirm {terrain.seed}",
        )
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One strategy's curve: at each budget the median over worlds of the mean over seeds."""

    who: str
    values: tuple[float, ...]
    errors: tuple[float, ...]  # standard errors, by drawing the seeds anew


Pick = Callable[[Run], Sequence[float]]


def by_world(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.world, []).append(run)
    return found


def line_of(who: str, runs: Sequence[Run], pick: Pick) -> Line:
    worlds = by_world(runs)
    rng = random.Random(who)
    again = [
        _middle({w: rng.choices(rs, k=len(rs)) for w, rs in worlds.items()}, pick)
        for _ in range(RESAMPLES)
    ]
    errors = tuple(stdev(values) for values in zip(*again, strict=True))
    return Line(who, _middle(worlds, pick), errors)


def _middle(worlds: Mapping[str, Sequence[Run]], pick: Pick) -> tuple[float, ...]:
    """
    Take the mean over seeds in each world, and the median over worlds.

    >>> def run(world, seed, gain):
    ...     return Run("x", world, seed, (gain,), (gain,), 0, 0, False, False)
    >>> a, b, c = ([run("a", 0, 0.0), run("a", 1, 1.0)], [run("b", 0, 0.6)], [run("c", 0, 0.9)])
    >>> _middle({"a": a, "b": b, "c": c}, lambda run: run.by_calls)
    (0.6,)
    """
    means = [means_of(runs, pick) for runs in worlds.values()]
    return tuple(median(values) for values in zip(*means, strict=True))


def means_of(runs: Sequence[Run], pick: Pick) -> tuple[float, ...]:
    return tuple(fmean(values) for values in zip(*map(pick, runs), strict=True))


def worse_worlds(ours: Sequence[Run], peers: Sequence[Run], pick: Pick) -> list[str]:
    """
    Name the worlds in which we are behind by more than half a standard error at any budget.

    The error is that of the paired difference, seed by seed.
    """
    found = []
    theirs = by_world(peers)
    for world, runs in by_world(ours).items():
        other = {run.seed: pick(run) for run in theirs.get(world, [])}
        pairs = [(pick(run), other[run.seed]) for run in runs if run.seed in other]
        if not pairs:
            continue
        columns = zip(*([a - b for a, b in zip(x, y, strict=True)] for x, y in pairs), strict=True)
        if any(_behind(column) for column in columns):
            found.append(world)
    return found


def _behind(differences: Sequence[float]) -> bool:
    error = stdev(differences) / sqrt(len(differences)) if len(differences) > 1 else 0.0
    return fmean(differences) < -0.5 * error - NOTHING
