"""
DESIGN §13, row 1, and the times that a hook has: how fast the installed command starts and lints.

Builds the wheel, installs it into an environment of its own, and compares the wall time of each
command with `python -c "import click"` there, in turn; the median of `--rounds`.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
IMPORT_CLICK_S = 0.048  # of the machine that the bars in seconds were set on
CASES = 20  # of each prompt
CONFIG = """\
# Runs the prompts.
model: gpt-5-mini
budget:
  usd: 2.00
check:
  margin: 0.05
"""
WORDS = (
    "order customer refund parcel warranty invoice delivery address account password receipt "
    "please answer kindly never always before after number date name check ask send wait return "
    "broken missing late early wrong twice again today tomorrow without under about because"
)


class Timed(NamedTuple):
    said: str
    command: list[str]
    bar: float  # times `import click`


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="promptgit-startup-") as folder:
        bin_folder = installed(Path(folder))
        shelf = a_shelf_of_prompts(Path(folder) / "shelf", 300)
        promptgit = str(bin_folder / "promptgit")
        timed = [
            Timed("promptgit --help", [promptgit, "--help"], 2.0),
            Timed("promptgit lint FILE", [promptgit, "lint", "alone.md"], 2.0),
            Timed(
                f"promptgit lint FILE, with an eval file and {CASES} cases",
                [promptgit, "lint", "prompts/team-0/p0.md"],
                0.150 / IMPORT_CLICK_S,
            ),
            Timed(
                f"promptgit lint, 300 prompts with {CASES} cases each",
                [promptgit, "lint"],
                1.0 / IMPORT_CLICK_S,
            ),
        ]
        yardstick = [str(bin_folder / "python"), "-c", "import click"]
        took = measured([yardstick, *(one.command for one in timed)], shelf, rounds)
    print(f"import click takes {took[0] * 1000:.0f} ms here; the others as multiples of that")
    missed = False
    for one, seconds in zip(timed, took[1:], strict=True):
        ratio = seconds / took[0]
        missed = missed or ratio > one.bar
        verdict = "ok" if ratio <= one.bar else "MISSED"
        ms = f"{seconds * 1000:.0f} ms"
        print(f"{one.said:<52} {ms:>8} {ratio:6.2f} x  <= {one.bar:<5.3g} {verdict}")
    return int(missed)


def installed(folder: Path) -> Path:
    """Build the wheel and install it; return where its commands are."""
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    bin_folder = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    install = [str(bin_folder / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    return bin_folder


def a_shelf_of_prompts(path: Path, count: int) -> Path:
    """Make a repository of prompts of about 500 words, with an eval file and cases each."""
    rng = random.Random(20261121)
    for number in range(count):
        folder = path / "prompts" / f"team-{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        text = prompt(rng)
        (folder / f"p{number}.md").write_text(text, encoding="utf-8")
        (folder / f"p{number}.csv").write_text(cases(rng), encoding="utf-8")
        (folder / f"p{number}.eval.yaml").write_text(
            f"cases: p{number}.csv\nassert:\n  - {{type: equals, value: '{{{{ expected }}}}'}}\n"
            "  - {type: word-count, value: {max: 60}}\nmust_pass: [case-1]\n",
            encoding="utf-8",
        )
    (path / "alone.md").write_text(prompt(rng), encoding="utf-8")
    (path / "promptgit.yaml").write_text(CONFIG, encoding="utf-8")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=path, check=True)
    return path


def prompt(rng: random.Random) -> str:
    rules = (f"- {sentence(rng, 14)}" for _ in range(35))
    return "\n".join(
        ["You are the support desk of a bicycle shop.", "Order: {{ order_id }}", "", *rules, ""]
    )


def cases(rng: random.Random) -> str:
    rows = (
        f"case-{n},{sentence(rng, 25)},{rng.randrange(10_000)},{sentence(rng, 30)}"
        for n in range(CASES)
    )
    return "\n".join(["id,comment,order_id,response", *rows, ""])


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS.split(), k=words)).capitalize() + "."


def measured(commands: list[list[str]], where: Path, rounds: int) -> list[float]:
    """Run all in turn, so that a busy moment hits all; return their medians in seconds."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(rounds + 1):
        for taken, command in zip(times, commands, strict=True):
            start = time.perf_counter()
            done = subprocess.run(
                command, check=False, cwd=where, stdout=subprocess.DEVNULL, env=environment
            )
            taken.append(time.perf_counter() - start)
            if done.returncode > 1:  # 1: lint found something
                raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return [statistics.median(taken[1:]) for taken in times]


if __name__ == "__main__":
    sys.exit(main())
