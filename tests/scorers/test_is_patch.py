"""is-patch: the output holds patches that apply, as `improve` would apply them."""

from __future__ import annotations

import json

import pytest

from promptgit.core.dataset import Case
from promptgit.errors import UserError
from promptgit.scorers.is_patch import is_patch

TEXT = "Answer the customer.\nBe kind to {{ name }}.\nSay where the parcel is.\n"
CASE = Case("a", {"input": "Hi"})


def a_patch(new="Be brief.", old=""):
    lines = [" Answer the customer.", *([f"-{old}"] if old else []), f"+{new}"]
    return "\n".join(
        ["Say it.", "", "```diff", "--- a/prompt.md", "+++ b/prompt.md", "@@", *lines, "```"]
    )


def graded(output, **options):
    return is_patch(CASE, output, value=TEXT, **options)


def test_a_patch_that_applies_is_right():
    assert graded(a_patch()).value == 1


def test_a_patch_of_lines_that_are_not_there_is_wrong():
    score = graded(a_patch(old="Be rude."))

    assert score.value == 0
    assert "Be rude." in score.why


def test_a_lost_hole_is_refused_as_improve_refuses_it():
    assert graded(a_patch(old="Be kind to {{ name }}.")).value == 0


def test_a_patch_may_not_copy_what_was_shown():
    said = "my blue kettle has been leaking since last Tuesday morning"
    shown = json.dumps([{"size": 1, "misses": [{"input": said, "expected": "Sorry."}]}])

    assert graded(a_patch(f"If {said}, help."), shown=shown).value == 0
    assert graded(a_patch(f"If {said}, help."), shown="").value == 1


def test_of_several_patches_the_share_that_applies_counts():
    assert graded(a_patch() + "\n" + a_patch(old="No."), count=2).value == 0.5


def test_a_patch_too_few_and_one_too_many_cost():
    assert graded(a_patch(), count=2).value == 0.5
    assert graded(a_patch() + "\n" + a_patch("Be fast."), count="0-1").value == 0.5


def test_no_patch_is_right_where_none_is_needed():
    assert graded("No change needed.", count="0-1").value == 1
    assert graded("No change needed.").value == 0


def test_the_added_lines_match_what_is_wanted_and_nothing_that_is_not():
    assert graded(a_patch(), adds=r"\bbrief\b").value == 1
    assert graded(a_patch(), adds="polite").value == 0
    assert graded(a_patch("Praise ACME."), never="acme").value == 0


def test_a_line_that_was_there_before_is_not_added():
    assert graded(a_patch(), never="customer").value == 1


def test_a_patch_may_have_to_make_the_text_shorter():
    longer, shorter = a_patch(), a_patch("Be kind.", old="")

    assert graded(longer, shorter=True).value == 0
    assert (
        graded(
            shorter.replace("+Be kind.", " Be kind to {{ name }}.\n-Say where the parcel is."),
            shorter=True,
        ).value
        == 1
    )


def test_a_whole_file_is_read_as_one():
    whole = f"```text\n{TEXT}Be brief.\n```"

    assert graded(whole, whole_file=True, adds="brief").value == 1
    assert graded(whole.replace("Answer the customer.\n", ""), whole_file=True).value == 1
    assert graded("```text\n```", whole_file=True).value == 0


def test_a_whole_file_may_hold_a_fenced_diff_of_its_own():
    example = "```diff\n+a line\n```\n"
    whole = f"````text\n{example}{TEXT}````"

    assert is_patch(CASE, whole, value=f"{example}Old.\n{TEXT}", whole_file=True).value == 1


def test_line_ends_stay_those_of_the_text():
    score = is_patch(CASE, a_patch(), value=TEXT.replace("\n", "\r\n"))

    assert score.value == 1


@pytest.mark.parametrize("count", ["some", "2-1", "-1"])
def test_a_count_is_a_number_or_two(count):
    with pytest.raises(UserError, match="count is"):
        graded(a_patch(), count=count)
