"""docs/tutorial.md and the README's own commands, as typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(page: str) -> list[str]:
    """Every line that a reader would type, in order; comments left out."""
    blocks = CONSOLE.findall((ROOT / page).read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r"\s+# .*", "", line[2:]) for line in lines]


def environment() -> dict[str, str]:
    """A shell in which `promptgit` and `git` work, and somebody commits."""
    scripts = str(Path(sys.executable).parent)
    people = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com"}
    people |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com"}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return {**os.environ, **people, **quiet, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.skipif(sys.platform == "win32", reason="the page is for a POSIX shell")
def test_the_tutorial_runs_as_typed(tmp_path: Path):
    script = "set -e\n" + "\n".join(
        f"echo '$ {line}'\n{line}" for line in commands("docs/tutorial.md")
    )

    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "confirmed" in done.stdout
    assert (tmp_path / "run" / "optimization_report.md").is_file()


def test_the_readme_names_only_commands_and_options_that_exist():
    from click import Context, Group

    from promptgit.cli.main import cli

    root = Context(cli)
    for page in ("README.md", "docs/tutorial.md", "docs/concepts.md", "docs/cases.md"):
        words = (ROOT / page).read_text(encoding="utf-8")
        for name, rest in re.findall(r"\$ promptgit (\w+)(.*)", words):
            command = cli.get_command(root, name)
            assert command is not None, f"{page}: promptgit {name}"
            if isinstance(command, Group) and (within := rest.split()[:1]):
                command = command.get_command(root, within[0])
                assert command is not None, f"{page}: promptgit {name}{rest}"
            options = {o for parameter in command.params for o in parameter.opts}
            typed = set(re.findall(r"(?<=\s)--[a-z-]+", rest.split("#")[0]))
            assert typed <= options, f"{page}: promptgit {name}{rest}"
