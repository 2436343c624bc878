"""
DESIGN §13: kill -9 at any point of a run, then `--resume`.

No answer that reached us is asked for again, the end is the same to the byte, and the repository
is clean.  A request that was on its way when we died is asked again: nobody has its answer.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import a_clerk, an_office, promptgit
from journeys.lives import (
    CONCURRENCY,
    CONFIG,
    FIXED_DATES,
    assert_clean,
    copied,
    counting,
    events,
    journal,
    key_of,
    killed_at_git,
    killed_at_request,
    last_bytes,
    lived,
    paid,
    planted,
    posix,
    without_latency,
)
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

pytestmark = posix

POINTS = 20
LIVES = 4  # times that one run is killed
SEED = 20
LATENCY_S = 0.01  # so that there is something on its way at any time


@dataclass(frozen=True)
class Whole:
    """An uninterrupted run: what it started from, how long it was, and what it left."""

    before: Repository
    start: dict[str, Any]  # its first event
    run: str
    requests: int
    git_calls: int
    left: dict[str, Any]

    def begun(self, place: Path, *answers: dict[str, Any]) -> Repository:
        """The same run in another clone, at its very first event, with these answers at hand."""
        office = copied(self.before, place)
        planted(office, self.run, [self.start, *answers])
        return office


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, a_clerk(patch, latency_s=LATENCY_S) as server:
        for name, date in FIXED_DATES.items():
            patch.setenv(name, date)
        yield server


@pytest.fixture(scope="module")
def whole(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    before = an_office(folder / "before", {"promptgit.yaml": CONFIG}, per_label=20)
    begun = copied(before, folder / "begun")
    assert killed_at_request(begun, server, 1, "improve", "sort", "--seed", "4").code < 0
    start, run = events(begun)[0], journal(begun).parent.name
    office = copied(before, folder / "whole")
    planted(office, run, [start])
    environment, calls = counting(folder), server.calls
    said = lived(office, "improve", "--resume", run, **environment)
    assert said.code == 0, said.err
    return Whole(
        before,
        start=start,
        run=run,
        requests=server.calls - calls,
        git_calls=Path(environment["COUNTED"]).read_text().count("\n"),
        left=without_latency(office),
    )


@pytest.mark.parametrize("first", range(0, POINTS, LIVES))
@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_goes_on_as_if_nothing_had_been(
    whole: Whole, server: Server, tmp_path: Path, first: int
):
    office = whole.begun(tmp_path / "office")
    deaths = [
        died(whole, office, server, SEED + first + life, last=life == LIVES - 1)
        for life in range(LIVES)
    ]
    reached_us, before = Counter(paid(office)), server.calls

    said = promptgit(office, "improve", "--resume", whole.run)

    asked = Counter(key_of(seen, server) for seen in server.seen[before:])
    assert deaths == [-signal.SIGKILL] * LIVES
    assert (said.code, reached_us & asked) == (0, Counter()), said.err
    assert_clean(office)
    assert without_latency(office) == whole.left
    assert_same_as_whole(whole, office, server, tmp_path / "again")


def died(whole: Whole, office: Repository, server: Server, seed: int, *, last: bool) -> int:
    """Go on with the run until a point drawn by chance; return the exit code."""
    rng = random.Random(seed)
    held, before = Counter(paid(office)), server.calls
    words = ("improve", "--resume", whole.run)
    left = whole.requests - held.total()
    if left and rng.random() < 0.5:
        code = killed_at_request(office, server, rng.randint(1, left), *words).code
    else:
        until = whole.git_calls if last else whole.git_calls // 2  # the branch has nothing yet
        call, folder = rng.randint(1, until), office.path.parent
        code = killed_at_git(office, folder, call, *words, git_first=rng.random() < 0.5).code
    asked = Counter(key_of(seen, server) for seen in server.seen[before:])
    holds = Counter(paid(office))
    assert held & asked == Counter()  # what reached us is never asked for again
    assert (held + asked - holds).total() <= CONCURRENCY  # lost: what was on its way
    assert max(holds.values(), default=1) == 1
    return code


def assert_same_as_whole(whole: Whole, office: Repository, server: Server, place: Path) -> None:
    """The same answers, had they come without a break, leave the same bytes."""
    answers = [event for event in events(office) if event["kind"] == "paid"]
    calls = server.calls
    again = whole.begun(place, *answers)

    assert promptgit(again, "improve", "--resume", whole.run).code == 0
    assert server.calls == calls
    assert last_bytes(again) == last_bytes(office)
