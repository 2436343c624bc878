"""A GitHub Models file brings cases and checks of its own."""

from __future__ import annotations

import pytest

from promptgit.config.github_models import own_eval_file
from promptgit.core.dataset import Case
from promptgit.errors import UserError

FILE = b"""\
messages:
  - role: user
    content: "{{input}}"
testData:
  - input: "007"
    expected: agent
  - input: 1.10
    expected: no
evaluators:
  - name: label
    string: {equals: "{{expected}}"}
  - name: has
    string: {contains: Refund}
  - name: begins
    string: {startsWith: "Hi (all)"}
  - name: ends
    string: {endsWith: "."}
  - name: alike
    uses: github/similarity
  - name: tone
    llm:
      modelId: openai/gpt-4o
      systemPrompt: You grade replies.
      prompt: "Is {{completion}} a polite answer to {{input}}, like {{expected}}?"
      choices: [{choice: yes, score: 1}, {choice: somewhat, score: 0.5}]
"""


def read(text=FILE):
    return own_eval_file(text, "prompts/a.prompt.yml")


def test_its_test_data_are_cases_with_the_cells_as_they_are_written():
    found = read()

    assert [dict(case.values) for case in found.inline] == [
        {"input": "007", "expected": "agent"},
        {"input": "1.10", "expected": "no"},
    ]
    assert [case.line for case in found.inline] == [5, 7]
    assert found.file == "prompts/a.prompt.yml"


def test_its_string_evaluators_are_our_assertions():
    checks = {one.metric: one for one in read().assertions}

    assert (checks["label"].type, checks["label"].value) == ("equals", "{{expected}}")
    assert (checks["has"].type, checks["has"].value) == ("icontains", "Refund")
    assert read().places[0] == "prompts/a.prompt.yml:10:5"


@pytest.mark.parametrize(
    ("metric", "output", "passes"),
    [
        ("begins", "hi (ALL), here", True),
        ("begins", "Oh, hi (all)", False),
        ("ends", "Done.", True),
        ("ends", "Done. ", False),
        ("ends", "Done!", False),
    ],
)
def test_how_an_answer_starts_and_ends_is_checked_whatever_the_capitals(metric, output, passes):
    from promptgit.scorers.regex import regex

    (check,) = (one for one in read().assertions if one.metric == metric)

    assert check.type == "regex"
    score = regex(Case("1", {}), output, value=check.value, **check.options)
    assert (score.value == 1) == passes


def test_a_judge_is_told_the_rubric_and_never_the_texts_of_a_case():
    (check,) = (one for one in read().assertions if one.metric == "tone")

    assert check.type == "llm-rubric"
    assert "Is (the answer) a polite answer to (the input of the case), like {{expected}}?" in (
        check.value
    )
    assert "'yes' is the score 1; 'somewhat' is the score 0.5" in check.value


def test_what_has_no_like_here_is_named():
    text = FILE.replace(b'startsWith: "Hi (all)"', b'startsWith: "{{input}}"')

    first, second = read(text).left_out

    assert "prompts/a.prompt.yml:14" in first
    assert "'begins'" in first
    assert "'github/similarity' is an evaluator of GitHub's own" in second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"testData: 3\n", "a.prompt.yml:1:11: `testData` is no list"),
        (b"testData:\n- 3\n", "a.prompt.yml:2:3: this test is no mapping"),
        (b"evaluators:\n- x\n", "a.prompt.yml:2:3: this evaluator is no mapping"),
        (b"a: 1\na: 2\n", "the key 'a' is already on line 1"),
    ],
)
def test_what_is_malformed_is_told_with_its_line(text, said):
    with pytest.raises(UserError, match=said):
        read(text)


def test_a_file_without_either_says_nothing():
    found = read(b"messages: []\n")

    assert (found.file, found.inline, found.assertions) == ("", (), ())


def test_cases_of_another_file_take_the_place_of_its_test_data():
    found = own_eval_file(FILE, "prompts/a.prompt.yml", with_cases=False)

    assert found.inline == ()
    assert len(found.assertions) == 5
