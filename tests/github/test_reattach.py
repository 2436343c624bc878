"""After a squash that dropped the trailers: the evidence is found by the text, and put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.terminal import promptgit
from github.runner import a_runner, as_step
from history.shelf import BEST, HALF, PATH, SEED, ZERO, a_claim, an_evaluation, compared
from promptgit.core.evidence import joins
from promptgit.core.trailers import last_block, value
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing.repositories import Repository, a_repository

NOTES = "refs/notes/promptgit"


@pytest.fixture
def squashed(tmp_path: Path) -> Repository:
    """An improvement that was squashed with its title only; the record is here."""
    repository = a_repository(tmp_path / "here", {PATH: SEED, "promptgit.yaml": ""})
    repository.commit({PATH: BEST}, "Better replies (#7)\n")
    record = compared(an_evaluation(SEED, ZERO), an_evaluation(BEST, HALF))
    Records(Git.discover(repository.path)).put_many([(record, joins(record))])
    return repository


def test_what_a_squash_dropped_becomes_a_note(squashed: Repository):
    said = promptgit(squashed, "github", "reattach", "HEAD~1..HEAD")

    note = squashed.git("notes", f"--ref={NOTES}", "show", "HEAD")
    assert said.code == 0
    assert said.lines[0].split("  ")[0] == f"{squashed.head[:10]} lost its trailers (confirmed)"
    assert value(last_block(f"x\n\n{note}"), "Prompt-Blob") == squashed.blob(PATH)
    assert "Eval-Record: sha256:" in note


def test_no_commit_is_changed(squashed: Repository):
    before = squashed.head

    promptgit(squashed, "github", "reattach", "HEAD~1..HEAD")

    assert squashed.head == before
    assert squashed.status() == ""


def test_a_second_time_nothing_is_written(squashed: Repository):
    promptgit(squashed, "github", "reattach", "HEAD~1..HEAD")
    tip = squashed.git("rev-parse", NOTES)

    said = promptgit(squashed, "github", "reattach", "HEAD~1..HEAD")

    assert said.lines[-1].startswith("0 notes written")
    assert squashed.git("rev-parse", NOTES) == tip


def test_a_message_that_kept_its_trailers_needs_no_note(tmp_path: Path):
    record = compared(an_evaluation(SEED, ZERO), an_evaluation(BEST, HALF))
    repository = a_repository(tmp_path / "here", {PATH: SEED, "promptgit.yaml": ""})
    repository.commit({PATH: BEST}, a_claim(record))
    Records(Git.discover(repository.path)).put_many([(record, joins(record))])

    said = promptgit(repository, "github", "reattach", "HEAD~1..HEAD")

    assert "has its trailers (confirmed)" in said.out
    assert repository.git("for-each-ref", NOTES) == ""


def test_a_text_that_nobody_scored_has_no_evidence(squashed: Repository):
    squashed.commit({PATH: "Something else.\n"}, "by hand\n")

    said = promptgit(squashed, "github", "reattach", "HEAD~1..HEAD")

    assert "has no evidence (unevaluated)" in said.out
    assert squashed.git("for-each-ref", NOTES) == ""


def test_a_dry_run_writes_nothing(squashed: Repository):
    said = promptgit(squashed, "github", "reattach", "HEAD~1..HEAD", "--dry-run")

    assert "lost its trailers" in said.out
    assert squashed.git("for-each-ref", NOTES) == ""


def test_the_notes_of_earlier_runs_are_kept_at_the_remote(squashed: Repository, tmp_path: Path):
    remote = a_repository(tmp_path / "remote.git", bare=True)
    squashed.git("remote", "add", "origin", str(remote.path))
    squashed.git("push", "--quiet", "origin", "main")
    earlier = squashed.git("rev-parse", "HEAD~1")
    squashed.git("notes", f"--ref={NOTES}", "add", "-m", "earlier", earlier)
    squashed.git("push", "--quiet", "origin", NOTES)
    squashed.git("update-ref", "-d", NOTES)

    said = promptgit(squashed, "github", "reattach", "HEAD~1..HEAD", "--push", "origin")

    assert said.lines[-1].startswith("1 notes written, pushed to origin")
    noted = {line.split()[1] for line in remote.git("notes", f"--ref={NOTES}", "list").split("\n")}
    assert noted == {earlier, squashed.head}


def test_in_a_workflow_it_looks_at_what_was_pushed(
    squashed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    payload = {"before": squashed.git("rev-parse", "HEAD~1"), "after": squashed.head}
    with as_step(monkeypatch, a_runner(tmp_path / "run", "push", payload, squashed.head)):
        said = promptgit(squashed, "github", "reattach")

    assert "lost its trailers (confirmed)" in said.out


def test_by_hand_it_asks_for_a_range(squashed: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    for words in ([], ["HEAD"], ["A...B"]):
        said = promptgit(squashed, "github", "reattach", *words)
        assert said.code == 2
        assert "hint: " in said.err
