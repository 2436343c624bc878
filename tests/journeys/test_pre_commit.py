"""
Our hooks through the real pre-commit, in a repository that uses ours as its hook repository.

The manifest is the one that we ship.  Only `language` is set to `system` here, because the shipped
`python` installs promptgit with pip, and no test leaves this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from promptgit.testing.repositories import Repository, a_repository

ROOT = Path(__file__).parent.parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - {{id: promptgit-lint, language: system}}
      - {{id: promptgit-trailers, language: system}}
      - {{id: promptgit-check, language: system}}
"""
FILES = {
    "prompts/reply.md": "Sort {{ message }}.\n",
    "prompts/reply.csv": "id,message,label\na,Where is it?,late\n",
    "prompts/reply.eval.yaml": "cases: reply.csv\nassert: [equals]\n",
}
CONFLICT = "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"

Commit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    """A repository with our hooks installed for commits and their messages."""
    hooks = a_repository(tmp_path / "hooks", {".pre-commit-hooks.yaml": MANIFEST.read_bytes()})
    config = CONFIG.format(repo=hooks.path, rev=hooks.head)
    return a_repository(tmp_path / "office", {**FILES, ".pre-commit-config.yaml": config})


@pytest.fixture
def commit(office: Repository, tmp_path: Path) -> Commit:
    """Commit as a user does: `git commit`, with the hooks of pre-commit."""
    scripts = Path(sys.executable).parent
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        # pre-commit's own `git diff` and `git apply` do not survive our hostile settings.
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }

    def run(*words: str, message: str = "change\n") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words or ("git", "commit", "-F", "-"),
            cwd=office.path,
            env=environment,
            input=message,
            capture_output=True,
            text=True,
            check=False,
        )

    types = ("-t", "pre-commit", "-t", "commit-msg")
    installed = run(sys.executable, "-m", "pre_commit", "install", *types)
    assert installed.returncode == 0, installed.stderr
    return run


def stage(office: Repository, **files: str | bytes) -> None:
    named = {f"prompts/{name.replace('_dot_', '.')}": text for name, text in files.items()}
    office.write(named)
    office.git("add", "--", *named)


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_the_manifest_is_one_that_pre_commit_takes():
    checked = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)], check=False
    )

    assert checked.returncode == 0


def test_a_clean_prompt_is_committed(office: Repository, commit: Commit):
    stage(office, reply_dot_md="Sort the {{ message }}.\n")

    done = commit()

    assert done.returncode == 0, said(done)
    assert "promptgit lint" in said(done)
    assert "promptgit trailers" in said(done)


def test_a_finding_stops_the_commit_and_is_shown(office: Repository, commit: Commit):
    before = office.head
    stage(office, reply_dot_md=CONFLICT)

    done = commit()

    assert done.returncode == 1
    assert "prompts/reply.md:1:1: error conflict-marker" in said(done)
    assert office.head == before


def test_what_is_staged_counts_and_not_what_is_in_the_editor(office: Repository, commit: Commit):
    stage(office, reply_dot_md=CONFLICT)
    office.write({"prompts/reply.md": "Sort {{ message }}.\n"})
    bad_is_staged = commit()
    office.git("add", "--all")
    office.write({"prompts/reply.md": CONFLICT})
    stage(office, other_dot_md="x\n")

    good_is_staged = commit()

    assert bad_is_staged.returncode == 1
    assert good_is_staged.returncode == 0, said(good_is_staged)
    assert (office.path / "prompts/reply.md").read_text() == CONFLICT


def test_cases_that_break_their_prompt_stop_the_commit(office: Repository, commit: Commit):
    stage(office, reply_dot_csv="id,text,label\na,Where is it?,late\n")

    done = commit()

    assert done.returncode == 1
    assert "prompts/reply.md:1:6: error undefined-hole" in said(done)


def test_files_that_are_no_prompts_are_left_alone(office: Repository, commit: Commit):
    stage(office, README_dot_md=CONFLICT)
    office.write({"notes.md": CONFLICT, "data.csv": "a\n\0\n"})
    office.git("add", "notes.md", "data.csv")

    assert commit().returncode == 0


def test_binary_looking_files_and_links_are_not_overlooked(office: Repository, commit: Commit):
    stage(office, reply_dot_md="Sort.\n".encode("utf-16"))
    (office.path / "prompts/link.md").symlink_to("../notes.md")
    office.git("add", "prompts/link.md")

    done = commit()

    assert "error utf-16" in said(done)
    assert "error symlink" in said(done)


def test_a_stale_claim_stops_the_commit(office: Repository, commit: Commit):
    blob = office.blob("prompts/reply.md")
    stage(office, reply_dot_md="Sort the {{ message }}.\n")
    message = f"x\n\nPrompt-Path: prompts/reply.md\nPrompt-Blob: {blob}\nPromptgit-Schema: 1\n"

    done = commit(message=message)

    assert done.returncode == 1
    assert "stale: Prompt-Blob is" in said(done)


def test_check_costs_money_and_does_not_run_at_a_commit(office: Repository, commit: Commit):
    stage(office, reply_dot_md="Sort the {{ message }}.\n")

    assert "promptgit check" not in said(commit())
