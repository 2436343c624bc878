"""A run's journal: whole lines, in order, through any crash; and its work on a ref of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edges.desk import AFTER, LATER, PATH, a_chain, a_desk, started, state
from promptgit.edges.git import Git
from promptgit.edges.run_refs import append_run, delete_run, run_tip, run_tips
from promptgit.edges.runs import RunJournal, latest_run, new_run_id, run_ids
from promptgit.errors import UserError, WorldError
from promptgit.testing.repositories import a_repository

RUN, LATER_RUN = "20260102T030405Z-0a1b", "20260103T030405Z-ffff"
WHEN = "2026-01-02T03:04:05Z"


def a_journal(path: Path, run: str = RUN) -> RunJournal:
    a_repository(path)
    return RunJournal(Git.discover(path), run)


def test_events_come_back_in_order_with_their_facts(tmp_path: Path):
    journal = a_journal(tmp_path)

    journal.note("start", path=PATH, inputs={"a": [1, 2.5, None, "é"]})
    journal.note("end", state="confirmed")

    first, second = journal.events()
    assert (first["kind"], first["path"], first["inputs"]) == (
        "start",
        PATH,
        {"a": [1, 2.5, None, "é"]},
    )
    assert (second["kind"], second["state"]) == ("end", "confirmed")
    assert first["at"].endswith("Z")


def test_a_run_that_is_not_here_has_no_events(tmp_path: Path):
    journal = a_journal(tmp_path)

    assert list(journal.events()) == []
    assert not journal.folder.exists()


def test_a_number_that_is_not_finite_is_written_as_null(tmp_path: Path):
    journal = a_journal(tmp_path)

    journal.note("verdict", effect=float("nan"), bounds=(float("-inf"), 1.0))

    (event,) = journal.events()
    assert (event["effect"], event["bounds"]) == (None, [None, 1.0])


def test_half_a_character_survives(tmp_path: Path):
    journal = a_journal(tmp_path)

    journal.note("reply", text="cut \ud83d here")

    (event,) = journal.events()
    assert event["text"] == "cut \ud83d here"


@pytest.mark.parametrize("torn", [b'{"kind": "half', b"\xff", b'{"kind": "whole"}'])
def test_a_line_that_was_cut_off_never_was(tmp_path: Path, torn: bytes):
    journal = a_journal(tmp_path)
    journal.note("one")
    with (journal.folder / "journal.jsonl").open("ab") as file:
        file.write(torn)

    before = [event["kind"] for event in journal.events()]
    journal.note("two")

    assert before == ["one"]
    assert [event["kind"] for event in journal.events()] == ["one", "two"]


def test_a_very_long_line_that_was_cut_off_is_dropped_whole(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.note("one")
    with (journal.folder / "journal.jsonl").open("ab") as file:
        file.write(b"x" * 200_000)

    journal.note("two")

    assert [event["kind"] for event in journal.events()] == ["one", "two"]


def test_a_journal_that_holds_nothing_but_half_a_line_starts_anew(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.folder.mkdir(parents=True)
    (journal.folder / "journal.jsonl").write_bytes(b'{"kin')

    journal.note("one")

    assert [event["kind"] for event in journal.events()] == ["one"]


def test_many_threads_write_whole_lines(tmp_path: Path):
    journal = a_journal(tmp_path)

    def write(number: int) -> None:
        for each in range(50):
            journal.note("paid", key=f"{number}-{each}", text="x" * 5000)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({event["key"] for event in journal.events()}) == 200


KILLED = """
import os, sys
from pathlib import Path
from promptgit.edges.git import Git
from promptgit.edges.runs import RunJournal
journal = RunJournal(Git.discover(Path(sys.argv[1])), sys.argv[2])
for number in range(20):
    journal.note("paid", number=number)
os.kill(os.getpid(), 9)
"""


def test_what_was_noted_survives_a_kill(tmp_path: Path):
    journal = a_journal(tmp_path)

    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), RUN], check=False)

    assert [event["number"] for event in journal.events()] == list(range(20))


def test_a_journal_that_cannot_be_written_is_the_worlds_fault(tmp_path: Path):
    journal = a_journal(tmp_path)
    journal.git.state_dir.write_text("in the way", encoding="utf-8")

    with pytest.raises(WorldError, match="cannot be written"):
        journal.note("one")


@pytest.mark.parametrize("name", ["", "../../x", "20260102T030405Z", "a/b", "latest", "-x"])
def test_a_name_that_no_run_can_have_is_refused(tmp_path: Path, name: str):
    a_repository(tmp_path)

    with pytest.raises(UserError, match="there is no run"):
        RunJournal(Git.discover(tmp_path), name)


def test_run_ids_tell_the_time_and_differ():
    assert RunJournal.__doc__
    first, second = new_run_id(), new_run_id()

    assert len(first) == len("20261120T154010Z-3f2a")
    assert first != second or new_run_id() != first


def test_runs_are_listed_newest_first(tmp_path: Path):
    git = a_journal(tmp_path).git
    for run in (RUN, LATER_RUN):
        RunJournal(git, run).note("start", path=PATH)
    (git.state_dir / "runs" / "something else").mkdir()

    assert run_ids(git) == (LATER_RUN, RUN)
    assert latest_run(git) == LATER_RUN


def test_the_latest_run_of_a_prompt_is_found_from_anywhere(tmp_path: Path):
    a_desk(tmp_path)
    git = Git.discover(tmp_path / "prompts")
    RunJournal(git, RUN).note("start", path=PATH)
    RunJournal(git, LATER_RUN).note("start", path="prompts/other.md")

    assert latest_run(git, "reply.md") == RUN
    with pytest.raises(UserError, match=r"no run of prompts/none\.md"):
        latest_run(git, "none.md")


def test_inputs_are_kept_beside_the_journal(tmp_path: Path):
    journal = a_journal(tmp_path)

    journal.save_input({"model": "offline", "seed": 7})

    assert journal.input() == {"model": "offline", "seed": 7}


def test_a_run_without_inputs_says_so(tmp_path: Path):
    with pytest.raises(UserError, match="left no inputs"):
        a_journal(tmp_path).input()


def test_the_work_of_a_run_is_a_chain_on_its_own_ref(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    before = state(repository)
    first, second = a_chain(base, AFTER, LATER)

    one = append_run(git, RUN, first, parent=base.commit, when=WHEN)
    two = append_run(git, RUN, second, parent=one, when=WHEN)

    assert run_tip(git, RUN) == two
    assert repository.git("rev-list", "--reverse", f"{base.commit}..{two}").split() == [one, two]
    assert state(repository) == before


def test_a_resumed_run_makes_the_same_commits(tmp_path: Path):
    first, second = a_desk(tmp_path / "one"), a_desk(tmp_path / "two")
    made = []
    for repository in (first, second):
        git, base = started(repository)
        (commit,) = a_chain(base, AFTER)
        made.append(append_run(git, RUN, commit, parent=base.commit, when=WHEN))

    assert made[0] == made[1]


def test_a_commit_that_the_run_already_has_is_not_made_twice(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    first, second = a_chain(base, AFTER, LATER)
    one = append_run(git, RUN, first, parent=base.commit, when=WHEN)
    two = append_run(git, RUN, second, parent=one, when=WHEN)

    again = append_run(git, RUN, first, parent=base.commit, when=WHEN)

    assert again == one
    assert run_tip(git, RUN) == two


def test_a_run_that_went_another_way_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    append_run(git, RUN, a_chain(base, AFTER)[0], parent=base.commit, when=WHEN)

    with pytest.raises(UserError, match="holds other work"):
        append_run(git, RUN, a_chain(base, LATER)[0], parent=base.commit, when=WHEN)


def test_run_commits_are_never_signed(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    repository.git("config", "commit.gpgSign", "true")
    repository.git("config", "user.signingKey", "nobody has this key")

    made = append_run(git, RUN, a_chain(base, AFTER)[0], parent=base.commit, when=WHEN)

    assert "gpgsig" not in repository.git("cat-file", "commit", made)


def test_runs_are_listed_and_forgotten(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    for run in (RUN, LATER_RUN):
        append_run(git, run, a_chain(base, AFTER)[0], parent=base.commit, when=WHEN)

    assert list(run_tips(git)) == [LATER_RUN, RUN]
    assert delete_run(git, RUN)
    assert not delete_run(git, RUN)
    assert list(run_tips(git)) == [LATER_RUN]
