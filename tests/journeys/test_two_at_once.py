"""reference: git, cases 52 to 56: others work in the repository while a run of improve does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.terminal import PROMPT, SEED, a_clerk, an_office, promptgit, sorting_cases
from journeys.lives import CONFIG, RUNS, Ended, assert_clean, ended, lived, posix, promptgit_starts
from promptgit.testing.repositories import Repository
from servers.openai_server import Seen, Server

pytestmark = posix
MIDWAY = 45  # requests: the prompt is evaluated, the search goes on
OTHER = "prompts/file.md"
TWO = {OTHER: SEED, "prompts/file.csv": sorting_cases(20)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch, latency_s=0.01) as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", {"promptgit.yaml": CONFIG, **TWO}, per_label=20)


def meanwhile(
    office: Repository, server: Server, act: Callable[[], object], *words: str, at: int = MIDWAY
) -> Ended:
    """Run improve in a process, and act when the server sees that many requests."""
    acted = threading.Event()

    def fault(number: int, _seen: Seen) -> str:
        if number == at:
            act()
            acted.set()
        return ""

    server.faults = fault
    said = lived(office, "improve", "sort", *words)
    assert acted.is_set()
    return said


def test_a_second_run_on_the_same_prompt_is_refused_and_told_who_is_at_it(
    office: Repository, server: Server
):
    second: list[Ended] = []

    said = meanwhile(office, server, lambda: second.append(lived(office, "improve", "sort")))

    assert said.code == 0, said.err
    assert second[0].code == 2
    assert "(improve prompts/sort.md, since " in second[0].err
    assert "--resume" not in second[0].err
    assert len(list((office.path / ".git/promptgit/runs").iterdir())) == 1


def test_a_run_that_is_under_way_cannot_be_resumed_beside_itself(
    office: Repository, server: Server
):
    second: list[Ended] = []

    said = meanwhile(office, server, lambda: second.append(lived(office, "improve", "--resume")))

    assert (said.code, second[0].code) == (0, 2)
    assert "(improve prompts/sort.md, since " in second[0].err
    assert_clean(office)


def test_two_prompts_are_improved_at_once_and_no_commit_is_lost(office: Repository, server: Server):
    runs = [promptgit_starts(office, "improve", name) for name in ("sort", "file")]
    said = [ended(run) for run in runs]

    assert [each.code for each in said] == [0, 0], said
    for path in (PROMPT, OTHER):
        assert "means" in office.git("show", f"HEAD:{path}")
    assert len(office.git("for-each-ref", RUNS).splitlines()) == 2
    assert_clean(office)


def test_a_commit_of_another_file_meanwhile_stays_below_the_improvement(
    office: Repository, server: Server
):
    said = meanwhile(office, server, lambda: office.commit({"README": "hello\n"}, "readme\n"))

    assert said.code == 0, said.err
    assert office.git("show", "HEAD:README") == "hello"
    assert "means" in office.git("show", f"HEAD:{PROMPT}")
    assert_clean(office)


def test_a_commit_of_the_prompt_meanwhile_wins_and_the_work_is_kept(
    office: Repository, server: Server
):
    theirs: list[str] = []

    said = meanwhile(
        office, server, lambda: theirs.append(office.commit({PROMPT: "Mine.\n"}, "mine\n"))
    )

    assert said.code == 2
    assert "stale base" in said.err
    assert RUNS in said.err
    assert office.head == theirs[0]
    assert office.git("for-each-ref", RUNS)
    assert_clean(office)


def test_an_edit_of_the_prompt_meanwhile_is_kept_and_the_work_too(
    office: Repository, server: Server
):
    head = office.head
    file = office.path / PROMPT

    said = meanwhile(office, server, lambda: file.write_text("half a thought"))
    calls = server.calls
    refused = promptgit(office, "improve", "--resume")
    edit = file.read_text()
    office.git("stash")
    again = promptgit(office, "improve", "--resume")

    assert (said.code, refused.code) == (2, 2)
    assert "changes that are not committed" in said.err
    assert (edit, again.code) == ("half a thought", 0)
    assert server.calls == calls
    assert office.git("rev-list", "--count", f"{head}..HEAD") != "0"


def test_a_branch_that_is_switched_meanwhile_gets_nothing(office: Repository, server: Server):
    head = office.head

    said = meanwhile(office, server, lambda: office.git("switch", "-qc", "elsewhere"))
    office.git("switch", "-q", "main")
    again = promptgit(office, "improve", "--resume")

    assert said.code == 2
    assert "main is no longer checked out here" in said.err
    assert "--resume" in said.err
    assert office.git("rev-parse", "elsewhere") == head
    assert again.code == 0
    assert office.head != head


def test_a_head_that_is_detached_meanwhile_gets_nothing(office: Repository, server: Server):
    head = office.head

    said = meanwhile(office, server, lambda: office.git("switch", "-q", "--detach"))

    assert said.code == 2
    assert office.git("rev-parse", "HEAD", "main").split() == [head, head]
    assert_clean(office)


def test_a_merge_that_is_begun_meanwhile_is_left_alone(office: Repository, server: Server):
    office.git("branch", "other")
    office.commit({"a": "1\n"}, "a\n")
    office.git("switch", "-q", "other")
    office.commit({"b": "2\n"}, "b\n")
    office.git("switch", "-q", "main")
    head = office.head
    merge = ("-c", "merge.ff=true", "merge", "--no-commit")

    said = meanwhile(office, server, lambda: office.git(*merge, "other"))

    assert said.code == 2
    assert "a merge is in progress" in said.err
    assert office.head == head
    assert (office.path / ".git/MERGE_HEAD").exists()


def test_a_branch_that_another_work_tree_holds_is_refused_before_any_call(
    office: Repository, server: Server, tmp_path: Path
):
    office.git("worktree", "add", "-q", "-b", "theirs", str(tmp_path / "there"))

    said = promptgit(office, "improve", "sort", "--branch", "theirs")

    assert said.code == 2
    assert "theirs is checked out in" in said.err
    assert server.calls == 0
