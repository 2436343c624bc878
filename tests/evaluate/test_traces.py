"""The trace of an answer goes wherever the answer goes: cache, journal, record, recording."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from cli.terminal import promptgit
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Score
from promptgit.core.evidence import evaluation_record, joins
from promptgit.core.journal import answer_facts, answer_of
from promptgit.core.pipeline import FORM
from promptgit.core.ports import Answer, Request
from promptgit.core.prompt import Message, Prompt, blob_id
from promptgit.core.trace import LONGEST, Span, tool_span, trace_of
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.reuse import reuse
from promptgit.evaluate.evaluate import scored
from promptgit.evaluate.pipelines import play
from promptgit.evaluate.side_by_side import Contender
from promptgit.evaluate.suite import Suite
from promptgit.models.openai import factory
from promptgit.models.replay import Recording, Replay
from promptgit.testing.repositories import a_repository
from promptgit.testing.scripted import ScriptedModel
from servers.openai_server import serving

KEY = "ab" * 32
ASKED = Request((Message("user", "Where is my parcel?"),))
TRACE = (
    tool_span("find", {"id": 7, "é": [None, True]}),
    Span("db", "span", attributes={"http.status_code": 500}, start_ms=1.5, duration_ms=20.0),
    Span("deploy", "skill", failed=True, message="timeout"),
)
TRACED = Answer("x", cost_usd=0.0, trace=TRACE)
EMPTY, UNTOLD = replace(TRACED, trace=()), replace(TRACED, trace=None)
PROMPT = Prompt.of("Be kind.\n")
CASES = Dataset((Case("hi", {"say": "hi"}),))
CONTENDER = Contender(PROMPT, ScriptedModel("?"), CASES)


class TracingModel:
    """A user's own model: it tells what it did."""

    identity = ScriptedModel("").identity

    def complete(self, request):
        said = request.messages[0].text
        return Answer(said, cost_usd=0.0, latency_s=0.5, trace=(Span(said.lower(), "tool"),))


@pytest.mark.parametrize("answer", [TRACED, EMPTY, UNTOLD])
def test_the_cache_gives_back_the_trace_and_knows_an_empty_one_from_none(tmp_path, answer):
    SqliteAnswers(tmp_path / "cache.db").put(KEY, answer)

    assert SqliteAnswers(tmp_path / "cache.db").get(KEY) == replace(answer, cached=True)


def test_a_cache_of_the_version_before_keeps_its_answers_and_learns_of_traces(tmp_path):
    path = tmp_path / "cache.db"
    SqliteAnswers(path).put(KEY, UNTOLD)
    with sqlite3.connect(path) as db:
        db.execute("alter table answers drop column trace")
        db.execute("pragma user_version = 2")
    db.close()

    store = SqliteAnswers(path)
    store.put("cd" * 32, TRACED)

    assert store.get(KEY) == replace(UNTOLD, cached=True)
    assert store.get("cd" * 32).trace == TRACE
    assert store.notice == ""


@pytest.mark.parametrize("answer", [TRACED, EMPTY, UNTOLD])
def test_the_journal_gives_back_the_trace(answer):
    facts = json.loads(json.dumps(answer_facts(answer)))

    assert answer_of(facts) == answer
    assert ("trace" in facts) is (answer.trace is not None)


def a_result(trace):
    suite = Suite((Metric("m"),), lambda case, answer: {"m": Score(1.0)}, "0" * 64)
    return scored(CASES.cases[0], 0, Answer("x", cost_usd=0.0, trace=trace), suite)


def recorded(result, **options):
    evaluation = Evaluation(PROMPT, CASES, CONTENDER.model.identity, (Metric("m"),), (result,))
    told = {"path": "p.md", "suite": "0" * 64, "half": "all", "when": "2026-01-01T00:00:00Z"}
    return evaluation_record(evaluation, **told, **options)


def taken_over(tmp_path, result):
    class Shelf(dict):
        put = dict.__setitem__

    records = Records(Git.discover(a_repository(tmp_path, {"a.txt": "a\n"}).path))
    record = recorded(result)
    records.put(record, joins(record))
    shelf = Shelf()
    reuse(records, CONTENDER, shelf)
    return [answer.trace for answer in shelf.values()]


@pytest.mark.parametrize("trace", [TRACE, (), None])
def test_a_record_gives_back_the_trace_with_its_answer(tmp_path, trace):
    assert taken_over(tmp_path, a_result(trace)) == [trace]


SECRET = "sk-proj-4f9a8b7c6d5e4f3a2b1c"


@pytest.mark.parametrize("argument", [SECRET, "a" * LONGEST])
def test_a_trace_that_is_struck_out_or_cut_is_a_text_and_no_answer_any_more(tmp_path, argument):
    result = a_result((tool_span("login", {"with": argument}),))
    (entry,) = recorded(result).body["results"]

    assert argument not in json.dumps(entry)
    assert "login" in entry["trace"]
    assert len(entry["trace"]) < LONGEST + 100
    assert taken_over(tmp_path, result) == []


def test_without_outputs_a_record_has_no_trace():
    (entry,) = recorded(a_result(TRACE), outputs=False).body["results"]

    assert "trace" not in entry
    assert "find" not in json.dumps(entry)


def test_a_recording_plays_the_trace_and_takes_one_that_was_written_by_hand(tmp_path):
    path = tmp_path / "talk.jsonl"
    said = Recording(TracingModel(), path).complete(ASKED)
    assert Replay(path).complete(ASKED) == said

    first, line = path.read_text().splitlines()
    entry = json.loads(line)
    entry["answer"]["trace"] = [{"name": "find", "kind": "tool", "arguments": {"id": 7}}]
    path.write_text(f"{first}\n{json.dumps(entry)}\n")
    assert Replay(path).complete(ASKED).trace == (tool_span("find", {"id": 7}),)

    del entry["answer"]["trace"]
    path.write_text(f"{first}\n{json.dumps(entry)}\n")
    assert Replay(path).complete(ASKED).trace is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        [1],
        [{}],
        [{"name": "a", "kind": "magic"}],
        [{"name": "a", "start_ms": "soon"}],
        [{"name": "a", "attributes": []}],
        [{"name": "a", "took": 3}],
    ],
)
def test_what_is_no_trace_is_refused(told):
    with pytest.raises(ValueError, match=r"trace is|span|milliseconds"):
        trace_of(told)


def asked_of_a_server(message, **options):
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    with serving(reply=lambda body: {"id": "1", "choices": [choice]}) as server:
        return factory("m", options=options, endpoint=server.endpoint()).complete(ASKED).trace


def call(name, arguments):
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}


TOOLS = [{"type": "function", "function": {"name": "find"}}]


def test_tool_calls_of_a_server_are_the_trace_in_order():
    calls = [call("find", '{"id": 7}'), call("send", "{half"), {"type": "custom"}, "x"]

    found = asked_of_a_server({"content": None, "tool_calls": calls})

    assert [(span.name, span.kind, span.arguments) for span in found] == [
        ("find", "tool", {"id": 7}),
        ("send", "tool", "{half"),
    ]


def test_a_model_that_was_offered_tools_and_called_none_has_an_empty_trace():
    assert asked_of_a_server({"content": "Hi"}, tools=TOOLS) == ()
    assert asked_of_a_server({"content": "Hi", "tool_calls": None}) is None


def test_the_steps_of_a_pipeline_are_spans_and_the_calls_of_a_step_follow_it():
    reply = "{name: reply, prompt: b.md, inputs: {to: '{{ sort }}'}}"
    text = f"steps:\n  - {{name: sort, prompt: a.md}}\n  - {reply}\n"
    prompt = Prompt(
        text, blob_id(text), "answer", {"a.md": "Sort.", "b.md": "Reply {{ to }}."}, form=FORM
    )

    answer = play(prompt, Case("c", {"say": "hi"}), 0, TracingModel())

    assert [(span.name, span.start_ms, span.duration_ms) for span in answer.trace] == [
        ("sort", 0, 500),
        ("sort.", 0, None),
        ("reply", 500, 500),
        ("reply sort..", 500, None),
    ]
    assert [step.trace for step in answer.steps] == [
        (Span("sort.", "tool"),),
        (Span("reply sort..", "tool"),),
    ]
    result = replace(a_result(answer.trace), steps=answer.steps)
    (entry,) = recorded(result).body["results"]
    assert [step["trace"] for step in entry["steps"]] == [
        [{"name": "sort.", "kind": "tool"}],
        [{"name": "reply sort..", "kind": "tool"}],
    ]
    assert "trace" not in entry


PROMPTFOO = """\
prompts: ["Help: {{q}}"]
providers: [openai:gpt-5-mini]
defaultTest:
  assert:
    - {type: trajectory:tool-used, value: search_orders}
    - {type: not-trajectory:tool-used, value: {pattern: 'delete*', max: 0}}
    - {type: trajectory:tool-args-match, value: {name: find, args: {id: '{{ q }}'}}}
    - {type: trajectory:tool-sequence, value: {mode: exact, steps: [find, reply]}}
    - {type: trajectory:step-count, value: {type: tool, max: 3}}
    - {type: trace-span-count, value: {pattern: '*', min: 1}}
    - {type: trace-span-duration, value: {max: 3000, percentile: 95}}
    - {type: trace-error-spans, value: 0}
    - {type: skill-used, value: code-review}
tests: [{vars: {q: a}}, {vars: {q: b}}]
"""


def test_promptfoos_assertions_on_traces_come_over_and_go_back(tmp_path):
    import yaml

    repository = a_repository(tmp_path, {"promptfooconfig.yaml": PROMPTFOO}).path
    wanted = yaml.safe_load(PROMPTFOO)["defaultTest"]["assert"]

    said = promptgit(repository, "init", "--from", "promptfooconfig.yaml")
    back = promptgit(repository, "export", "--to", "promptfoo", "prompts/prompt.md")

    assert said.code == back.code == 0
    assert "trajectory" not in said.out + said.err
    assert yaml.safe_load((repository / "prompts/prompt.eval.yaml").read_text())["assert"] == wanted
    assert yaml.safe_load(back.out)["defaultTest"]["assert"] == wanted
