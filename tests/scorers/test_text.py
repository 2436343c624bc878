"""equals, the contains family, starts-with, regex, levenshtein, word-count."""

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.contains import contains, contains_all, contains_any, icontains
from promptgit.scorers.equals import equals
from promptgit.scorers.levenshtein import levenshtein
from promptgit.scorers.regex import regex
from promptgit.scorers.starts_with import starts_with
from promptgit.scorers.word_count import word_count


def a_case(expected=None, **inputs):
    return Case("c-1", inputs, expected)


@pytest.mark.parametrize(
    "name",
    [
        "equals",
        "contains",
        "icontains",
        "contains-all",
        "contains-any",
        "icontains-all",
        "icontains-any",
        "starts-with",
        "regex",
        "levenshtein",
        "json-fields",
    ],
)
def test_without_a_value_the_output_is_compared_with_what_the_case_expects(name):
    scorer = plugins.scorer(name)

    assert scorer(a_case("refund"), "refund").value == 1.0
    assert scorer(a_case("refund"), "XYZ, and more of it").value == 0.0
    with pytest.raises(UserError, match="expects nothing"):
        scorer(a_case(), "refund")


def test_equals_is_exact_unless_told_otherwise():
    assert equals(a_case("Refund"), "refund ").value == 0
    assert equals(a_case("Refund"), "refund", ignore_case=True).value == 1
    assert equals(a_case("Refund"), " Refund\n", strip=True).value == 1
    assert equals(a_case("Refund"), " refund\n", strip=True, ignore_case=True).value == 1


def test_equals_compares_objects_by_value_not_by_text():
    case = a_case('{"a": 1, "b": [true, null]}')

    assert equals(case, '{"b":[true,null],"a":1.0}').value == 1
    assert equals(case, '{"b":[null,true],"a":1}').value == 0
    assert equals(case, '{"b":[true,null],"a":true}').value == 0
    assert equals(case, '{"b":[true,null],"a":1,"c":2}').value == 0
    assert equals(a_case("[1, 2]"), "[1,2]").value == 1
    assert equals(a_case("[1, 2]"), "[1]").value == 0
    assert equals(a_case("[1]"), "[1,2]").value == 0
    assert equals(a_case(), '{"a": "x"}', value={"a": "x"}).value == 1


def test_equals_does_not_read_a_number_for_a_text():
    assert equals(a_case("1.0"), "1").value == 0


def test_equals_says_both_texts_on_one_line():
    score = equals(a_case("refund"), "com\nplaint")

    assert score == Score(0.0, 'is "com\\nplaint", expected "refund"')
    assert equals(a_case("refund"), " ").why == 'is empty, expected "refund"'


def test_contains_names_what_is_missing():
    assert contains(a_case(), "order 4417", value="4417") == Score(1.0, 'has "4417"')
    assert contains(a_case(), "order 4418", value="4417") == Score(0.0, '"4417" is missing')


def test_contains_takes_numbers_as_yaml_gives_them():
    assert contains(a_case(), "order 4417", value=4417).value == 1
    assert contains(a_case(), "it is true", value=True).value == 1


def test_contains_refuses_a_list_and_names_the_check_that_takes_one():
    with pytest.raises(UserError) as refused:
        contains(a_case(), "", value=["a", "b"])

    assert "contains-all" in refused.value.hint


def test_only_the_i_forms_forgive_capitals():
    assert contains(a_case(), "SORRY", value="sorry").value == 0
    assert icontains(a_case(), "SORRY", value="sorry").value == 1
    assert icontains(a_case(), "STRASSE", value="straße").value == 1
    assert contains_all(a_case(), "SORRY", value=["sorry"]).value == 0
    assert contains_any(a_case(), "SORRY", value=["sorry"]).value == 0
    assert plugins.scorer("icontains-all")(a_case(), "SORRY A", value=["sorry", "a"]).value == 1
    assert plugins.scorer("icontains-any")(a_case(), "SORRY", value=["x", "sorry"]).value == 1


def test_contains_all_names_every_text_that_is_missing():
    score = contains_all(a_case(), "a", value=["a", "b", "c"])

    assert score == Score(0.0, '"b", "c" are missing')


def test_contains_any_needs_one():
    assert contains_any(a_case(), "b", value=["a", "b"]).value == 1
    assert contains_any(a_case(), "c", value=["a", "b"]).why == 'has none of "a", "b"'


def test_a_list_may_be_written_with_commas_as_in_promptfoo():
    value = 'sorry, "Monday, 9 am"'

    assert contains_all(a_case(), "sorry until Monday, 9 am", value=value).value == 1
    assert contains_all(a_case(), "sorry until Monday", value=value).value == 0
    assert contains_any(a_case(), "sorry", value=value).value == 1


def test_a_long_list_of_missing_texts_is_cut_and_counted():
    why = contains_all(a_case(), "", value=list("abcdefgh")).why

    assert why == '"a", "b", "c", "d", "e" and 3 more are missing'


def test_starts_with_looks_at_the_first_character():
    assert starts_with(a_case(), "Dear you", value="Dear").value == 1
    assert starts_with(a_case(), " Dear you", value="Dear").value == 0
    assert starts_with(a_case(), "Hi", value="Dear").why == 'starts with "Hi", expected "Dear"'


def test_regex_searches_anywhere():
    assert regex(a_case(), "order 4417", value=r"\d{4}") == Score(1.0, '"\\d{4}" matches "4417"')
    assert regex(a_case(), "order", value=r"\d{4}").value == 0
    assert regex(a_case(), "ORDER", value="order").value == 0
    assert regex(a_case(), "ORDER", value="order", ignore_case=True).value == 1


def test_regex_reads_the_named_groups_of_javascript():
    assert regex(a_case(), "2026-11-21", value=r"(?<year>\d{4})-(?<month>\d\d)").value == 1


def test_a_pattern_that_explodes_is_stopped_and_says_so():
    score = regex(a_case(), "a" * 5000 + "!", value=r"(a|aa|b)*(a|aa|c)*$", timeout_s=0.05)

    assert score.value == 0
    assert "took more than 0.05 s" in score.why


def test_a_broken_pattern_is_the_users_error():
    with pytest.raises(UserError, match="is broken"):
        regex(a_case(), "", value="(")


def test_levenshtein_grades_by_edits_over_the_longer_text():
    score = levenshtein(a_case("kitten"), "sitting", graded=True)

    assert score.value == pytest.approx(1 - 3 / 7)
    assert score.why == '3 edits from "kitten"'
    assert levenshtein(a_case(""), "", graded=True).value == 1


def test_levenshtein_passes_at_five_edits_or_as_many_as_are_said():
    case = a_case("kitten")

    assert levenshtein(case, "kitten chair").value == 0
    assert levenshtein(case, "kitten chai").value == 1
    assert levenshtein(case, "sitting", threshold=3).value == 1
    assert levenshtein(case, "sitting", threshold=2).why.endswith("2 at most")
    with pytest.raises(UserError, match="number of edits"):
        levenshtein(case, "sitting", threshold=-1)


def test_word_count_is_exact_or_within_bounds():
    assert word_count(a_case(), "one two", value=2).value == 1
    assert word_count(a_case(), "one two", value=3) == Score(0.0, "2 words, 3 expected")
    assert word_count(a_case(), "one two", value={"max": 1}).why == "2 words, 1 at most"
    assert word_count(a_case(), "one two", value={"min": 3}).why == "2 words, 3 at least"
    assert word_count(a_case(), "one two", value={"min": 2, "max": 2}).value == 1
    assert word_count(a_case(), "one\n\n two ", value="2").value == 1


@pytest.mark.parametrize(
    "value", ["many", -1, 2.5, True, {}, {"maximum": 3}, {"min": 9, "max": 1}, [1, 2]]
)
def test_word_count_refuses_what_is_no_count(value):
    with pytest.raises(UserError):
        word_count(a_case(), "", value=value)
