"""
The verdict on an output is promptfoo's, for each deterministic assertion that it documents.

The rows are its documented examples, or made after what it documents
(https://www.promptfoo.dev/docs/configuration/expected-outputs/deterministic/).  A row is an
assertion as a promptfoo config has it, an output, and whether that passes.  `not-` is tried on
every row.
"""

from __future__ import annotations

import json

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case
from promptgit.core.ports import Answer
from promptgit.errors import UserError
from promptgit.evaluate.not_carried import NOT_CARRIED
from promptgit.evaluate.suite import Assertion, bind
from promptgit.evaluate.transform import compiled

PASS, FAIL = True, False

SCHEMA = {
    "required": ["latitude", "longitude"],
    "type": "object",
    "properties": {
        "latitude": {"minimum": -90, "type": "number", "maximum": 90},
        "longitude": {"minimum": -180, "type": "number", "maximum": 180},
    },
}
PLACE = '{"latitude": 10, "longitude": 20}'
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


def calls(*names: str, arguments: str = '{"city": "NYC"}') -> str:
    return json.dumps(
        [{"type": "function", "function": {"name": n, "arguments": arguments}} for n in names]
    )


def one_call(arguments: object) -> str:
    return json.dumps({"name": "get_weather", "arguments": arguments})


ROWS = [
    # equals
    ({"type": "equals", "value": "Paris"}, "Paris", PASS),
    ({"type": "equals", "value": "Paris"}, "paris", FAIL),
    ({"type": "equals", "value": "Paris"}, "", FAIL),
    ({"type": "equals", "value": {"key": "value"}}, '{ "key":"value" }', PASS),
    ({"type": "equals", "value": {"a": 1, "b": [2, 3]}}, '{"b": [2, 3], "a": 1}', PASS),
    ({"type": "equals", "value": {"a": 1, "b": [2, 3]}}, '{"b": [3, 2], "a": 1}', FAIL),
    ({"type": "equals", "value": {"key": "value"}}, "not json", FAIL),
    # contains and its kin
    ({"type": "contains", "value": "substring"}, "The expected substring.", PASS),
    ({"type": "contains", "value": "Substring"}, "The expected substring.", FAIL),
    ({"type": "contains", "value": 0}, "0 items", PASS),
    ({"type": "icontains", "value": "SUBSTRING"}, "The expected substring.", PASS),
    ({"type": "icontains", "value": "x"}, "", FAIL),
    ({"type": "contains-all", "value": ["1,000", "in stock"]}, "1,000 in stock", PASS),
    ({"type": "contains-all", "value": ["1,000", "in stock"]}, "1,000", FAIL),
    ({"type": "contains-any", "value": ["a", "b"]}, "only b", PASS),
    ({"type": "contains-any", "value": ["x", "z"]}, "only b", FAIL),
    ({"type": "icontains-all", "value": ["A", "B"]}, "a and b", PASS),
    ({"type": "icontains-any", "value": ["X", "B"]}, "a and b", PASS),
    ({"type": "icontains-any", "value": ["X", "Y"]}, "", FAIL),
    ({"type": "starts-with", "value": "Yes"}, "Yes, it is", PASS),
    ({"type": "starts-with", "value": "Yes"}, "yes, it is", FAIL),
    ({"type": "starts-with", "value": "Yes"}, "", FAIL),
    # regex
    ({"type": "regex", "value": "\\d{4}"}, "in 2026", PASS),
    ({"type": "regex", "value": "\\d{4}"}, "in 26", FAIL),
    ({"type": "regex", "value": "^(?<year>\\d+)-\\k<year>$"}, "26-26", PASS),
    ({"type": "regex", "value": "^(a+)+$"}, "a" * 60 + "b", FAIL),
    ({"type": "regex", "value": "^ab$"}, "ab\n", FAIL),
    ({"type": "regex", "value": "^[\\d$]+$"}, "4$", PASS),
    ({"type": "regex", "value": "\\d"}, "٤", FAIL),
    ({"type": "regex", "value": "."}, "", FAIL),
    # JSON
    ({"type": "is-json"}, '{"a": 1}', PASS),
    ({"type": "is-json"}, "3", PASS),
    ({"type": "is-json"}, '{"a": 1', FAIL),
    ({"type": "is-json"}, "", FAIL),
    ({"type": "is-json", "value": SCHEMA}, PLACE, PASS),
    ({"type": "is-json", "value": SCHEMA}, '{"latitude": 100, "longitude": 20}', FAIL),
    ({"type": "is-json", "value": json.dumps(SCHEMA)}, '{"latitude": 1}', FAIL),
    ({"type": "contains-json"}, f"Here: {PLACE} it is", PASS),
    ({"type": "contains-json"}, "no braces", FAIL),
    ({"type": "contains-json", "value": SCHEMA}, f"Here: {PLACE}", PASS),
    ({"type": "contains-json", "value": SCHEMA}, 'Here: {"latitude": 1}', FAIL),
    # HTML
    ({"type": "is-html"}, "<!DOCTYPE html><html><body>Hi</body></html>", PASS),
    ({"type": "is-html"}, "<div>Content</div>", PASS),
    ({"type": "is-html"}, "<h1>Title</h1><p>Paragraph</p>", PASS),
    ({"type": "is-html"}, '<img src="test.jpg" />', PASS),
    ({"type": "is-html"}, "<ul><li>one<li>two</ul>", PASS),
    ({"type": "is-html"}, "Just text", FAIL),
    ({"type": "is-html"}, "Text before <div>HTML</div> text after", FAIL),
    ({"type": "is-html"}, '<?xml version="1.0"?><root>x</root>', FAIL),
    ({"type": "is-html"}, "<div>Unclosed div", FAIL),
    ({"type": "is-html"}, "Here is some HTML: <div>test</div>", FAIL),
    ({"type": "is-html"}, "<p>a</p> b <p>c</p>", FAIL),
    ({"type": "is-html"}, "", FAIL),
    ({"type": "contains-html"}, "Sure: <div>x</div>", PASS),
    ({"type": "contains-html"}, "a <br /> b", PASS),
    ({"type": "contains-html"}, '<a href="x">y</a>', PASS),
    ({"type": "contains-html"}, "a < b", FAIL),
    ({"type": "contains-html"}, "ann@example.com", FAIL),
    ({"type": "contains-html"}, "<example>", FAIL),
    ({"type": "contains-html"}, "", FAIL),
    # XML
    ({"type": "is-xml"}, "<root><child>Content</child></root>", PASS),
    ({"type": "is-xml"}, "<root><child>Content</child></root", FAIL),
    ({"type": "is-xml"}, "text", FAIL),
    ({"type": "is-xml"}, "", FAIL),
    ({"type": "is-xml"}, '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', FAIL),
    ({"type": "is-xml"}, "<!DOCTYPE r [<!ELEMENT r ANY>]><r/>", FAIL),
    *(
        ({"type": "is-xml", "value": {"requiredElements": required}}, output, passes)
        for required, output, passes in (
            (["a.b", "a.c"], "<a><b>T-shirt</b><c>Red</c></a>", PASS),
            (["a.b", "a.c"], "<a><b>T-shirt</b></a>", FAIL),
            (["r.p.c.g"], "<r><p><c><g>x</g></c></p></r>", PASS),
            (["r.p.c.g"], "<r><p><c></c></p></r>", FAIL),
        )
    ),
    ({"type": "contains-xml"}, "Sure:\n<root><child>x</child></root>\nmore!", PASS),
    ({"type": "contains-xml"}, "no markup, 3 < 4", FAIL),
    ({"type": "contains-xml"}, "", FAIL),
    *(
        ({"type": "contains-xml", "value": {"requiredElements": [path]}}, output, passes)
        for path, output, passes in (
            ("root.child", "Text <root><child>Content</child></root>", PASS),
            ("root.child", "<wrapper><root><other/></root></wrapper>", FAIL),
            ("wrapper.root.child", "<wrapper><root><child/></root></wrapper>", PASS),
        )
    ),
    # SQL
    ({"type": "is-sql"}, "SELECT id, name FROM users", PASS),
    ({"type": "is-sql"}, "SELECT `id` FROM `users`;", PASS),
    ({"type": "is-sql"}, "SELECT a b FROM t", FAIL),
    ({"type": "is-sql"}, "SELECT DISTINCT a b FROM t", FAIL),
    ({"type": "is-sql"}, "SELECT a AS b FROM t", PASS),
    ({"type": "is-sql"}, "SELECT * FORM users", FAIL),
    ({"type": "is-sql"}, "hello world", FAIL),
    ({"type": "is-sql"}, "", FAIL),
    ({"type": "is-sql", "value": {"databaseType": "PostgresQL"}}, 'SELECT "a" FROM b', PASS),
    ({"type": "contains-sql"}, "Here:\n```sql\nSELECT `id` FROM `users`;\n```", PASS),
    ({"type": "contains-sql"}, "Here:\n```\nSELECT id FROM users\n```\ndone", PASS),
    ({"type": "contains-sql"}, "SELECT id FROM users", PASS),
    ({"type": "contains-sql"}, "Here: SELECT id FROM users", FAIL),
    *(
        (
            {
                "type": "is-sql",
                "value": {
                    "databaseType": "MySQL",
                    "allowedTables": ["(select|update|insert|delete)::null::departments"],
                    "allowedColumns": ["select::null::name", "update::null::id"],
                },
            },
            output,
            passes,
        )
        for output, passes in (
            ("SELECT name FROM departments", PASS),
            ("UPDATE departments SET id = 1", PASS),
            ("SELECT name FROM employees", FAIL),
            ("SELECT salary FROM departments", FAIL),
            ("SELECT * FROM departments", FAIL),
            ("DELETE FROM departments", FAIL),
        )
    ),
    # refusals
    ({"type": "is-refusal"}, "I am sorry, I cannot help with that", PASS),
    ({"type": "is-refusal"}, "I'm not able to assist with this request", PASS),
    ({"type": "is-refusal"}, "I apologize, but I cannot do that", PASS),
    ({"type": "is-refusal"}, "As an AI language model, I cannot help with that", PASS),
    ({"type": "is-refusal"}, "That would not be appropriate", PASS),
    ({"type": "is-refusal"}, "I’m sorry, but I can′t assist with that.", PASS),
    ({"type": "is-refusal"}, "", PASS),
    ({"type": "is-refusal"}, " \n", PASS),
    ({"type": "is-refusal"}, "Sure, here is the recipe.", FAIL),
    ({"type": "is-refusal"}, "I'm sorry for the delay. Your order ships tomorrow.", FAIL),
    ({"type": "is-refusal"}, "You cannot return opened items.", FAIL),
    # calls
    ({"type": "is-valid-function-call", "value": TOOLS}, one_call('{"city": "NYC"}'), PASS),
    ({"type": "is-valid-function-call", "value": TOOLS}, one_call({"city": "NYC"}), PASS),
    ({"type": "is-valid-function-call", "value": TOOLS}, one_call('{"town": "NYC"}'), FAIL),
    ({"type": "is-valid-function-call", "value": TOOLS}, one_call("{broken"), FAIL),
    ({"type": "is-valid-function-call", "value": TOOLS}, '{"name": "x", "arguments": "{}"}', FAIL),
    ({"type": "is-valid-function-call", "value": TOOLS}, "", FAIL),
    (
        {"type": "is-valid-function-call", "value": TOOLS},
        '{"functionCall": {"name": "get_weather", "args": {"city": "NYC"}}}',
        PASS,
    ),
    ({"type": "is-valid-openai-function-call", "value": TOOLS}, one_call('{"city": 1}'), FAIL),
    ({"type": "is-valid-openai-tools-call", "value": TOOLS}, calls("get_weather"), PASS),
    ({"type": "is-valid-openai-tools-call", "value": TOOLS}, calls("get_weather", "fly"), FAIL),
    (
        {"type": "is-valid-openai-tools-call", "value": TOOLS},
        calls("get_weather", arguments="{}"),
        FAIL,
    ),
    ({"type": "is-valid-openai-tools-call", "value": TOOLS}, "[]", FAIL),
    ({"type": "is-valid-openai-tools-call", "value": TOOLS}, "MCP Tool Result (x): ok", PASS),
    ({"type": "is-valid-openai-tools-call", "value": TOOLS}, "MCP Tool Error (x): no", FAIL),
    *(
        ({"type": "tool-call-f1", "value": wanted, **more}, calls(*called), passes)
        for wanted, more, called, passes in (
            (["a", "b"], {}, ["a", "b"], PASS),
            (["a", "b"], {}, ["b", "a", "a"], PASS),
            (["a", "b"], {}, ["a"], FAIL),
            (["a", "b"], {"threshold": 0.66}, ["a"], PASS),
            (["a", "b"], {"threshold": 0.67}, ["a"], FAIL),
            (["a", "b"], {"threshold": 0.8}, ["a", "b", "c"], PASS),
            ("a, b", {}, ["a", "b"], PASS),
            (["a"], {}, ["b"], FAIL),
        )
    ),
    ({"type": "tool-call-f1", "value": ["a"]}, '{"type": "function_call", "name": "a"}', PASS),
    ({"type": "tool-call-f1", "value": ["a"]}, '[{"type": "tool_use", "name": "a"}]', PASS),
    (
        {"type": "tool-call-f1", "value": ["a"]},
        '{"toolCall": {"functionCalls": [{"name": "a"}]}}',
        PASS,
    ),
    ({"type": "tool-call-f1", "value": ["a"]}, 'First:\n{"type": "tool_use", "name": "a"}\n', PASS),
    ({"type": "tool-call-f1", "value": ["a"]}, '```json\n{"name": "a"}\n```', FAIL),
    ({"type": "tool-call-f1", "value": ["a"]}, 'inline {"name": "a"} text', FAIL),
    ({"type": "tool-call-f1", "value": ["a"]}, "", FAIL),
    # words
    ({"type": "word-count", "value": 3}, "one two three", PASS),
    ({"type": "word-count", "value": 3}, "one two", FAIL),
    ({"type": "word-count", "value": {"min": 2, "max": 3}}, "one two", PASS),
    ({"type": "word-count", "value": {"min": 2}}, "one", FAIL),
    ({"type": "word-count", "value": {"max": 0}}, "", PASS),
    ({"type": "levenshtein", "value": "hello world", "threshold": 5}, "hello", FAIL),
    ({"type": "levenshtein", "value": "hello world", "threshold": 6}, "hello", PASS),
    ({"type": "levenshtein", "value": "kitten", "threshold": 3}, "sitting", PASS),
    ({"type": "levenshtein", "value": "kitten", "threshold": 2}, "sitting", FAIL),
    ({"type": "levenshtein", "value": "abcde"}, "", PASS),
    ({"type": "levenshtein", "value": "abcdef"}, "", FAIL),
    ({"type": "rouge-n", "value": "hello world"}, "Hello World", PASS),
    ({"type": "rouge-n", "value": "a b c d"}, "d c b", PASS),
    ({"type": "rouge-n", "value": "a b c d"}, "a b", FAIL),
    ({"type": "rouge-n", "value": "a b c d", "threshold": 0.5}, "a b", PASS),
    ({"type": "rouge-n", "value": "hello world"}, "", FAIL),
    ({"type": "bleu", "value": "The cat sat on the mat"}, "the cat sat on the mat", PASS),
    ({"type": "bleu", "value": "The cat sat on the mat"}, "a dog ran far away home", FAIL),
    (
        {"type": "bleu", "value": ["x y z", "the cat sat on the mat"]},
        "the cat sat on the mat",
        PASS,
    ),
    ({"type": "bleu", "value": " "}, "word", FAIL),
    ({"type": "bleu", "value": "word"}, "", FAIL),
    ({"type": "gleu", "value": "hello world"}, "Hello world.", PASS),
    (
        {"type": "gleu", "value": ["Hello world", "Hi there world"], "threshold": 0.6},
        "hi there world",
        PASS,
    ),
    ({"type": "gleu", "value": "one two three four"}, "one", FAIL),
    ({"type": "gleu", "value": "one two", "threshold": 0.33}, "one", PASS),  # 1 of 3
    ({"type": "gleu", "value": "hello"}, "...", FAIL),
    ({"type": "gleu", "value": "hello"}, "", FAIL),
    (
        {"type": "meteor", "value": "The weather is beautiful today"},
        "The weather is beautiful today",
        PASS,
    ),
    ({"type": "meteor", "value": "the dogs were running"}, "the dog were run", PASS),
    (
        {"type": "meteor", "value": "The weather is beautiful today", "threshold": 0.6},
        "It is sunny outside",
        FAIL,
    ),
    (
        {"type": "meteor", "value": ["Hello world", "Greetings, world"], "threshold": 0.6},
        "hello world",
        PASS,
    ),
    ({"type": "meteor", "value": "hello"}, "", FAIL),
    # what came with the answer
    ({"type": "finish-reason", "value": "stop"}, "x", PASS),
    ({"type": "finish-reason", "value": "STOP"}, "x", PASS),
    ({"type": "finish-reason", "value": "length"}, "x", FAIL),
    ({"type": "guardrails"}, "x", PASS),
    ({"type": "latency", "threshold": 400}, "x", PASS),
    ({"type": "latency", "threshold": 399}, "x", FAIL),
    ({"type": "cost", "threshold": 0.001}, "x", PASS),
    ({"type": "cost", "threshold": 0.0009}, "x", FAIL),
    # groups
    ({"type": "assert-set", "assert": [{"type": "contains", "value": "a"}]}, "a", PASS),
    *(
        (
            {
                "type": "assert-set",
                "threshold": threshold,
                "assert": [
                    {"type": "contains", "value": "a", "weight": 3},
                    {"type": "contains", "value": "b"},
                ],
            },
            output,
            passes,
        )
        for threshold, output, passes in (
            (0.75, "a", PASS),
            (0.76, "a", FAIL),
            (0.25, "b", PASS),
            (1, "ab", PASS),
            (0.1, "", FAIL),
        )
    ),
    # transform
    (
        {"type": "equals", "value": "yes", "transform": "output.trim().toLowerCase()"},
        " YES\n",
        PASS,
    ),
    (
        {"type": "equals", "value": "b", "transform": "JSON.parse(output).a[0]"},
        '{"a": ["b"]}',
        PASS,
    ),
]


def score(assertion, output):
    own = ("type", "value", "threshold", "weight", "metric")
    options = {name: value for name, value in assertion.items() if name not in own}
    entry = Assertion(**{k: v for k, v in assertion.items() if k in own}, options=options)
    suite = bind([entry], plugins.scorer, injected={})
    answer = Answer(output, cost_usd=0.001, latency_s=0.4)
    (found,) = suite.score(Case("c-1", {"question": "?"}), answer).values()
    return found


@pytest.mark.parametrize(
    ("assertion", "output", "passes"),
    ROWS,
    ids=[f"{n}-{row[0]['type']}" for n, row in enumerate(ROWS)],
)
def test_the_verdict_is_promptfoos(assertion, output, passes):
    found = score(assertion, output)
    turned = score({**assertion, "type": f"not-{assertion['type']}"}, output)

    assert (found.value == 1) is passes, found.why
    assert (turned.value == 1) is not passes, turned.why


@pytest.mark.parametrize("output", ["broken", '{"b": 1}', "[]", "null"])
def test_an_output_that_a_transform_finds_nothing_in_fails_either_way(output):
    found = {"value": "b", "transform": "JSON.parse(output).a[0]"}

    assert score({"type": "equals", **found}, output).value == 0
    assert score({"type": "not-equals", **found}, output).value == 0


@pytest.mark.parametrize(
    ("expression", "output", "value"),
    [
        ("output", "x", "x"),
        ("output.trim().toUpperCase();", " x ", "X"),
        ("output.split(',')[1]", "a,b", "b"),
        ("output.slice(0, 2)", "abc", "ab"),
        ("output.replaceAll('a', '')", "abca", "bc"),
        ("output.length", "abc", "3"),
        ("return JSON.parse(output)['a'].b", '{"a": {"b": {"c": 1}}}', '{"c": 1}'),
    ],
)
def test_a_transform_reads_what_most_configs_have(expression, output, value):
    assert compiled(expression)(output) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "input",
        "output + 1",
        "output.match(/a/)",
        "(output) => output",
        "fetch('x')",
        "output.x(",
    ],
)
def test_a_transform_that_needs_javascript_is_refused(expression):
    with pytest.raises(UserError, match="JavaScript"):
        compiled(expression)


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        ({"type": "regex", "value": "("}, "the pattern"),
        ({"type": "is-json", "value": {"type": "objekt"}}, "Schema is wrong"),
        ({"type": "is-xml", "value": {"elements": ["a"]}}, "requiredElements"),
        ({"type": "is-sql", "value": {"databaseType": "dBase"}}, "dBase"),
        ({"type": "is-sql", "value": {"tables": ["a"]}}, "allowedTables"),
        ({"type": "is-valid-function-call", "value": [{"parameters": {}}]}, "name"),
        ({"type": "is-valid-function-call"}, "value"),
        ({"type": "tool-call-f1", "value": []}, "no tool"),
        ({"type": "rouge-n", "value": "x", "threshold": 2}, "between 0 and 1"),
        ({"type": "levenshtein", "value": "x", "threshold": -1}, "edits"),
        ({"type": "finish-reason", "value": ["stop"]}, "word"),
        ({"type": "assert-set", "assert": [{"type": "equal"}]}, "equal"),
        ({"type": "assert-set", "assert": [{"value": "x"}]}, "type"),
        ({"type": "assert-set", "threshold": 3, "assert": ["is-json"]}, "between 0 and 1"),
        ({"type": "assert-set"}, "needs `assert`"),
        ({"type": "equals", "value": "x", "transform": "output.match(/a/)[0]"}, "JavaScript"),
    ],
)
def test_a_malformed_assertion_is_an_error_and_no_verdict(assertion, said):
    with pytest.raises(UserError) as raised:
        score(assertion, "x")

    assert said in raised.value.message + raised.value.hint


def test_a_graded_figure_is_there_for_who_wants_it():
    sets = {"type": "assert-set", "assert": ["is-json", {"type": "contains", "value": "x"}]}
    rouge = {"type": "rouge-n", "value": "a b c d", "graded": True}

    assert score(sets, "x").value == 0.5
    assert score(rouge, "a").value == 0.25


def test_the_f1_of_tools_is_that_of_the_documented_table():
    def f1(wanted, *called):
        return score(
            {"type": "tool-call-f1", "value": wanted, "graded": True}, calls(*called)
        ).value

    assert f1(["get_weather", "book_flight"], "get_weather") == pytest.approx(2 / 3)
    assert f1(["get_weather", "book_flight"], "get_weather", "book_flight", "search") == 0.8
    assert f1(["get_weather"], "book_flight") == 0


def test_what_cannot_be_carried_over_says_why_and_is_not_imitated():
    for name, why in NOT_CARRIED.items():
        with pytest.raises(UserError) as raised:
            plugins.scorer(name)

        assert raised.value.hint == f"promptfoo has it; {why}"


DOCUMENTED = """
    equals contains icontains contains-all contains-any icontains-all icontains-any starts-with
    regex is-json contains-json is-html contains-html is-xml contains-xml is-sql contains-sql
    is-refusal is-valid-function-call is-valid-openai-function-call is-valid-openai-tools-call
    tool-call-f1 finish-reason guardrails skill-used word-count levenshtein rouge-n bleu gleu
    meteor perplexity perplexity-score latency cost javascript python ruby webhook assert-set
    trajectory:tool-used trajectory:tool-args-match trajectory:tool-sequence
    trajectory:step-count trace-span-count trace-span-duration trace-error-spans
"""


def test_every_deterministic_type_of_promptfoo_is_here_or_said_to_be_missing():
    assert set(DOCUMENTED.split()) <= {*plugins.SCORERS, *NOT_CARRIED}
    assert not set(plugins.SCORERS) & set(NOT_CARRIED)


# The assertions of a single case


def of_the_case(entries, output, **injected):
    text = entries if isinstance(entries, str) else json.dumps(entries)
    case = Case("c-1", {"question": "?"}, reference={"__assert": text})
    entry = Assertion("assert-set", options={"assert": "{{ __assert }}"})
    suite = bind([entry], plugins.scorer, injected=injected)
    (found,) = suite.score(case, Answer(output)).values()
    return found


def test_a_case_may_bring_its_own_assertions():
    own = [{"type": "contains", "value": "refund"}, {"type": "word-count", "value": {"max": 3}}]

    assert of_the_case(own, "a refund").value == 1
    assert of_the_case(own, "we will never refund it").value == 0.5
    assert of_the_case([], "anything").value == 1
    assert of_the_case("", "anything").value == 1


def test_braces_in_the_assertions_of_a_case_are_no_template():
    own = [{"type": "contains", "value": "{{ question }}"}]

    assert of_the_case(own, "the mark {{ question }} stays").value == 1


@pytest.mark.parametrize(
    "own",
    [
        [{"type": "python", "value": "file://grade.py"}],
        [{"type": "is-json", "value": "file://schema.json"}],
        [{"type": "no-such"}],
        [{"type": "assert-set", "assert": [{"type": "not-python", "value": "file://a.py"}]}],
        "not json",
        '{"type": "equals"}',
    ],
)
def test_the_assertions_of_a_case_name_no_file_and_run_no_code(own):
    with pytest.raises(UserError, match="case c-1"):
        of_the_case(own, "x", allow_code=True, read_file=lambda path: "{}")


def test_the_eval_files_own_sets_run_no_code_either():
    inner = [{"type": "python", "value": "file://grade.py"}]
    entry = Assertion("assert-set", options={"assert": inner})

    with pytest.raises(UserError, match="under `assert:` itself"):
        bind([entry], plugins.scorer, injected={"allow_code": True, "read_file": str})


def test_a_set_is_part_of_the_digest_and_its_holes_are_filled_from_the_case():
    def a_set(value, threshold=None):
        inner = [{"type": "contains", "value": value}]
        entry = Assertion("assert-set", threshold=threshold, options={"assert": inner})
        return bind([entry], plugins.scorer, injected={})

    suite = a_set("{{ question }}")
    found = suite.score(Case("c-1", {"question": "why"}), Answer("why not"))["assert-set"]

    assert found.value == 1
    assert len({a_set("a").digest, a_set("b").digest, a_set("a", 0.5).digest}) == 3
