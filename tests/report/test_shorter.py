"""The one line that a run for a shorter prompt ends with."""

from __future__ import annotations

from dataclasses import replace

from promptgit.core.verdict import Outcome, Policy, Verdict
from promptgit.improve.size import Size
from promptgit.report.shorter import confirmation, draft, nothing_shorter

SAME = Verdict(
    Outcome.PASS,
    effect=0.004,
    low=-0.021,
    high=0.03,
    n=60,
    of=80,
    baseline=0.8,
    candidate=0.804,
    p_value=0.4,
    alpha=0.05,
)
SIZES = (Size(412, True), Size(371, True))


def told(verdict: Verdict) -> str:
    return confirmation(
        verdict, Policy(), SIZES, than="the text of main", proposals=12, calls=640, look=2
    )


def test_what_is_shorter_and_not_worse_says_both_and_never_better():
    assert told(SAME) == (
        "SHORTER: 412 -> 371 tokens a call (-10.0 %), and not worse than the text of main: a drop "
        "of 5 points or more is ruled out on 60 of 80 sealed cases that chose nothing; +0.4 points "
        "(90 % range -2.1 to +3.0). 12 proposals, 640 calls, sealed cases asked for the 2nd time."
    )


def test_a_gain_that_is_shown_is_not_called_better_either():
    assert "better" not in told(replace(SAME, effect=0.1, low=0.05, high=0.15))


def test_what_got_worse_says_so():
    line = told(replace(SAME, outcome=Outcome.REGRESSION, effect=-0.1, reasons=("it fell",)))

    assert line.startswith("WORSE: 412 -> 371 tokens a call (-10.0 %), but it fell;")
    assert "Nothing delivered." in line


def test_what_is_not_settled_says_what_would_settle_it():
    line = told(replace(SAME, outcome=Outcome.INCONCLUSIVE, needed=300))

    assert "but a drop of 5 points or more is not ruled out" in line
    assert "About 300 sealed cases would settle it. Nothing delivered." in line


def test_too_few_answers_say_nothing():
    line = told(replace(SAME, outcome=Outcome.INVALID, reasons=("9 of 80 pairs have no score",)))

    assert line == "INVALID: 9 of 80 pairs have no score. Nothing delivered."


def test_a_draft_says_why_it_is_one():
    assert draft(20, 22, 60, SIZES).startswith(
        "DRAFT: 412 -> 371 tokens a call (-10.0 %), but 42 cases cannot prove that nothing is lost"
    )


def test_nothing_to_take_away_is_told_from_nothing_that_may_go():
    assert "there was nothing to take away" in nothing_shorter(0, SIZES[0])
    assert "the 1 shorter text" in nothing_shorter(1, SIZES[0])
    ended = nothing_shorter(0, SIZES[0], wanted="Allow 100 calls")
    assert "the budget ended the search before" in ended
    assert ended.endswith("Nothing delivered. Allow 100 calls.")
