"""The list of rules, and how several edits come together."""

import re

import pytest

from lint.looking import findings
from promptgit.errors import UserError
from promptgit.lint.finding import Severity, mended
from promptgit.lint.rules import RULES, chosen


def test_names_are_unique_words_and_dashes():
    names = [rule.name for rule in RULES]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


def test_every_rule_says_what_it_is_about():
    assert all(rule.says and not rule.says.endswith(".") for rule in RULES)
    assert all(len(rule.why) > 60 for rule in RULES)


def test_rules_are_chosen_by_name():
    assert [rule.name for rule in chosen(["nul", "secret"], ["nul"])] == ["secret"]
    assert len(chosen([], ["nul"])) == len(RULES) - 1


def test_an_unknown_name_is_an_error_that_knows_the_nearest():
    with pytest.raises(UserError) as caught:
        chosen(["secrets"], [])

    assert caught.value.hint == "did you mean 'secret'?"


def test_advice_is_what_never_fails_a_commit():
    advice = {rule.name for rule in RULES if rule.severity is Severity.ADVICE}

    assert {"long-line", "no-role", "no-eval-file", "trailing-space"} <= advice
    assert not {"secret", "conflict-marker", "hidden-text"} & advice


def test_all_edits_are_carried_out_and_nothing_else_changes():
    text = "\ufeffa \r\nb\u200b\n\r\nc"

    after = mended(text, findings(text))

    assert after == "a\r\nb\r\n\r\nc\r\n"


def test_a_text_that_is_mended_has_nothing_left_to_mend():
    text = "\ufeffa \r\nb\u200b \n\r\nc \t"
    for _ in range(4):
        text = mended(text, findings(text))

    assert not [found for found in findings(text) if found.edits]
