"""DESIGN §5 through the command line: what the weather does to eval and improve, and what not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import PROMPT, a_clerk, an_office, asks_for_edits, clerk, promptgit
from journeys.lives import CONFIG, FIXED_DATES, RUNS, assert_clean, posix
from promptgit.testing.repositories import Repository
from servers.openai_server import Server, always, by_chance

PASSING = ("429", "500", "reset", "truncated", "empty-choices")
SLOW = ("hang", "slow")
OWN = {"null": "empty", "length": "cut"}  # what the model did itself, and its flag
QUICK = CONFIG.replace("retries: 2", "retries: 6\ntimeout_s: 0.5")
SEARCHED = 30  # cases in the search half of the office, and requests to evaluate them
JUDGED = "assert: [{type: llm-rubric, value: 'Is {{ expected }} meant?'}]\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch, retry_after_s=0.01, drip_s=0.2) as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", {"promptgit.yaml": QUICK}, per_label=20)


def untouched(office: Repository, head: str) -> None:
    assert office.head == head
    assert_clean(office)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_later_costs_eval_no_case(
    office: Repository, server: Server, fault: str, rate: float
):
    server.faults = by_chance({fault: rate}, seed=2)

    said = promptgit(office, "eval", "sort", "--json")

    assert said.code == 0, said.err
    assert said.json["unscored"] == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*PASSING, *SLOW])
def test_what_passes_later_does_not_keep_improve_from_its_proof(
    office: Repository, server: Server, fault: str
):
    server.faults = by_chance({fault: 0.05})

    said = promptgit(office, "improve", "sort", "--json")

    assert (said.code, said.json["state"]) == (0, "confirmed"), said.err
    assert server.met[fault] >= 1
    assert_clean(office)


@pytest.mark.parametrize(("fault", "flag"), OWN.items())
def test_what_the_model_did_itself_is_scored_and_flagged(
    office: Repository, server: Server, fault: str, flag: str
):
    server.faults = by_chance({fault: 0.2})

    said = promptgit(office, "eval", "sort", "--json")

    assert said.code == 0, said.err
    assert said.json["unscored"] == []
    assert flag in str(said.json)


def test_a_request_that_the_provider_declines_is_a_call_that_was_made(
    office: Repository, server: Server
):
    server.faults = by_chance({"context": 0.2})

    said = promptgit(office, "eval", "sort", "--json")

    assert len(said.json["unscored"]) == server.met["context"] > 0
    assert said.json["calls"] == server.calls


@pytest.fixture
def small(tmp_path: Path) -> Repository:
    """An office with so few cases that a provider that is down is never waited for."""
    config = CONFIG.replace("retries: 2", "retries: 0\ntimeout_s: 0.2")
    return an_office(tmp_path / "small", {"promptgit.yaml": config}, per_label=3)


@pytest.mark.slow
def test_a_provider_that_is_down_is_asked_a_few_times_and_not_for_every_case(
    office: Repository, server: Server
):
    head, server.faults = office.head, always("500")

    said = promptgit(office, "improve", "sort")

    assert said.code == 3
    assert "none of " in said.err
    assert "--resume" in said.err
    assert server.calls < 20
    untouched(office, head)


@pytest.mark.parametrize("command", ["eval", "improve"])
@pytest.mark.parametrize("fault", [*PASSING, "hang"])
def test_when_every_call_fails_it_says_so_and_changes_nothing(
    small: Repository, server: Server, fault: str, command: str
):
    office = small
    head, server.faults = office.head, always(fault)

    said = promptgit(office, command, "sort")

    assert said.code == 3
    assert "none of " in said.err
    assert "Traceback" not in said.err
    untouched(office, head)


@pytest.mark.parametrize("fault", ["401", "404", "quota"])
def test_what_no_call_can_pass_ends_improve_at_once(office: Repository, server: Server, fault: str):
    head, server.faults = office.head, always(fault)

    said = promptgit(office, "improve", "sort")

    assert said.code == 3
    assert server.calls <= 4
    untouched(office, head)


@pytest.mark.parametrize("fault", ["null", "length"])
def test_a_model_that_only_ever_says_nothing_finds_nothing(
    office: Repository, server: Server, fault: str
):
    head, server.faults = office.head, always(fault)

    said = promptgit(office, "improve", "sort")

    assert said.code == 5
    assert "NOTHING FOUND" in said.out
    untouched(office, head)


def cut_short(text: str) -> dict[str, Any]:
    """A whole response that reached its limit of tokens."""
    message = {"role": "assistant", "content": text[: 3 * len(text) // 4]}
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    choice = {"index": 0, "message": message, "finish_reason": "length"}
    return {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}


def as_mentor(reply: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Let the mentor answer so, and the model as ever."""
    return lambda body: reply(body) if body["messages"][-1]["content"][0] == "#" else clerk(body)


@pytest.mark.parametrize(
    "reply",
    [
        lambda body: "",
        lambda body: {"role": "assistant", "content": None},
        lambda body: {"role": "assistant", "content": None, "refusal": "I cannot."},
        lambda body: cut_short(clerk(body)),
        lambda body: "```diff\n--- a/other\n+++ b/other\n@@ -1 +1 @@\n-x\n+y\n```\n",
    ],
    ids=["empty", "null", "refusal", "cut", "another-file"],
)
def test_a_mentor_without_a_patch_is_refused_round_by_round(
    office: Repository, server: Server, reply: Callable[[dict[str, Any]], Any]
):
    head, server.reply = office.head, as_mentor(reply)

    said = promptgit(office, "improve", "sort")

    assert said.code == 5
    assert "NOTHING FOUND" in said.out
    assert "round 3: unreadable" in said.err
    untouched(office, head)


def test_a_mentor_that_is_down_is_the_worlds_fault_not_the_prompts(
    office: Repository, server: Server
):
    office.commit({"promptgit.yaml": CONFIG.replace("retries: 2", "retries: 0")})
    server.faults = lambda _number, seen: "500" if asks_for_edits(seen.body) else ""
    head = office.head

    said = promptgit(office, "improve", "sort")

    assert said.code == 3
    assert "the mentor answered none of 3 times" in said.err
    assert "--resume" in said.err
    untouched(office, head)


def test_only_what_was_paid_for_is_said_to_be_kept(office: Repository, server: Server):
    hasty = CONFIG.replace("retries: 2", "retries: 0")
    office.commit({"promptgit.yaml": hasty})
    server.faults = lambda _number, seen: "500" if asks_for_edits(seen.body) else ""
    paid = promptgit(office, "improve", "sort")
    office.commit(
        {"promptgit.yaml": hasty.replace("model: clerk", "model: offline\nmentor: clerk")}
    )
    unpaid = promptgit(office, "improve", "sort")

    assert "the mentor answered none of 3 times" in paid.err
    assert "what was paid for is kept" in paid.err
    assert "the mentor answered none of 3 times" in unpaid.err
    assert "paid for is kept" not in unpaid.err
    assert "nothing was paid" in unpaid.err


def test_a_mentor_that_is_away_for_a_round_costs_that_round_only(
    office: Repository, server: Server
):
    office.commit({"promptgit.yaml": CONFIG.replace("retries: 2", "retries: 0")})
    away = [True]

    def fault(_number: int, seen: Any) -> str:
        return "500" if asks_for_edits(seen.body) and away and away.pop() else ""

    server.faults = fault

    said = promptgit(office, "improve", "sort")

    assert said.code == 0, said.err
    assert "round 1: failed" in said.err


@pytest.mark.parametrize("command", ["eval", "improve"])
def test_a_judge_that_is_down_leaves_every_case_unscored_and_says_so(
    small: Repository, server: Server, command: str
):
    head = small.commit({"prompts/sort.eval.yaml": JUDGED})
    server.faults = lambda _number, seen: "500" if b"meant?" in seen.raw else ""

    said = promptgit(small, command, "sort")

    assert said.code == 3
    assert "none of " in said.err
    untouched(small, head)


def test_failures_in_the_sealed_half_make_the_verdict_invalid_and_can_be_asked_again(
    office: Repository, server: Server
):
    head = office.commit({"promptgit.yaml": CONFIG.replace("retries: 2", "retries: 0")})
    searched: set[str] = set()

    def fault(number: int, seen: Any) -> str:
        words = seen.body["messages"][-1]["content"]
        if number < SEARCHED:
            searched.add(words)
        fails = words not in searched and "market" in words and not words.startswith("#")
        return "500" if fails else ""

    server.faults = fault

    said = promptgit(office, "improve", "sort")

    assert said.code == 3
    assert "INVALID" in said.out
    assert "promptgit improve --resume" in said.out
    untouched(office, head)

    server.faults = lambda _number, _seen: ""
    asked = server.calls
    again = promptgit(office, "improve", "--resume")

    assert again.code == 0, again.err
    assert "CONFIRMED" in again.out
    assert "sealed cases asked for the" not in again.out  # it is the same look at them
    assert server.calls - asked < SEARCHED
    assert promptgit(office, "improve", "--resume").out.startswith("run")


@posix
def test_a_full_disk_ends_the_run_with_a_reason_and_it_goes_on_when_there_is_room(
    office: Repository, server: Server
):
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    run = "from promptgit.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", f"{full}; {run}", "improve", "sort"],
        cwd=office.path,
        env={**os.environ, **FIXED_DATES},
        capture_output=True,
        text=True,
        check=False,
    )
    left = office.status()
    again = promptgit(office, "improve", "--resume")

    assert done.returncode == 3, done.stderr
    assert "error: " in done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert left == ""
    assert again.code == 0, again.err
    assert_clean(office)


@pytest.mark.parametrize("command", ["eval", "improve"])
def test_a_state_folder_that_cannot_be_made_is_said_before_any_call(
    office: Repository, server: Server, command: str
):
    (office.path / ".git/promptgit").write_text("in the way")
    head = office.head

    said = promptgit(office, command, "sort")

    assert said.code == 3, said.err
    assert "promptgit" in said.err
    assert server.calls == 0
    assert (office.head, office.git("for-each-ref", RUNS)) == (head, "")
    assert (office.path / PROMPT).is_file()
