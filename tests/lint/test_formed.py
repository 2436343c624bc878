"""Files of other tools: rules on words see their messages only, at their places in the file."""

from __future__ import annotations

import pytest

from lint.looking import a_subject, cases, findings

LETTER = "We are sorry that your lamp broke; a new one leaves our workshop tomorrow."
GITHUB = f"""\
name: Sort
messages:
  - role: system
    content: |
      Sort the ticket of {{{{customer}}}}.
  - role: user
    content: "{{{{ticket}}}}"
testData:
  - ticket: My lamp broke.
    expected: {LETTER}
"""


def github(text=GITHUB, **facts):
    return a_subject(text, path="prompts/sort.prompt.yml", **facts)


def test_front_matter_test_data_and_code_are_no_words_of_the_prompt():
    asked = cases({"ticket": "My lamp broke.", "expected": LETTER}, inputs=("ticket", "customer"))

    assert findings(github(asked=asked), "case-in-prompt") == []
    (found,) = findings(
        github(GITHUB.replace("Sort the", f"Say: {LETTER} Sort the"), asked=asked), "case-in-prompt"
    )
    assert (found.line, found.column) == (5, 12)


def test_a_hole_without_a_column_is_found_on_its_line_of_the_file():
    asked = cases({"ticket": "a"}, inputs=("ticket",))

    (found,) = findings(github(asked=asked), "undefined-hole")

    assert (found.line, found.column) == (5, 28)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("p.prompty", "system:\nA\n{{ticket}}\n{{owner}}\n", 4),
        ("p.prompt", '{{role "system"}}\nA\n{{#if ticket}}x{{/if}}\n{{owner}}\n', 4),
        ("p.llm.yaml", "model: m\nsystem: |\n  A $ticket\n  $owner\n", 4),
        ("p.py", "# promptgit: prompt format\nA = '''{ticket}\n{owner}'''\n", 3),
    ],
)
def test_every_syntax_of_holes_is_held_against_the_cases(path, text, line):
    subject = a_subject(text, path=path, asked=cases({"ticket": "a"}, inputs=("ticket",)))

    (found,) = findings(subject, "undefined-hole")

    assert found.line == line
    assert "owner" in found.message


def test_a_default_in_the_file_fills_a_hole():
    text = "---\ninputs: {tone: {default: kind}}\n---\nsystem:\nBe {{tone}}.\n"
    subject = a_subject(text, path="p.prompty", asked=cases({"ticket": "a"}, inputs=("ticket",)))

    assert findings(subject, "undefined-hole") == []


def test_a_file_that_cannot_be_read_is_found_with_its_line():
    (found,) = findings(github("name: a\nmessages: none\n"))

    assert (found.rule, found.line, found.severity) == ("prompt-file", 2, "error")


def test_a_template_that_is_broken_is_found_where_its_message_begins():
    subject = a_subject("---\na: {{ b\n---\nHi.\n\nuser:\n{{#if a}}\n", path="p.prompty")

    assert [f.rule for f in findings(subject)] == ["prompt-file"]
    subject = a_subject('{{role "user"}}\n{{#if a}}\nHi.\n', path="p.prompt")
    assert [(f.rule, f.line) for f in findings(subject)] == [("template-syntax", 2)]


def test_secrets_and_invisible_characters_are_found_in_all_of_the_file():
    text = GITHUB.replace("name: Sort", "name: So\u200brt")

    assert [(f.rule, f.line) for f in findings(github(text))] == [("invisible-character", 1)]


def test_a_long_line_of_test_data_is_no_long_line_of_the_prompt():
    text = GITHUB.replace("expected: We", f"expected: '{'We are sorry. ' * 20}We").replace(
        "tomorrow.", "tomorrow.'"
    )

    assert findings(github(text), "long-line") == []
