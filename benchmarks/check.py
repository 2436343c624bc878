"""
How fast `promptgit check` is: what DESIGN §13, rows 2 and 4, ask of evaluate.

    python benchmarks/check.py            # about two minutes
    python benchmarks/check.py --quick    # 1,000 cases only, once

The whole command, from two commits to the exit code, against a local server that answers after
50 ms, 50 requests at a time.  Two prompts that answer alike are held to a margin that needs every
case: N cases take 2 N answers, and the bare client asks for as many.  Without a call to wait for,
what counts is the processor's time: it is the same on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluate import AT_A_TIME, Line, best, requests_seen, run, serving

PROMPT = "You are a support agent. The order is {{ order_id }}. Answer briefly.\n"
LAST_LOOK = 4.5  # a margin of this over N is settled by the last look at N alike cases
FORMS = ("md", "json", "xml", "sarif", "html", "txt")


@dataclass(frozen=True)
class Check:
    """One `promptgit check`, from start to exit."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    requests: int
    report: dict[str, Any]


def a_repository(folder: Path, cases: int) -> Path:
    """Two commits that differ in the prompt's wording."""
    rows = (f"Where is my parcel {n}?,A-{n},Where is my parcel {n}?\n" for n in range(cases))
    files = {
        "prompts/reply.md": PROMPT,
        "prompts/reply.csv": "comment,order_id,expected\n" + "".join(rows),
        "prompts/reply.eval.yaml": "assert: [equals]\n",
        "promptgit.yaml": "model: gpt-5-mini\n",
    }
    (folder / "prompts").mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    (folder / "prompts/reply.md").write_text(PROMPT + "Be kind.\n", encoding="utf-8")
    git(folder, "commit", "-q", "-a", "-m", "head")
    return folder


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def check(folder: Path, cases: int, base_url: str, *words: str) -> Check:
    """Run the command with every case looked at."""
    command = [sys.executable, "-m", "promptgit.cli.main", "-q", "check", "HEAD~1", "HEAD"]
    command += ["--margin", str(LAST_LOOK / cases), "--concurrency", str(AT_A_TIME), "--no-records"]
    command += ["--report", "check.json", *words]
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "sk-benchmark-0123456789",
    }
    before = requests_seen(base_url)
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"promptgit check failed: exit code {process.returncode}")
    report = json.loads((folder / "check.json").read_text(encoding="utf-8"))
    cpu_s = used.ru_utime + used.ru_stime
    return Check(wall_s, cpu_s, used.ru_maxrss / 1024, requests_seen(base_url) - before, report)


def measure(cases: int, times: int, folder: Path) -> list[Line]:
    cold, warm, bare = [], [], []
    with serving() as base_url:
        for turn in range(times):
            where = a_repository(folder / f"{cases}-{turn}", cases)
            bare.append(run("aiohttp", base_url, 2 * cases))
            cold.append(check(where, cases, base_url))
            warm.append(check(where, cases, base_url))
        reports = [word for form in FORMS for word in ("--report", f"report.{form}")]
        told = check(where, cases, base_url, *reports)
    assert all(seen(one) == cases for one in (*cold, *warm))
    first, second = (min(runs, key=lambda one: one.wall_s) for runs in (cold, warm))
    yardstick = best(bare)
    print(
        f"{cases:,} cases: bare {yardstick.wall_s:.2f} s, check {first.wall_s:.2f} s, "
        f"warm {second.wall_s:.2f} s, warm with {len(FORMS)} reports {told.wall_s:.2f} s; "
        f"of the processor {first.cpu_s:.2f}, {second.cpu_s:.2f} and {told.cpu_s:.2f} s",
        file=sys.stderr,
    )
    small = cases <= 1000
    name = f"{cases:,} cases"
    return [
        Line(
            f"{name}, against a bare asyncio client",
            first.wall_s / yardstick.wall_s,
            2.0 if small else 1.5,
            "x",
        ),
        Line(f"{name}, requests an answer", first.requests / (2 * cases), 1.0, ""),
        Line(
            f"{name}, warm, of the processor",
            min(one.cpu_s for one in warm),
            1.5 if small else 8.0,
            "s",
        ),
        Line(f"{name}, warm, calls", second.requests, 0, ""),
        Line(f"{name}, {len(FORMS)} reports", told.cpu_s - second.cpu_s, 1.5 if small else 6, "s"),
        Line(
            f"{name}, memory at the peak",
            max(one.peak_mb for one in (*cold, *warm, told)),
            120 if small else 300,
            "MB",
        ),
    ]


def seen(one: Check) -> int:
    """How many cases the score was compared on."""
    (prompt,) = one.report["prompts"]
    return int(prompt["gates"][0]["metrics"][0]["n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cases only, once")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(1000, 1 if quick else 3, Path(folder))
        if not quick:
            lines += measure(10_000, 1, Path(folder))
    print(*lines, sep="\n")
    sys.exit(0 if all(line.holds for line in lines) else 1)


if __name__ == "__main__":
    main()
