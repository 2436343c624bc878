"""What a type checker sees of the library, for those who use one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USER = """\
import promptgit

found = promptgit.evaluate(
    "x",
    cases=[{"input": "a", "expected": "b"}],
    scorers=[{"type": "equals"}, lambda case, output: 0.5],
    model=lambda messages: "yes",
)
reveal_type(found)
reveal_type(promptgit.check(found, found))
reveal_type(promptgit.check(base="main"))
reveal_type(promptgit.load("x").messages(a=1))


async def main() -> None:
    reveal_type(await promptgit.aevaluate("x"))
    reveal_type(await promptgit.acheck(found, found))
    reveal_type(await promptgit.acheck(base="main"))
    reveal_type((await promptgit.aimprove("x")).confirmed)


promptgit.evaluate("x", nonsense=1)
"""


@pytest.mark.slow
def test_every_function_tells_what_it_takes_and_returns(tmp_path: Path):
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "user.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    said = [line for line in done.stdout.splitlines() if line.startswith("user.py")]
    types = [re.sub(r".*\.", "", name) for name in re.findall(r'type is "(.*)"', "\n".join(said))]
    assert types == [
        "Evaluation",
        "Verdict",
        "Report",
        "list[dict[str, str]]",
        "Evaluation",
        "Verdict",
        "Report",
        "bool",
    ]
    assert [line for line in said if "error" in line] == [
        'user.py:22: error: Unexpected keyword argument "nonsense" for "evaluate"  [call-arg]'
    ]
