import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptgit.core.diff import Hunk, derive, quoted_name, split_lines

PATH = "prompts/support.md"
ODD = [
    "",
    "a",
    "b",
    "- a",
    "-- sql",
    "--- x",
    "+++ y",
    "@@ -1 +1 @@",
    "---",
    "\\ No newline at end of file",
]
ODD += ["x\u2028y", "form\x0cfeed", "next\x85line", "crlf\r", "mid\rcr", "\ttab", "trail  ", "é 🎉"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb\n", "a\nb"),
        ("a\nb", "a\nb\n"),
        ("a", "b"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\r\nb\n", "a\nb\r\n"),
        ("one\u2028line\n", "one\u2028longer line\n"),
        ("one\x0cline\x85\n", "one\x0cline\x85 longer\n"),
        ("", "a\nb\n"),
        ("a\n", ""),
        ("-- sql\n++ x\n", "++ x\n-- sql\n"),
        ("---\ntitle: a\n---\ntext\n", "title: a\ntext\n"),
        ("".join(f"{n}\n" for n in range(40)), "".join(f"{n}\n" for n in range(40) if n % 13)),
        ("x\n" * 30, "x\n" * 31),
        ("x\n" * 1500 + "end\n", "y\n" * 1200 + "end\n"),
    ],
)
def test_git_applies_the_derived_diff_to_the_same_bytes(applied, before, after):
    patch = derive(PATH, before, after)

    result = applied(patch)

    assert result == after


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(ODD), max_size=25),
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from([None, *ODD])), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_git_applies_any_derived_diff_to_the_same_bytes(applied, lines, edits, ended, still_ended):
    edited = list(lines)
    for at, text in edits:
        edited[at : at + 1] = [] if text is None else [text, *edited[at : at + 1]]
    before = "\n".join(lines) + "\n" * ended
    after = "\n".join(edited) + "\n" * still_ended

    patch = derive(PATH, before, after)

    if before == after:
        assert patch.diff == ""
    else:
        assert applied(patch) == after


@pytest.mark.parametrize(
    "path", ["a b.md", 'say "hi".md', "back\\slash.md", "tab\there.md", "ünicode.md", "-x.md"]
)
def test_git_finds_the_file_that_the_header_names(applied, path):
    patch = derive(path, "old\n", "new\n")

    result = applied(patch)

    assert result == "new\n"


def test_a_diff_looks_as_git_writes_it():
    patch = derive(PATH, "1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n")

    assert patch.diff == (
        "--- a/prompts/support.md\n+++ b/prompts/support.md\n@@ -2,7 +2,7 @@\n"
        " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    )


def test_changes_far_apart_are_hunks_of_their_own():
    lines = [f"{n}\n" for n in range(20)]
    before, after = "".join(lines), "".join(["x\n", *lines[1:12], "y\n", *lines[13:]])

    patch = derive(PATH, before, after)

    assert patch.diff.count("\n@@ ") == 2
    assert patch.hunks == (Hunk(1, ("0",), ("x",)), Hunk(13, ("12",), ("y",)))


def test_a_replaced_line_counts_as_one_changed_line():
    patch = derive(PATH, "a\nb\nc\n", "A\nb\nc\nd\ne\n")

    assert patch.changed_lines == 3


def test_equal_texts_have_an_empty_diff():
    assert derive(PATH, "same\n", "same\n").diff == ""


def test_a_line_ends_at_a_line_feed_and_nowhere_else():
    assert split_lines("a\rb\x0bc\x0cd\x1ce\x85f\u2028g\u2029h\r\ni") == [
        "a\rb\x0bc\x0cd\x1ce\x85f\u2028g\u2029h\r\n",
        "i",
    ]


def test_a_name_with_control_characters_is_quoted_as_git_does():
    assert quoted_name("a/x\x01\ny") == '"a/x\\001\\ny"'


def test_an_empty_range_names_the_line_before_it_and_one_line_needs_no_count():
    assert derive(PATH, "", "a\n").diff.split("\n")[2] == "@@ -0,0 +1 @@"
    assert derive(PATH, "a\nb\n", "").diff.split("\n")[2] == "@@ -1,2 +0,0 @@"


def test_a_name_with_a_space_is_followed_by_a_tab():
    assert derive("a b.md", "a\n", "b\n").diff.startswith("--- a/a b.md\t\n+++ b/a b.md\t\n")
