"""is-json, contains-json, json-fields."""

import json
import socket

import pytest

from promptgit.core.dataset import Case
from promptgit.errors import UserError
from promptgit.scorers.is_json import contains_json, is_json
from promptgit.scorers.json_fields import json_fields
from promptgit.scorers.json_text import NotJson, parsed

TICKET = {"urgency": "high", "labels": ["a", "b"], "who": {"vip": True, "age": 41}}
SCHEMA = {
    "type": "object",
    "required": ["urgency"],
    "properties": {"urgency": {"enum": ["low", "high"]}},
}


def a_case(expected=TICKET):
    return Case("c-1", {}, json.dumps(expected))


def changed(**fields):
    return json.dumps({**TICKET, **fields})


def test_is_json_takes_any_json_value_and_nothing_around_it():
    for text in ('{"a": 1}', "[1]", "3", "null", ' "x" \n'):
        assert is_json(a_case(), text).value == 1
    for text in ("", "{", "NaN", "{'a': 1}", '{"a": 1} so there', "[1,]"):
        assert is_json(a_case(), text).value == 0


def test_is_json_says_where_it_breaks():
    assert is_json(a_case(), '{"a": 1,\n "b" 2}').why == (
        "not JSON: line 2, column 6: Expecting ':' delimiter, at \"2}\""
    )
    assert is_json(a_case(), '{"a": 1').why == ("not JSON: line 1, column 8: it ends too early")
    assert is_json(a_case(), " ").why == "not JSON: it is empty"
    assert is_json(a_case(), "[Infinity]").why == "not JSON: Infinity is not a JSON number"


def test_a_code_fence_is_refused_by_name_and_accepted_on_request():
    fenced = '```json\n{"urgency": "high"}\n```'

    assert is_json(a_case(), fenced).why == "not JSON: it is in a code fence"
    assert is_json(a_case(), fenced, fence=True).value == 1
    assert is_json(a_case(), f"Here: {fenced}", fence=True).value == 0


def test_a_schema_says_what_does_not_fit_and_where():
    assert is_json(a_case(), '{"urgency": "high"}', value=SCHEMA).value == 1
    why = is_json(a_case(), '{"urgency": "soon"}', value=SCHEMA).why
    assert why == "urgency: 'soon' is not one of ['low', 'high']"
    assert is_json(a_case(), "{}", value=SCHEMA).why == "'urgency' is a required property"
    assert is_json(a_case(), "{}", value=json.dumps(SCHEMA)).value == 0


@pytest.mark.parametrize("schema", ["{", "3", {"type": "strin"}, {"pattern": 3}])
def test_a_broken_schema_is_the_users_error(schema):
    with pytest.raises(UserError, match="JSON Schema"):
        is_json(a_case(), "{}", value=schema)


def test_a_pattern_in_a_schema_has_a_time_limit():
    slow = {"pattern": "(a|aa|b)*(a|aa|c)*$"}

    assert is_json(a_case(), '"abc"', value={"pattern": "^b"}).why == '"abc" does not match "^b"'
    assert is_json(a_case(), '"abc"', value={"pattern": "b"}).value == 1
    assert is_json(a_case(), "3", value={"pattern": "b"}).value == 1
    assert "took too long" in is_json(a_case(), f'"{"a" * 5000}!"', value=slow).why


def test_a_schema_never_fetches_anything():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"

        with pytest.raises(UserError, match="refers to"):
            is_json(a_case(), "{}", value={"$ref": address})
        with pytest.raises(TimeoutError):
            server.accept()


def test_contains_json_finds_it_in_the_middle_of_words():
    text = 'I {think} the answer is {"urgency": "high"}, [or so].'

    assert contains_json(a_case(), text, value=SCHEMA).value == 1
    assert contains_json(a_case(), "no {json} [here").value == 0
    assert contains_json(a_case(), "[" * 50_000).why == "it is nested too deeply to read"
    assert contains_json(a_case(), "[ " * 400 + "x").value == 0


def test_json_fields_grades_by_the_share_of_equal_leaves():
    assert json_fields(a_case(), json.dumps(TICKET)).value == 1
    assert json_fields(a_case(), changed(urgency="low")).value == pytest.approx(4 / 5)
    assert json_fields(a_case(), changed(who={"vip": False, "age": 4})).value == pytest.approx(
        3 / 5
    )
    assert json_fields(a_case(), "{}").value == 0
    assert json_fields(a_case(), "[]").value == 0


def test_json_fields_names_what_differs_with_both_values():
    answer = changed(urgency="low", who={"age": 41})

    assert json_fields(a_case(), answer).why == (
        'urgency is "low", expected "high", who.vip is missing, expected true'
    )


def test_json_fields_knows_a_text_from_a_number_and_a_number_from_a_truth_value():
    assert json_fields(a_case({"n": 1}), '{"n": "1"}').why == 'n is "1", expected 1'
    assert json_fields(a_case({"n": 1}), '{"n": true}').value == 0
    assert json_fields(a_case({"n": 0}), '{"n": false}').value == 0
    assert json_fields(a_case({"n": 1}), '{"n": 1.0}').value == 1
    assert json_fields(a_case({"n": None}), "{}").why == "n is missing, expected null"


def test_a_container_where_a_value_was_expected_costs_what_was_expected():
    assert json_fields(a_case({"a": "x", "b": 1}), '{"a": {"c": 1, "d": 2}, "b": 1}').value == 0.5
    assert json_fields(a_case(), changed(who="me")).value == pytest.approx(3 / 5)
    assert json_fields(a_case(), changed(who="me")).why == 'who is "me", expected an object of 2'


def test_lists_are_compared_in_order_unless_told_otherwise():
    assert json_fields(a_case(), changed(labels=["b", "a"])).value == pytest.approx(3 / 5)
    assert json_fields(a_case(), changed(labels=["b", "a"]), ordered=False).value == 1
    assert json_fields(a_case(), changed(labels=["c", "a"]), ordered=False).why == (
        'labels[1] is "c", expected "b"'
    )


def test_an_item_too_many_in_a_list_is_wrong():
    score = json_fields(a_case(), changed(labels=["a", "b", "c"]))

    assert score.value == pytest.approx(5 / 6)
    assert score.why == 'labels has "c" too many'
    assert json_fields(a_case({"labels": []}), '{"labels": ["a"]}').value == 0
    assert json_fields(a_case({"labels": []}), '{"labels": []}').value == 1
    everything = changed(labels=["x", "a", "y", "b"])
    assert json_fields(a_case(), everything, ordered=False).value == pytest.approx(5 / 7)


def test_fields_that_nobody_expects_count_only_on_request():
    answer = changed(mood="fine")

    assert json_fields(a_case(), answer).value == 1
    assert json_fields(a_case(), answer, allow_extra=False).value == pytest.approx(5 / 6)
    assert json_fields(a_case(), answer, allow_extra=False).why == "mood is not expected"
    assert json_fields(a_case({}), '{"a": 1}').value == 1
    assert json_fields(a_case({}), '{"a": 1}', allow_extra=False).value == 0


def test_capitals_are_forgiven_on_request():
    assert json_fields(a_case(), changed(urgency="HIGH")).value < 1
    assert json_fields(a_case(), changed(urgency="HIGH"), ignore_case=True).value == 1


def test_a_fence_around_the_answer_is_accepted_on_request_only():
    fenced = f"```json\n{json.dumps(TICKET)}\n```"

    assert json_fields(a_case(), fenced).why == "not JSON: it is in a code fence"
    assert json_fields(a_case(), fenced, fence=True).value == 1


def test_what_is_expected_may_come_from_the_eval_file():
    assert json_fields(Case("c", {}), '{"a": 1}', value={"a": 1}).value == 1
    assert json_fields(Case("c", {}), '{"a": 1}', value='{"a": 2}').value == 0


def test_what_is_expected_but_is_no_json_is_compared_as_text():
    assert json_fields(Case("c", {}, "none"), " none\n").value == 1
    other = json_fields(Case("c", {}, "none"), "some")
    assert other.value == 0
    assert other.why == 'is "some", expected "none" (no JSON, so as text)'


def test_an_empty_container_is_a_field_of_its_own():
    case = a_case({"a": {}, "b": [], "c": 1})

    assert json_fields(case, '{"a": {}, "b": [], "c": 1}').value == 1
    assert json_fields(case, '{"a": [], "b": {}, "c": 1}').value == pytest.approx(1 / 3)
    assert json_fields(case, '{"c": 1}').value == pytest.approx(1 / 3)
    assert json_fields(a_case({"a": {}, "b": 1}), '{"a": {"x": 1}, "b": 2}').value == 0.5


def test_an_answer_that_is_no_json_has_no_field_right_and_says_where_it_breaks():
    score = json_fields(a_case(), '{"urgency": high}')

    assert score.value == 0
    assert score.why.startswith("not JSON: line 1, column 13: ")


def test_a_bomb_of_brackets_is_not_json_or_is_compared_in_good_time():
    nested = "[" * 900 + "1," * 20_000 + "1" + "]" * 900

    assert json_fields(a_case(), nested).value == 0
    assert json_fields(a_case(), "[" * 100_000).value == 0
    with pytest.raises(NotJson):
        parsed("9" * 5000)
