"""Prompts in other tools' files, as typed: evaluated, improved, and patched in place."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from cli.terminal import SEED, promptgit, sorting_cases
from promptgit.core import forms
from promptgit.testing.repositories import Repository, a_repository

INDENTED = "".join(f"      {line}\n" for line in SEED.splitlines())
ROWS = list(csv.DictReader(StringIO(sorting_cases(60))))
TESTS = "".join(
    f"  - {{id: {row['id']}, input: {json.dumps(row['message'])}, expected: {row['label']}}}\n"
    for row in ROWS
)
CASES = sorting_cases(60).replace("id,message,label", "id,input,expected")

GITHUB = f"""\
name: Sort  # for the front desk
model: openai/gpt-4o-mini
modelParameters: {{temperature: 0}}
messages:
  - role: system
    content: |
{INDENTED}  - role: user
    content: "{{{{input}}}}"  # as it came
testData:
{TESTS}evaluators:
  - name: label
    string: {{equals: "{{{{expected}}}}"}}
  - name: alike
    uses: github/similarity
"""
PROMPTY = f"""\
---
name: Sort
model: {{id: gpt-4o, connection: {{kind: key, apiKey: "${{env:KEY}}"}}}}
inputs: {{input: {{kind: string}}, desk: {{default: front}}}}
---
system:
{SEED}
user:
{{{{ input }}}}
"""
GOOGLE = f"""\
---
model: googleai/gemini-2.0-flash
config: {{temperature: 0}}
---
{{{{role "system"}}}}
{SEED}{{{{role "user"}}}}
{{{{input}}}}
"""
LITELLM = f"---\nmodel: gpt-4o\ntemperature: 0\n---\nSystem: {SEED}\nUser: {{{{ input }}}}\n"
LLM = f"model: gpt-4o\nsystem: {json.dumps(SEED)}  # one line\nprompt: $input"
MARKDOWN = f"---\ntitle: Sort\nowner: front desk\n---\n{SEED}"
PYTHON = f'''\
"""What the front desk asks."""

import os

# promptgit: prompt format
SORT = """\\
{SEED}"""

# promptgit: prompt user format
ASK = "{{input}}"


def asked(text: str) -> str:
    return f"{{os.linesep}}".join([SORT, ASK.format(input=text)])
'''
FILES = {
    "prompts/sort.prompt.yml": GITHUB,
    "prompts/sort.prompty": PROMPTY,
    "prompts/sort.prompt": GOOGLE,
    "prompts/litellm/sort.prompt": LITELLM,
    "templates/sort.yaml": LLM,
    "prompts/front/sort.md": MARKDOWN,
    "desk/sort.py": PYTHON,
}
CONFIG = """\
model: offline
prompts:
  - prompts/**/*.{md,txt,prompt,prompty,prompt.yml,prompt.yaml}
  - templates/*.yaml
  - desk/*.py
  - "!templates/*.eval.yaml"
"""


def an_office(where: Path, path: str) -> Repository:
    """A repository with one such file, and its cases beside it unless it brings them itself."""
    files = {"promptgit.yaml": CONFIG, path: FILES[path]}
    if path != "prompts/sort.prompt.yml":
        stem = path.rpartition(".")[0]
        equals = 'assert: [{type: equals, value: "{{ expected }}"}]\n'
        files |= {f"{stem}.csv": CASES, f"{stem}.eval.yaml": f"cases: sort.csv\n{equals}"}
    return a_repository(where / "office", files)


@pytest.mark.parametrize("path", FILES)
def test_an_improvement_is_delivered_as_an_edit_of_message_text_alone(path: str, tmp_path: Path):
    office = an_office(tmp_path, path)

    before = promptgit(office, "eval", path, "--json")
    improved = promptgit(office, "improve", path, "--json")
    after = promptgit(office, "eval", path, "--json")

    assert before.code == after.code == 0, before.err
    assert improved.code == 0, improved.err
    assert before.json["cases"] == len(ROWS)
    assert after.json["score"]["mean"] > before.json["score"]["mean"]
    assert office.git("diff", "--name-only", "HEAD~1", "HEAD") == path
    assert office.status() == ""
    form = forms.form_of(path, FILES[path])
    text = (office.path / path).read_text(encoding="utf-8")
    assert text != FILES[path]
    assert forms.protected(form, FILES[path], text) is None
    assert [role for role, _ in forms.messages(form, text)] == [
        role for role, _ in forms.messages(form, FILES[path])
    ]


def test_what_github_checks_and_we_cannot_is_named(tmp_path: Path, caplog):
    office = an_office(tmp_path, "prompts/sort.prompt.yml")

    said = promptgit(office, "eval", "sort", "--limit", "3", "--json")

    assert said.code == 0
    assert "the evaluator 'alike' is left out" in caplog.text
    assert list(said.json["metrics"]) == ["label"]


def test_the_model_that_a_file_names_is_not_asked(tmp_path: Path):
    office = an_office(tmp_path, "prompts/sort.prompt.yml")

    said = promptgit(office, "eval", "sort", "--limit", "3", "--json")

    assert "offline" in json.dumps(said.json["model"])


@pytest.mark.parametrize("path", FILES)
def test_history_and_review_show_the_file_as_it_is(path: str, tmp_path: Path):
    office = an_office(tmp_path, path)
    edited = FILES[path].replace("Sort the message.", "Sort this message.")
    office.commit({path: edited})

    for words in (["show"], ["diff", "HEAD~1", "HEAD"], ["log", path], ["blame", path], ["lint"]):
        said = promptgit(office, *words)
        assert said.code == 0, (words, said.err, said.out)
    assert "this" in promptgit(office, "diff", "HEAD~1", "HEAD").out
    checked = promptgit(office, "check", "HEAD~1", "HEAD")
    assert checked.code in (0, 1), checked.err
    assert "its text changed" in checked.out or path in checked.out


def test_a_broken_file_is_told_with_its_line_before_any_call(tmp_path: Path):
    office = an_office(tmp_path, "prompts/sort.prompt.yml")
    path = "prompts/sort.prompt.yml"
    (office.path / path).write_text(GITHUB.replace("role: user", "role: owl"), encoding="utf-8")

    said = promptgit(office, "eval", "sort")

    assert said.code == 2
    assert f"{path}:9: 'owl' is no role" in said.err


def test_the_default_patterns_find_these_files_and_no_parts_of_them(tmp_path: Path):
    from promptgit.config import DEFAULT_PROMPTS, matches

    assert [path for path in FILES if matches(path, DEFAULT_PROMPTS)] == [
        "prompts/sort.prompt.yml",
        "prompts/sort.prompty",
        "prompts/sort.prompt",
        "prompts/litellm/sort.prompt",
        "prompts/front/sort.md",
    ]
    assert not matches("prompts/_part.prompt", DEFAULT_PROMPTS)
    assert not matches("prompts/sort.eval.yaml", DEFAULT_PROMPTS)
