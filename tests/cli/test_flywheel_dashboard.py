"""`promptgit flywheel dashboard`, as typed: one page of what the logs, rollouts and turns say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.terminal import an_office, promptgit
from promptgit.edges.git import Git
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.flywheel.interaction import Interaction
from promptgit.testing.repositories import Repository

WEEK = ("--since", "2026-11-02", "--until", "2026-11-09")
GUARDS = "triggers:\n  - {when: error_rate > 10%, do: alarm, cooldown: 1 day}\n"


def a_line(number: int, day: int, *, error: str = "", variant: str = "stable") -> Interaction:
    return Interaction(
        f"c{day}-{number}",
        f"2026-11-{day:02d}T10:{number % 60:02d}:00.000Z",
        conversation=f"k{day}-{number}",
        environment="production",
        prompt="sort",
        version=("a" if variant == "stable" else "b") * 40,
        variant=variant,
        model="m",
        input="Where is my <b>apple</b>?",
        output="" if error else "It is a fruit, and it is on its way to you.",
        error=error,
    )


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    """An office with two weeks of logs; in the second, a third of the calls fail."""
    office = an_office(tmp_path / "office", {"flywheel.yaml": GUARDS})
    folder = office.path / ".git" / "promptgit" / "logs"
    folder.mkdir(parents=True)
    for day in range(1, 9):
        failing = day >= 5
        lines = [
            a_line(n, day, error="timeout" if failing and n % 3 == 0 else "") for n in range(60)
        ]
        text = "".join(line.line() + "\n" for line in lines)
        (folder / f"2026-11-{day:02d}.jsonl").write_text(text, encoding="utf-8")
    return office


def test_a_page_is_written_that_needs_nothing_else(office: Repository):
    said = promptgit(office, "flywheel", "dashboard", "--html", "week.html", *WEEK)

    page = (office.path / "week.html").read_text()
    assert said.code == 0, said.err
    assert "420 conversations of 1 prompt, 1 alarm" in said.out
    assert "http" not in page.replace("http-equiv", "")
    assert "<b>apple" not in page


def test_a_trigger_that_holds_is_an_alarm(office: Repository):
    promptgit(office, "flywheel", "dashboard", *WEEK)

    page = (office.path / "flywheel.html").read_text()
    assert "1 alarm" in page
    assert "error_rate" in page


def test_looking_leaves_no_turn_behind_and_no_trigger_used_up(office: Repository):
    for _ in range(2):
        promptgit(office, "flywheel", "dashboard", *WEEK)

    assert not (office.path / ".git" / "promptgit" / "flywheel").exists()
    assert "1 alarm" in (office.path / "flywheel.html").read_text()


def test_a_turn_is_listed_with_what_it_did(office: Repository):
    assert promptgit(office, "flywheel", "run", *WEEK).code == 1

    promptgit(office, "flywheel", "dashboard", *WEEK)

    page = (office.path / "flywheel.html").read_text()
    (turn,) = turn_ids(Git.discover(office.path))
    assert "1 trigger fired; 0 improvements proven" in page
    assert f"<td>{turn[:4]}-{turn[4:6]}-{turn[6:8]} {turn[9:11]}:{turn[11:13]}" in page


def test_a_turn_that_took_a_rollout_back_is_listed_with_that(office: Repository):
    journal = TurnJournal(Git.discover(office.path), "20261109T041700Z-3f2a")
    journal.save("measure", {"aborted": ["sort in production: taken back in 0c2f: a guard"]})
    journal.save("end", {"exit_code": 1})

    promptgit(office, "flywheel", "dashboard", *WEEK)

    page = (office.path / "flywheel.html").read_text()
    assert "0 improvements proven; 1 rollout taken back" in page
    assert ">taken back</span>" in page


def test_a_window_without_logs_is_a_page_that_says_so(office: Repository):
    said = promptgit(
        office, "flywheel", "dashboard", "--since", "2025-01-01", "--until", "2025-01-08"
    )

    assert said.code == 0, said.err
    assert "Nothing was logged" in (office.path / "flywheel.html").read_text()


def test_a_folder_that_is_not_there_is_said_before_anything_is_asked(office: Repository):
    said = promptgit(office, "flywheel", "dashboard", "--html", "nowhere/week.html")

    assert said.code == 2
    assert "no folder" in said.err
