"""What each form finds in a file, and what it says of a file that it cannot read."""

from __future__ import annotations

import pytest

from promptgit.core import forms

GITHUB = """\
name: Sort
model: openai/gpt-4o-mini
modelParameters: {temperature: 0.2}
messages:
  - role: system
    content: >-
      You sort
      tickets.

      One word.
  - role: user
    content: "Ticket: {{input}}\\tcaf\\u00e9"
testData: [{input: a, expected: b}]
"""

LITELLM = """\
---
model: gpt-4
---
System: You sort tickets.
    One word.

User:
{{ input }}
"""

GOOGLE = """\
---
model: googleai/gemini-2.0-flash
input: {default: {tone: kind, tags: [a, b]}}
---
{{role "system"}}
Be {{tone}}.
{{history}}
{{role "user"}}
{{input}}
"""

PYTHON = '''\
"""Prompts."""

# promptgit: prompt format
SYSTEM: str = (
    "Sort {kind}.\\n"
    'One \\'word\\'.'
)

# promptgit: prompt user, format
ASK = """\\
Ticket: {ticket}"""

OTHER = "no prompt"
'''


@pytest.mark.parametrize(
    ("path", "text", "form"),
    [
        ("a.md", "Be kind.", "text"),
        ("a.md", "---\nBe kind.\n---\nAlways.", "text"),
        ("a.md", "---\ntitle: Reply\n---\nBe kind.", "markdown"),
        ("a.md", "---\ntitle: [\n---\nBe kind.", "markdown"),
        ("a.txt", "---\ntitle: Reply\n---\nBe kind.", "text"),
        ("a.prompt.yml", GITHUB, "github-models"),
        ("a.yaml", GITHUB, "github-models"),
        ("a.yaml", "system: Be kind.\nprompt: $input", "llm"),
        ("a.yaml", "- input: a\n  expected: b\n", "text"),
        ("a.yaml", "system: Be kind.\nassert: []\n", "text"),
        ("a.prompt", LITELLM, "litellm"),
        ("a.prompt", GOOGLE, "dotprompt"),
        ("a.prompt", "---\nmodel: x\ntemperature: 0\n---\n{{input}}", "litellm"),
        ("a.prompt", "---\nmodel: x\nconfig: {temperature: 0}\n---\n{{input}}", "dotprompt"),
        ("a.prompt", "{% if vip %}Hello{% endif %}", "litellm"),
        ("a.prompty", "system:\nBe kind.", "prompty"),
        ("a.py", PYTHON, "python"),
    ],
)
def test_the_form_of_a_file_goes_by_its_suffix_and_by_what_it_holds(path, text, form):
    assert forms.form_of(path, text) == form


def test_github_models_has_a_list_of_messages_in_any_style_of_yaml():
    assert forms.messages("github-models", GITHUB) == (
        ("system", "You sort tickets.\nOne word."),
        ("user", "Ticket: {{input}}\tcafé"),
    )


def test_litellm_begins_messages_on_their_role_lines():
    assert forms.messages("litellm", LITELLM) == (
        ("system", "You sort tickets.\n    One word."),
        ("user", "{{ input }}"),
    )


def test_text_without_a_role_is_the_users_in_both_dialects_of_dotprompt():
    assert forms.messages("litellm", "Sort it.\n") == (("user", "Sort it."),)
    assert forms.messages("dotprompt", "Sort it.\n") == (("user", "Sort it."),)


def test_dotprompt_begins_messages_at_role_tags_and_has_no_history_to_show():
    reading = forms.read("dotprompt", GOOGLE)

    assert [(part.role, part.text, part.line) for part in reading.parts] == [
        ("system", "Be {{tone}}.", 6),
        ("user", "{{input}}", 9),
    ]
    assert reading.defaults == {"tone": "kind", "tags": '["a", "b"]'}


def test_prompty_takes_what_precedes_a_role_for_the_systems():
    text = "---\nname: a\n---\nBe kind.\n\nuser:\nThe user: said hello.\n\n# assistant:\nHi!\n"

    assert forms.messages("prompty", text) == (
        ("system", "Be kind."),
        ("user", "The user: said hello."),
        ("assistant", "Hi!"),
    )


@pytest.mark.parametrize(
    "inputs",
    [
        "inputs:\n  tone: {kind: string, default: kind}\n  n: {example: 3}\n",
        "inputs:\n  - {name: tone, default: kind}\n  - {name: n, example: 3}\n",
        "sample: {tone: kind, n: 3}\n",
        "inputs: {tone: {type: string, sample: kind}, n: {type: number, default: 3}}\n",
    ],
)
def test_prompty_inputs_have_defaults_or_examples_in_either_version(inputs):
    reading = forms.read("prompty", f"---\n{inputs}---\nsystem:\nBe {{{{tone}}}}.\n")

    assert reading.defaults == {"tone": "kind", "n": "3"}


@pytest.mark.parametrize(
    ("template", "syntax"),
    [
        ("", "jinja"),
        ("template: {format: {kind: mustache}}\n", "mustache"),
        ("template: {format: mustache, parser: prompty}\n", "mustache"),
        ("template: jinja2\n", "jinja"),
    ],
)
def test_prompty_names_its_template_language(template, syntax):
    assert forms.read("prompty", f"---\nname: a\n{template}---\nsystem:\nHi\n").syntax == syntax


def test_a_default_comes_before_an_example():
    text = "---\ninputs: {tone: {example: brief, default: kind}}\n---\nHi {{tone}}\n"

    assert forms.read("prompty", text).defaults == {"tone": "kind"}


def test_blank_lines_around_a_message_are_not_its_own_and_other_blanks_are():
    text = "system:\n\n  \n  You help.  \n  \n\nuser:\n  Hello  "  # from the vectors of its spec

    assert forms.messages("prompty", text) == (
        ("system", "  \n  You help.  \n  "),
        ("user", "  Hello  "),
    )


def test_an_llm_template_has_a_system_and_a_prompt_with_defaults():
    reading = forms.read(
        "llm", "prompt: Sort $input\nsystem: |\n  Be $tone.\ndefaults: {tone: kind}"
    )

    assert [(part.role, part.text) for part in reading.parts] == [
        ("system", "Be $tone.\n"),
        ("user", "Sort $input"),
    ]
    assert (reading.syntax, reading.defaults) == ("dollar", {"tone": "kind"})


def test_python_constants_are_found_by_the_comment_above():
    reading = forms.read("python", PYTHON)

    assert [(part.role, part.text) for part in reading.parts] == [
        ("system", "Sort {kind}.\nOne 'word'."),
        ("user", "Ticket: {ticket}"),
    ]
    assert reading.syntax == "format"


@pytest.mark.parametrize(
    ("form", "text", "line", "said"),
    [
        ("github-models", "name: a\n", 1, "no `messages:`"),
        ("github-models", "messages: none\n", 1, "no list"),
        ("github-models", "x: 1\nmessages:\n  - content: a\n", 3, "no `role`"),
        ("github-models", "messages:\n  - role: owl\n    content: a\n", 2, "'owl' is no role"),
        ("github-models", "messages:\n  - role: user\n    content: {{ a }}\n", 3, "no text"),
        ("github-models", "messages:\n  - role: user\n    role: user\n    content: a", 3, "twice"),
        ("github-models", "messages:\n\t- role: user\n", 2, "not YAML"),
        ("github-models", "messages:\n- role: user\n  content: ''\n", 3, "any text"),
        ("github-models", "a: 1\nb: " + "[" * 5000, 2, "more than 64 levels"),
        ("markdown", "---\nname: [\n---\nHi.", 3, "front matter"),
        ("prompty", "---\na: 1\na: 2\n---\nHi.", 3, "already on line"),
        ("prompty", "---\ntemplate: {format: {kind: liquid}}\n---\nHi.", 2, "liquid"),
        ("prompty", "---\nname: a\nHi.\n", 1, "does not end"),
        ("dotprompt", "---\nmodel: a\n", 1, "does not end"),
        ("prompty", "system:\nHi\n\nfunction:\nx\n", 4, "'function'"),
        ("prompty", "system:\nHi\n\n![thread]\n", 4, "thread"),
        ("prompty", "---\nname: a\n---\n\n", 4, "no text"),
        ("dotprompt", 'Hi\n{{role "owl"}}\nHo', 2, "'owl'"),
        ("llm", "model: a\n", 1, "neither"),
        ("python", "A = 'x'\n", 1, "no string constant is marked"),
        ("python", "# promptgit: prompt\nA = f'{x}'\n", 2, "f-string"),
        ("python", "# promptgit: prompt\nA = 'x'.strip()\n", 2, "no string constant"),
        ("python", "# promptgit: prompt\nA = b'x'\n", 2, "no string constant"),
        ("python", "# promptgit: prompt\n\nA = 'x'\n", 1, "above no string constant"),
        ("python", "def f():\n    # promptgit: prompt\n    a = 'x'\n", 2, "above no string"),
        ("python", "# promptgit: prompt owl\nA = 'x'\n", 1, "'owl'"),
        ("python", "A = (\n", 1, "not Python"),
        (
            "python",
            "# promptgit: prompt\nA = 'x'\n# promptgit: prompt format\nB = 'y'\n",
            3,
            "one syntax|mix",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line_and_what_to_do(form, text, line, said):
    with pytest.raises(forms.Broken, match=said) as caught:
        forms.read(form, text)

    assert caught.value.line == line
    assert caught.value.hint
    assert str(caught.value.at("p.yml").message).startswith(f"p.yml:{line}: ")


def test_a_marker_inside_a_string_marks_nothing():
    text = '# promptgit: prompt\nA = """\n# promptgit: prompt\nB = 1\n"""\n'

    assert len(forms.messages("python", text)) == 1


def test_reading_does_not_warn_of_escapes_that_python_will_not_know():
    assert forms.messages("python", "# promptgit: prompt\nA = '\\d'\n") == (("system", "\\d"),)
