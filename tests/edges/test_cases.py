"""Case files as a Dataset."""

import json
from pathlib import Path

import pytest

from promptgit.core.dataset import Dataset
from promptgit.edges.cases import parse, read
from promptgit.edges.columns import Columns
from promptgit.errors import UserError


def parsed(text: str, name: str = "c.csv", **options) -> Dataset:
    return parse(text.encode(), name, **options)


def refusal(text: str | bytes, name: str = "c.csv", **options) -> UserError:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(UserError) as caught:
        parse(data, name, **options)
    return caught.value


# CSV


def test_comment_and_response_are_understood_as_input_and_expected():
    cases = parsed("comment,response,order_id\nWhere?,Soon.,A-1\n")

    (case,) = cases
    assert case.inputs == {"comment": "Where?", "order_id": "A-1"}
    assert case.expected == "Soon."


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks():
    cases = parsed('input,expected\r\n"a, ""b""\nc",x\r\n"d\r\ne",y\r\n')

    assert [case.inputs["input"] for case in cases] == ['a, "b"\nc', "d\r\ne"]


def test_a_byte_order_mark_is_not_part_of_the_first_name():
    cases = parse(b"\xef\xbb\xbfinput,expected\na,b\n", "c.csv")

    assert cases.cases[0].inputs == {"input": "a"}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised_in_the_header(mark: str):
    cases = parsed(f'input{mark}expected\n"a{mark}b"{mark}c,d;e\n'.replace("c,d;e", "c"))

    assert cases.cases[0].inputs == {"input": f"a{mark}b"}
    assert cases.cases[0].expected == "c"


def test_a_stated_delimiter_is_not_guessed():
    cases = parsed("input, a, b, c;expected\nx;y\n", delimiter=";")

    assert cases.cases[0].inputs == {"input, a, b, c": "x"}


def test_a_tsv_file_is_cut_at_tabs_whatever_its_header_holds():
    cases = parsed("a,b,c\texpected\nx\ty\n", "c.tsv")

    assert cases.cases[0].inputs == {"a,b,c": "x"}


def test_empty_lines_are_nothing():
    cases = parsed("input,expected\n\na,b\n\n\nc,d\n\n")

    assert len(cases) == 2
    assert cases.dropped == ()


def test_rows_without_what_they_need_are_dropped_counted_and_named_by_line():
    cases = parsed('input,expected\na,b\n,c\n"d\ne",\nf\ng,h\n')

    assert [case.inputs["input"] for case in cases] == ["a", "g"]
    assert [(d.line, d.why) for d in cases.dropped] == [
        (3, "input is missing"),
        (4, "the expected answer is missing"),
        (6, "1 of 2 columns"),
    ]


def test_without_any_expected_answer_none_is_missed():
    cases = parsed("input,expected\na,\nb,\n")

    assert [case.expected for case in cases] == [None, None]
    assert cases.dropped == ()


def test_a_side_input_may_be_empty_but_not_all_of_them():
    cases = parsed("question,order_id,expected\nWhere?,,x\n,7,y\n")
    several = parsed("a,b,expected\n,1,x\n,,y\n")

    assert [d.why for d in cases.dropped] == ["question is missing"]
    assert [d.why for d in several.dropped] == ["every input is missing"]


def test_a_row_with_too_many_values_is_an_error_with_its_line():
    error = refusal('input,expected\n"a\nb",c\nd,e,f\n')

    assert error.message == "c.csv:4: 3 values for 2 columns; the extra one is 'f'"
    assert "double quotes" in error.hint


def test_a_quote_that_is_never_closed_is_named_where_it_opens():
    error = refusal('input,expected\na,b\n"c,d\ne,f\n')

    assert error.message == "c.csv:3: a double quote opens here and is not closed"


def test_text_after_a_closing_quote_is_an_error_with_its_line():
    error = refusal('input,expected\n"a" b,c\n')

    assert error.message == "c.csv:2: text follows a closing double quote"


def test_a_column_that_occurs_twice_is_an_error():
    assert "the column 'input' occurs twice" in refusal("input,input\na,b\n").message


def test_a_column_without_a_name_may_only_be_empty():
    cases = parsed("input,expected,\na,b,\n")

    assert cases.cases[0].inputs == {"input": "a"}
    assert refusal("input,expected,\na,b,c\n").message.startswith("c.csv:2: the value 'c'")


def test_a_large_cell_is_read_whole():
    cases = parsed(f"input,expected\n{'x' * 300_000},y\n")

    assert len(cases.cases[0].inputs["input"]) == 300_000


@pytest.mark.parametrize("text", ["", "\n\n", "input,expected\n"])
def test_a_file_without_cases_is_an_error(text: str):
    assert "there are no cases in it" in refusal(text).message


def test_a_file_whose_rows_are_all_dropped_says_why():
    assert "(line 2: input is missing)" in refusal("input,expected\n,a\n").message


def test_bytes_that_are_not_utf8_are_named_with_line_and_offset():
    error = refusal(b"input,expected\na,b\ncaf\xe9,c\n")

    assert error.message == "c.csv:3: byte 0xe9 at offset 22 is not UTF-8"


def test_utf16_is_recognised():
    assert "UTF-16" in refusal("input,expected\na,b\n".encode("utf-16")).message


def test_a_nul_character_is_named_with_its_line():
    assert refusal(b"input,expected\na\0,b\n").message == "c.csv:2: there is a NUL character"


def test_a_git_lfs_pointer_is_not_taken_for_cases():
    error = refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")

    assert "Git LFS pointer" in error.message
    assert "git lfs pull" in error.hint


def test_an_unknown_kind_of_file_names_the_known_ones():
    error = refusal("x", "c.xlsx")

    assert ".csv" in error.hint
    assert ".jsonl" in error.hint


def test_a_limit_keeps_the_first_cases():
    cases = parsed("input,expected\na,b\n,x\nc,d\ne,f\n", limit=2)

    assert [case.inputs["input"] for case in cases] == ["a", "c"]


def test_a_long_file_is_read_row_by_row(tmp_path: Path):
    file = tmp_path / "c.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("input,expected\n")
        out.writelines(f'"comment {n}\nsecond line",answer {n}\n' for n in range(20_000))
        out.write('"this quote is never closed')

    cases = read(file, limit=15_000)

    assert len(cases) == 15_000
    assert cases.cases[-1].expected == "answer 14999"


# Columns


def test_header_names_are_compared_without_case_and_blanks_and_kept_as_written():
    cases = parsed("Comment , Expected Output\nhi,there\n")

    assert cases.cases[0].inputs == {"Comment": "hi"}
    assert cases.cases[0].expected == "there"


def test_two_columns_that_could_be_the_answer_are_for_the_user_to_choose_from():
    error = refusal("question,answer,label\na,b,c\n")

    assert error.message == "c.csv:2: 'answer' and 'label' could each be the expected answer"
    assert "columns: {expected: answer}" in error.hint


def test_the_answer_that_was_not_chosen_is_for_scorers_only():
    cases = parsed("question,answer,label\na,b,c\n", columns=Columns({"expected": "label"}))

    (case,) = cases
    assert case.inputs == {"question": "a"}
    assert (case.expected, case.reference) == ("c", {"answer": "b"})


def test_a_mapping_renames_and_reaches_into_nested_values():
    rows = [{"fields": {"input": "mail"}, "answer": '{"urgency": "high"}'}]

    cases = parsed(
        json.dumps(rows),
        "c.json",
        columns=Columns({"input": "fields.input", "expected": "answer"}),
    )

    assert cases.cases[0].inputs == {"input": "mail"}
    assert cases.cases[0].expected == '{"urgency": "high"}'


def test_a_mapping_to_a_column_that_is_not_there_is_an_error():
    error = refusal("a,b\n1,2\n", columns=Columns({"input": "c"}))

    assert "there is no column 'c' (columns: a, b)" in error.message


def test_a_model_sees_only_the_inputs_that_are_named():
    cases = parsed("question,topic,expected\na,t,b\n", columns=Columns(inputs=("question",)))

    (case,) = cases
    assert case.inputs == {"question": "a"}
    assert case.reference == {"topic": "t"}
    assert case.columns == {"question": "a", "topic": "t", "expected": "b"}


@pytest.mark.parametrize(
    ("name", "message"),
    [("expected", "so the model may not see it"), ("quesion", "there is no input 'quesion'")],
)
def test_inputs_that_are_not_inputs_are_an_error(name: str, message: str):
    error = refusal("question,expected\na,b\n", columns=Columns(inputs=(name,)))

    assert message in error.message


def test_a_file_of_answers_alone_is_an_error():
    assert "no column is an input" in refusal("expected\na\n").message


def test_ids_tags_weights_and_groups_are_no_inputs():
    cases = parsed('id,input,expected,tags,weight,group\nr1,a,b,"x, y,x",2.5,g\nr2,c,d,,,\n')

    first, second = cases
    assert (first.id, first.tags, first.weight, first.group) == ("r1", ("x", "y"), 2.5, "g")
    assert (second.id, second.tags, second.weight, second.group) == ("r2", (), 1.0, "")
    assert first.inputs == {"input": "a"}


@pytest.mark.parametrize("weight", ["heavy", "0", "-1", "nan", "inf"])
def test_a_weight_that_is_not_a_number_above_zero_is_an_error(weight: str):
    error = refusal(f"input,expected,weight\na,b,{weight}\n")

    assert error.message.startswith("c.csv:2: the weight")


def test_an_id_that_occurs_twice_is_an_error_with_both_lines():
    error = refusal("id,input\nx,a\ny,b\nx,c\n")

    assert error.message == "c.csv:4: the case id 'x' is also on line 2"


def test_cases_without_ids_are_named_by_what_they_say():
    before = parsed("input,expected\na,b\nc,d\n")
    after = parsed("input,expected\nnew,case\nc,d\na,b\n")

    assert {case.id for case in before} < {case.id for case in after}


def test_an_equal_row_without_an_id_is_counted_once_and_said():
    cases = parsed("input,expected\na,b\na,b\na,c\n")

    assert len(cases) == 2
    assert [(d.line, d.why) for d in cases.dropped] == [(3, "the same as line 2")]


def test_hiding_a_column_from_the_model_does_not_rename_the_cases():
    shown = parsed("question,topic,expected\na,t,b\n")
    hidden = parsed("question,topic,expected\na,t,b\n", columns=Columns(inputs=("question",)))

    assert shown.cases[0].id == hidden.cases[0].id


def test_the_expected_cells_of_promptfoo_are_text_unless_they_are_assertions():
    cases = parsed("q,__expected,__description\na,Yes: sure,d\n")
    error = refusal("q,__expected\na,Yes\nb,contains: x\n")

    assert cases.cases[0].expected == "Yes: sure"
    assert cases.cases[0].inputs == {"q": "a"}
    assert error.message == "c.csv:3: the __expected cell is a promptfoo assertion (contains)"


def test_a_case_id_with_control_characters_is_an_error():
    assert "control characters" in refusal('id,input\n"a\nb",c\n').message


# JSON Lines, JSON, YAML, Parquet


def test_json_lines_are_one_case_each_and_other_values_become_text():
    cases = parsed(
        '{"input": "a", "expected": {"n": 1}, "tags": ["x", "y"], "n": 3.0, "ok": true}\n\n'
        '{"input": "b", "expected": ["é"], "n": 0.5, "ok": null}\n',
        "c.jsonl",
    )

    first, second = cases
    assert (first.expected, first.tags) == ('{"n": 1}', ("x", "y"))
    assert first.inputs == {"input": "a", "n": "3", "ok": "true"}
    assert (second.expected, second.inputs["n"], second.inputs["ok"]) == ('["é"]', "0.5", "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"input": "a",}', "c.jsonl:2:1"),
        ("{'input': 1}", "c.jsonl:2:2: this is not JSON"),
        ('{"input": "a"} {"input": "b"}', "c.jsonl:2:16: more text after the JSON object"),
        ('["a"]', "c.jsonl:2: a case is a mapping of columns to values"),
        ('{"input": NaN}', "c.jsonl:2: NaN is not a JSON value"),
        ('{"input": "a", "input": "b"}', "c.jsonl:2: the key 'input' occurs twice"),
        ('{"input": "\\ud800"}', "c.jsonl:2: input: the character 1 is half of a pair"),
        ('{"input": "\\u0000"}', "c.jsonl:2: input: there is a NUL character"),
        ("[" * 100_000, "c.jsonl:2"),
        ('{"input": "b", "late": 1}', ""),
    ],
)
def test_a_broken_line_is_named_with_what_was_found(line: str, message: str):
    text = '{"input": "x"}\n' + line + "\n"

    if message:
        assert refusal(text, "c.jsonl").message.startswith(message)
    else:
        assert len(parsed(text, "c.jsonl")) == 2


def test_a_column_that_turns_up_only_after_a_thousand_cases_is_an_error():
    lines = [json.dumps({"input": f"{n}"}) for n in range(1000)]
    lines.append(json.dumps({"input": "z", "answer": "y"}))

    error = refusal("\n".join(lines), "c.jsonl")

    assert error.message.startswith("c.jsonl:1001: the column 'answer'")


def test_a_json_list_is_read_with_the_line_of_each_case():
    text = '[\n {"input": "a", "expected": "b"},\n {"input": "", "expected": "c"}\n]\n'

    cases = parsed(text, "c.json")

    assert len(cases) == 1
    assert cases.dropped[0].line == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"cases": []}\nx', "c.json:2:1: this is not JSON"),
        ('[{"input": "a"}\n{"input": "b"}]', 'c.json:2: found \'{"input": "b"}]\' after a case'),
        ('[{"input": "a"}', "c.json:1: found the end of the file after a case"),
        ('[{"input": "a"},]', "c.json:1:17: this is not JSON"),
        ('[{"input": "a"}] [1]', "c.json:1: more text after the list of cases: '[1]'"),
        ('[\n{"input": tru}]', "c.json:2:11: this is not JSON: expecting value, found 'tru}]'"),
        ('"text"', "c.json:1: found '\"text\"' where a list of cases begins"),
        ("", "c.json:1: found nothing where a list of cases begins"),
        ("[3]", "c.json:1: a case is a mapping"),
    ],
)
def test_a_broken_json_file_is_named_with_line_and_what_was_found(text: str, message: str):
    assert refusal(text, "c.json").message.startswith(message)


def test_json_lines_in_a_json_file_are_recognised():
    cases = parsed('{"input": "a"}\n{"input": "b"}\n', "c.json")

    assert len(cases) == 2


def test_yaml_cases_stay_as_they_are_written():
    cases = parsed(
        "- {input: 007, expected: no}\n"
        "- input: |\n    two\n    lines\n  expected: {urgency: high, n: 1}\n",
        "c.yaml",
    )

    first, second = cases
    assert (first.inputs["input"], first.expected) == ("007", "no")
    assert second.inputs["input"] == "two\nlines\n"
    assert second.expected == '{"urgency": "high", "n": 1}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: a\n", "c.yaml:1:1: the cases are not a list"),
        ("- {input: a}\n- b\n", "c.yaml:2:3: a case is a mapping"),
        ("- {input: !!python/name:os.system x}\n", "c.yaml:1:11: the tag"),
        ("- {input: a, input: b}\n", "c.yaml:1:14: the key 'input' is already"),
    ],
)
def test_a_broken_yaml_file_is_named_with_its_place(text: str, message: str):
    assert refusal(text, "c.yaml").message.startswith(message)


def test_parquet_is_read_or_the_missing_package_is_named(tmp_path: Path):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        error = refusal(b"PAR1", "c.parquet")
        assert "pip install pyarrow" in error.hint
        return
    table = pyarrow.table({"input": ["a", "b"], "expected": ["x", "y"], "weight": [1.0, 2.0]})
    pyarrow.parquet.write_table(table, tmp_path / "c.parquet")

    cases = read(tmp_path / "c.parquet")

    assert [case.weight for case in cases] == [1.0, 2.0]


# Files


def test_a_file_is_called_as_the_user_calls_it(tmp_path: Path):
    (tmp_path / "c.csv").write_text("input\n")

    with pytest.raises(UserError, match=r"^data/c\.csv: there are no cases"):
        read(tmp_path / "c.csv", name="data/c.csv")


def test_a_file_that_is_not_there_is_a_users_error(tmp_path: Path):
    with pytest.raises(UserError, match="No such file"):
        read(tmp_path / "none.csv")


def test_a_folder_is_not_a_case_file(tmp_path: Path):
    (tmp_path / "c.csv").mkdir()

    with pytest.raises(UserError, match=r"c\.csv"):
        read(tmp_path / "c.csv")


def test_the_same_cases_have_the_same_digest_in_every_format():
    as_csv = parsed("input,expected\na,007\n")
    as_jsonl = parsed('{"input": "a", "expected": "007"}', "c.jsonl")
    as_yaml = parsed("- {input: a, expected: 007}", "c.yaml")

    assert as_csv.digest == as_jsonl.digest == as_yaml.digest
