"""Every workflow that we run or ship is pinned, asks for little, and is clean by the tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptgit import __version__

ROOT = Path(__file__).parent.parent.parent
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SHIPPED = sorted((ROOT / "docs" / "github").glob("*.yml"))
WORKFLOWS = [*OURS, *SHIPPED]
ACTION = ROOT / "action.yml"
FILES = [ACTION, *WORKFLOWS]
USES = re.compile(r"uses: (\S+)(?:  # (.*))?")
GATES = ("prompts.yml", "promptgit.yml", "promptgit-trusted.yml")
IGNORED = {  # what zizmor is told to overlook, and nothing else
    "prompts.yml": "self-repository",
    "promptgit-trusted.yml": "dangerous-triggers",
}

by_name = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
each_gate = pytest.mark.parametrize("name", GATES)


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def named(name: str) -> Path:
    return next(file for file in WORKFLOWS if file.name == name)


def triggers(file: Path) -> dict[str, Any]:
    """YAML 1.1 takes the key `on` for true."""
    found: dict[str, Any] = read(file)[True]
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = read(file).get("jobs") or {"action": read(file)["runs"]}
    return [step for job in jobs.values() for step in job["steps"]]


def tool(name: str) -> str:
    """Find a program of the environment that runs the tests."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is missing: pip install '.[dev]'"
    return found


def test_zizmor_finds_nothing():
    done = subprocess.run(
        [tool("zizmor"), "--offline", "--no-config", "--no-progress", *map(str, FILES)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


def test_what_zizmor_overlooks_is_what_we_say():
    ignored = {
        file.name: found[1]
        for file in FILES
        for found in re.finditer(r"zizmor: ignore\[([\w,-]+)\]", file.read_text(encoding="utf-8"))
    }

    assert ignored == IGNORED


def test_the_workflows_are_workflows_by_githubs_schema():
    for schema, files in (("workflows", WORKFLOWS), ("actions", [ACTION])):
        done = subprocess.run(
            [tool("check-jsonschema"), "--builtin-schema", f"vendor.github-{schema}", *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_to_a_commit_and_one_commit_is_one_version():
    versions: dict[str, set[tuple[str, str | None]]] = {}
    for file in FILES:
        for uses, said in USES.findall(file.read_text(encoding="utf-8")):
            if not uses.startswith("./"):
                action, _, commit = uses.partition("@")
                assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{file.name}: {uses}"
                assert re.fullmatch(r"v\d+\.\d+\.\d+", said), f"{file.name}: {uses}"
                versions.setdefault(action, set()).add((commit, said))

    assert {action: len(found) for action, found in versions.items() if len(found) > 1} == {}


@by_name
def test_no_expression_is_pasted_into_a_script(file: Path):
    assert not [step["run"] for step in steps(file) if "${{" in step.get("run", "")]


@each_workflow
def test_a_job_has_only_the_permissions_it_names(file: Path):
    found = read(file)

    assert found["permissions"] in ({}, {"contents": "read"})
    if not found["permissions"]:
        assert all("permissions" in job for job in found["jobs"].values())


@each_workflow
def test_every_job_ends(file: Path):
    assert all("timeout-minutes" in job for job in read(file)["jobs"].values())


@by_name
def test_no_checkout_leaves_its_token_behind(file: Path):
    checkouts = [step for step in steps(file) if "actions/checkout@" in step.get("uses", "")]

    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_gate
def test_a_gate_always_reports(name: str):
    found = triggers(named(name))

    assert "merge_group" in found
    event = found.get("pull_request", found.get("pull_request_target"))
    assert event is None, "a filter would leave the required check pending"
    gate = read(named(name))["jobs"]["promptgit-gate"]
    assert gate["if"] == "always()"
    assert gate["needs"] == ["plan", "check"]


@each_gate
def test_only_a_newer_push_of_a_pull_request_cancels_a_gate(name: str):
    found = read(named(name))["concurrency"]

    assert "github.event.pull_request.number || github.ref" in found["group"]
    assert "github.event_name == 'pull_request" in found["cancel-in-progress"]


@each_gate
@pytest.mark.parametrize(
    ("plan", "changed", "check", "passes"),
    [
        ("success", "true", "success", True),
        ("success", "false", "skipped", True),
        ("success", "true", "failure", False),
        ("success", "true", "cancelled", False),
        ("success", "true", "skipped", False),
        ("success", "false", "success", False),
        ("success", "", "skipped", False),
        ("failure", "", "skipped", False),
        ("cancelled", "true", "success", False),
    ],
)
def test_the_gate_passes_only_for_what_passed(
    name: str, plan: str, changed: str, check: str, passes: bool
):
    (step,) = read(named(name))["jobs"]["promptgit-gate"]["steps"]

    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        env={**os.environ, "PLAN": plan, "CHANGED": changed, "CHECK": check},
        check=False,
    )

    assert (done.returncode == 0) is passes


def test_the_trusted_workflow_checks_out_nothing_of_a_pull_request():
    file = named("promptgit-trusted.yml")

    for step in steps(file):
        if "actions/checkout@" in step.get("uses", ""):
            assert set(step["with"]) == {"fetch-depth", "persist-credentials"}
        assert not re.search(r"git (checkout|switch|merge|reset|worktree)", step.get("run", ""))
    words = file.read_text(encoding="utf-8")
    assert not re.search(r"github\.(head_ref|event\.pull_request\.(title|body|head\.ref))", words)


def test_in_the_trusted_workflow_only_an_approved_job_has_a_key():
    jobs = read(named("promptgit-trusted.yml"))["jobs"]

    assert [name for name, job in jobs.items() if "secrets." in str(job)] == ["check"]
    assert jobs["check"]["environment"] == "promptgit"


def test_the_untrusted_workflow_has_no_secret_and_only_reads():
    found = read(named("promptgit-forks.yml"))

    assert "secrets." not in str(found)
    assert [job["permissions"] for job in found["jobs"].values()] == [{"contents": "read"}]
    assert set(triggers(named("promptgit-forks.yml"))) == {"pull_request"}


def test_what_is_shipped_installs_the_tag_that_ships_it_where_nobody_knows_a_commit():
    for file in SHIPPED:
        pin = read(file)["env"]["PROMPTGIT_COMMIT"]
        assert pin == f"v{__version__}", f"{file.name}: a new version needs a new pin"


def test_what_is_shipped_installs_our_repository_and_every_dependency_by_its_hash():
    for file in SHIPPED:
        scripts = [step["run"] for step in steps(file) if "pip install" in step.get("run", "")]

        assert scripts, file.name
        for script in scripts:
            locked, own = re.findall(r"python -I -m pip install (.*)", script.replace("\\\n", ""))
            assert "--require-hashes --requirement" in locked
            lock = "requirements-flywheel" if "flywheel" in file.name else "requirements"
            assert f"/$PROMPTGIT_COMMIT/.github/{lock}.txt" in locked
            assert "--no-deps --no-build-isolation" in own
            assert own.endswith('"git+https://github.com/$from@$PROMPTGIT_COMMIT"')
