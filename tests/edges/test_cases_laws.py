"""What holds for every case file, however odd."""

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptgit.config import parse_config, parse_eval_file
from promptgit.edges.cases import parse
from promptgit.edges.rows import sniffed_delimiter
from promptgit.errors import UserError

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
cells = words.filter(lambda text: text.strip())
soup = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet='a,:-"{}[]\n\t &*!|>#%@`~01.eé', max_size=200).map(str.encode),
)


@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=8, unique=True), st.sampled_from(",;\t|")
)
@settings(max_examples=40, deadline=None)
def test_what_a_csv_writer_wrote_is_read_back_exactly(rows, mark):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark).writerows([("input", "expected"), *rows])

    cases = parse(out.getvalue().encode(), "c.csv")

    assert sniffed_delimiter(f"input{mark}expected") == mark
    assert [(case.inputs["input"], case.expected) for case in cases] == rows


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8, unique=True))
@settings(max_examples=40, deadline=None)
def test_json_lines_and_a_json_list_hold_the_same_cases(rows):
    objects = [{"input": left, "expected": right} for left, right in rows]

    lines = parse("\n".join(map(json.dumps, objects)).encode(), "c.jsonl")
    listed = parse(json.dumps(objects, indent=1, ensure_ascii=False).encode(), "c.json")

    assert lines.digest == listed.digest
    assert [case.id for case in lines] == [case.id for case in listed]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl", "yaml"])
@given(data=soup)
@settings(max_examples=40, deadline=None)
def test_whatever_the_bytes_are_only_the_user_is_told(suffix, data):
    with suppress(UserError):
        parse(data, f"c.{suffix}")


@given(data=soup)
@settings(max_examples=40, deadline=None)
def test_whatever_a_config_holds_only_the_user_is_told(data):
    with suppress(UserError):
        parse_config(data, data)
    with suppress(UserError):
        parse_eval_file(data, "prompts/x.eval.yaml")


def told(parsed: Callable[..., object], *arguments: object) -> UserError | None:
    try:
        parsed(*arguments)
    except UserError as error:
        return error
    return None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["model", "name", "check", "improve", "assert", "cases", "x"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_every_shape_of_mistake_can_be_said(value):
    text = json.dumps({"model": value, "check": value, "improve": value, "prices": value})
    asked = json.dumps({"cases": value, "assert": value, "columns": value, "model": value})

    for mistake in (told(parse_config, text.encode()), told(parse_eval_file, asked.encode(), "f")):
        assert mistake is None or (mistake.message and mistake.hint)
