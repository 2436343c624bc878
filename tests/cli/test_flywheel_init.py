"""`promptgit flywheel init`: a commented file that says the defaults, and a workflow."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.terminal import promptgit
from promptgit.config.flywheel_file import parse_flywheel
from promptgit.flywheel.plan import Plan
from promptgit.testing.repositories import Repository, a_repository

DOCS = Path(__file__).parents[2] / "docs" / "github"
WORKFLOW = ".github/workflows/promptgit-flywheel.yml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "r", {"prompts/reply.md": "Answer yes or no.\n"})


def test_the_file_says_the_defaults_and_names_the_prompts(repository: Repository):
    said = promptgit(repository, "flywheel", "init")

    text = (repository.path / "flywheel.yaml").read_text(encoding="utf-8")
    assert said.code == 0
    assert parse_flywheel(text.encode()) == Plan()
    assert "# Here there are: reply." in text
    assert said.lines[-1] == "next: promptgit flywheel run --dry-run"


def test_what_is_commented_out_is_valid_too(repository: Repository):
    promptgit(repository, "flywheel", "init")
    text = (repository.path / "flywheel.yaml").read_text(encoding="utf-8")

    parse_flywheel(re.sub(r"^( *)# (?=[a-z_]+:|- )", r"\1", text, flags=re.M).encode())


def test_nothing_is_overwritten(repository: Repository):
    (repository.path / "flywheel.yaml").write_text("schedule: daily\n")

    refused = promptgit(repository, "flywheel", "init")
    with_a_workflow = promptgit(repository, "flywheel", "init", "--github")

    assert refused.code == 2
    assert "flywheel.yaml is here already" in refused.err
    assert with_a_workflow.lines[:2] == ["kept flywheel.yaml", f"wrote {WORKFLOW}"]
    assert (repository.path / "flywheel.yaml").read_text() == "schedule: daily\n"


def test_the_workflow_runs_as_the_file_says_and_is_the_one_of_the_docs(repository: Repository):
    (repository.path / "flywheel.yaml").write_text("schedule: 30 6 * * 1-5\n")

    promptgit(repository, "flywheel", "init", "--github")

    text = (repository.path / WORKFLOW).read_text(encoding="utf-8")
    shipped = (DOCS / "promptgit-flywheel.yml").read_text(encoding="utf-8")
    varies = re.compile(r"PROMPTGIT_COMMIT: .*|cron: .*")
    assert yaml.safe_load(text)[True]["schedule"] == [{"cron": "30 6 * * 1-5"}]
    assert varies.sub("", text) == varies.sub("", shipped)


def test_a_dry_run_writes_nothing(repository: Repository):
    said = promptgit(repository, "flywheel", "init", "--dry-run")

    assert "would write flywheel.yaml" in said.out
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize("protected", [False, True])
def test_a_rollout_that_the_workflow_took_back_does_not_stay_on_the_runner(
    repository: Repository, tmp_path: Path, protected: bool
):
    origin, hook = tmp_path / "origin.git", '#!/bin/sh\n[ "$1" != refs/heads/main ]\n'
    repository.git("clone", "--quiet", "--bare", ".", str(origin))
    repository.git("remote", "add", "origin", str(origin))
    if protected:
        _program(origin / "hooks" / "update", hook)
    asked = _program(tmp_path / "bin" / "gh", f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/gh.log\n')
    started = repository.git("rev-parse", "HEAD").strip()
    step = "Push what a guard took back"

    _run_step(repository, step, started, asked.parent)
    untouched = repository.git("ls-remote", "--heads", "origin")
    repository.git("commit", "--quiet", "--allow-empty", "-m", "abort(reply): back")
    _run_step(repository, step, started, asked.parent)

    taken_back = repository.git("rev-parse", "HEAD").strip()
    branch = "flywheel/abort-7" if protected else "main"
    assert untouched.split() == [started, "refs/heads/main"]
    assert f"{taken_back}\trefs/heads/{branch}" in repository.git("ls-remote", "origin")
    assert ("pr create" in (tmp_path / "gh.log").read_text()) is protected


def _program(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)
    return place


def _run_step(repository: Repository, name: str, started: str, programs: Path) -> None:
    """What a runner does with a step of the workflow, with these programs in front of others."""
    workflow = yaml.safe_load((DOCS / "promptgit-flywheel.yml").read_text(encoding="utf-8"))
    script = next(
        one["run"] for one in workflow["jobs"]["turn"]["steps"] if one.get("name") == name
    )
    given = {"DEFAULT_BRANCH": "main", "GITHUB_SHA": started, "GITHUB_RUN_ID": "7"}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=repository.path,
        env={**os.environ, **given, "PATH": path},
        check=True,
        capture_output=True,
    )
