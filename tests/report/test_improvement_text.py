"""What `improve` shows at its end."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from improve.toy import SEED, a_dataset, evaluated
from promptgit.core.candidate import Candidate
from promptgit.core.run import Point
from promptgit.core.spend import Spend
from promptgit.core.verdict import Flip, Outcome, Verdict
from promptgit.improve.improvement import CONFIRMED, INVALID, NOT_BETTER, Improvement
from promptgit.report.improvement_text import facts, outcome

REF = "refs/promptgit/runs/20261121T151614Z-4fcd"


def a_verdict(outcome: Outcome = Outcome.NOT_BETTER) -> Verdict:
    flips = (Flip("c1", 0.7, 0.6), Flip("c2", 0.0, 1.0))
    return Verdict(outcome, 0.02, -0.2, 0.3, 20, 89, 0.5, 0.52, 0.4, 0.05 / 6.58, flips=flips)


def an_ending(**more) -> Improvement:
    candidate = Candidate(SEED, evaluated(SEED, a_dataset(2)), (), "")
    ended = Improvement(
        run="20261121T151614Z-4fcd",
        path="prompts/a-prompt-with-a-long-name.md",
        state=NOT_BETTER,
        sentence="NOT BETTER: it is not.",
        seed=candidate,
        best=candidate,
        verdict=a_verdict(),
        diff="",
        ref=REF,
        branch="main",
        here=True,
        commits=(),
        curve=(),
        spend=Spend(),
    )
    return replace(ended, **more)


def shown(ended: Improvement, width: int = 80) -> str:
    out = StringIO()
    Console(file=out, width=width, markup=False, emoji=False).print(outcome(ended), crop=False)
    return out.getvalue()


@pytest.mark.parametrize("which", [Outcome.PASS, Outcome.NOT_BETTER, Outcome.INCONCLUSIVE])
def test_the_sealed_cases_and_their_range_are_told_whatever_they_said(which: Outcome):
    said = shown(an_ending(verdict=a_verdict(which)))

    assert "Sealed cases: 1 scored higher, 1 lower; most lost: c1 (0.700 -> 0.600)" in said
    assert "Why 98.5 %: the ledger allows this look" in said


def test_a_curve_whose_steps_are_of_other_cases_each_says_so():
    curve = (Point(0, 0.4, True), Point(1, 0.8, True), Point(2, 0.7, True))

    same, other = (shown(an_ending(curve=curve, weighed=each), 200) for each in (True, False))

    assert "Learning curve: best mean score on the search cases" in same
    assert "Learning curve: score by the newest answer to each search case asked" in other
    assert "did not reach for weighing all steps on the same cases" in other


def test_json_has_the_verdict_whatever_it_says():
    told = facts(an_ending())["verdict"]

    assert (told["outcome"], told["n"]) == ("NOT BETTER", 20)


def test_where_no_sealed_case_was_asked_no_range_is_explained():
    said = shown(an_ending(verdict=None))

    assert "Why" not in said
    assert facts(an_ending(verdict=None))["verdict"] is None


@pytest.mark.parametrize("width", [40, 80])
def test_the_command_to_type_can_be_copied_whole(width: int):
    said = shown(an_ending(), width)

    assert f"next: git diff HEAD {REF} -- prompts/a-prompt-with-a-long-name.md\n" in said


def test_after_an_invalid_verdict_the_next_command_is_to_go_on():
    said = shown(an_ending(state=INVALID, verdict=a_verdict(Outcome.INVALID)))

    assert "next: promptgit improve --resume 20261121T151614Z-4fcd" in said


def test_after_a_confirmation_it_says_how_to_undo():
    said = shown(an_ending(state=CONFIRMED, commits=("a" * 40,)))

    assert "committed aaaaaaaaaa to main" in said
    assert "undo: promptgit revert aaaaaaaaaa" in said
