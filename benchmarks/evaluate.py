"""
How fast `evaluate` is, beside the bare minimum: DESIGN §13, rows 2 to 4.

    python benchmarks/evaluate.py            # about three minutes
    python benchmarks/evaluate.py --quick    # 1,000 cases only, once

Every number is the wall time of a whole process, from `python` to exit, against a local server
that answers after 50 ms, 50 requests at a time.  Clients take turns, and the best of the runs
counts: what else the machine does can only make a run slower.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SERVER = HERE.parent / "tests" / "servers" / "alone.py"
WEATHER = "429=0.05,500=0.02,reset=0.01,truncated=0.005"
LATENCY_S = 0.05
AT_A_TIME = 50


@dataclass(frozen=True)
class Run:
    """One process, from start to exit."""

    wall_s: float
    said: dict[str, Any]
    requests: int


@dataclass(frozen=True)
class Line:
    """One promise and what was measured."""

    what: str
    measured: float
    bar: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.measured <= self.bar

    def __str__(self) -> str:
        verdict = "ok" if self.holds else "MISSED"
        return f"{self.what:<58} {self.measured:>8.2f} {self.unit:<4} <= {self.bar:<6g} {verdict}"


@contextmanager
def serving(faults: str = "") -> Iterator[str]:
    """Run the server of our tests in a process of its own; yield its base URL."""
    command = [sys.executable, str(SERVER), "--latency", str(LATENCY_S), "--faults", faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def requests_seen(base_url: str) -> int:
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats") as response:
        return int(json.load(response)["calls"])


def run(client: str, base_url: str, count: int, cache: Path | None = None) -> Run:
    command = [sys.executable, str(HERE / "clients" / f"{client}_client.py"), base_url]
    command += [str(count), str(AT_A_TIME), *([str(cache)] if cache else [])]
    before = requests_seen(base_url)
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{client} failed:\n{done.stderr}")
    return Run(wall_s, json.loads(done.stdout), requests_seen(base_url) - before)


def best(runs: list[Run]) -> Run:
    return min(runs, key=lambda run: run.wall_s)


def measure(count: int, times: int, folder: Path) -> tuple[list[Line], float]:
    """Measure cold and warm runs of `count` cases; return the lines and our cold seconds."""
    runs: dict[str, list[Run]] = {"promptgit": [], "aiohttp": [], "openai": [], "warm": []}
    with serving() as base_url:
        for turn in range(times):
            cache = folder / f"{count}-{turn}.db"
            runs["aiohttp"].append(run("aiohttp", base_url, count))
            runs["promptgit"].append(run("promptgit", base_url, count, cache))
            runs["openai"].append(run("openai", base_url, count))
            runs["warm"].append(run("promptgit", base_url, count, cache))
    ours, bare, sdk, warm = (best(runs[k]) for k in ("promptgit", "aiohttp", "openai", "warm"))
    assert ours.said["scored"] == bare.said["scored"] == sdk.said["scored"] == count
    print(
        f"{count:,} cases: bare {bare.wall_s:.2f} s, promptgit {ours.wall_s:.2f} s, "
        f"openai SDK {sdk.wall_s:.2f} s, warm {warm.wall_s:.2f} s",
        file=sys.stderr,
    )
    small = count <= 1000
    peak_mb = max(run.said["peak_mb"] for run in (*runs["promptgit"], *runs["warm"]))
    name = f"{count:,} cases"
    return [
        Line(
            f"{name}, against a bare asyncio client",
            ours.wall_s / bare.wall_s,
            2.0 if small else 1.5,
            "x",
        ),
        Line(f"{name}, against the openai SDK", ours.wall_s / sdk.wall_s, 1.0, "x"),
        Line(f"{name}, warm", warm.wall_s, 0.5 if small else 3.0, "s"),
        Line(f"{name}, warm, calls", warm.requests, 0, ""),
        Line(f"{name}, memory at the peak", peak_mb, 60 if small else 120, "MB"),
    ], ours.wall_s


def measure_faults(count: int, times: int, fault_free_s: float, folder: Path) -> list[Line]:
    with serving(WEATHER) as base_url:  # a request meets its faults the first times it is seen
        first = run("promptgit", base_url, count, folder / f"faults-{count}.db")
    runs = [first]
    for turn in range(1, times):
        with serving(WEATHER) as base_url:
            runs.append(run("promptgit", base_url, count, folder / f"faults-{count}-{turn}.db"))
    fastest = best(runs)
    name = f"{count:,} cases in bad weather"
    return [
        Line(f"{name}, cases without a score", max(count - r.said["scored"] for r in runs), 0, ""),
        Line(
            f"{name}, distance from the exact score",
            max(abs(1 - r.said["mean"]) for r in runs),
            0,
            "",
        ),
        Line(f"{name}, requests a case", first.requests / count, 1.1, ""),
        Line(f"{name}, against good weather", fastest.wall_s / fault_free_s, 4.0, "x"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure evaluate against DESIGN §13, rows 2 to 4")
    parser.add_argument("--quick", action="store_true", help="1,000 cases only, once")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        lines, fault_free_s = measure(1000, 1 if quick else 3, Path(folder))
        lines += measure_faults(1000, 1 if quick else 3, fault_free_s, Path(folder))
        if not quick:
            lines += measure(10_000, 1, Path(folder))[0]
    print(*lines, sep="\n")
    sys.exit(0 if all(line.holds for line in lines) else 1)


if __name__ == "__main__":
    main()
