"""X.eval.yaml: the cases of a prompt, and what a good answer is."""

from datetime import date

import pytest

from promptgit.config import Config, EvalFile, ModelChoice, parse_eval_file
from promptgit.core.verdict import Quarantined
from promptgit.errors import UserError

FILE = "prompts/reply.eval.yaml"


def parsed(text: str) -> EvalFile:
    return parse_eval_file(text.encode(), FILE)


def refusal(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        parsed(text)
    return caught.value


def test_an_empty_eval_file_is_the_defaults():
    assert parsed("# later\n") == EvalFile(file=FILE)


def test_the_example_of_the_documentation_is_understood():
    found = parsed(
        """
cases: support-reply.csv
assert:
  - {type: similar, value: "{{ expected }}", weight: 3}
  - {type: contains, value: "{{ order_id }}"}
  - {type: word-count, value: {max: 60}}
must_pass: [refund-abuse]
"""
    )

    assert found.cases == "prompts/support-reply.csv"
    assert [a.type for a in found.assertions] == ["similar", "contains", "word-count"]
    assert [a.weight for a in found.assertions] == [3, 1, 1]
    assert found.assertions[2].value == {"max": 60}
    assert found.must_pass == ("refund-abuse",)


def test_a_bare_word_is_an_assertion_by_its_type():
    found = parsed("assert: [is-json]")

    assert found.assertions[0].type == "is-json"


def test_keys_that_are_not_ours_are_the_scorers_options():
    found = parsed(
        "assert: [{type: equals, value: no, metric: m, threshold: 1, ignore_case: true}]"
    )

    assertion = found.assertions[0]
    assert (assertion.value, assertion.metric, assertion.threshold) == ("no", "m", 1)
    assert assertion.options == {"ignore_case": True}


def test_each_assertion_knows_its_place_for_later_complaints():
    found = parsed("assert:\n  - is-json\n  - {type: cost}\n")

    assert found.places == (f"{FILE}:2:5", f"{FILE}:3:5")


def test_cases_may_stand_in_the_eval_file_and_stay_as_they_are_written():
    found = parsed("cases:\n  - {input: 007, expected: no}\n  - {input: hi, expected: {n: 1}}\n")

    assert [case.line for case in found.inline] == [2, 3]
    assert [dict(case.values) for case in found.inline] == [
        {"input": "007", "expected": "no"},
        {"input": "hi", "expected": {"n": 1}},
    ]


def test_a_case_file_may_come_with_its_delimiter():
    found = parsed('cases: {file: ../data/reply.csv, delimiter: ";"}')

    assert (found.cases, found.delimiter) == ("data/reply.csv", ";")


def test_columns_inputs_tags_template_and_model_are_kept():
    found = parsed(
        "columns: {input: fields.input, expected: answer}\ninputs: input\ntags: [a, b]\n"
        "template: none\nmodel: {name: m, temperature: 0.5}\n"
    )

    assert found.columns == {"input": "fields.input", "expected": "answer"}
    assert (found.inputs, found.tags, found.template) == (("input",), ("a", "b"), "none")
    assert found.model == ModelChoice("m", {"temperature": 0.5})


@pytest.mark.parametrize("path", ["../../x.csv", "/etc/passwd", "~/x.csv", "C:/x.csv", "a\\b.csv"])
def test_cases_outside_the_repository_are_refused(path):
    error = refusal(f"cases: '{path}'")

    assert error.message.startswith(f"{FILE}:1:8: the cases")
    assert "not in this repository" in error.message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("asserts: []", "1:1: unknown key 'asserts'", "did you mean 'assert'?"),
        ("must-pass: [a]", "1:1: unknown key 'must-pass'", "did you mean 'must_pass'?"),
        ("assert: {type: x}", "assert is", "[{type: contains"),
        ("assert: [{value: x}]", "the key 'assert[0].type' is missing", "type: contains"),
        ("assert: [{type: x, weight: -1}]", "assert[0].weight is -1", "weight: 2"),
        ("assert: [{type: x, threshold: high}]", 'assert[0].threshold is "high"', "0.8"),
        ("assert: [[1]]", "assert[0] is [1] (a list), but must be text or a mapping", "schema"),
        ("cases: 3", "cases is 3", "cases: support-reply.csv"),
        ("cases: [3]", "1:9: cases[0] is 3", "schema"),
        ("cases: {file: a, delimiter: xx}", "delimiter is", "delimiter"),
        ("template: mustache", "must be jinja or none", "jinja"),
        ("must_pass: [{a: 1}]", "must_pass[0] is", "schema"),
        ("model: {name: m, temperature: 5}", "model.temperature is 5", "temperature: 0"),
    ],
)
def test_a_mistake_says_where_what_and_what_instead(text, message, hint):
    error = refusal(text)

    assert error.message.startswith(f"{FILE}:1:")
    assert message in error.message
    assert "\n" not in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "model: {name: m, base_url: http://127.0.0.1:9}",
        "assert: [{type: llm-rubric, provider: {config: {apiBaseUrl: http://x}}}]",
        "assert: [{type: llm-rubric, api_key: sk-1}]",
    ],
)
def test_an_eval_file_cannot_redirect_a_provider_either(text):
    assert "may not be set in a repository" in refusal(text).message


def test_data_may_be_called_anything():
    found = parsed(
        "cases: [{input: a, url: b}]\ncolumns: {url: url}\n"
        "assert: [{type: is-json, value: {properties: {url: {type: string}}}}]\n"
    )

    assert found.inline[0].values["url"] == "b"


def test_a_quarantined_case_has_an_owner_a_reason_and_a_last_day():
    found = parsed("quarantine:\n  - {case: a, owner: '@ana', reason: it flips, until: 2027-01-31}")

    assert found.quarantine == (Quarantined("a", "@ana", "it flips", date(2027, 1, 31)),)


@pytest.mark.parametrize("missing", ["owner", "reason", "until"])
def test_a_quarantine_without_one_of_them_is_refused(missing):
    entry = {"case": "a", "owner": "ana", "reason": "flips", "until": "2027-01-31"}
    del entry[missing]

    assert missing in refusal(f"quarantine: [{entry}]").message


def test_a_last_day_that_is_no_day_is_refused():
    found = refusal("quarantine: [{case: a, owner: ana, reason: flips, until: soon}]")

    assert "2027-01-31" in f"{found.message} {found.hint}"


def test_a_prompt_may_have_a_gate_of_its_own():
    found = parsed("check: {margin: 0.1, metrics: {is-json: 0.02}, guards: {cost: 0.2}}")

    policy = Config().policy(check=found.check)
    assert (policy.margin, policy.alpha) == (0.1, 0.05)
    assert policy.metrics == {"is-json": 0.02}
    assert policy.guards == {"cost": 0.2}


def test_a_guard_that_nobody_measures_is_refused_with_a_suggestion():
    found = refusal("check: {guards: {lenght: 0.2}}")

    assert "length" in f"{found.message} {found.hint}"
