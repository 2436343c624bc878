"""
`promptgit log PROMPT` beside `git log`, on a repository of 100,000 commits.

    python benchmarks/log.py [--commits N] [--keep DIR]

Builds a history of 200 prompts, four in five commits with an evidence block, through one
`git fast-import`; then times, in wall time and from a cold start of each process, the command
and its yardstick: `git log` of the same prompt with its trailers.  Bar (DESIGN §13): the ratio
is at most 1.5, and no process is started per commit.  Exits with 1 when either does not hold.
With a commit-graph that knows changed paths Git is done in a blink, and what is left is the
start of Python: that line is for information.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from promptgit.core.prompt import blob_id

PROMPTS = 200
PROMPT = "prompts/p007.md"
BAR = 1.5
PROCESSES = 10  # more than any run needs, far fewer than commits
ROUNDS = 5
YARDSTICK = ("git", "log", "-z", "--format=%H%n%P%n%ct%n%(trailers:only,unfold)", "--", PROMPT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="build the repository there, or use it again")
    chosen = parser.parse_args()
    if chosen.keep:
        sys.exit(measure(built(chosen.keep, chosen.commits)))
    with tempfile.TemporaryDirectory(prefix="promptgit-log-") as folder:
        sys.exit(measure(built(Path(folder) / "repository", chosen.commits)))


def measure(repository: Path) -> int:
    """Print the ratio before and after `git commit-graph write --changed-paths`."""
    ours = (sys.executable, "-m", "promptgit.cli.main", "log", PROMPT)
    failed = 0
    for graph in (False, True):
        if graph:
            git(repository, "commit-graph", "write", "--reachable", "--changed-paths")
        else:
            (repository / "objects" / "info" / "commit-graph").unlink(missing_ok=True)
        seconds(repository, ours)  # the first run compiles, as installing a wheel would
        took, beside = [], []
        for _ in range(ROUNDS):  # in turns, so that a busy machine is busy for both
            beside.append(seconds(repository, YARDSTICK))
            took.append(seconds(repository, ours))
        yardstick, ratio = min(beside), min(took) / min(beside)
        label = "with changed-paths" if graph else "no commit-graph"
        verdict = "for information" if graph else "holds" if ratio <= BAR else "FAILS"
        print(
            f"{label:<20} git log {yardstick:.3f} s   promptgit log {min(took):.3f} s "
            f"(median {median(took):.3f})   ratio {ratio:.2f} (bar {BAR}) {verdict}"
        )
        failed += ratio > BAR and not graph
    commits, processes = len(git(repository, *YARDSTICK[1:]).split("\0")), spawned(repository, ours)
    verdict = "holds" if processes <= PROCESSES else "FAILS"
    print(f"{processes} git processes for {commits} commits (bar {PROCESSES}) {verdict}")
    return 1 if failed or processes > PROCESSES else 0


def seconds(repository: Path, command: Sequence[str]) -> float:
    """Wall time of one command whose output goes into a pipe."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(repository / "pycache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run(command, cwd=repository, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def spawned(repository: Path, command: Sequence[str]) -> int:
    """How many git commands one command runs, as Git itself tells."""
    trace = repository / "trace"
    trace.unlink(missing_ok=True)
    environment = {**os.environ, "GIT_TRACE": str(trace)}
    subprocess.run(command, cwd=repository, check=True, capture_output=True, env=environment)
    return trace.read_text(encoding="utf-8", errors="replace").count("trace: built-in")


def built(repository: Path, commits: int) -> Path:
    if (repository / "HEAD").exists():
        return repository
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--bare", "--initial-branch=main")
    importing = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=repository, stdin=subprocess.PIPE
    )
    assert importing.stdin is not None
    for piece in history(commits):
        importing.stdin.write(piece)
    importing.stdin.close()
    if importing.wait():
        raise SystemExit("git fast-import failed")
    return repository


def history(commits: int) -> Iterator[bytes]:
    """A fast-import stream: every commit rewrites one of the prompts."""
    rng = random.Random(7)
    texts = [
        [f"Rule {line} of prompt {number}." for line in range(30)] for number in range(PROMPTS)
    ]
    blobs = ["" for _ in range(PROMPTS)]
    for count in range(commits):
        number = count if count < PROMPTS else rng.randrange(PROMPTS)
        texts[number][rng.randrange(30)] = f"Rule {count} of prompt {number}."
        text = "\n".join(texts[number]) + "\n"
        path, before, after = f"prompts/p{number:03}.md", blobs[number], blob_id(text)
        blobs[number] = after
        message = subject(count, number)
        if before and rng.random() < 0.8:
            message += evidence(path, before, after, rng)
        yield commit(count, message.encode(), path, text.encode())


def commit(count: int, message: bytes, path: str, text: bytes) -> bytes:
    who = f"Ada Example <ada@example.com> {1_600_000_000 + count * 60} +0000"
    head = f"commit refs/heads/main\nmark :{count + 1}\ncommitter {who}\n"
    return b"%sdata %d\n%s\nM 644 inline %s\ndata %d\n%s\n" % (
        head.encode(),
        len(message),
        message,
        path.encode(),
        len(text),
        text,
    )


def subject(count: int, number: int) -> str:
    return f"improve(p{number:03}): change {count}\n\nOne rule says more than it did before.\n"


def evidence(path: str, before: str, after: str, rng: random.Random) -> str:
    score = rng.random() * 0.9
    return (
        f"\nPrompt-Path: {path}\nPrompt-Blob: {after}\nPrompt-Base: {before}\n"
        f"Eval-Stage: screening\nEval-Score: {score:.4f} -> {score + 0.05:.4f} n=60\n"
        f"Eval-Flips: fixed=5 broke=2\nEval-Record: sha256:{rng.randbytes(32).hex()}\n"
        "Promptgit-Schema: 1\n"
    )


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository, check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
