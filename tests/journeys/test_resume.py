"""What `improve --resume` does with a run: go on, say that it has ended, or refuse and say why."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import PROMPT, a_clerk, an_office, asks_for_edits, promptgit
from journeys.lives import (
    CONFIG,
    RUNS,
    assert_clean,
    events,
    journal,
    killed_at_request,
    kinds,
    posix,
    stopped_at_request,
)
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

pytestmark = posix
MIDWAY = 45  # requests: the prompt is evaluated, the search goes on


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch, latency_s=0.01) as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", {"promptgit.yaml": CONFIG}, per_label=20)


def run_of(office: Repository) -> str:
    return journal(office).parent.name


def a_killed_run(office: Repository, server: Server, *words: str, at: int = MIDWAY) -> str:
    """Begin a run, kill it, and return its id."""
    assert killed_at_request(office, server, at, "improve", "sort", *words).code < 0
    return run_of(office)


def cut(office: Repository, kind: str) -> None:
    """Make the journal end before the first event of this kind, as if killed there."""
    lines = journal(office).read_bytes().splitlines(keepends=True)
    journal(office).write_bytes(b"".join(lines[: kinds(office).index(kind)]))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_leaves_all_clean_and_says_how_to_go_on(
    office: Repository, server: Server, how: signal.Signals
):
    said = stopped_at_request(office, server, MIDWAY, how, "improve", "sort")
    calls = server.calls

    assert said.code == 130
    assert f"promptgit improve --resume {run_of(office)}" in said.err
    assert_clean(office)
    assert kinds(office).count("paid") == calls  # those on their way were waited for
    assert promptgit(office, "improve", "--resume").code == 0


def test_an_interrupt_while_the_server_is_silent_ends_the_run_soon(
    office: Repository, server: Server
):
    server.faults = lambda number, _seen: "hang" if number > MIDWAY else ""

    said = stopped_at_request(office, server, MIDWAY + 3, signal.SIGINT, "improve", "sort")

    assert said.code == 130
    assert f"--resume {run_of(office)}" in said.err
    assert_clean(office)


def test_an_error_midway_says_how_to_go_on(office: Repository, server: Server):
    server.faults = lambda number, _seen: "401" if number > MIDWAY else ""

    said = promptgit(office, "improve", "sort")
    server.faults = lambda _number, _seen: ""
    again = promptgit(office, "improve", "--resume", run_of(office))

    assert said.code == 3
    assert f"to go on: promptgit improve --resume {run_of(office)}" in said.err
    assert again.code == 0


def test_a_run_that_never_began_is_not_offered_for_resuming(office: Repository):
    (office.path / PROMPT).write_text("edited\n")

    said = promptgit(office, "improve", "sort")

    assert said.code == 2
    assert "--resume" not in said.err


def test_a_run_that_has_ended_says_so_and_how_and_calls_nobody(office: Repository, server: Server):
    first = promptgit(office, "improve", "sort", "--json")
    before, calls = journal(office).read_bytes(), server.calls

    said = promptgit(office, "improve", "--resume", run_of(office))
    told = promptgit(office, "improve", "--resume", run_of(office), "--json")

    assert (said.code, told.code) == (0, 0)
    assert "has ended" in said.out
    assert first.json["sentence"] in " ".join(said.out.split())
    assert told.json == first.json
    assert (journal(office).read_bytes(), server.calls) == (before, calls)


def test_a_run_that_ended_without_proof_has_the_same_exit_code_again(
    office: Repository, server: Server
):
    server.reply = lambda body: "unknown"
    first = promptgit(office, "improve", "sort")

    said = promptgit(office, "improve", "--resume")

    assert first.code == said.code == 5
    assert "NOTHING FOUND" in said.out


@pytest.mark.parametrize("run", ["20260101T000000Z-abcd", "nonsense", "../../etc"])
def test_an_unknown_run_is_refused(office: Repository, run: str):
    said = promptgit(office, "improve", "sort", "--resume", run)

    assert said.code == 2
    assert "there is no run" in said.err


def test_the_beginning_of_its_id_names_a_run(office: Repository, server: Server):
    run = a_killed_run(office, server)

    said = promptgit(office, "improve", "--resume", run[:13])

    assert said.code == 0, said.err
    assert f"going on with run {run}" in said.err


def test_a_run_of_another_prompt_is_not_resumed_by_mistake(office: Repository, server: Server):
    run = a_killed_run(office, server)
    office.commit({"prompts/other.md": "Other.\n"})

    said = promptgit(office, "improve", "other", "--resume", run)

    assert said.code == 2
    assert f"run {run} is of {PROMPT}" in said.err


def test_with_no_run_at_all_there_is_nothing_to_resume(office: Repository):
    said = promptgit(office, "improve", "--resume")

    assert said.code == 2
    assert "there is no run" in said.err


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (PROMPT, "Sort the message well.\n", "prompt"),
        ("prompts/sort.csv", "id,message,label\na,An apple,fruit\nb,A saw,tool\n", "cases"),
        ("prompts/sort.eval.yaml", "assert: [{type: contains, value: fruit}]\n", "assertions"),
        (
            "promptgit.yaml",
            CONFIG.replace("model: clerk", "model: {name: clerk, seed: 1}"),
            "model",
        ),
        ("promptgit.yaml", CONFIG.replace("rounds: 3", "rounds: 2"), "settings"),
    ],
)
def test_a_run_whose_ground_changed_is_refused_with_the_reason(
    office: Repository, server: Server, file: str, text: str, named: str
):
    run = a_killed_run(office, server)
    head = office.commit({file: text}, "meanwhile\n")
    calls = server.calls

    said = promptgit(office, "improve", "--resume")

    assert said.code == 2
    assert f"run {run} cannot go on: its {named}" in said.err
    assert (office.head, server.calls) == (head, calls)


def test_a_commit_of_another_file_does_not_keep_a_run_from_going_on(
    office: Repository, server: Server
):
    a_killed_run(office, server)
    office.commit({"README": "hello\n"}, "another file\n")

    said = promptgit(office, "improve", "--resume")

    assert said.code == 0, said.err
    assert office.git("show", "HEAD:README") == "hello"


@pytest.mark.parametrize("words", [(), ("--squash",)])
@pytest.mark.parametrize("kind", ["delivered", "end"])
def test_commits_that_arrived_before_the_journal_could_say_so_are_not_made_twice(
    office: Repository, server: Server, kind: str, words: tuple[str, ...]
):
    first = promptgit(office, "improve", "sort", "--json", *words)
    head, calls = office.head, server.calls
    cut(office, kind)

    said = promptgit(office, "improve", "--resume", "--json")

    assert (said.code, said.json) == (0, first.json)
    assert (office.head, server.calls) == (head, calls)
    assert kinds(office)[-2:] == ["delivered", "end"]


def test_a_run_that_was_cut_before_its_delivery_delivers_without_a_call(
    office: Repository, server: Server
):
    first = promptgit(office, "improve", "sort", "--squash")
    text = (office.path / PROMPT).read_text()
    office.git("reset", "--hard", "HEAD~1")
    cut(office, "delivering")
    calls = server.calls

    said = promptgit(office, "improve", "--resume")

    assert (first.code, said.code) == (0, 0)
    assert (office.path / PROMPT).read_text() == text
    assert server.calls == calls


def test_a_resumed_run_may_deliver_to_a_branch_of_its_own(office: Repository, server: Server):
    a_killed_run(office, server)
    head = office.head

    said = promptgit(office, "improve", "--resume", "--branch", "better")

    assert said.code == 0, said.err
    assert office.head == head
    assert "means" in office.git("show", f"better:{PROMPT}")


def test_a_run_does_not_go_on_with_another_branch_than_it_began_with(
    office: Repository, server: Server
):
    a_killed_run(office, server)
    office.git("switch", "--quiet", "-c", "elsewhere")

    said = promptgit(office, "improve", "--resume")

    assert said.code == 2
    assert "improves the branch main, and elsewhere is checked out" in said.err


def test_a_run_out_of_budget_goes_on_with_more_and_pays_for_the_rest_only(
    office: Repository, server: Server
):
    first = promptgit(office, "improve", "sort", "--budget", "20calls")
    spent = server.calls
    second = promptgit(office, "improve", "--resume")
    same = server.calls
    third = promptgit(office, "improve", "--resume", "--budget", "400calls")

    assert (first.code, second.code, third.code) == (3, 3, 0)
    assert "--resume" in first.err
    assert same == spent
    assert kinds(office).count("paid") == server.calls


def test_a_raised_budget_stays_raised_in_the_next_life(office: Repository, server: Server):
    a_killed_run(office, server, "--budget", "140calls")
    assert killed_at_request(office, server, 5, "improve", "--resume", "--budget", "1usd").code < 0

    said = promptgit(office, "improve", "--resume")

    assert said.code == 0, said.err
    assert "budget: 1.00 USD" in said.err


def test_another_option_cannot_change_on_the_way(office: Repository, server: Server):
    a_killed_run(office, server, "--seed", "3")

    said = promptgit(office, "improve", "--resume", "--seed", "4")

    assert said.code == 2
    assert "--seed 3" in said.err


def test_a_run_is_resumed_from_any_folder_with_the_files_it_was_given(
    office: Repository, server: Server
):
    (office.path / "prompts/sort.csv").rename(office.path / "mine.csv")
    office.git("add", "-A")
    office.git("commit", "-qm", "move")
    a_killed_run(office, server, "--cases", "mine.csv")

    said = promptgit(office.path / "prompts", "improve", "--resume")

    assert said.code == 0, said.err
    assert "Eval-Data: mine.csv sha256:" in office.message()


def test_what_failed_before_a_commit_of_the_run_fails_again_so_that_it_ends_as_it_would(
    office: Repository, server: Server
):
    start = office.head
    words = lambda seen: seen.body["messages"][-1]["content"]  # noqa: E731
    server.faults = lambda _n, seen: "500" if words(seen) == words(server.seen[0]) else ""
    first = promptgit(office, "improve", "sort", "--json")
    ref = run_tip(office)
    office.git("reset", "--hard", start)
    cut(office, "verdict")
    calls, server.faults = server.calls, lambda _number, _seen: ""

    said = promptgit(office, "improve", "--resume", "--json")

    assert first.json["state"] == said.json["state"] == "confirmed", said.err
    assert run_tip(office) == ref
    assert said.json["curve"] == first.json["curve"]
    assert server.calls == calls


def test_requests_that_were_declined_count_the_same_in_the_next_life(
    office: Repository, server: Server
):
    start = office.head
    server.faults = lambda _n, seen: "context" if asks_for_edits(seen.body) and _n % 2 else ""
    first = promptgit(office, "improve", "sort", "--json")
    office.git("reset", "--hard", start)
    cut(office, "verdict")
    calls = server.calls

    said = promptgit(office, "improve", "--resume", "--json")

    assert first.json["spend"]["calls"] == calls
    assert server.met["context"] > 0
    assert said.json["spend"] == first.json["spend"]
    assert server.calls == calls


def test_attempts_that_were_lost_and_may_be_billed_count_the_same_in_the_next_life(
    office: Repository, server: Server
):
    start = office.head
    server.faults = lambda number, seen: "" if seen.nth or number % 8 else "truncated"
    first = promptgit(office, "improve", "sort", "--json")
    ref = run_tip(office)
    office.git("reset", "--hard", start)
    cut(office, "verdict")
    server.faults = lambda _number, _seen: ""

    said = promptgit(office, "improve", "--resume", "--json")

    assert first.json["spend"]["unpriced_calls"] > 0
    assert said.json["spend"] == first.json["spend"]
    assert run_tip(office) == ref


def test_what_failed_after_the_last_commit_of_a_run_is_tried_anew(
    office: Repository, server: Server
):
    server.faults = lambda _number, seen: "500" if asks_for_edits(seen.body) else ""
    first = promptgit(office, "improve", "sort")
    server.faults = lambda _number, _seen: ""

    said = promptgit(office, "improve", "--resume")

    assert (first.code, said.code) == (3, 0)
    assert "the mentor answered none of 3 times" in first.err
    assert "failed" not in {proposal["fate"] for proposal in story(office)["rounds"]}


def run_tip(office: Repository) -> str:
    return office.git("for-each-ref", "--format=%(objectname)", RUNS)


def story(office: Repository) -> dict[str, Any]:
    return promptgit(office, "runs", "show", "latest", "--json").json


def test_a_resumed_run_tells_each_round_once(office: Repository, server: Server):
    a_killed_run(office, server, at=60)
    assert promptgit(office, "improve", "--resume").code == 0

    told = story(office)

    rounds = [proposal["round"] for proposal in told["rounds"]]
    assert rounds == sorted(set(rounds))
    assert len(told["curve"]) == len(rounds) + 1
    assert events(office)[-1]["kind"] == "end"
