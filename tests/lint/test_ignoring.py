"""Comments that silence a rule."""

import pytest

from lint.looking import a_subject, findings, names

KEY = "sk-proj-4f9a8b7c6d5e4f3a2b1c"


@pytest.mark.parametrize(
    "comment",
    [
        "# promptgit: ignore secret",
        "// promptgit: ignore secret",
        "<!-- promptgit: ignore secret -->",
        "{# promptgit: ignore secret #}",
        "/* promptgit: ignore secret */",
        "[//]: # (promptgit: ignore secret)",
        "<!-- promptgit: ignore no-role, secret -->",
        "# PROMPTGIT:  ignore  SECRET",
    ],
)
def test_a_comment_on_a_line_is_about_that_line(comment: str):
    assert names(f"Use {KEY}. {comment}\n") == []
    assert names(f"Use nothing. {comment}\nUse {KEY}.\n") == ["secret"]


def test_a_comment_on_its_own_line_is_about_the_next_one_too():
    assert names(f"# promptgit: ignore secret\nUse {KEY}.\n") == []
    assert names(f"# promptgit: ignore secret\n\nUse {KEY}.\n") == ["secret"]


def test_a_comment_may_be_about_the_whole_file():
    assert names(f"a\nUse {KEY}.\nb\n{{# promptgit: ignore-file secret #}}\n") == []


def test_text_after_a_closed_comment_is_still_looked_at():
    assert names(f"<!-- promptgit: ignore long-line --> Use {KEY}.\n") == ["secret"]


def test_only_the_rule_that_is_named_is_silent():
    assert names(f"Use {KEY}.  # promptgit: ignore long-line\n") == ["secret"]


def test_a_comment_that_names_no_rule_is_found():
    (found,) = findings("{# promptgit: ignore #}\n")

    assert found.rule == "unknown-ignore"


def test_a_comment_that_names_an_unknown_rule_is_found_and_the_nearest_named():
    (found,) = findings(f"a\nUse {KEY}. # promptgit: ignore secrets\n", "unknown-ignore")

    assert (found.line, found.hint) == (2, "did you mean 'secret'?")


def test_protected_regions_are_another_comment():
    assert names("Never refund. <!-- promptgit: keep -->\n") == []


def test_findings_of_other_files_can_be_silenced_for_the_whole_file_only():
    from lint.looking import cases

    asked = cases({"id": "a"}, {"id": "a"})
    text = "{# promptgit: ignore duplicate-case-id #}\n\n\nx\n"

    assert "duplicate-case-id" in names(a_subject(text, asked=asked))
    assert names(a_subject(text.replace("ignore", "ignore-file"), asked=asked)) == []
