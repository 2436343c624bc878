"""
Compare searches for better prompts in a simulated world of hidden rules.

    python benchmarks/search [--quick] [--seeds N] [--only NAME] [--ablate] [--json FILE]

Ours run in the real lab; `gepa` and DSPy's GEPA and MIPROv2 run as their packages ship them, and
are left out where they are not installed (`make bench-search` installs them).  Task calls and
mentor calls are counted by the world.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from search import ours, peers
from search.curves import (
    CALLS,
    COSTS,
    Line,
    Pick,
    Run,
    by_world,
    line_of,
    means_of,
    run_of,
    worse_worlds,
)
from search.world import Terrain
from search.worlds import GAINFUL, TEMPTING, WORLDS

CURVES: list[tuple[str, tuple[int, ...], Pick]] = [
    ("task calls", CALLS, lambda run: run.by_calls),
    ("total cost", COSTS, lambda run: run.by_cost),
]
YARDSTICKS = {  # from the issue: another world of this kind, measured once
    "task calls": {
        "gepa, defaults": (0.24, 0.45, 0.68, 0.86),
        "gepa, best setting": (0.58, 0.85, 0.91, 0.95),
        "DSPy GEPA": (0.24, 0.44, 0.70, 0.86),
        "plain racing": (0.72, 0.88, 0.95, 0.97),
    },
    "total cost": {
        "gepa, best setting": (0.68, 0.85, 0.93, 0.95),
        "plain racing": (0.63, 0.81, 0.89, 0.95),
    },
}


@cache
def players() -> dict[str, peers.Play]:
    """Everybody who can take part, by name."""
    found = {entry.name: entry.play for entry in (*ours.ablations(), *ours.entries())}
    return {**found, **peers.available()[0]}


def one(job: tuple[str, str, int]) -> Run:
    who, name, seed = job
    (world,) = (world for world in WORLDS if world.name == name)
    return run_of(who, players()[who](Terrain(world, seed)))


def played(names: Sequence[str], worlds: Sequence[str], seeds: int, workers: int) -> list[Run]:
    jobs = [(who, world, seed) for who in names for world in worlds for seed in range(seeds)]
    if workers == 1:
        return [one(job) for job in jobs]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(one, jobs, chunksize=4))


def show_curve(title: str, budgets: Sequence[int], lines: Sequence[Line]) -> None:
    print(f"\nShare of the reachable gain by {title}: median over worlds, mean over seeds (± s.e.)")
    print(
        f"{'':<40}"
        + "".join(f"{budget:>14,}" for budget in budgets)
        + "   yardstick from the issue"
    )
    for line in lines:
        cells = zip(line.values, line.errors, strict=True)
        told = YARDSTICKS[title].get(line.who)
        beside = "   " + " ".join(f"{value:.2f}".lstrip("0") for value in told) if told else ""
        print(f"{line.who:<40}" + "".join(f"{v:>7.2f} ±{e:>4.2f} " for v, e in cells) + beside)


def show_worlds(runs: Sequence[Run], names: Sequence[str]) -> None:
    print("\nBy world, at 500 and at 2,000 task calls")
    there = {run.world for run in runs}
    worlds = [world.name for world in GAINFUL if world.name in there]
    print(f"{'':<40}" + "".join(f"{world:>12}" for world in worlds))
    for who in names:
        mine = by_world(run for run in runs if run.who == who)
        cells = [means_of(mine[world], CURVES[0][2]) for world in worlds if world in mine]
        print(f"{who:<40}" + "".join(f"{at[1]:>7.2f} {at[3]:>4.2f}" for at in cells))


def show_ships(runs: Sequence[Run], names: Sequence[str]) -> None:
    tempting = {world.name for world in TEMPTING} & {run.world for run in runs}
    print("\nWhat the end of a search is, and what our sealed confirmation makes of it")
    print(
        f"{'':<40}{'task calls':>12}{'mentor calls':>14}"
        f"{'keeps not-better':>26}{'ships not-better':>26}"
    )
    for who in names:
        mine = [run for run in runs if run.who == who]
        shares = []
        for name in sorted(tempting):
            there = [run for run in mine if run.world == name]
            kept = fmean(run.kept_worse for run in there)
            shares.append((name, kept, fmean(run.shipped_worse for run in there)))
        gainful = [run for run in mine if run.world not in tempting] or mine
        print(
            f"{who:<40}{fmean(r.task_calls for r in gainful):>12,.0f}"
            f"{fmean(r.mentor_calls for r in gainful):>14,.0f}"
            + f"{' '.join(f'{name} {kept:.2f}' for name, kept, _ in shares):>26}"
            + f"{' '.join(f'{name} {ship:.2f}' for name, _, ship in shares):>26}"
        )


def show_worse(runs: Sequence[Run], mine: Sequence[str], theirs: Sequence[str]) -> None:
    print("\nWorlds in which ours is behind by more than half a standard error, at any budget")
    for who in mine:
        for peer in theirs:
            a = [r for r in runs if r.who == who and r.world != "nothing"]
            b = [r for r in runs if r.who == peer and r.world != "nothing"]
            behind = [
                f"{title}: {len(worse_worlds(a, b, pick))} of {len(by_world(a))}"
                for title, _, pick in CURVES
            ]
            print(f"{who:<40} against {peer:<20} {'; '.join(behind)}")


def as_json(runs: Sequence[Run], lines: dict[str, list[Line]], versions: dict[str, str]) -> str:
    facts: dict[str, Any] = {
        "versions": versions,
        "budgets": {title: list(budgets) for title, budgets, _ in CURVES},
        "curves": {title: [asdict(line) for line in of] for title, of in lines.items()},
        "yardsticks": YARDSTICKS,
        "runs": [asdict(run) for run in runs],
    }
    return json.dumps(facts, indent=1)


def installed() -> dict[str, str]:
    found = {}
    for name in ("promptgit", "gepa", "dspy", "optuna"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2 seeds a world instead of 10")
    parser.add_argument("--seeds", type=int, help="seeds a world")
    parser.add_argument("--only", action="append", metavar="NAME", help="names that contain NAME")
    parser.add_argument("--world", action="append", help="only this world, or these")
    parser.add_argument("--ablate", action="store_true", help="critique with one thing changed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    options = parser.parse_args()
    start = time.monotonic()
    found, missing = peers.available()
    for line in missing:
        print(line)
    mine = [entry.name for entry in (ours.ablations() if options.ablate else ours.entries())]
    theirs = ["gepa, best setting"] if options.ablate else list(found)
    theirs = [name for name in theirs if name in found]
    names = [
        name
        for name in [*mine, *theirs]
        if not options.only or any(part in name for part in options.only)
    ]
    if not names:
        parser.error(f"nobody is called that; there are: {', '.join([*mine, *theirs])}")
    seeds = options.seeds or (2 if options.quick else 10)
    worlds = [w.name for w in WORLDS if not options.world or w.name in options.world]
    if not {world.name for world in GAINFUL} & set(worlds):
        parser.error("at least one world must have something to gain: any but `nothing`")
    runs = played(names, worlds, seeds, options.workers)

    gainful = [run for run in runs if run.world != "nothing"]
    lines = {
        title: [line_of(who, [r for r in gainful if r.who == who], pick) for who in names]
        for title, _, pick in CURVES
    }
    versions = installed()
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    for title, budgets, _ in CURVES:
        show_curve(title, budgets, lines[title])
    show_worlds(runs, names)
    show_ships(runs, names)
    if not options.ablate:
        show_worse(runs, [n for n in mine if n in names], [n for n in theirs if n in names])
    if options.json:
        options.json.write_text(as_json(runs, lines, versions), encoding="utf-8")
    print(f"\n{seeds} seeds in each of {len(worlds)} worlds, {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
