"""What changed between two texts: the words, the metrics, the cases that flipped."""

from __future__ import annotations

import pytest

from history.shelf import (
    BEST,
    BETTER,
    FIRST_STEP,
    HALF,
    SEED,
    ZERO,
    Shelf,
    a_shelf,
    an_evaluation,
    compared,
    evaluated,
)
from promptgit.core.prompt import blob_id
from promptgit.history.diff import Measured, measure, word_diff
from promptgit.history.finding import Finding, read

Marked = list[str]


def marked(before: str, after: str, context: int | None = 2) -> Marked:
    """A word diff as text: [-gone-], {+new+}, … for what is left out."""
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return [
        "…" if line is None else "".join(marks[span.kind].format(span.text) for span in line)
        for line in word_diff(before, after, context)
    ]


def test_a_changed_word_is_shown_inside_its_line():
    assert marked("Always be kind.\n", "Always be brief.\n") == ["Always be [-kind-]{+brief+}."]


def test_a_new_line_is_shown_whole():
    assert marked("Be kind.\n", "Be kind.\nAsk first.\n") == ["Be kind.", "{+Ask first.+}"]


def test_a_removed_line_is_shown_whole():
    assert marked("Be kind.\nAsk first.\n", "Be kind.\n") == ["Be kind.", "[-Ask first.-]"]


def test_lines_that_share_next_to_nothing_are_not_mixed():
    assert marked("Be kind.\n", "Reply in JSON, with two keys\n") == [
        "[-Be kind.-]",
        "{+Reply in JSON, with two keys+}",
    ]


def test_far_away_lines_are_left_out():
    lines = [f"line {number}\n" for number in range(9)]

    shown = marked("".join(lines), "".join([*lines[:8], "line eight\n"]))

    assert shown == ["…", "line 6", "line 7", "line [-8-]{+eight+}"]


def test_equal_texts_have_no_difference():
    assert marked(SEED, SEED) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Be kind.\n"),
        ("Be kind.\n", ""),
        ("a b\nc d\n", "a c\nb d\ne\n"),
        ("one two three\nfour\n", "one 2 three four\n"),
        ("Be kind, be brief, be clear.\n", "Be kind.\nBe brief.\nBe clear.\n"),
        ("a\u2028b\x0cc\n", "a\u2028b\x0cd\n"),
    ],
)
def test_what_stayed_and_came_is_the_new_text_and_what_stayed_and_went_the_old(
    before: str, after: str
):
    lines = [line for line in word_diff(before, after, context=None) if line is not None]

    new = "".join(span.text for line in lines for span in line if span.kind != "removed")
    old = "".join(span.text for line in lines for span in line if span.kind != "added")

    assert new == after.replace("\n", "")
    assert old == before.replace("\n", "")


def test_a_long_text_is_compared_by_lines_rather_than_for_ever():
    before = "".join(f"{number} a b c d e f g h i j k l m n o p\n" for number in range(400))
    after = before.replace("a b", "b a")

    lines = list(word_diff(before, after))

    assert len(lines) >= 800


def found(shelf: Shelf, text: str) -> list[Finding]:
    findings = (read(record, blob_id(text)) for record in shelf.find(blob_id(text)))
    return [finding for finding in findings if finding]


def measured(shelf: Shelf, before: str, after: str) -> Measured | None:
    return measure(shelf, found(shelf, before), found(shelf, after))


def test_a_comparison_of_both_texts_tells_metrics_and_flips_with_both_outputs():
    result = measured(a_shelf(), SEED, BETTER)

    assert result is not None
    assert result.score == (0.0, 0.5)
    assert result.metrics == {"contains": (0.0, 0.5)}
    assert result.stage == "confirmed"
    assert [flip.case for flip in result.fixed] == ["c0", "c1"]
    assert result.broke == ()
    assert result.fixed[0].output_before == "kind. to c0"
    assert result.fixed[0].output_after == "brief. to c0"
    assert result.fixed[0].why_before == "contains: said"


def test_looking_backwards_turns_everything_around():
    result = measured(a_shelf(), BETTER, SEED)

    assert result is not None
    assert result.score == (0.5, 0.0)
    assert result.metrics == {"contains": (0.5, 0.0)}
    assert result.fixed == ()
    assert [flip.case for flip in result.broke] == ["c0", "c1"]
    assert result.broke[0].output_before == "brief. to c0"
    assert result.broke[0].output_after == "kind. to c0"


def test_two_evaluations_are_compared_case_by_case():
    result = measured(a_shelf(), SEED, BEST)

    assert result is not None
    assert result.stage == "evaluations"
    assert result.score == (0.0, 0.75)
    assert [flip.case for flip in result.fixed] == ["c0", "c1", "c2"]


def test_texts_that_were_scored_on_different_cases_are_not_compared():
    shelf = Shelf()
    shelf.put(evaluated(an_evaluation(SEED, [0.0])), evaluated(an_evaluation(BETTER, HALF)))

    assert measured(shelf, SEED, BETTER) is None


def test_halves_are_not_compared_with_each_other():
    shelf = Shelf()
    shelf.put(
        evaluated(an_evaluation(SEED, ZERO), half="search"),
        evaluated(an_evaluation(BETTER, HALF), half="sealed"),
    )

    assert measured(shelf, SEED, BETTER) is None


def test_without_outputs_the_flips_are_still_told():
    step = compared(an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF))

    result = measured(a_shelf(step), SEED, BETTER)

    assert result is not None
    assert [(flip.before, flip.after) for flip in result.fixed] == [(0.0, 1.0), (0.0, 1.0)]
    assert result.fixed[0].output_after is None


def test_a_record_with_parts_missing_is_read_as_far_as_it_goes():
    from promptgit.core.record import Record

    broken = Record({"kind": "comparison", "prompt": {"blob": "b"}, "verdict": {"flips": [1]}})

    assert read(broken, "b") is not None
    assert read(broken, "c") is None
    assert read(FIRST_STEP, "c") is None


def test_two_evaluations_of_all_cases_are_not_hidden_by_a_check_that_stopped_early():
    sides = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)
    wide = an_evaluation(SEED, ZERO * 2), an_evaluation(BETTER, HALF * 2)
    early = compared(*sides, stage="check", half="part")

    result = measured(a_shelf(early, *(evaluated(one, half="all") for one in wide)), SEED, BETTER)

    assert result is not None
    assert (result.half, result.n, result.stage) == ("all", 8, "evaluations")


def test_a_confirmation_read_backwards_is_said_to_be_so():
    forth, back = measured(a_shelf(), SEED, BETTER), measured(a_shelf(), BETTER, SEED)

    assert forth is not None
    assert back is not None
    assert (forth.stage, forth.backwards) == ("confirmed", False)
    assert (back.stage, back.backwards) == ("confirmed", True)
