"""Rules on lines: conflicts that were left, and lines that will conflict."""

import pytest

from lint.looking import a_subject, findings, fixed, names

CONFLICT = "Be kind.\n<<<<<<< HEAD\nBe brief.\n=======\nBe long.\n>>>>>>> topic\n"


def test_a_conflict_is_found_from_its_first_line_to_its_last():
    (found,) = findings(CONFLICT)

    assert found.rule == "conflict-marker"
    assert (found.line, found.column, found.end_column) == (2, 1, 13)
    assert "to line 6" in found.message


def test_a_conflict_in_diff3_style_and_with_crlf_is_found():
    diff3 = CONFLICT.replace("=======", "||||||| base\nBe.\n=======")

    assert names(diff3) == ["conflict-marker"]
    assert names(diff3.replace("\n", "\r\n")) == ["conflict-marker"]


def test_two_conflicts_are_two_findings():
    assert [found.line for found in findings(CONFLICT * 2)] == [2, 8]


@pytest.mark.parametrize(
    "text",
    [
        "A conflict begins with <<<<<<< and ends with >>>>>>>, with ======= between.\n",
        "<<<<<<< HEAD\nis where a conflict begins.\n",
        "Title\n=======\nText.\n",
        ">>>>>>> topic\n=======\n<<<<<<< HEAD\n",
        "  <<<<<<< HEAD\n  =======\n  >>>>>>> topic\n",
        "<<<<<<<<<\n=======\n>>>>>>>>>\n",
        "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n",
        "<<<<<<< ORIGINAL\nold\n=======\nnew\n>>>>>>> UPDATED\n",
    ],
)
def test_markers_that_no_merge_left_are_no_finding(text: str):
    assert names(text) == []


def test_a_prompt_that_shows_a_conflict_can_say_so():
    for comment in (
        "{# promptgit: ignore-file conflict-marker #}",
        "# promptgit: ignore conflict-marker",
    ):
        text = CONFLICT.replace("Be kind.", comment)

        assert names(text) == []


def test_mixed_line_ends_become_those_that_most_lines_have():
    text = "a\r\nb\r\nc\n"

    (found,) = findings(text)

    assert found.rule == "mixed-line-ends"
    assert found.line == 3
    assert fixed(text, "mixed-line-ends") == "a\r\nb\r\nc\r\n"


def test_line_ends_of_an_old_mac_become_line_feeds():
    assert fixed("a\rb\r", "mixed-line-ends") == "a\nb\n"


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "a\nb\n"])
def test_line_ends_of_one_kind_are_no_finding(text: str):
    assert names(text) == []


def test_trailing_blanks_are_found_and_taken_out_and_line_ends_stay():
    text = "a \r\nb\t\r\nc   "

    assert [(found.line, found.column) for found in findings(text, "trailing-space")] == [
        (1, 2),
        (2, 2),
        (3, 2),
    ]
    assert fixed(text, "trailing-space") == "a\r\nb\r\nc"


def test_two_blanks_that_break_a_line_in_markdown_stay():
    text = "a  \nb\n"

    assert names(a_subject(text)) == []
    assert names(a_subject(text, path="prompts/a.txt")) == ["trailing-space"]


def test_the_last_line_gets_the_end_that_the_others_have():
    assert fixed("a\r\nb", "no-final-newline") == "a\r\nb\r\n"
    assert fixed("a", "no-final-newline") == "a\n"


def test_several_sentences_on_a_long_line_are_one_piece_of_advice_a_file():
    line = "Be kind to everybody who writes to us. " * 6
    text = f"Short.\n{line}\n{line}\n"

    (found,) = findings(text, "long-line")

    assert (found.line, found.severity) == (2, "advice")
    assert "6 sentences share this line, and so it is in 1 more" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "One sentence that goes on for long, " * 10 + "\n",
        "Short. Shorter. Shortest.\n",
        "- version 1.2.3 of e.g. x.y.z " * 10 + "\n",
    ],
)
def test_long_sentences_and_short_lines_are_no_finding(text: str):
    assert findings(text, "long-line") == []
