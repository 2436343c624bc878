"""The same functions in an event loop, and how they are cancelled."""

from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path

import pytest

import promptgit
from cli.terminal import PROMPT, an_office
from promptgit.testing.repositories import Repository

CASES = [{"input": f"number {n}", "expected": "a"} for n in range(200)]
PROMPT_OF_TEXT = promptgit.Prompt.of("Say a.")


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", per_label=10)


def test_each_has_the_signature_and_the_words_of_its_twin():
    for name in ("evaluate", "check", "improve", "load"):
        one, other = getattr(promptgit, name), getattr(promptgit, f"a{name}")

        assert inspect.signature(one) == inspect.signature(other)
        assert inspect.iscoroutinefunction(other)
        assert one.__doc__ == other.__doc__


def test_several_run_at_the_same_time(office: Repository):
    async def main():
        office.commit({PROMPT: "Answer: tool\n"})
        return await asyncio.gather(
            promptgit.aevaluate("sort", repo=office.path),
            promptgit.aevaluate("sort", repo=office.path, ref="HEAD~1"),
            promptgit.acheck(base="HEAD~1", repo=office.path),
            promptgit.aload("sort", repo=office.path),
        )

    now, before, report, prompt = asyncio.run(main())

    assert len(now.results) == len(before.results) == 30
    assert isinstance(report, promptgit.Report)
    assert prompt.text == "Answer: tool\n"


def test_an_error_arrives_where_it_is_awaited(office: Repository):
    with pytest.raises(promptgit.UserError, match="no prompt"):
        asyncio.run(promptgit.aevaluate("no-such-prompt", repo=office.path))


def test_whoever_cancels_starts_no_further_call():
    asked, let_go = [], threading.Event()

    def slow(messages):
        asked.append(messages)
        let_go.wait(10)
        return "a"

    async def main():
        task = asyncio.create_task(
            promptgit.aevaluate(
                PROMPT_OF_TEXT, cases=CASES, scorers="equals", model=slow, concurrency=4
            )
        )
        while len(asked) < 4:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        let_go.set()

    asyncio.run(main())  # returns when the thread is gone, too

    assert len(asked) == 4


def test_a_time_limit_cancels():
    asked = []

    def endless(messages):
        asked.append(messages)
        threading.Event().wait(0.05)
        return "a"

    async def main():
        async with asyncio.timeout(0.3):
            await promptgit.aevaluate(
                PROMPT_OF_TEXT, cases=CASES, scorers="equals", model=endless, concurrency=1
            )

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert len(asked) < 20


@pytest.mark.parametrize("what", ["check", "improve"])
def test_a_gate_and_a_search_stop_too(office: Repository, what: str):
    office.commit({PROMPT: "Answer: tool\n"})
    told = threading.Event()
    steps = []

    def progress(step):
        steps.append(step)
        told.set()

    async def main():
        if what == "check":
            call = promptgit.acheck(base="HEAD~1", repo=office.path, progress=progress)
        else:
            call = promptgit.aimprove("sort", repo=office.path, progress=progress)
        task = asyncio.ensure_future(call)
        await asyncio.to_thread(told.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert steps
    assert not list((office.path / ".git/promptgit/locks").glob("*.held"))
