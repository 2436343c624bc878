"""DESIGN §13 where several drafts are evaluated at once: killed among them, a run ends the same."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import RULE, a_clerk, an_office, asks_for_edits, clerk, promptgit
from journeys.lives import (
    CONCURRENCY,
    CONFIG,
    FIXED_DATES,
    assert_clean,
    copied,
    ended,
    events,
    journal,
    key_of,
    killed_at_request,
    last_bytes,
    lived,
    paid,
    planted,
    posix,
    promptgit_starts,
    without_latency,
)
from promptgit.testing.repositories import Repository
from servers.openai_server import Seen, Server

pytestmark = posix
LATENCY_S = 0.04


def several(body: dict[str, Any]) -> str:
    """Answer as the clerk does, but as a mentor with one patch for each rule."""
    reply = clerk(body)
    if not asks_for_edits(body):
        return reply
    rules = re.findall(r"^\+- .*$", reply, re.MULTILINE)[:4]
    return "\n".join(
        f"Say what one more word means.\n\n```diff\n@@\n Sort the message.\n{rule}\n```\n"
        for rule in rules
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch, latency_s=LATENCY_S, reply=several) as server:
        for name, date in FIXED_DATES.items():
            monkeypatch.setenv(name, date)
        yield server


def killed_among_drafts(office: Repository, server: Server, run: str, turn: int) -> int:
    """Live until the mentor has been asked `turn` times and two of its drafts are on their way."""
    requests, met = 0, dict[tuple[str, ...], float]()

    def at(_count: int, seen: Seen) -> str:
        nonlocal requests
        if asks_for_edits(seen.body):
            requests += 1
            met.clear()
        elif requests == turn:
            text = tuple(
                sorted(word for word, _ in RULE.findall(seen.body["messages"][0]["content"]))
            )
            met[text] = time.monotonic()
            near = [when for when in met.values() if time.monotonic() - when < LATENCY_S / 2]
            if len(near) > 1:
                os.kill(process.pid, signal.SIGKILL)
        return ""

    server.faults = at
    process = promptgit_starts(office, "improve", "--resume", run)
    try:
        return ended(process).code
    finally:
        server.faults = lambda _count, _seen: ""


@pytest.mark.slow
@pytest.mark.parametrize("turn", [1, 2])
def test_a_run_that_is_killed_among_several_drafts_ends_the_same_and_pays_nothing_twice(
    server: Server, tmp_path: Path, turn: int
):
    before = an_office(tmp_path / "before", {"promptgit.yaml": CONFIG}, per_label=20)
    begun = copied(before, tmp_path / "begun")
    words = ("improve", "sort", "--strategy", "critique")
    assert killed_at_request(begun, server, 1, *words).code < 0
    start, run = events(begun)[0], journal(begun).parent.name
    whole, office = copied(before, tmp_path / "whole"), copied(before, tmp_path / "office")
    for one in (whole, office):
        planted(one, run, [start])
    said = lived(whole, "improve", "--resume", run)
    assert said.code in (0, 1, 5), said.err

    first = server.calls
    code = killed_among_drafts(office, server, run, turn)
    sent = Counter(key_of(seen, server) for seen in server.seen[first:])
    held = Counter(paid(office))
    second = server.calls
    again = promptgit(office, "improve", "--resume", run)

    asked = Counter(key_of(seen, server) for seen in server.seen[second:])
    assert code == -signal.SIGKILL
    assert 2 <= (sent - held).total() <= CONCURRENCY  # they were on their way, side by side
    assert (again.code, held & asked) == (said.code, Counter()), again.err
    assert max(Counter(paid(office)).values()) == 1
    assert without_latency(office) == without_latency(whole)
    assert_clean(office)
    same = copied(before, tmp_path / "same")  # the same answers, had they come without a break
    answers = [event for event in events(office) if event["kind"] == "paid"]
    planted(same, run, [start, *answers])
    calls = server.calls
    assert promptgit(same, "improve", "--resume", run).code == said.code
    assert (server.calls, last_bytes(same)) == (calls, last_bytes(office))
