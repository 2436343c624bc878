"""Drafted cases in a case file: added at its end, and read by nobody before their review."""

from __future__ import annotations

import csv
import io
import json

import pytest

from promptgit.core.dataset import Case
from promptgit.edges import cases
from promptgit.edges.columns import Columns
from promptgit.edges.draft_rows import can_hold_drafts, with_drafts
from promptgit.errors import UserError
from promptgit.flywheel.drafting import Draft


def a_draft(name: str = "log-1", expected: str = "", **inputs: str) -> Draft:
    return Draft(name, f"call of {name}", inputs, expected, found="Leaks")


QUOTED = 'He said "hi", and\nleft; = +1'


def test_rows_are_added_to_a_table_and_nothing_else_changes():
    before = "id,comment,response,tags\na,Hello,Hi,\n"

    after = with_drafts(before, "p.csv", [a_draft(comment=QUOTED)], Columns())

    assert after.startswith(before)
    assert list(csv.DictReader(io.StringIO(after)))[1] == {
        "id": "log-1",
        "comment": QUOTED,
        "response": "",
        "tags": "needs-review,leaks,from-log:call of log-1",
    }


@pytest.mark.parametrize(
    "before",
    [
        'comment;id;tags\r\n"a; b";x;c\r\n',
        "\ufeffcomment\tid\ttags\na\tb\t",
        'comment,id,tag\n"two\nlines",b,\n\nc,d,\n',
        "comment,response,id,tags,from_log\na,b,c,,\n",
    ],
)
def test_a_diff_of_drafts_has_added_lines_alone(before: str):
    name = "p.tsv" if "\t" in before else "p.csv"
    assert can_hold_drafts(name, before, Columns())

    after = with_drafts(before, name, [a_draft(comment="new")], Columns())

    old, new = cases.parse(before.encode(), name), cases.parse(after.encode(), name)
    assert after.startswith(before)
    assert new.cases == old.cases
    assert [row.why for row in new.dropped][-1] == "it needs a review"


@pytest.mark.parametrize(
    "text", ["comment,response\na,b\n", "comment,id\na,b\n", "comment,tags\na,b\n", "", '"a']
)
def test_a_table_whose_rows_have_no_id_or_no_tags_holds_no_drafts(text: str):
    assert not can_hold_drafts("p.csv", text, Columns())
    with pytest.raises(UserError, match="a column for ids and one for tags"):
        with_drafts(text, "p.csv", [a_draft(comment="New")], Columns())


def test_objects_are_added_to_a_file_of_lines():
    before = '{"id": "a", "ticket": {"text": "Hello"}, "expected": {"label": "x"}}\n'
    columns = Columns({"ticket": "ticket.text"})

    after = with_drafts(before, "p.jsonl", [a_draft(ticket="New")], columns)

    assert after.startswith(before)
    assert json.loads(after.split("\n")[1]) == {
        "id": "log-1",
        "ticket": {"text": "New"},
        "expected": "",
        "tags": ["needs-review", "leaks"],
        "from_log": "call of log-1",
    }


def test_an_empty_file_is_begun():
    after = with_drafts("", "p.drafts.jsonl", [a_draft(message="New")], Columns())

    assert json.loads(after)["message"] == "New"


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_a_draft_that_is_there_already_is_not_added_again(name: str):
    header = "id,comment,response,tags\nx,y,z,\n"
    lines = '{"id": "x", "comment": "y", "response": "z"}\n'
    once = with_drafts(
        header if name == "p.csv" else lines, name, [a_draft(comment="a")], Columns()
    )

    assert with_drafts(once, name, [a_draft(comment="a")], Columns()) == once


def test_a_draft_is_no_case_until_its_tag_is_taken_off_and_then_keeps_its_id():
    before = "comment,response,id,tags,from_log\nHello,Hi,,,\n"
    drafted = with_drafts(before, "p.csv", [a_draft(comment="New")], Columns())

    reviewed = drafted.replace("New,,", "New,An answer,").replace('"needs-review,leaks"', "leaks")

    assert [case.id for case in cases.parse(drafted.encode(), "p.csv")] == ["c-eff83b32af"]
    assert cases.parse(reviewed.encode(), "p.csv").cases[1] == Case(
        "log-1", {"comment": "New"}, "An answer", tags=("leaks",)
    )


def test_the_provenance_is_no_input():
    text = "comment,response,from_log\nHello,Hi,call-9\n"

    (case,) = cases.parse(text.encode(), "p.csv")

    assert case.columns == {"comment": "Hello", "expected": "Hi"}


def test_a_file_of_drafts_alone_says_why_it_has_no_cases():
    text = with_drafts("", "p.jsonl", [a_draft(message="New")], Columns())

    with pytest.raises(UserError, match="needs a review"):
        cases.parse(text.encode(), "p.jsonl")


def test_some_files_cannot_be_added_to():
    names = ("p.yaml", "p.parquet", "p.json")
    assert not [name for name in names if can_hold_drafts(name, "id,input,tags\n", Columns())]


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_a_file_that_cannot_be_read_is_not_added_to(name: str):
    broken = 'comment,id,tags\n"a,b\n' if name == "p.csv" else '{"comment": \n'

    with pytest.raises(UserError, match=name):
        with_drafts(broken, name, [a_draft(comment="a")], Columns())
