"""The same functions in an event loop, and how they are cancelled."""

from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path

import pytest

import promptgit
from cli.terminal import PROMPT, a_clerk, an_office
from cli.terminal import promptgit as typed
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


@pytest.mark.parametrize("what", ["evaluate", "check", "improve"])
def test_a_model_by_name_gets_no_further_call_either(tmp_path: Path, what: str, monkeypatch):
    office = an_office(
        tmp_path / "office",
        {"promptgit.yaml": "concurrency: 2\nmodel: any\nprices: {any: {input: 0, output: 0}}\n"},
    )
    office.commit({PROMPT: "Answer: tool\n"})
    calls = {
        "evaluate": lambda: promptgit.aevaluate("sort", repo=office.path),
        "check": lambda: promptgit.acheck(base="HEAD~1", repo=office.path),
        "improve": lambda: promptgit.aimprove("sort", repo=office.path),
    }

    async def main(server):
        task = asyncio.ensure_future(calls[what]())
        while server.calls < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with a_clerk(monkeypatch, latency_s=0.5) as server:
        asyncio.run(main(server))  # returns when the thread is gone, too

        assert server.calls == 2


def test_a_search_that_is_cancelled_can_be_gone_on_with(office: Repository):
    told = threading.Event()
    let_go = threading.Event()

    def progress(step):
        told.set()
        let_go.wait(10)

    async def main():
        task = asyncio.ensure_future(
            promptgit.aimprove("sort", repo=office.path, rounds=2, progress=progress)
        )
        await asyncio.to_thread(told.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        let_go.set()

    asyncio.run(main())

    said = typed(office, "improve", "--resume")
    assert said.code in (0, 1, 5), said.err
    assert "going on with run" in said.err
