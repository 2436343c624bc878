"""Where the logs are: a repository's file may name a folder of its own, and nothing outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptgit.edges.git import Git
from promptgit.edges.logs import logs_folder
from promptgit.errors import UserError
from promptgit.flywheel.plan import Capture, Plan
from promptgit.testing.repositories import a_repository

NAMED = Plan(capture=Capture(folder="logs"))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git.discover(a_repository(tmp_path / "r", {"a.txt": "a"}).path)


def test_the_user_decides_then_the_file_then_the_state_folder(git: Git, tmp_path: Path):
    own = {"PROMPTGIT_LOGS": str(tmp_path / "elsewhere")}

    assert logs_folder(git, NAMED, own) == tmp_path / "elsewhere"
    assert logs_folder(git, NAMED, {}) == git.cwd / "logs"
    assert logs_folder(git, Plan(), {}) == git.state_dir / "logs"


def test_a_link_out_of_the_repository_is_not_followed(git: Git, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (git.cwd / "logs").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError, match="leads out of the repository"):
        logs_folder(git, NAMED, {})
