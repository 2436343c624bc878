"""Run the scripts of a composite action as the runner does, in order, with bash."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from github.runner import Runner

ROOT = Path(__file__).parent.parent.parent
EXPRESSION = re.compile(r"\$\{\{\s*([^{}]+?)\s*\}\}")


@dataclass
class Ran:
    """What a run of an action left."""

    codes: dict[str, int] = field(default_factory=dict)  # by the step's name
    out: str = ""
    steps: dict[str, dict[str, str]] = field(default_factory=dict)  # outputs, by the step's id
    outputs: dict[str, str] = field(default_factory=dict)  # of the action

    @property
    def failed(self) -> bool:
        return any(self.codes.values())


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def run_action(
    runner: Runner,
    workspace: Path,
    inputs: Mapping[str, str],
    *,
    environment: Mapping[str, str],
) -> Ran:
    """Run every `run` step; `uses` steps are GitHub's own and are left out."""
    described = action()
    values = {name: str(one.get("default", "")) for name, one in described["inputs"].items()}
    values |= {"token": environment.get("GITHUB_TOKEN", ""), **inputs}
    ran = Ran()
    for step in described["runs"]["steps"]:
        if "run" not in step or not _wanted(step, values):
            continue
        if ran.failed and "always()" not in str(step.get("if", "")):
            continue  # as the runner does
        done = _step(step, runner, workspace, values, ran, environment)
        ran.out += done.stdout + done.stderr
        if not step.get("continue-on-error"):
            ran.codes[step["name"]] = done.returncode
        if "id" in step:
            ran.steps[step["id"]] = runner.outputs
        (runner.folder / "output").write_text("", encoding="utf-8")
    for name, one in described["outputs"].items():
        ran.outputs[name] = _filled(one["value"], values, ran)
    return ran


def _step(
    step: Mapping[str, Any],
    runner: Runner,
    workspace: Path,
    values: Mapping[str, str],
    ran: Ran,
    environment: Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    assert not EXPRESSION.search(step["run"]), "an expression is pasted into a script"
    own = {name: _filled(value, values, ran) for name, value in step.get("env", {}).items()}
    folder = workspace / _filled(step.get("working-directory", "."), values, ran)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**environment, **runner.variables, **own},
        capture_output=True,
        text=True,
        check=False,
    )


def _wanted(step: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    asked = re.fullmatch(r"inputs\.(\w+) == '(\w+)'", str(step.get("if", "")))
    return asked is None or values[asked[1]] == asked[2]


def _filled(text: str, values: Mapping[str, str], ran: Ran) -> str:
    def value(found: re.Match[str]) -> str:
        words = found[1].split(".")
        if words[0] == "inputs":
            return values[words[1]]
        if words[0] == "steps":
            return ran.steps.get(words[1], {}).get(words[3], "")
        assert found[1] == "github.action_path", found[1]
        return str(ROOT)

    return EXPRESSION.sub(value, text)


def a_python(folder: Path) -> Path:
    """
    Make a `python` whose `venv` has our own promptgit, and whose pip writes down what it was told.

    Returns the folder for PATH; `pip.log` in it holds the command lines.
    """
    folder.mkdir()
    log = folder / "pip.log"
    log.touch()
    pip = f'#!/bin/sh\necho "$@" >> "{log}"\n'
    ours = f'#!/bin/sh\nexec "{sys.executable}" -m promptgit.cli.main "$@"\n'
    (folder / "python").write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> "{log}"\n'
        'test "$1 $2 $3" = "-I -m venv" || exit 9\n'
        'mkdir -p "$4/bin"\n'
        f'cp "{folder}/pip-of-venv" "$4/bin/python"\n'
        f'cp "{folder}/ours" "$4/bin/promptgit"\n',
        encoding="utf-8",
    )
    (folder / "pip-of-venv").write_text(pip, encoding="utf-8")
    (folder / "ours").write_text(ours, encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o755)
    return folder
