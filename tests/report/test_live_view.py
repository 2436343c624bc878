"""The live view of a run: it fits the terminal, whatever its size."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.prompt import Prompt
from promptgit.core.run import Point
from promptgit.report.improve_text import Progress, live


def a_run(rounds: int) -> Progress:
    progress = Progress("improve prompts/reply.md  (a model with a long name, run 2026)")
    for number in range(1, rounds + 1):
        reason = f"no gain on 10 cases, for reason {number}, which takes many words to tell"
        progress.proposals.append(Proposal(number, Prompt.of("x"), Fate.DROPPED, reason))
    progress.doing = "round 9: racing the patch"
    return progress


def drawn(progress: Progress, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    with console.capture() as captured:
        console.print(live(progress, lines=height))
    return captured.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(100, 30), (52, 13), (40, 8), (30, 4)])
def test_it_is_never_taller_than_the_terminal_and_ends_with_what_is_being_done(
    width: int, height: int
):
    lines = drawn(a_run(20), width, height)

    assert len(lines) < height
    assert lines[-1].startswith("round 9: racing")
    assert max(len(line.rstrip()) for line in lines) <= width - len("^C")


def test_a_narrow_terminal_still_names_round_and_fate():
    text = "\n".join(drawn(a_run(3), 48, 24))

    assert "    3  dropped" in text


def test_it_shows_the_latest_rounds():
    text = "\n".join(drawn(a_run(20), 100, 13))

    assert "reason 20" in text
    assert "reason 15" not in text


def test_a_weighed_curve_tells_what_each_step_scored_on_the_same_cases():
    progress = Progress("improve")
    progress.points = [Point(0, 0.2, True), Point(1, 0.2, False), Point(2, 0.9, True)]

    progress.weighed([0.4, 0.6])

    assert [point.best for point in progress.points] == [0.4, 0.4, 0.6]


def test_a_curve_stays_as_it_is_where_the_steps_are_not_those_that_were_weighed():
    progress = Progress("improve")
    progress.points = [Point(0, 0.2, True), Point(1, 0.3, True)]

    progress.weighed([0.4])

    assert [point.best for point in progress.points] == [0.2, 0.3]
