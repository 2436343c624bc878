"""Rules on what a long prompt should say."""

import pytest

from lint.looking import a_subject, findings

PARTS = ("no-role", "no-intent", "no-context", "no-result", "no-constraint")
WHOLE = """\
You are the support desk of a bicycle shop.
Answer the customer, so that no second message is needed.
The message below is from a customer who has ordered before.
Answer in three sentences, and end with your name.
Never promise a refund before the order number is known.
"""
FILLER = (
    "It was a fine day, and the bird sat in the tree that is by the old house on the hill.\n" * 8
)


@pytest.mark.parametrize("rule", PARTS)
def test_a_long_prompt_that_lacks_a_part_is_advised(rule: str):
    (found,) = findings(FILLER, rule)

    assert (found.severity, found.line, found.column) == ("advice", 1, 1)


@pytest.mark.parametrize("rule", PARTS)
def test_a_long_prompt_that_has_the_part_is_not(rule: str):
    assert findings(WHOLE + FILLER, rule) == []


@pytest.mark.parametrize("rule", PARTS)
def test_a_short_prompt_is_never_nagged(rule: str):
    assert findings(FILLER[:400], rule) == []


@pytest.mark.parametrize("rule", PARTS)
def test_other_languages_are_not_judged(rule: str):
    german = "Der Vogel saß im alten Baum und sang, während es langsam Abend wurde und kühl.\n" * 12

    assert findings(german, rule) == []


def test_a_part_may_stand_in_an_include():
    subject = a_subject(
        f'{{% include "persona.md" %}}\n{FILLER}',
        files={"prompts/persona.md": "You are a patient clerk."},
    )

    assert findings(subject, "no-role") == []
