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


def workflow_commands(log: str) -> list[str]:
    """
    Return the lines that the runner would obey.

    It trims blanks on the left, knows the older form anywhere in a line, and obeys nothing
    between `::stop-commands::TOKEN` and `::TOKEN::`.
    """
    obeyed, token = [], ""
    for line in log.splitlines():
        words = line.lstrip()
        if token:
            token = "" if words == f"::{token}::" else token
        elif words.startswith("::stop-commands::"):
            token = words.removeprefix("::stop-commands::")
        elif re.match(r"::\w[\w-]*( [^:]*)?::", words) or "##[" in line:
            obeyed.append(line)
    assert not token, "commands were stopped and never allowed again"
    return obeyed


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
    """Run every `run` step of the action; `uses` steps are GitHub's own and are left out."""
    described = action()
    known = {f"inputs.{n}": str(one.get("default", "")) for n, one in described["inputs"].items()}
    known["inputs.token"] = environment.get("GITHUB_TOKEN", "")
    known["github.action_path"] = str(ROOT)
    known |= {f"inputs.{name}": value for name, value in inputs.items()}
    ran = _run(described["runs"]["steps"], runner, workspace, known, environment)
    for name, one in described["outputs"].items():
        ran.outputs[name] = _filled(one["value"], known, ran)
    return ran


def run_job(
    file: Path,
    job: str,
    runner: Runner,
    workspace: Path,
    known: Mapping[str, str],
    *,
    environment: Mapping[str, str],
) -> Ran:
    """Run every `run` step of a workflow's job; `known` are the expressions that it may use."""
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    described = workflow["jobs"][job]
    named = {**workflow.get("env", {}), **described.get("env", {})}
    own = {name: _filled(str(value), known, Ran()) for name, value in named.items()}
    ran = _run(described["steps"], runner, workspace, known, {**environment, **own})
    for name, value in described.get("outputs", {}).items():
        ran.outputs[name] = _filled(value, known, ran)
    return ran


def _run(
    steps: list[dict[str, Any]],
    runner: Runner,
    workspace: Path,
    known: Mapping[str, str],
    environment: Mapping[str, str],
) -> Ran:
    ran = Ran()
    for step in steps:
        if "run" not in step or not _wanted(step, known, ran):
            continue
        done = _step(step, runner, workspace, known, ran, environment)
        ran.out += done.stdout + done.stderr
        if not step.get("continue-on-error"):
            ran.codes[step.get("name", step["run"])] = done.returncode
        if "id" in step:
            ran.steps[step["id"]] = runner.outputs
        (runner.folder / "output").write_text("", encoding="utf-8")
    return ran


def _step(
    step: Mapping[str, Any],
    runner: Runner,
    workspace: Path,
    known: Mapping[str, str],
    ran: Ran,
    environment: Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    assert not EXPRESSION.search(step["run"]), "an expression is pasted into a script"
    own = {name: _filled(value, known, ran) for name, value in step.get("env", {}).items()}
    folder = workspace / _filled(step.get("working-directory", "."), known, ran)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**environment, **runner.variables, **own},
        capture_output=True,
        text=True,
        check=False,
    )


def _wanted(step: Mapping[str, Any], known: Mapping[str, str], ran: Ran) -> bool:
    """Read `if:` as far as we use it: always(), one comparison, both; else, only after success."""
    asked = str(step.get("if", ""))
    always, comparison = asked.startswith("always()"), asked.removeprefix("always()")
    equal = re.fullmatch(r"(?: && )?([\w.]+) == '(\w+)'", comparison)
    assert equal or not comparison, f"the tests cannot read `if: {asked}`"
    return (always or not ran.failed) and (
        equal is None or _value(equal[1], known, ran) == equal[2]
    )


def _filled(text: str, known: Mapping[str, str], ran: Ran) -> str:
    return EXPRESSION.sub(lambda found: _value(found[1], known, ran), text)


def _value(name: str, known: Mapping[str, str], ran: Ran) -> str:
    if name.startswith("steps."):
        _, step, _, output = name.split(".")
        return ran.steps.get(step, {}).get(output, "")
    return known[name]


def a_python(folder: Path, *more: str) -> Path:
    """
    Make a `python` whose `venv` has our own promptgit, and whose pip writes down what it was told.

    Returns the folder for PATH; `pip.log` in it holds the command lines.  More programs can be
    asked for: `promptgit`, our own; `gh` and `sleep`, which do nothing.
    """
    folder.mkdir()
    log = folder / "pip.log"
    log.touch()
    pip = f'#!/bin/sh\necho "$@" >> "{log}"\n'
    ours = f'#!/bin/sh\nexec "{sys.executable}" -m promptgit.cli.main "$@"\n'
    (folder / "python").write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> "{log}"\n'
        'case "$1 $2 $3" in "-I -m venv") ;; "-I -m pip") exit 0 ;; *) exit 9 ;; esac\n'
        'mkdir -p "$4/bin"\n'
        f'cp "{folder}/pip-of-venv" "$4/bin/python"\n'
        f'cp "{folder}/ours" "$4/bin/promptgit"\n',
        encoding="utf-8",
    )
    (folder / "pip-of-venv").write_text(pip, encoding="utf-8")
    (folder / "ours").write_text(ours, encoding="utf-8")
    for name in more:
        counts = 'test "$2" != list || echo 0\n'  # gh pr list: there is none yet
        noted = f'#!/bin/sh\necho "$@" >> "{folder}/{name}.log"\n{counts}'
        (folder / name).write_text(ours if name == "promptgit" else noted, encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o755)
    return folder
