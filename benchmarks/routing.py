"""
What a decision of `promptgit.load(..., unit=…)` costs, and whether shares are what they say.

    python benchmarks/routing.py

The yardstick is one keyed BLAKE2b of a short text, measured beside it: a decision cannot be had
for less.  The bar of 5 µs is held for a machine on which that takes 0.6 µs.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import timeit
from itertools import pairwise
from pathlib import Path

import promptgit
from promptgit.core.prompt import Prompt
from promptgit.flywheel.bundle import Served, written
from promptgit.flywheel.rollout import Arm, Rollout

BAR_US = 5.0
YARDSTICK_US = 0.6
UNITS = 100_000
SHARES = (1, 10, 50, 90)
CALLS, ROUNDS = 50_000, 7


def a_bundle(folder: Path, share: float) -> Path:
    """Write a rollout of one prompt with two variants."""
    old, new = Prompt.of("Be kind.\n", name="reply"), Prompt.of("Be brief.\n", name="reply")
    rollout = Rollout(
        "production", "reply", Arm(old.blob, "0" * 40), Arm(new.blob, "1" * 40), share
    )
    place = folder / f"bundle-{share}.json"
    place.write_text(written({("production", "reply"): Served(rollout, old, new)}))
    return place


def candidates(bundle: Path) -> set[int]:
    """Which of the units get the candidate."""
    return {
        unit
        for unit in range(UNITS)
        if promptgit.load("reply", unit=f"user-{unit}", rollout=bundle).variant == "candidate"
    }


def best_us(statement: str, names: dict[str, object]) -> float:
    """Microseconds a call: the median of the better half of the rounds."""
    rounds = sorted(timeit.repeat(statement, globals=names, number=CALLS, repeat=ROUNDS))
    return statistics.median(rounds[: ROUNDS // 2 + 1]) / CALLS * 1e6


def main() -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundles = {share: a_bundle(folder, share) for share in SHARES}
        names = {"load": promptgit.load, "hashlib": hashlib, "bundle": str(bundles[10])}
        promptgit.load("reply", unit="warm", rollout=bundles[10])
        os.environ["PROMPTGIT_ROLLOUT"] = str(bundles[10])
        hashed = "hashlib.blake2b(b'user-12345', digest_size=8, key=b'0123456789abcdef').digest()"
        yardstick = best_us(hashed, names)
        bar = BAR_US * max(1.0, yardstick / YARDSTICK_US)
        for told, call in {
            "rollout and environment given": "load('reply', unit='user-12345', "
            "environment='production', rollout=bundle)",
            "both from the environment": "load('reply', unit='user-12345')",
        }.items():
            cost = best_us(call, names)
            missed += cost > bar
            print(f"{told}: {cost:.2f} µs, {cost / yardstick:.1f} x one BLAKE2b (bar {bar:.1f} µs)")
        print(f"one BLAKE2b: {yardstick:.2f} µs")

        found = {share: candidates(bundle) for share, bundle in bundles.items()}
        for share, units in found.items():
            got = 100 * len(units) / UNITS
            missed += abs(got - share) > 1
            print(f"share {share:2} %: {got:.2f} % of {UNITS:,} units (bar: within 1 point)")
        moved = sum(len(found[a] - found[b]) for a, b in pairwise(SHARES))
        missed += moved > 0
        print(f"units that lost the candidate when its share rose: {moved} (bar 0)")

        asked = (
            "import promptgit\n"
            "print(''.join(promptgit.load('reply', unit=f'user-{unit}').variant[0] "
            "for unit in range(1000)))"
        )
        there = subprocess.run(
            [sys.executable, "-c", asked], capture_output=True, text=True, check=True
        ).stdout.strip()
        here = "".join("c" if unit in found[10] else "s" for unit in range(1000))
        missed += there != here
        print(f"another process decides alike: {'yes' if there == here else 'no'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
