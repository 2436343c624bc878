"""
Issue 5, §6: the SDK under 8 threads × 100,000 calls, and killed at random points.

1. Threads call `promptgit.capture` as fast as they can.  Every call that was accepted has to be in
   the day's file, once; the others are counted as dropped.
2. What a call costs, beside the least that anybody does: `json.dumps` and one `write` of the line,
   in one thread, with and without the usual redaction.  Processor time of the thread that calls.
3. A process that captures from 8 threads is killed (SIGKILL) at seeded points.  What it was told to
   be accepted has to be there once, after the next one, or a reader, brought it home.

    python benchmarks/capture.py            # about four minutes
    python benchmarks/capture.py --quick    # 8 × 10,000 calls, 20 kills
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import promptgit
from promptgit.api.recorder import PROCESS
from promptgit.edges.spool import recover

THREADS = 8
PROMPT = promptgit.Prompt.of("You are the support desk of a bicycle shop.", name="support-reply")
INPUT = "Hello, I ordered a bicycle lamp two weeks ago and it has not arrived. " * 3
OUTPUT = "Thank you for your patience. Your parcel left our warehouse on Monday. " * 6
KILLED = """
import mmap, sys, threading, promptgit
promptgit.capture_to(sys.argv[1], redact=lambda line: line)
file = open(sys.argv[2], "r+b")
counts = memoryview(mmap.mmap(file.fileno(), 64)).cast("Q")
def work(thread):
    number = 0
    while True:
        call = promptgit.capture("p", conversation=f"{sys.argv[3]}-{thread}-{number}")
        call.output = "Your parcel is on its way. " * (number % 60)
        number += call.done()
        counts[thread] = number
for thread in range(8):
    threading.Thread(target=work, args=(thread,)).start()
print(flush=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--calls", type=int, help="of each thread")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=20261121)
    given = parser.parse_args()
    calls = given.calls or (10_000 if given.quick else 100_000)
    kills = given.kills or (20 if given.quick else 100)
    with tempfile.TemporaryDirectory(prefix="promptgit-capture-") as folder:
        place = Path(folder)
        fine = [flat_out(place / "flat-out", calls)]
        costs(place)
        fine.append(killed(place / "killed", kills, random.Random(given.seed)))
    return int(not all(fine))


def flat_out(folder: Path, calls: int) -> bool:
    """Let threads capture as fast as they can; say what became of every call."""
    promptgit.capture_to(folder, redact=lambda line: line)

    def work(thread: int) -> None:
        for number in range(calls):
            with promptgit.capture(PROMPT, conversation=f"{thread}-{number}", input=INPUT) as call:
                call.output = OUTPUT

    took_s = timed(work)
    written_s = time.perf_counter()
    promptgit.flush(60)
    written_s = took_s + time.perf_counter() - written_s
    stats = promptgit.capture_stats()
    PROCESS.recorder.close()
    found = conversations(folder)
    lost = stats.accepted - len(found)
    print(
        f"{THREADS} threads x {calls:,} calls: {took_s:.1f} s, all written after {written_s:.1f} s"
    )
    print(f"  {THREADS * calls / took_s:,.0f} calls a second, {megabytes(folder):.0f} MB")
    print(f"  accepted {stats.accepted:,}, dropped {stats.dropped:,}, failed {stats.failed:,}")
    print(f"  of the accepted: lost {lost:,}, twice {len(found) - len(set(found)):,}")
    every = stats.accepted + stats.dropped == THREADS * calls
    return every and not lost and len(found) == len(set(found)) and not stats.failed


def costs(place: Path, calls: int = 20_000) -> None:
    """Print what one call costs the thread that makes it, beside the yardstick."""
    least = cost_us(calls, appended(place / "yardstick.jsonl"))
    print(f"a call costs its thread, in microseconds ({calls:,} calls, one thread):")
    print(f"  json.dumps and write, the yardstick  {least:6.1f}")
    for name, redact in (("without redaction", lambda line: line), ("as it comes", None)):
        promptgit.capture_to(place / name.replace(" ", "-"), redact=redact)
        cost = cost_us(calls, captured)
        print(f"  promptgit.capture, {name:<17} {cost:6.1f}  {cost / least:.1f} x")
        PROCESS.recorder.close()


def captured(number: int) -> None:
    with promptgit.capture(PROMPT, conversation=f"c-{number}", input=INPUT) as call:
        call.output = OUTPUT


def appended(path: Path) -> Callable[[int], None]:
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def append(number: int) -> None:
        line = {
            "id": f"{number:032x}",
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "conversation": f"c-{number}",
            "prompt": PROMPT.name,
            "version": PROMPT.blob,
            "input": INPUT,
            "output": OUTPUT,
        }
        os.write(handle, json.dumps(line).encode() + b"\n")

    return append


def cost_us(calls: int, function: Callable[[int], None]) -> float:
    """Processor time of this thread per call, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()
        for number in range(calls):
            function(number)
        best = min(best, time.thread_time() - start)
    return best / calls * 1e6


def killed(folder: Path, kills: int, rng: random.Random) -> bool:
    """Kill a process that captures, again and again; say what is missing or there twice."""
    accepted: dict[tuple[int, int], int] = {}
    orphans = 0
    for turn in range(kills):
        told = folder / f"told-{turn}"
        folder.mkdir(exist_ok=True)
        told.write_bytes(bytes(8 * THREADS))
        command = [sys.executable, "-c", KILLED, str(folder), str(told), str(turn)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.4))
            child.kill()
        counts = memoryview(told.read_bytes()).cast("Q")
        accepted |= {(turn, thread): counts[thread] for thread in range(THREADS)}
        if rng.random() < 0.5:  # else the next process finds what is left
            orphans += recover(folder).lines
    orphans += recover(folder).lines
    found = conversations(folder)
    numbers: dict[tuple[int, int], set[int]] = {key: set() for key in accepted}
    for one in found:
        turn, thread, number = map(int, one.split("-"))
        numbers[turn, thread].add(number)
    lost = sum(len(set(range(count)) - numbers[key]) for key, count in accepted.items())
    print(f"killed at {kills} random points, {THREADS} threads, {megabytes(folder):.0f} MB:")
    print(f"  accepted {sum(accepted.values()):,}; readers brought home {orphans:,} of them")
    print(f"  of the accepted: lost {lost:,}, twice {len(found) - len(set(found)):,}")
    return not lost and len(found) == len(set(found))


def timed(work: Callable[[int], None]) -> float:
    crew = [threading.Thread(target=work, args=(thread,)) for thread in range(THREADS)]
    start = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    return time.perf_counter() - start


def conversations(folder: Path) -> list[str]:
    """Of every line on disk; a line that is torn, or no JSON, ends the benchmark."""
    return [
        json.loads(line)["conversation"]
        for path in folder.glob("*.jsonl")
        for line in path.open("rb")
    ]


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.glob("*.jsonl")) / 1e6


if __name__ == "__main__":
    sys.exit(main())
