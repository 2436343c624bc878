"""What one run refused, the next is told; and a resumed run remembers what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.terminal import a_clerk, an_office, clerk, promptgit, section
from promptgit.cli.remembering import MOST, refused_before
from promptgit.edges.git import Git
from promptgit.edges.runs import RunJournal, run_ids

CLERK = {
    "promptgit.yaml": "model: clerk\nprices: {clerk: {input: 0, output: 0}}\n"
    "improve: {strategy: critique, options: {rounds: 3}}\n"
}
IDLE = "Be nice."


def useless(body: dict[str, Any]) -> str:
    """A mentor that only ever asks for kindness."""
    if body["messages"][-1]["content"].startswith("# "):
        return f"Ask for it.\n\n```diff\n@@\n Sort the message.\n+{IDLE}\n```\n"
    return clerk(body)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch):
    """What the mentor was asked, in order."""
    asked: list[str] = []

    def listening(body: dict[str, Any]) -> str:
        words = body["messages"][-1]["content"]
        if words.startswith("# "):
            asked.append(words)
        return useless(body)

    with a_clerk(monkeypatch, reply=listening):
        yield asked


def test_the_next_run_s_mentor_is_told_what_was_refused_and_why(tmp_path: Path, heard: list[str]):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort")
    assert not section(heard[0], "tried")
    heard.clear()

    promptgit(office, "improve", "sort", "--seed", "1")

    assert f"+{IDLE}" in section(heard[0], "tried")
    assert "in an earlier run" in section(heard[0], "refused because")


def test_runs_on_other_prompts_are_no_matter(tmp_path: Path, heard: list[str]):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort")
    git = Git.discover(office.path)

    assert refused_before(git, "prompts/sort.md", "99991231T000000Z-0000")
    assert not refused_before(git, "prompts/other.md", "99991231T000000Z-0000")
    assert heard


def test_a_run_does_not_remember_itself(tmp_path: Path, heard: list[str]):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort")
    git = Git.discover(office.path)
    (run,) = run_ids(git)

    assert not refused_before(git, "prompts/sort.md", run)
    assert heard


def test_a_run_writes_down_what_it_remembers_for_whoever_resumes_it(
    tmp_path: Path, heard: list[str]
):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort")
    promptgit(office, "improve", "sort", "--seed", "1")
    git = Git.discover(office.path)

    starts = [next(iter(RunJournal(git, run).events())) for run in run_ids(git)]

    remembered = sorted(len(start["remembered"]) for start in starts)
    assert remembered[0] == 0
    assert 1 <= remembered[1] <= MOST
    assert heard
