"""`promptgit flywheel init`: a commented file that says the defaults, and a workflow."""

from __future__ import annotations

import re
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
