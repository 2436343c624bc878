"""A revision in a line, or in two: what a pipe gets, and what fits a terminal."""

from __future__ import annotations

import pytest

from promptgit.core.revision import Evidence, Revision, WholeRun
from promptgit.history.blame import Blamed, Written
from promptgit.report.history_text import plain
from promptgit.report.log_text import (
    LEGEND,
    Layout,
    blame_line,
    blame_notes,
    history_lines,
    log_lines,
)

SUBJECT = "improve(support-reply): say what happens next, by topic, and when it is to be expected"
PATH = "prompts/support-reply.md"


def a_revision(**more) -> Revision:
    facts = {
        "commit": "fe617a055d" + "0" * 30,
        "parents": ("a" * 40,),
        "when": 1795231524,
        "author": "Ada",
        "subject": SUBJECT,
        "path": PATH,
        "blob": "b" * 40,
        "evidence": Evidence.CONFIRMED,
        "before": 0.6905,
        "score": 0.7057,
        "n": 91,
        "fixed": 16,
        "broke": 9,
        "half": "search",
    }
    return Revision(**(facts | more))


def told(revision: Revision, layout: Layout) -> list[str]:
    return [plain(line) for line in log_lines(revision, layout)]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160])
@pytest.mark.parametrize("with_path", [False, True])
@pytest.mark.parametrize("state", list(Evidence))
def test_no_line_is_wider_than_the_terminal(width: int, with_path: bool, state: Evidence):
    layout = Layout(width, evidence=len(Evidence.INCOMPLETE), with_path=with_path)

    lines = told(a_revision(evidence=state), layout)

    assert max(map(len, lines)) <= width
    assert "0.706" in lines[0]
    assert state.value in lines[0]


def test_where_there_is_room_for_words_a_revision_is_one_line():
    (line,) = told(a_revision(), Layout(120))

    assert line.startswith(
        "fe617a055d  2026-11-21  confirmed    0.691 -> 0.706  +16 -9    search n=91     improve("
    )
    assert line.endswith("…")


def test_at_80_columns_the_subject_has_a_line_of_its_own():
    facts, subject = told(a_revision(), Layout(80))

    assert facts.endswith("+16 -9    search n=91")
    assert subject == f"  {SUBJECT[:77]}…"


def test_at_40_columns_the_date_and_the_cases_are_left_out():
    facts, _ = told(a_revision(), Layout(40, with_path=True))

    assert facts == "fe617a055d  confirmed    0.691 -> 0.706"


def test_a_pipe_gets_one_line_whole():
    (line,) = told(a_revision(), Layout(with_path=True))

    assert line.endswith(f"search n=91     {PATH}  {SUBJECT}")


def test_every_state_leaves_the_columns_where_they_are():
    revisions = [a_revision(evidence=state) for state in Evidence]
    layout = Layout.of(revisions)

    places = {told(revision, layout)[0].index("0.691 ->") for revision in revisions}

    assert len(places) == 1


def test_what_confirmed_the_whole_run_stands_below():
    whole = WholeRun(0.5, 0.75, "sealed", 45, 11, 2, steps=3)

    *_, said = told(a_revision(whole_run=whole), Layout(80))

    assert said == "    whole run: 0.500 -> 0.750  +11 -2  sealed n=45 (3 steps)"


def test_blame_leaves_room_for_the_line_of_the_prompt():
    blamed = Blamed(Written(7, "Be kind.", "a" * 40, PATH), a_revision())

    assert plain(blame_line(blamed, 2, Layout(80))).endswith("0.706   7  Be kind.")
    assert "search n=91" in plain(blame_line(blamed, 2))


def test_a_row_of_other_cases_than_the_one_above_is_marked_and_the_mark_explained():
    rows = [
        a_revision(terms="1", half="all", n=80),
        a_revision(terms="1", half="all", n=80),
        a_revision(terms="", half="", n=None, score=None),  # nothing to compare
        a_revision(terms="2", half="all", n=80),  # another suite
        a_revision(terms="3", half="search", n=20),
    ]

    *lines, legend = [plain(line) for line in history_lines(rows)]

    assert [" * " in line for line in lines] == [False, False, False, True, True]
    assert legend == LEGEND
    assert len({line.index("improve(") for line in lines}) == 1


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80])
def test_the_mark_stays_where_a_terminal_has_no_room_for_the_cases(width: int):
    rows = [a_revision(terms="1", n=80), a_revision(terms="2", n=80)]

    lines = [plain(line) for line in history_lines(rows, Layout(width))]

    marked = [line for line in lines if " *" in line and line != LEGEND]
    assert len(marked) == 1
    assert "0.706" in marked[0]
    assert max(len(line) for line in lines if line != LEGEND) <= width


def test_rows_of_the_same_cases_need_no_mark_and_no_legend():
    rows = [a_revision(terms="1"), a_revision(terms="1"), a_revision(terms="")]

    lines = [plain(line) for line in history_lines(rows)]

    assert not [line for line in lines if "*" in line]


def test_each_prompt_is_held_against_its_own_rows():
    one, other = a_revision(terms="1", n=8), a_revision(terms="2", n=9, path="prompts/b.md")

    lines = [plain(line) for line in history_lines([one, other, one], Layout(with_path=True))]

    assert not [line for line in lines if "*" in line]


def test_blame_tells_below_its_lines_what_log_tells_in_a_second_one():
    run = a_revision(whole_run=WholeRun(0.5, 0.75, "sealed", 45, 11, 2, steps=3))
    back = a_revision(commit="b" * 40, takes_back=True)
    blamed = [Blamed(Written(1, "Be kind.", one.commit, PATH), one) for one in (run, run, back)]

    lines = [plain(line) for line in blame_notes(blamed)]

    assert lines == [
        "",
        "fe617a055d  whole run: 0.500 -> 0.750  +11 -2  sealed n=45 (3 steps)",
        "bbbbbbbbbb  takes back a gain that was confirmed",
    ]
    assert list(blame_notes(blamed[:0])) == []
