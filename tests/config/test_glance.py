"""What lint reads of the config and of eval files: fast, and as strict as everybody else."""

from __future__ import annotations

import pytest

from promptgit.config import DEFAULT_PROMPTS, parse_config, parse_eval_file
from promptgit.config.glance import LintConfig, lint_config, lint_eval
from promptgit.errors import UserError

FILE = "prompts/reply.eval.yaml"


def test_an_empty_config_has_the_defaults():
    assert lint_config(b"") == LintConfig(prompts=DEFAULT_PROMPTS)


def test_what_is_silent_is_read():
    found = lint_config(b"lint:\n  ignore: [long-line]\n  per_file: {'old/**': [nul, secret]}\n")

    assert found.ignore == ("long-line",)
    assert found.per_file == {"old/**": ("nul", "secret")}


@pytest.mark.parametrize(
    "text",
    [
        b"prompts: bot/*.md\n",
        b"prompts: [bot/*.md, '!bot/x.md']\ndefaults: {template: none}\n",
        b'"pro\\u006dpts": bot/*.md\n',
        b"model: gpt-5-mini\n# prompts: [x]\n",
        b"{lint: {ignore: nul}, prompts: a.md}\n",
    ],
)
def test_it_reads_what_the_strict_reader_reads(text: bytes):
    strict = parse_config(text)

    found = lint_config(text)

    assert found.prompts == strict.prompts
    assert found.is_template == (strict.template == "jinja")


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (b"lint: {ignore: [long-lines]}", "1:17", "did you mean 'long-line'?"),
        (b"lint: {ignor: [nul]}", "1:8", "unknown key 'lint.ignor'"),
        (b"lint: nul", "1:7", "must be a mapping"),
        (b"lint: {ignore: {nul: 1}}", "1:16", "must be text or a list"),
        (b"lint: {per_file: [nul]}", "1:18", "must be a mapping"),
        (b"lint: {per_file: {'a/**': [nul, 3]}}", "1:33", "must be text"),
        (b"prompts: [1]", "1:11", "must be text"),
        (b"lint: [", "1:8", "not YAML"),
        (b"- lint", "1:1", "mapping"),
    ],
)
def test_what_is_wrong_is_said_as_everywhere_else(text: bytes, where: str, said: str):
    with pytest.raises(UserError) as caught:
        lint_config(text)

    with pytest.raises(UserError) as strict:
        parse_config(text)
    assert caught.value.message.startswith(f"promptgit.yaml:{where}: ")
    assert said in caught.value.message
    assert str(caught.value) == str(strict.value)


@pytest.mark.parametrize(
    "text",
    [
        b"cases: reply.csv\nmust_pass: [a, b]\ninputs: message\n",
        b"cases: {file: ../data/reply.csv, delimiter: ';'}\ncolumns: {input: comment}\n",
        b"cases:\n  - {input: 007, expected: yes}\n  - {input: b}\n",
        b"template: none\nmust_pass: refund\n",
        b"",
    ],
)
def test_it_reads_of_an_eval_file_what_the_strict_reader_reads(text: bytes):
    strict = parse_eval_file(text, FILE)

    found = lint_eval(text, FILE)

    assert (found.cases, found.delimiter, found.inputs) == (
        strict.cases,
        strict.delimiter,
        strict.inputs,
    )
    assert dict(found.columns) == dict(strict.columns)
    assert tuple(name for name, _ in found.must_pass) == strict.must_pass
    assert [(line, dict(row)) for line, row in found.inline] == [
        (case.line, dict(case.values)) for case in strict.inline
    ]
    assert found.is_template == {None: None, "jinja": True, "none": False}[strict.template]


@pytest.mark.parametrize(
    "text", [b"cases: 3", b"cases: /etc/passwd", b"must_pass: [{a: 1}]", b"columns: [a]", b"- a"]
)
def test_an_eval_file_that_is_wrong_is_said_as_everywhere_else(text: bytes):
    with pytest.raises(UserError) as caught:
        lint_eval(text, FILE)

    with pytest.raises(UserError) as strict:
        parse_eval_file(text, FILE)
    assert str(caught.value) == str(strict.value)
