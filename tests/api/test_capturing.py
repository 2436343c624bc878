"""`promptgit.capture`: what a program does, and what is in the logs then."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import promptgit
from api.signals import capturing_signals
from promptgit.api.recorder import PROCESS, Recorder
from promptgit.api.routed import RoutedPrompt
from promptgit.api.settled import Settled, settled
from promptgit.edges.logs.folder import LogFolder
from promptgit.edges.logs.keeping import keep
from promptgit.edges.spool import Spool, recover
from promptgit.errors import UserError
from promptgit.flywheel.interaction import Interaction
from promptgit.testing.repositories import a_repository

PROMPT = promptgit.Prompt.of("You are the support desk.", name="support-reply")


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process captures into, with the usual redaction."""
    folder = tmp_path / "logs"
    promptgit.capture_to(folder, environment="production")
    yield folder
    PROCESS.recorder.close()


def lines(folder: Path) -> list[Interaction]:
    """What a reader sees, oldest first."""
    promptgit.flush()
    recover(folder)
    found = [
        Interaction.read(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes().split(b"\n")
        if line
    ]
    return sorted(found, key=lambda line: line.at)


def test_a_call_is_recorded_when_its_block_ends(logs: Path):
    with promptgit.capture(PROMPT, unit="u-1", conversation="c-9", turn=2) as call:
        call.input = "Where is my order?"
        call.output = "On its way."
        call.model = "gpt-5-mini"
        call.input_tokens, call.output_tokens, call.cost_usd = 20, 5, 0.0004
        call.facts["channel"] = "chat"
        call.score("quality", 0.8)

    (line,) = lines(logs)
    assert (line.id, line.kind, line.source) == (call.id, "call", "sdk")
    assert (line.prompt, line.version) == ("support-reply", PROMPT.blob)
    assert (line.unit, line.conversation, line.turn) == ("u-1", "c-9", 2)
    assert (line.input, line.output, line.model) == (
        "Where is my order?",
        "On its way.",
        "gpt-5-mini",
    )
    assert (line.input_tokens, line.output_tokens, line.cost_usd) == (20, 5, 0.0004)
    assert (dict(line.facts), dict(line.scores)) == ({"channel": "chat"}, {"quality": 0.8})
    assert line.environment == "production"
    assert line.latency_ms is not None
    assert 0 <= line.latency_ms < 10_000


def test_a_name_is_enough_for_a_prompt(logs: Path):
    with promptgit.capture("support-reply"):
        pass

    assert [(line.prompt, line.version) for line in lines(logs)] == [("support-reply", "")]


def test_what_the_rollout_said_is_noted(logs: Path):
    routed = RoutedPrompt(
        "Be brief.",
        "b" * 40,
        "support-reply",
        variant="candidate",
        propensity=0.1,
        environment="staging",
        unit="u-7",
    )
    with promptgit.capture(routed):
        pass
    with promptgit.using(routed):
        promptgit.capture(unit="u-8").done()
    promptgit.capture("other").done()

    found = [
        (line.version[:3], line.variant, line.propensity, line.environment, line.unit)
        for line in lines(logs)
    ]
    assert found == [
        ("bbb", "candidate", 0.1, "staging", "u-7"),
        ("bbb", "candidate", 0.1, "staging", "u-8"),
        ("", "", 1.0, "production", ""),
    ]


def test_an_exception_is_noted_and_passes_on_unchanged(logs: Path):
    trouble = TimeoutError("too slow")

    def failing() -> None:
        with promptgit.capture(PROMPT) as call:
            call.output = "half an ans"
            raise trouble

    with pytest.raises(TimeoutError) as caught:
        failing()

    assert caught.value is trouble
    assert [(line.error, line.output) for line in lines(logs)] == [("TimeoutError", "half an ans")]


def test_it_is_the_same_for_an_event_loop(logs: Path):
    async def one(number: int) -> None:
        async with promptgit.capture(PROMPT, conversation=f"c-{number}") as call:
            await asyncio.sleep(0.02)
            call.output = str(number)

    async def cancelled() -> None:
        async with promptgit.capture(PROMPT, conversation="c-x"):
            await asyncio.sleep(60)

    async def all_of_them() -> None:
        task = asyncio.create_task(cancelled())
        await asyncio.gather(*(one(number) for number in range(20)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(all_of_them())

    found = lines(logs)
    assert {line.output for line in found if not line.error} == {str(n) for n in range(20)}
    assert [line.error for line in found if line.conversation == "c-x"] == ["CancelledError"]
    assert all(line.latency_ms and line.latency_ms >= 15 for line in found)


def test_feedback_names_a_call_or_a_conversation(logs: Path):
    with promptgit.capture(PROMPT) as call:
        pass

    assert promptgit.feedback(call.id, score=1, comment="nice", upsell="accepted", value=49.9)
    promptgit.feedback("c-9", score=0.25, name="quality", at="2026-11-20T10:00:00.000Z")

    earlier, _, now = lines(logs)
    assert (now.kind, now.of, dict(now.scores)) == ("feedback", call.id, {"satisfaction": 1.0})
    assert dict(now.facts) == {"comment": "nice", "upsell": "accepted", "value": "49.9"}
    assert (earlier.of, dict(earlier.scores)) == ("c-9", {"quality": 0.25})
    assert (logs / "2026-11-20.sdk-0.jsonl").exists()


@pytest.mark.parametrize("nothing", ["", None])
def test_feedback_that_names_nothing_is_not_accepted_and_said_once(logs: Path, caplog, nothing):
    assert [promptgit.feedback(nothing, score=1) for _ in range(2)] == [False, False]

    assert len([one for one in caplog.messages if "names no call" in one]) == 1
    assert lines(logs) == []


def test_blocks_say_what_the_calls_in_them_are_about(logs: Path):
    with promptgit.using(PROMPT, unit="u-1", facts={"channel": "chat"}):
        with promptgit.using(conversation="c-1", facts={"agent": "ada"}):
            promptgit.capture().done()
        promptgit.capture("other", unit="u-2").done()
    promptgit.capture().done()

    inner, outer, alone = lines(logs)
    assert (inner.prompt, inner.unit, inner.conversation) == ("support-reply", "u-1", "c-1")
    assert dict(inner.facts) == {"channel": "chat", "agent": "ada"}
    assert (outer.prompt, outer.version, outer.unit) == ("other", "", "u-2")
    assert (alone.prompt, alone.unit) == ("", "")


def test_whatever_is_set_becomes_text(logs: Path):
    with promptgit.capture(PROMPT, inputs={"order": 7, "tags": ["a"]}) as call:
        call.input = [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {}}]
        call.output = {"answer": "yes"}
        call.system = None
        call.input_tokens = "many"
        call.cost_usd = float("nan")
        call.unit = 17

    (line,) = lines(logs)
    assert (line.input, line.output, line.system) == ("Hi", '{"answer": "yes"}', "")
    assert (line.input_tokens, line.cost_usd, line.unit) == (None, None, "17")
    assert dict(line.inputs) == {"order": "7", "tags": '["a"]'}


def test_messages_give_system_and_input(logs: Path):
    with promptgit.capture(PROMPT) as call:
        call.asked(PROMPT.messages(question="Open?"))

    assert [(line.system, line.input) for line in lines(logs)] == [
        ("You are the support desk.", "Open?")
    ]


@pytest.mark.parametrize(
    "text", ["a\nb\r\n\x00\x85\u2028end", "\ud800 alone", "naïve 漢字 🙂", "x" * 300_000]
)
def test_any_text_comes_back(logs: Path, text: str):
    with promptgit.capture(PROMPT) as call:
        call.output = text

    assert [line.output for line in lines(logs)] == [text.replace("\ud800", "?")]


def test_a_call_counts_once(logs: Path):
    call = promptgit.capture(PROMPT)

    assert call.done()
    assert not call.done()
    with call:
        pass
    assert len(lines(logs)) == 1


SECRETS = ("jane.doe@example.com", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00")


def test_nothing_unredacted_reaches_a_file(logs: Path):
    with promptgit.capture(PROMPT, unit=SECRETS[0], inputs={"card": SECRETS[1]}) as call:
        call.input = f"I am {SECRETS[0]}, my card is {SECRETS[1]}"
        call.output = f"We send it to {SECRETS[2]}"
    promptgit.feedback(call.id, comment=f"call {SECRETS[0]}")

    raw = [path.read_bytes() for path in logs.rglob("*") if path.is_file()]  # the spool, too
    promptgit.flush()
    raw += [path.read_bytes() for path in logs.rglob("*") if path.is_file()]
    assert not [secret for secret in SECRETS for data in raw if secret.encode() in data]
    assert len(lines(logs)) == 2


def test_a_user_is_the_same_pseudonym_in_every_process(logs: Path):
    code = (
        "import promptgit, sys\npromptgit.capture_to(sys.argv[1])\n"
        "with promptgit.capture('p', unit='jane.doe@example.com'): pass"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(logs)], check=True)
    with promptgit.capture("p", unit="jane.doe@example.com"):
        pass

    assert len({line.unit for line in lines(logs)}) == 1


def test_a_redaction_that_fails_keeps_nothing_and_harms_nobody(tmp_path: Path, caplog):
    def broken(line: Interaction) -> Interaction:
        raise ZeroDivisionError

    promptgit.capture_to(tmp_path, redact=broken)
    for _ in range(3):
        with promptgit.capture(PROMPT) as call:
            call.output = "secret"

    assert promptgit.capture_stats() == promptgit.CaptureStats(failed=3)
    (record,) = caplog.records
    assert "a call was not captured: ZeroDivisionError, test_capturing.py:" in record.message
    assert not lines(tmp_path)


def test_a_redaction_of_your_own_takes_the_place_of_ours(tmp_path: Path):
    promptgit.capture_to(tmp_path, redact=lambda line: replace(line, output="***"))
    with promptgit.capture(PROMPT) as call:
        call.output = "secret"

    assert [line.output for line in lines(tmp_path)] == ["***"]
    PROCESS.recorder.close()


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("no text of me")


def test_a_value_that_cannot_be_read_costs_a_line_and_no_more(logs: Path, caplog):
    with promptgit.capture(PROMPT) as call:
        call.output = Rude()
    with promptgit.capture(PROMPT, unit=Rude()):
        pass
    promptgit.feedback("c", score="great")
    call = promptgit.capture(PROMPT)
    call.score("quality", float("inf"))
    call.asked(7)
    call.done()

    stats = promptgit.capture_stats()
    assert (stats.accepted, stats.failed) == (1, 5)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


class Undecided(dict[str, str]):
    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def test_values_without_a_truth_value_do_not_reach_the_application(logs: Path):
    call = promptgit.capture(PROMPT, inputs=Undecided(a="b"))
    call.error = Undecided()
    with pytest.raises(KeyError), call:
        raise KeyError

    assert [dict(line.inputs) for line in lines(logs)] == [{"a": "b"}]


def test_what_somebody_said_is_not_in_a_warning(logs: Path, caplog):
    promptgit.feedback("c", score="jane.roe@example.com")
    promptgit.feedback("c", score=1, at="jane.roe@example.com")

    assert promptgit.capture_stats().failed == 2
    assert "jane" not in caplog.text


def test_a_handler_of_warnings_that_raises_does_not_reach_the_application(logs: Path):
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("no room")

    handler = Broken()
    logging.getLogger("promptgit").addHandler(handler)
    try:
        with promptgit.capture(PROMPT) as call:
            call.output = Rude()
    finally:
        logging.getLogger("promptgit").removeHandler(handler)

    assert promptgit.capture_stats().failed == 1


def test_the_instant_of_feedback_is_written_in_utc_or_refused(logs: Path):
    promptgit.feedback("c", score=1, at="2026-11-21T23:30:00-05:00")
    assert not promptgit.feedback("c", score=1, at="2026-99-99T00:00:00.000Z")
    assert not promptgit.feedback("c", score=1, at="0000-00-01")

    assert [line.at for line in lines(logs)] == ["2026-11-22T04:30:00.000Z"]
    assert [path.name for path in logs.glob("*.jsonl")] == ["2026-11-22.sdk-0.jsonl"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_is_said_once(tmp_path: Path, caplog):
    tmp_path.chmod(0o500)
    promptgit.capture_to(tmp_path / "logs", redact=lambda line: line)
    for _ in range(3):
        with promptgit.capture(PROMPT):
            pass

    assert promptgit.capture_stats().dropped == 3
    assert len(caplog.records) == 1


def test_a_folder_that_cannot_be_is_said_once(tmp_path: Path, caplog):
    (tmp_path / "logs").write_text("a file")
    promptgit.capture_to(tmp_path / "logs", redact=lambda line: line)
    for _ in range(3):
        with promptgit.capture(PROMPT) as call:
            call.output = "still works"

    assert promptgit.capture_stats() == promptgit.CaptureStats(dropped=3)
    (record,) = caplog.records
    assert "calls are not captured" in record.message
    assert str(tmp_path / "logs") in record.message


def test_a_full_queue_drops_counts_and_says_so(tmp_path: Path, caplog):
    (tmp_path / "2026-11-21.sdk-0.jsonl").symlink_to("/dev/full")
    recorder = Recorder(lambda: Settled(tmp_path, lambda line: line), capacity=8_192)
    line = Interaction("a", "2026-11-21T20:40:05.123Z", output="x" * 900)

    kept = [recorder.accept(line) for _ in range(20)]

    assert kept == [True] * 8 + [False] * 12
    assert recorder.stats.dropped == 12
    assert not recorder.flush(0.1)
    assert "the queue of captured lines is full" in caplog.text
    while "captured lines wait in" not in caplog.text:  # the thread that writes says so
        time.sleep(0.01)
    (tmp_path / "2026-11-21.sdk-0.jsonl").unlink()
    assert recorder.flush()
    assert recorder.stats.written == 8
    recorder.close()


def test_days_begin_at_midnight_in_utc(tmp_path: Path):
    recorder = Recorder(lambda: Settled(tmp_path, lambda line: line))
    for at in ("2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00.000Z"):
        recorder.accept(Interaction("a", at))
    recorder.close()

    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == [
        "2026-11-21.sdk-0.jsonl",
        "2026-11-22.sdk-0.jsonl",
    ]


def test_a_signal_in_the_middle_of_it_does_no_harm(tmp_path: Path):
    """A handler that captures, too, meets the lock that its own thread holds."""
    promptgit.capture_to(tmp_path, redact=lambda line: line)
    with capturing_signals() as taken:
        for _ in range(2_000):
            with promptgit.capture(PROMPT):
                pass

    stats = promptgit.capture_stats()
    assert len(taken) > 5
    assert stats.accepted + stats.dropped == 2_000 + len(taken)
    assert stats.accepted >= 2_000
    assert len(lines(tmp_path)) == stats.accepted
    PROCESS.recorder.close()


def test_threads_lose_nothing_that_was_accepted(tmp_path: Path):
    promptgit.capture_to(tmp_path, redact=lambda line: line)

    def work(thread: int) -> None:
        for number in range(2_000):
            with promptgit.capture(PROMPT, conversation=f"{thread}-{number}") as call:
                call.output = "It is on its way. " * 10

    crew = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()

    found = lines(tmp_path)
    assert promptgit.capture_stats() == promptgit.CaptureStats(accepted=16_000, written=16_000)
    assert len({line.conversation for line in found}) == len(found) == 16_000
    assert len({line.id for line in found}) == 16_000
    PROCESS.recorder.close()


def run(code: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_the_end_of_a_process_writes_what_waits(tmp_path: Path):
    code = """
import promptgit, sys
promptgit.capture_to(sys.argv[1], redact=lambda line: line)
for number in range(500):
    with promptgit.capture("p", conversation=number):
        pass
sys.exit(3)
"""
    done = run(code, tmp_path)

    assert (done.returncode, done.stderr) == (3, "")
    assert len(next(tmp_path.glob("*.jsonl")).read_bytes().splitlines()) == 500
    assert not list((tmp_path / "spool").iterdir())


def test_children_of_fork_capture_for_themselves(tmp_path: Path):
    code = """
import os, promptgit, sys
promptgit.capture_to(sys.argv[1], redact=lambda line: line)
def some(name):
    for number in range(300):
        with promptgit.capture("p", conversation=f"{name}-{number}"):
            pass
some("before")
with promptgit.capture("p", conversation="across"):
    children = []
    for child in range(4):
        pid = os.fork()
        if not pid:
            some(f"child{child}")
            assert promptgit.capture_stats().accepted == 300
            os._exit(0) if child % 2 else sys.exit(0)
        children.append(pid)
    some("parent")
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
"""
    done = run(code, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    names = ("before", "parent", "child0", "child1", "child2", "child3")
    wanted = sorted([f"{name}-{n}" for name in names for n in range(300)] + ["across"])
    assert sorted(line.conversation for line in lines(tmp_path)) == wanted


def test_names_of_a_parent_and_its_child_differ():
    code = """
import os
from promptgit.api.texts import new_id
new_id()
child = os.fork()
os.write(1, new_id()[12:].encode() + b"\\n")
if child:
    os.waitpid(child, 0)
"""
    done = run(code)

    assert len(set(done.stdout.split())) == 2


def test_a_child_that_outlives_its_parent_does_not_hold_the_parents_lines(tmp_path: Path):
    code = """
import os, promptgit, sys, time
from promptgit.api import recorder
recorder.LINGER_S = 60
promptgit.capture_to(sys.argv[1], redact=lambda line: line)
promptgit.capture("p", conversation="of the parent").done()
if not os.fork():
    print(os.getpid(), flush=True)
    time.sleep(60)
time.sleep(60)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        try:
            os.kill(child, 0)
            found = [line.conversation for line in lines(tmp_path)]
        finally:
            os.kill(child, signal.SIGKILL)

    assert found == ["of the parent"]


KILLED = """
import mmap, sys, threading, promptgit
promptgit.capture_to(sys.argv[1], redact=lambda line: line)
file = open(sys.argv[2], "r+b")
told = mmap.mmap(file.fileno(), 64)
counts = memoryview(told).cast("Q")
def work(thread):
    number = 0
    while True:
        call = promptgit.capture("p", conversation=f"{sys.argv[3]}-{thread}-{number}")
        call.output = "It is on its way. " * (number % 50)
        number += call.done()
        counts[thread] = number
for thread in range(8):
    threading.Thread(target=work, args=(thread,)).start()
print(flush=True)
"""


def test_what_was_accepted_survives_kill_nine(tmp_path: Path):
    rng = random.Random(20261121)
    logs, accepted = tmp_path / "logs", {}
    for turn in range(10):
        told = tmp_path / f"told-{turn}"
        told.write_bytes(bytes(64))
        command = [sys.executable, "-c", KILLED, str(logs), str(told), str(turn)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.15))
        child.kill()
        child.wait()
        child.stdout.close()
        counts = memoryview(told.read_bytes()).cast("Q")
        accepted.update({(turn, thread): counts[thread] for thread in range(8)})

    found = [line.conversation for line in lines(logs)]

    assert len(found) == len(set(found))
    by_thread: dict[tuple[int, int], list[int]] = {key: [] for key in accepted}
    for turn_, thread, number in (map(int, one.split("-")) for one in found):
        by_thread[turn_, thread].append(number)
    for key, numbers in by_thread.items():
        assert sorted(numbers) == list(range(len(numbers)))
        assert accepted[key] <= len(numbers) <= accepted[key] + 1  # killed before it could tell
    assert sum(accepted.values()) > 1_000


def test_without_a_place_it_says_so_and_drops(tmp_path: Path):
    code = """
import logging, promptgit
for _ in range(3):
    with promptgit.capture("p") as call:
        call.output = "fine"
print(promptgit.capture_stats())
"""
    environment = {k: v for k, v in os.environ.items() if k != "PROMPTGIT_LOGS"}

    done = run(code, cwd=tmp_path, env=environment)

    assert done.returncode == 0
    assert done.stdout == "CaptureStats(accepted=0, written=0, dropped=3, failed=0)\n"
    assert done.stderr.count("PROMPTGIT_LOGS is not set") == 1


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setenv("PROMPTGIT_CAPTURE", "off")
    promptgit.capture_to(tmp_path / "logs")

    with promptgit.capture(PROMPT) as call:
        call.output = "fine"
    assert not promptgit.feedback(call.id, score=1)

    assert promptgit.capture_stats() == promptgit.CaptureStats()
    assert not list(tmp_path.iterdir())
    assert not caplog.records


def test_the_folder_is_the_environments_else_the_plans_else_the_repositorys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = a_repository(tmp_path / "here", {"sub/prompt.md": "Hi\n"})
    monkeypatch.delenv("PROMPTGIT_LOGS", raising=False)
    monkeypatch.chdir(repository.path / "sub")

    state = settled()
    repository.write({"flywheel.yaml": "capture: {folder: logs}\nenvironment: staging\n"})
    planned = settled()
    monkeypatch.setenv("PROMPTGIT_LOGS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PROMPTGIT_ENVIRONMENT", "canary")
    named = settled()

    assert state.folder == repository.path / ".git/promptgit/logs"
    assert state.environment == "production"
    assert planned.folder == repository.path / "logs"
    assert planned.environment == "staging"
    assert (named.folder, named.environment) == (tmp_path / "elsewhere", "canary")


def test_a_linked_work_tree_shares_the_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = a_repository(tmp_path / "here", {"prompt.md": "Hi\n"})
    repository.git("worktree", "add", "--quiet", str(tmp_path / "there"))
    monkeypatch.delenv("PROMPTGIT_LOGS", raising=False)
    monkeypatch.chdir(tmp_path / "there")

    assert settled().folder.resolve() == (repository.path / ".git/promptgit/logs").resolve()


def test_no_git_program_is_needed(tmp_path: Path):
    environment = {**os.environ, "PROMPTGIT_LOGS": str(tmp_path / "logs"), "PATH": "/nowhere"}
    code = "import promptgit\nwith promptgit.capture('p') as call: call.output = 'fine'"

    done = run(code, cwd=tmp_path, env=environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.output for line in lines(tmp_path / "logs")] == ["fine"]


def test_rules_of_the_plan_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = """
capture:
  redact:
    names: [Northwind]
    patterns: {customer: "C-[0-9]{6}"}
"""
    (tmp_path / "flywheel.yaml").write_text(plan)
    monkeypatch.chdir(tmp_path)
    promptgit.capture_to(tmp_path / "logs")

    with promptgit.capture(PROMPT) as call:
        call.output = "northwind is C-123456"

    (line,) = lines(tmp_path / "logs")
    assert "orthwind" not in line.output
    assert "123456" not in line.output
    PROCESS.recorder.close()


def test_a_plan_that_cannot_be_read_stops_the_capture(tmp_path: Path, monkeypatch):
    (tmp_path / "flywheel.yaml").write_text("capture: {redact: {names: 7}}")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UserError, match=r"flywheel.yaml"):
        promptgit.capture_to(tmp_path / "logs")


def test_the_quick_start_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = Path(__file__).parents[2] / "docs" / "capture.md"
    code = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    text = "Answer the customer of a bicycle shop.\n"
    repository = a_repository(tmp_path / "here", {"prompts/support-reply.md": text})
    monkeypatch.chdir(repository.path)
    monkeypatch.delenv("PROMPTGIT_LOGS", raising=False)
    promptgit.capture_to()

    exec(compile(code, str(page), "exec"), {})

    call, said = lines(repository.path / ".git/promptgit/logs")
    assert (call.prompt, call.unit, call.conversation) == ("support-reply", "user-17", "c-9")
    assert (call.version, call.system) == (
        repository.git("hash-object", "prompts/support-reply.md"),
        text,
    )
    assert (call.input, call.output) == ("Where is my order?", "On its way.")
    assert (dict(said.scores), dict(said.facts)) == ({"satisfaction": 1.0}, {"upsell": "accepted"})
    assert said.of == call.id
    assert len(code.strip().splitlines()) <= 10
    PROCESS.recorder.close()


def test_logs_that_are_removed_while_it_runs_are_begun_anew(logs: Path):
    promptgit.capture("p", conversation="removed").done()
    promptgit.flush()
    shutil.rmtree(logs)

    deadline = time.monotonic() + 30
    while not (logs / "spool" / "sdk-0.ring").exists() and time.monotonic() < deadline:
        promptgit.capture("p", conversation="after").done()
        time.sleep(0.02)
    promptgit.capture("p", conversation="last").done()

    stats = promptgit.capture_stats()
    found = [line.conversation for line in lines(logs)]
    assert found[-1] == "last"
    assert len(found) == stats.accepted - 1
    assert stats.failed == 0
    assert (logs / "spool" / "sdk-0.ring").exists()


def test_a_link_leads_no_lines_out_of_the_repository(tmp_path: Path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "flywheel.yaml").write_text("capture: {folder: logs}\n")
    (tmp_path / "here" / "logs").symlink_to(tmp_path)
    monkeypatch.delenv("PROMPTGIT_LOGS", raising=False)
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(UserError, match="leads out of the repository"):
        settled()


@pytest.mark.parametrize("name", ["2026-11-21.sdk-0.jsonl", "spool", "spool/sdk-0.ring"])
def test_a_link_among_the_logs_of_a_repository_is_refused(tmp_path: Path, monkeypatch, name: str):
    here = tmp_path / "here"
    (here / "logs" / name).parent.mkdir(parents=True)
    (here / "flywheel.yaml").write_text("capture: {folder: logs}\n")
    (here / "logs" / name).symlink_to(tmp_path)
    monkeypatch.delenv("PROMPTGIT_LOGS", raising=False)
    monkeypatch.chdir(here)

    with pytest.raises(UserError, match=f"{name} is a symbolic link among the logs"):
        settled()


@pytest.mark.skipif(sys.platform == "win32", reason="no such flag there")
def test_a_link_that_comes_later_is_not_followed(logs: Path, tmp_path: Path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine\n")
    logs.mkdir(exist_ok=True)
    (logs / f"{time.strftime('%Y-%m-%d', time.gmtime())}.sdk-0.jsonl").symlink_to(outside)
    with promptgit.capture(PROMPT) as call:
        call.output = "Hi."

    promptgit.flush()

    assert outside.read_text() == "mine\n"


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no limits there")
def test_a_disk_without_room_for_the_queue_is_not_filled_up(tmp_path: Path):
    program = (
        "import resource, signal, sys, promptgit\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "promptgit.capture_to(sys.argv[1])\n"
        "with promptgit.capture('a') as call:\n    call.output = 'b'\n"
        "print(promptgit.capture_stats().dropped)\n"
    )
    environment = {**os.environ, "PROMPTGIT_REDACTION_KEY": "a key of enough characters"}
    asked = [sys.executable, "-c", program, str(tmp_path)]
    said = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)

    assert said.stdout == "1\n"
    assert (tmp_path / "spool" / "sdk-0.ring").stat().st_size == 0


def test_days_that_are_closed_while_late_lines_come_lose_none(tmp_path: Path):
    recorder = Recorder(lambda: Settled(tmp_path, lambda line: line))

    def late_lines() -> None:
        for number in range(1_500):
            day = 20 + number % 2
            recorder.accept(Interaction(str(number), f"2026-11-{day}T12:00:00.000Z"))
            time.sleep(0.0001)

    writer = threading.Thread(target=late_lines)
    writer.start()
    closed = 0
    while writer.is_alive():
        closed += len(keep(tmp_path, date(2026, 11, 22), None).closed)
    recorder.close()

    found = [line.id for line in LogFolder(tmp_path).lines()]
    assert sorted(found, key=int) == [str(number) for number in range(1_500)]
    assert closed > 2
    assert recorder.stats.failed == 0


def test_another_slot_is_taken_while_one_is_held(logs: Path):
    held = Spool.take(logs)

    with promptgit.capture(PROMPT):
        pass
    promptgit.flush()

    assert [path.name[10:] for path in logs.glob("*.jsonl")] == [".sdk-1.jsonl"]
    held.close()


def test_lines_are_json_objects_of_the_schema(logs: Path):
    with promptgit.capture(PROMPT):
        pass
    promptgit.flush()

    (path,) = logs.glob("*.jsonl")
    assert json.loads(path.read_text())["schema"] == 1
    assert path.stat().st_mode & 0o007 == 0
