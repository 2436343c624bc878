"""In a file that holds messages among other things, the guard lets only their texts change."""

from __future__ import annotations

import pytest

from promptgit.core import forms
from promptgit.core.dataset import Case
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt, blob_id
from promptgit.improve.guard import guard

ANSWER = "We are sorry that your lamp broke; a new one leaves our workshop tomorrow."
GITHUB = f"""\
name: Reply
model: openai/gpt-4o-mini
messages:
  - role: system
    content: |
      You answer customers.
      Name the order {{{{order_id}}}}.
  - role: user
    content: "{{{{comment}}}}"
testData:
  - comment: My lamp broke.
    expected: {ANSWER}
"""
GOOGLE = """\
---
model: googleai/gemini
---
{{role "system"}}
You answer customers.
{{#if vip}}
Be very kind.
{{/if}}
Name the order {{order_id}}.
{{role "user"}}
{{comment}}
"""
PYTHON = '''\
import os

# promptgit: prompt dollar
REPLY = """You answer customers for $shop."""

KEY = os.environ["KEY"]
'''
PATHS = {GITHUB: "p.prompt.yml", GOOGLE: "p.prompt", PYTHON: "p.py"}


def asked(before: str, old: str, new: str, *, cases=()) -> str:
    """The guard's reason to refuse the edit; empty when it lets it through."""
    assert before.count(old) == 1
    path, after = PATHS[before], before.replace(old, new)
    prompt = Prompt(before, blob_id(before), "p", form=forms.form_of(path, before))
    refusal = guard(derive(path, before, after), prompt, cases)
    return refusal.reason if refusal is not None else ""


@pytest.mark.parametrize("before", PATHS)
def test_the_words_of_a_message_may_change(before: str):
    assert asked(before, "You answer customers", "You answer the customers kindly") == ""


@pytest.mark.parametrize(
    ("before", "old", "new", "said"),
    [
        (GITHUB, "gpt-4o-mini", "gpt-4o", "no text of a message, from line 2 on"),
        (GITHUB, "comment: My lamp", "comment: The lamp", "no text of a message, from line 11 on"),
        (GITHUB, "role: user", "role: assistant", "number, the order or the roles"),
        (GITHUB, "  - role: user", "  - role: user\n    name: x", "no text of a message"),
        (GOOGLE, "googleai/gemini", "googleai/other", "no text of a message, from line 2 on"),
        (GOOGLE, '{{role "user"}}', '{{role "model"}}', "number, the order or the roles"),
        (PYTHON, 'KEY = os.environ["KEY"]', "KEY = os.sep", "no text of a message, from line 6"),
        (PYTHON, "prompt dollar", "prompt user dollar", "number, the order or the roles"),
        (PYTHON, '"""You', '"""x""" + """You', "cannot be read any more"),
    ],
)
def test_whatever_else_the_file_holds_may_not(before: str, old: str, new: str, said: str):
    assert said in asked(before, old, new)


@pytest.mark.parametrize(
    ("before", "old", "new", "said"),
    [
        (GITHUB, "the order {{order_id}}", "the order", "loses the hole"),
        (GITHUB, "customers.", "customers of {{shop}}.", "brings a hole that was not there"),
        (GOOGLE, "{{order_id}}", "it", "loses the hole"),
        (GOOGLE, "customers.", "customers of {{shop}}.", "not there"),
        (GOOGLE, "{{#if vip}}", "{{#if order_id}}", "statements or comments"),
        (GOOGLE, "customers.", "customers.{{! hidden }}", "statements or comments"),
        (GOOGLE, "{{#if vip}}", "", "statements or comments"),
        (GOOGLE, "Be very kind.", "Be very kind.\n{{else}}\nBe kind.", "statements or comments"),
        (PYTHON, "$shop", "the shop", "loses the hole"),
        (PYTHON, "$shop", "$shop and $other", "not there"),
        (PYTHON, "$shop", "$shop for $5", "no template any more"),
    ],
)
def test_holes_and_what_steers_a_template_stay(before: str, old: str, new: str, said: str):
    assert said in asked(before, old, new)


def test_a_hole_may_be_said_again_and_elsewhere():
    assert asked(GITHUB, "You answer customers.", "Answer about {{order_id}}.") == ""
    assert asked(GOOGLE, "You answer customers.", "Answer about {{order_id}}.") == ""


def test_test_data_in_the_same_file_are_no_excuse_to_copy_an_answer():
    case = Case("lamp", {"comment": "My lamp broke."}, ANSWER)

    assert "lamp" in asked(GITHUB, "You answer customers.", f"Say: {ANSWER}", cases=[case])


def test_a_secret_or_a_link_is_refused_in_a_message_as_in_plain_text():
    assert "link" in asked(GITHUB, "customers.", "customers. See https://evil.example/x").lower()


def test_the_limits_count_what_models_read_and_not_the_file():
    many = "\n".join(f"      - Rule {number} of the house." for number in range(41))

    assert "at most 40 may change" in asked(GITHUB, "      You answer customers.", many)


def test_template_none_protects_the_rest_of_the_file_as_well():
    after = GITHUB.replace("gpt-4o-mini", "gpt-4o")
    prompt = Prompt(GITHUB, blob_id(GITHUB), "p", {}, "none", "github-models")

    refusal = guard(derive("p.prompt.yml", GITHUB, after), prompt, ())

    assert refusal is not None
    assert "no text of a message" in refusal.reason


def test_a_region_that_yaml_comments_keep_stays():
    kept = GITHUB.replace("messages:\n", "messages:\n  # promptgit: keep\n").replace(
        "testData:", "# promptgit: end\ntestData:"
    )
    prompt = Prompt(kept, blob_id(kept), "p", form="github-models")
    after = kept.replace("customers.", "clients.")

    refusal = guard(derive("p.prompt.yml", kept, after), prompt, ())

    assert refusal is not None
    assert "protected (promptgit: keep)" in refusal.reason
