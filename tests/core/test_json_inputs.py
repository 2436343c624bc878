"""Inputs that a template reads as lists and mappings: `inputs: {misses: json}`."""

from __future__ import annotations

import pytest

from promptgit.api.values import Prompt as LibraryPrompt
from promptgit.config.eval_file import parse_eval_file
from promptgit.config.glance import lint_eval
from promptgit.core.dataset import Case, JsonText
from promptgit.core.prompt import Prompt
from promptgit.edges import cases
from promptgit.edges.columns import Columns
from promptgit.errors import UserError

LIST = Prompt.of("{% for one in misses %}- {{ one.input }}\n{% endfor %}")
ROWS = '{"misses": [{"input": "Hi"}, {"input": "Bye"}], "note": "[1]"}\n'


def read(text, *names):
    columns = Columns(inputs=("misses", "note"), json_inputs=names)
    return cases.parse(text.encode(), "cases.jsonl", columns=columns).cases[0]


def test_a_template_loops_over_an_input_that_is_json():
    case = read(ROWS, "misses")

    system, rest = LIST.render(case.inputs)
    assert system.text == "- Hi\n- Bye\n"
    assert rest.text == "[1]"


def test_for_everybody_else_the_input_is_its_text():
    case = read(ROWS, "misses")

    assert case.columns["misses"] == '[{"input": "Hi"}, {"input": "Bye"}]'


def test_an_input_of_which_nothing_is_said_stays_a_text():
    case = read(ROWS)

    with pytest.raises(UserError, match="has no attribute 'input'"):
        LIST.render(case.inputs)


def test_a_number_keeps_its_kind():
    prompt = Prompt.of('{{ "%.2f"|format(score) }}')

    assert prompt.render({"score": JsonText("0.5")})[0].text == "0.50"


@pytest.mark.parametrize(("cell", "found"), [("[1,", "'[1,'"), ("", "nothing")])
def test_what_is_no_json_is_refused_with_its_line(cell, found):
    with pytest.raises(UserError, match=r"cases\.jsonl:1: misses: found") as refused:
        read(f'{{"misses": "{cell}", "note": "x"}}\n', "misses")

    assert found in refused.value.message


def test_how_an_input_is_read_is_part_of_the_case():
    text, parsed = Case("a", {"misses": "[]"}), Case("a", {"misses": JsonText("[]")})

    assert text.digest != parsed.digest


def test_an_eval_file_says_how_each_input_is_read():
    written = b"inputs: {misses: json, note: text}"

    found, glanced = parse_eval_file(written, "p.eval.yaml"), lint_eval(written, "p.eval.yaml")

    assert found.inputs == glanced.inputs == ("misses", "note")
    assert found.json_inputs == glanced.json_inputs == ("misses",)


def test_an_eval_file_may_name_inputs_alone_as_before():
    assert parse_eval_file(b"inputs: [misses]", "p.eval.yaml").json_inputs == ()
    assert parse_eval_file(b"inputs: misses", "p.eval.yaml").inputs == ("misses",)


def test_a_reading_that_there_is_not_is_refused():
    with pytest.raises(UserError, match="misses"):
        parse_eval_file(b"inputs: {misses: yaml}", "p.eval.yaml")
    with pytest.raises(UserError, match="misses"):
        lint_eval(b"inputs: {misses: yaml}", "p.eval.yaml")


def test_a_program_that_uses_the_library_may_give_a_list_or_the_input_of_a_case():
    prompt = LibraryPrompt.of(LIST.text)

    given = prompt.render(misses=[{"input": "Hi"}])
    of_a_case = prompt.render({"misses": JsonText('[{"input": "Hi"}]')})

    assert given == of_a_case
    assert given[0].text == "- Hi\n"
