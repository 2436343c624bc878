"""
DESIGN §13: kill -9 at any point of a run, then `--resume`.

No answer that reached us is asked for again, the end is the same to the byte, and the repository
is clean.  A request that was on its way when we died is asked again: nobody has its answer.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import an_office, clerk
from journeys.lives import (
    CONCURRENCY,
    CONFIG,
    assert_clean,
    copied,
    counting,
    events,
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
from servers.openai_server import Server, serving

pytestmark = posix

POINTS = 20
SEED = 20
LATENCY_S = 0.01  # so that there is something on its way at any time


class Whole:
    """An uninterrupted run: what it started from, how long it was, and what it left."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.before = an_office(folder / "before", {"promptgit.yaml": CONFIG}, per_label=22)
        office = copied(self.before, folder / "whole")
        environment = counting(folder)
        said = lived(office, "improve", "sort", "--seed", "4", **environment)
        assert said.code == 0, said.err
        self.start = events(office)[0]
        self.run = events(office)[0]["asked"] and next(iter(_runs(office)))
        self.requests = server.calls
        self.git_calls = Path(environment["COUNTED"]).read_text().count("\n")
        self.left = without_latency(office)

    def begun(self, place: Path) -> Repository:
        """The same run in another clone, at its very first event."""
        office = copied(self.before, place)
        planted(office, self.run, [self.start])
        return office

    def told(self, place: Path, answers: list[dict[str, object]]) -> Repository:
        """The same run, with the answers that another clone has paid for."""
        office = copied(self.before, place)
        planted(office, self.run, [self.start, *answers])
        return office


def _runs(office: Repository) -> list[str]:
    return [place.name for place in (office.path / ".git/promptgit/runs").iterdir()]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, serving(reply=clerk, latency_s=LATENCY_S) as server:
        patch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        patch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@pytest.fixture(scope="module")
def whole(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whole(tmp_path_factory.mktemp("whole"), server)


def points(whole: Whole, count: int) -> list[tuple[str, int, bool]]:
    """Draw places to die at: half of them at a request, half at a call of git."""
    rng = random.Random(SEED)
    requests = rng.sample(range(1, whole.requests), count // 2)
    calls = rng.sample(range(1, whole.git_calls), count - count // 2)
    return [("request", number, False) for number in requests] + [
        ("git", number, rng.random() < 0.5) for number in calls
    ]


def dies(whole: Whole, office: Repository, server: Server, point: tuple[str, int, bool]) -> int:
    """Live until the point; return the exit code."""
    where, number, git_first = point
    words = ("improve", "--resume", whole.run)
    if where == "request":
        return killed_at_request(office, server, number, *words).code
    folder = office.path.parent / f"{office.path.name}-git"
    return killed_at_git(office, folder, number, *words, git_first=git_first).code


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_goes_on_as_if_it_had_not_been(
    whole: Whole, server: Server, tmp_path: Path
):
    for number, point in enumerate(points(whole, POINTS)):
        check(whole, server, tmp_path / str(number), point)


def check(whole: Whole, server: Server, folder: Path, point: tuple[str, int, bool]) -> None:
    office = whole.begun(folder / "office")
    first = len(server.seen)
    code = dies(whole, office, server, point)
    reached_us = Counter(paid(office))
    second = len(server.seen)
    said = lived(office, "improve", "--resume", whole.run)

    assert (code, said.code) == (-9, 0), (point, said.err)
    asked_before = Counter(key_of(seen, server) for seen in server.seen[first:second])
    asked_after = Counter(key_of(seen, server) for seen in server.seen[second:])
    assert max(reached_us.values(), default=1) == 1, point
    assert not reached_us & asked_after, point
    assert (asked_before - reached_us).total() <= CONCURRENCY, point
    assert Counter(paid(office)) == reached_us + asked_after, point
    assert_clean(office)
    assert without_latency(office) == whole.left, point
    answers = [event for event in events(office) if event["kind"] == "paid"]
    again = whole.told(folder / "again", answers)
    calls = server.calls
    assert lived(again, "improve", "--resume", whole.run).code == 0
    assert server.calls == calls
    assert last_bytes(again) == last_bytes(office), point
