"""
What each strategy finds on real cases with the offline model: the sealed score, and its calls.

    python benchmarks/strategies.py                       # the worked examples; minutes
    python benchmarks/strategies.py --data ../shared/data # and the data sets of that folder
    python benchmarks/strategies.py --only mixture --seeds 3

Every run is `promptgit improve` in a Git repository of its own, with an empty cache, without a
budget.  Afterwards the text that the search ended with is evaluated on every sealed case: the
search saw none of them, and the confirmation, which stops early, only some.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from promptgit.core.dataset import Case, is_sealed

HERE = Path(__file__).parent
STRATEGIES = ("mixture", "critique", "gepa", "patterns", "interview", "breeder", "exemplars")
EXACT = 'assert:\n  - {type: equals, value: "{{ expected }}"}\n'
FIELDS = 'template: none\nassert:\n  - {type: json-fields, value: "{{ expected }}"}\n'
LABELS = {
    "trec": "Decide the type of the question. Answer with only one of:",
    "agnews": "Decide the section of the news. Answer with only one of:",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one search on one prompt came to."""

    strategy: str
    prompt: str
    state: str  # as `improve` says it
    before: float  # mean over all sealed cases
    after: float
    calls: int  # of search and confirmation


def main() -> None:
    parser = argparse.ArgumentParser(description="What each strategy finds on real cases.")
    parser.add_argument("--data", type=Path, help="a folder with trec.csv, agnews.csv, …")
    parser.add_argument("--only", action="append", choices=STRATEGIES)
    parser.add_argument("--prompt", action="append", help="only these prompts")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        office = Path(folder, "office")
        names = set_up(office, options.data)
        runs = [
            improved(office, Path(folder), name, strategy, seed)
            for name in options.prompt or names
            for strategy in options.only or STRATEGIES
            for seed in range(options.seeds)
        ]
    show(runs)


def set_up(office: Path, data: Path | None) -> list[str]:
    """Make a repository with the worked examples and what the data folder holds."""
    prompts = office / "prompts"
    prompts.mkdir(parents=True)
    for file in sorted((HERE.parent / "prompts").glob("*.*")):
        if file.name.startswith(("support-reply.", "ticket-triage.")):
            shutil.copy(file, prompts)
    names = ["support-reply", "ticket-triage"]
    for name, words in LABELS.items():
        table = data / f"{name}.csv" if data else None
        if table and table.is_file():
            shutil.copy(table, prompts)
            (prompts / f"{name}.md").write_text(f"{words} {', '.join(labels_of(table))}.\n")
            (prompts / f"{name}.eval.yaml").write_text(EXACT)
            names.append(name)
    if data and (data / "facility-support.json").is_file():
        rows = json.loads((data / "facility-support.json").read_text())
        lines = [
            json.dumps({"input": row["fields"]["input"], "expected": row["answer"]}) for row in rows
        ]
        (prompts / "facility-support.jsonl").write_text("\n".join(lines) + "\n")
        shutil.copy(data / "facility-support.prompt.txt", prompts / "facility-support.md")
        (prompts / "facility-support.eval.yaml").write_text(FIELDS)
        names.append("facility-support")
    (office / "promptgit.yaml").write_text("model: offline\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Start"]):
        git(office, *words)
    return names


def labels_of(table: Path) -> list[str]:
    with table.open(newline="", encoding="utf-8") as rows:
        return sorted({row["expected"] for row in csv.DictReader(rows)})


def improved(office: Path, folder: Path, name: str, strategy: str, seed: int) -> Run:
    """Search in a copy of the repository, and evaluate what the search ended with."""
    here = folder / f"{name}-{strategy}-{seed}"
    shutil.copytree(office, here)
    path = f"prompts/{name}.md"
    before = sealed_mean(promptgit(here, "eval", path))
    shutil.rmtree(here / ".git" / "promptgit", ignore_errors=True)  # no answer is known yet
    ended = promptgit(here, "improve", path, "--strategy", strategy, "--seed", str(seed))
    text = git(here, "cat-file", "blob", ended["ref"] + f":{path}") if ended["ref"] else None
    if text is not None:
        (here / path).write_bytes(text)
    after = sealed_mean(promptgit(here, "eval", path))
    shutil.rmtree(here)
    run = Run(strategy, name, ended["state"], before, after, ended["spend"]["calls"])
    print(f"{name:18} {strategy:10} seed {seed}  {told([run])}", file=sys.stderr, flush=True)
    return run


def sealed_mean(evaluation: Mapping[str, Any]) -> float:
    scores = [
        result["score"]
        for result in evaluation["results"]
        if is_sealed(Case(result["case"], {})) and result["score"] is not None
    ]
    return fmean(scores)


def promptgit(here: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "promptgit.cli.main", *words, "--json"]
    done = subprocess.run(command, cwd=here, capture_output=True, check=False, env=_quiet())
    if not done.stdout:
        raise SystemExit(done.stderr.decode())
    return json.loads(done.stdout)


def git(here: Path, *words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=here, capture_output=True, check=True, env=_quiet())
    return done.stdout


def _quiet() -> dict[str, str]:
    """An environment in which Git reads nobody's settings."""
    names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
    who = {f"GIT_{name}": "bench@example.com" for name in names}
    return {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def show(runs: Sequence[Run]) -> None:
    """One row a strategy, one column a prompt."""
    prompts = list(dict.fromkeys(run.prompt for run in runs))
    print("| strategy | " + " | ".join(prompts) + " |")
    print("|---|" + "---|" * len(prompts))
    for strategy in dict.fromkeys(run.strategy for run in runs):
        cells = (told(found) for found in of(runs, strategy, prompts))
        print(f"| {strategy} | " + " | ".join(cells) + " |")


def of(runs: Sequence[Run], strategy: str, prompts: Sequence[str]) -> Iterator[list[Run]]:
    for prompt in prompts:
        yield [run for run in runs if (run.strategy, run.prompt) == (strategy, prompt)]


def told(runs: Sequence[Run]) -> str:
    """
    Say the sealed score before and after, the calls, and how many runs were confirmed.

    >>> told([Run("gepa", "a", "confirmed", 0.5, 0.75, 900)])
    '.500 -> .750, 900 calls, 1 of 1 confirmed'
    """
    before, after = fmean(run.before for run in runs), fmean(run.after for run in runs)
    calls = round(fmean(run.calls for run in runs))
    sure = sum(run.state == "confirmed" for run in runs)
    scores = f"{before:.3f} -> {after:.3f}".replace("0.", ".")
    return f"{scores}, {calls:,} calls, {sure} of {len(runs)} confirmed"


if __name__ == "__main__":
    main()
