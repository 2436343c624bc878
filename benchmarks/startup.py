"""
DESIGN §13, row 1: how fast the installed command starts.

Builds the wheel, installs it into an environment of its own, and compares the wall time of
`promptgit --help` with `python -c "import click"` there, in turn; the median of `--rounds`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
BAR = 2.0  # times `import click`


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="promptgit-startup-") as folder:
        bin_folder = installed(Path(folder))
        python, promptgit = str(bin_folder / "python"), str(bin_folder / "promptgit")
        yardstick, ours = measured([python, "-c", "import click"], [promptgit, "--help"], rounds)
    ratio = ours / yardstick
    said = "ok" if ratio <= BAR else "MISSED"
    print(f"import click {yardstick * 1000:.0f} ms, promptgit --help {ours * 1000:.0f} ms")
    print(f"promptgit --help, against `import click`    {ratio:.2f} x    <= {BAR:g}    {said}")
    return int(ratio > BAR)


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


def measured(yardstick: list[str], ours: list[str], rounds: int) -> tuple[float, float]:
    """Run both in turn, so that a busy moment hits both; return their medians in seconds."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for taken, command in zip(times, (yardstick, ours), strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            taken.append(time.perf_counter() - start)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


if __name__ == "__main__":
    sys.exit(main())
