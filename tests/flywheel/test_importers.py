"""Each format as others write it, read as interactions."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from promptgit.errors import UserError
from promptgit.flywheel.importers import Passed, Record, Rejected, detect, interactions
from promptgit.flywheel.importers.documents import records
from promptgit.flywheel.importers.fields import at
from promptgit.flywheel.importers.record import Unfit
from promptgit.flywheel.importers.registry import sampled
from promptgit.flywheel.importers.table import columns_of
from promptgit.flywheel.interaction import FEEDBACK, Interaction

AT = 1_795_293_605
WHEN = "2026-11-21T20:40:05.000Z"


def read(data: str | bytes, form: str = "", **options: Any) -> list[Any]:
    """All that comes of a file, in the format that it is recognised as."""
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    head, found = sampled(records(stream))
    chosen = form or detect([one for one in head if isinstance(one, Record)], "file").format
    return list(interactions(chosen, found, **options))


def lines(values: Iterable[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def attributes(**found: Any) -> list[dict[str, Any]]:
    def value(one: Any) -> dict[str, str]:
        return {"stringValue": one} if isinstance(one, str) else {"intValue": str(one)}

    return [{"key": name.replace("__", "."), "value": value(one)} for name, one in found.items()]


def a_span(*, span: str = "b7ad6b7169203331", events: Any = (), **found: Any) -> dict[str, Any]:
    return {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": span,
        "startTimeUnixNano": f"{AT}000000000",
        "endTimeUnixNano": f"{AT}750000000",
        "attributes": attributes(**found),
        "events": list(events),
    }


def a_trace(*spans: Any) -> dict[str, Any]:
    resource = {"attributes": attributes(deployment__environment__name="production")}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def messages(*said: tuple[str, str]) -> str:
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said]
    )


NEW = a_span(
    gen_ai__operation__name="chat",
    gen_ai__provider__name="openai",
    gen_ai__request__model="gpt-4o",
    gen_ai__response__model="gpt-4o-2024-08-06",
    gen_ai__prompt__name="support-reply",
    gen_ai__prompt__version="9f86d08",
    gen_ai__conversation__id="s1",
    gen_ai__system_instructions=json.dumps([{"type": "text", "content": "Be kind"}]),
    gen_ai__input__messages=messages(("user", "one"), ("assistant", "two"), ("user", "three")),
    gen_ai__output__messages=messages(("assistant", "four")),
    gen_ai__usage__input_tokens=12,
    gen_ai__usage__output_tokens=7,
    events=[
        {
            "name": "gen_ai.evaluation.result",
            "attributes": [
                {"key": "gen_ai.evaluation.name", "value": {"stringValue": "quality"}},
                {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.9}},
            ],
        }
    ],
)


def test_a_span_of_the_new_conventions():
    (call,) = read(json.dumps(a_trace(NEW)))

    assert call == Interaction(
        id="0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        at=WHEN,
        conversation="s1",
        turn=1,
        environment="production",
        prompt="support-reply",
        version="9f86d08",
        model="gpt-4o-2024-08-06",
        provider="openai",
        system="Be kind",
        input="three",
        output="four",
        latency_ms=750.0,
        input_tokens=12,
        output_tokens=7,
        scores={"quality": 0.9},
        source="otel",
    )


@pytest.mark.parametrize(
    "span",
    [
        a_span(
            gen_ai__system="openai",
            gen_ai__prompt__0__role="system",
            gen_ai__prompt__0__content="sys",
            gen_ai__prompt__1__role="user",
            gen_ai__prompt__1__content="hello",
            gen_ai__completion__0__role="assistant",
            gen_ai__completion__0__content="hi",
            gen_ai__usage__prompt_tokens=3,
            gen_ai__usage__completion_tokens=4,
        ),
        a_span(
            gen_ai__system="openai",
            gen_ai__prompt=json.dumps(
                [{"role": "system", "content": "sys"}, {"role": "user", "content": "hello"}]
            ),
            gen_ai__completion=json.dumps([{"role": "assistant", "content": "hi"}]),
            gen_ai__usage__input_tokens=3,
            gen_ai__usage__output_tokens=4,
        ),
        a_span(
            gen_ai__system="openai",
            gen_ai__usage__prompt_tokens=3,
            gen_ai__usage__completion_tokens=4,
            events=[
                {"name": "gen_ai.system.message", "attributes": attributes(content="sys")},
                {"name": "gen_ai.user.message", "attributes": attributes(content="hello")},
                {
                    "name": "gen_ai.choice",
                    "attributes": attributes(message=json.dumps({"content": "hi"})),
                },
            ],
        ),
    ],
    ids=["indexed", "in one attribute", "events"],
)
def test_a_span_of_the_old_conventions(span):
    (call,) = read(json.dumps(a_trace(span)))

    assert (call.system, call.input, call.output) == ("sys", "hello", "hi")
    assert (call.input_tokens, call.output_tokens, call.provider) == (3, 4, "openai")


def test_spans_of_tools_are_passed_and_an_evaluation_among_the_logs_is_feedback():
    tool = a_span(gen_ai__operation__name="execute_tool", gen_ai__tool__name="search")
    log = {
        "timeUnixNano": f"{AT}000000000",
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "eventName": "gen_ai.evaluation.result",
        "attributes": [
            {"key": "gen_ai.evaluation.name", "value": {"stringValue": "Relevance"}},
            {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.25}},
        ],
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}

    call, passed, said = read(lines([a_trace(NEW), a_trace(tool), logs]))

    assert isinstance(passed, Passed)
    assert (said.kind, said.of, said.scores) == (FEEDBACK, call.id, {"relevance": 0.25})


def test_a_call_that_is_told_as_an_event_among_the_logs_is_the_call_of_its_span():
    told = {
        "timeUnixNano": f"{AT}000000000",
        "traceId": NEW["traceId"],
        "spanId": NEW["spanId"],
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": NEW["attributes"],
    }
    greeting = {**told, "eventName": "gen_ai.user.message"}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [told, greeting]}]}]}
    (of_the_span,) = read(json.dumps(a_trace(NEW)))

    call, passed = read(json.dumps(logs))

    assert (call.id, call.at, call.latency_ms) == (of_the_span.id, WHEN, None)
    assert (call.system, call.input, call.output) == ("Be kind", "three", "four")
    assert (call.prompt, call.version, call.input_tokens) == ("support-reply", "9f86d08", 12)
    assert "neither a call nor an evaluation" in passed.what


def a_completion(**more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": AT,
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
        "metadata": {"promptgit.prompt": "greet", "promptgit.version": "abc", "channel": "web"},
        **more,
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_stored_completions_one_a_line_or_as_the_list_that_the_api_returns(indent):
    page = {
        "object": "list",
        "data": [a_completion(), a_completion(id="chatcmpl-2")],
        "first_id": "chatcmpl-1",
    }
    one_a_line = read(lines([a_completion(), a_completion(id="chatcmpl-2")]))

    listed = read(json.dumps(page, indent=indent))

    assert listed == one_a_line
    assert [call.id for call in listed] == ["chatcmpl-1", "chatcmpl-2"]
    assert (listed[0].prompt, listed[0].version, listed[0].facts) == (
        "greet",
        "abc",
        {"channel": "web"},
    )
    assert (listed[0].at, listed[0].input, listed[0].output) == (WHEN, "hello", "hi")


def test_a_chat_is_a_call_for_each_answer():
    chat = {
        "messages": [
            {"role": "system", "content": "sys"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
            {"role": "assistant", "content": "d"},
        ]
    }

    first, second = read(lines([chat]), at=WHEN)

    assert first.conversation == second.conversation != ""
    assert (first.turn, first.input, first.output, first.system) == (0, "a", "b", "sys")
    assert (second.turn, second.input, second.output) == (1, "c", "d")
    assert read(lines([chat]), at=WHEN) == [first, second]


LITELLM = {
    "id": "chatcmpl-9",
    "litellm_call_id": "c-9",
    "trace_id": "t-1",
    "call_type": "acompletion",
    "status": "success",
    "custom_llm_provider": "azure",
    "model": "gpt-4o",
    "startTime": AT + 0.5,
    "endTime": AT + 2.0,
    "response_time": 1.5,
    "prompt_tokens": 5,
    "completion_tokens": 6,
    "response_cost": 0.00125,
    "messages": [{"role": "user", "content": "hello"}],
    "response": {"choices": [{"message": {"content": "hi"}}]},
    "request_tags": ["web"],
    "end_user": "PERSONAL-1",
    "requester_ip_address": "PERSONAL-2",
    "user_agent": "PERSONAL-3",
    "metadata": {
        "user_api_key_hash": "PERSONAL-4",
        "user_api_key_user_email": "PERSONAL-5",
        "prompt_management_metadata": {"prompt_id": "greet", "prompt_variables": {"name": "x"}},
    },
}


def test_litellm_without_what_is_personal():
    (call,) = read(lines([LITELLM]))

    assert call == Interaction(
        id="chatcmpl-9",
        at="2026-11-21T20:40:05.500Z",
        conversation="t-1",
        prompt="greet",
        model="gpt-4o",
        provider="azure",
        input="hello",
        output="hi",
        inputs={"name": "x"},
        latency_ms=1500.0,
        input_tokens=5,
        output_tokens=6,
        cost_usd=0.00125,
        facts={"tags": "web"},
        source="litellm",
    )
    assert "PERSONAL" not in call.line()


@pytest.mark.parametrize("response", [None, {}, ""])
def test_a_failure_of_litellm_says_its_kind_and_quotes_nothing(response):
    failed = {
        **LITELLM,
        "status": "failure",
        "response": response,
        "error_str": "PERSONAL",
        "error_information": {"error_class": "RateLimitError", "traceback": "PERSONAL"},
    }

    (call,) = read(lines([failed]))

    assert (call.error, call.output) == ("RateLimitError", "")
    assert "PERSONAL" not in call.line()


OBSERVATION = {
    "id": "o-1",
    "traceId": "t-1",
    "type": "GENERATION",
    "startTime": "2026-11-21T20:40:05.000Z",
    "endTime": "2026-11-21T20:40:06.000Z",
    "environment": "production",
    "userId": "u-1",
    "sessionId": "s-1",
    "promptName": "greet",
    "promptVersion": 3,
    "model": "gpt-4o",
    "input": [{"role": "system", "content": "sys"}, {"role": "user", "content": "hello"}],
    "output": {"role": "assistant", "content": "hi"},
    "usageDetails": {"input": 3, "output": 4, "total": 7},
    "totalCost": 0.5,
    "latency": 1.0,
    "level": "DEFAULT",
    "tags": ["web"],
    "metadata": {"agent": "a-7"},
}


def as_csv(*rows: dict[str, Any]) -> str:
    import csv

    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()})
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        lines([OBSERVATION]),
        json.dumps({"data": [OBSERVATION], "meta": {"page": 1}}, indent=1),
        json.dumps([OBSERVATION]),
        as_csv(OBSERVATION),
    ],
    ids=["lines", "page", "array", "csv"],
)
def test_langfuse_in_each_of_its_exports(data):
    (call,) = read(data)

    assert call == Interaction(
        id="o-1",
        at=WHEN,
        conversation="s-1",
        unit="u-1",
        environment="production",
        prompt="greet",
        version="3",
        model="gpt-4o",
        system="sys",
        input="hello",
        output="hi",
        latency_ms=1000.0,
        input_tokens=3,
        output_tokens=4,
        cost_usd=0.5,
        facts={"agent": "a-7", "tags": "web"},
        source="langfuse",
    )


def test_langfuse_spans_are_no_calls():
    found = read(lines([OBSERVATION, {**OBSERVATION, "id": "o-2", "type": "SPAN"}]))

    assert isinstance(found[1], Passed)


def test_promptfoo_results():
    result = {
        "promptIdx": 0,
        "testIdx": 4,
        "success": False,
        "score": 0.5,
        "namedScores": {"tone": 1},
        "vars": {"name": "Ann"},
        "prompt": {"raw": "Greet Ann", "label": "greet"},
        "provider": {"id": "openai:gpt-4o"},
        "response": {"output": "hi", "tokenUsage": {"prompt": 3, "completion": 4}, "cost": 0.1},
        "latencyMs": 12,
    }
    document = {
        "evalId": "eval-1",
        "results": {
            "version": 3,
            "timestamp": WHEN,
            "prompts": [{"raw": "x"}],
            "results": [result],
        },
        "config": {"tests": []},
    }

    (call,) = read(json.dumps(document, indent=2))

    assert (call.id, call.at, call.environment) == ("eval-1:4:0", WHEN, "evaluation")
    assert (call.input, call.output, call.inputs) == ("Greet Ann", "hi", {"name": "Ann"})
    assert call.scores == {"tone": 1.0, "quality": 0.5}


def test_the_three_forms_of_promptfoos_log_guide():
    by_message = [
        {
            "session_id": "s",
            "role": "user",
            "message": "a",
            "timestamp": WHEN,
            "metadata": {"x": "1"},
        },
        {"session_id": "t", "role": "user", "message": "other", "timestamp": WHEN},
        {
            "session_id": "s",
            "role": "assistant",
            "message": "b",
            "timestamp": "2026-11-21T20:40:07Z",
        },
        {"session_id": "s", "role": "user", "message": "c", "timestamp": WHEN},
        {"session_id": "s", "role": "assistant", "message": "d", "timestamp": WHEN},
    ]
    by_session = {
        "session_id": "s",
        "user_id": "u",
        "created_at": WHEN,
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    }
    chain = [
        {
            "timestamp": WHEN,
            "type": "human",
            "data": {"content": "a"},
            "metadata": {"session_id": "s"},
        },
        {
            "timestamp": WHEN,
            "type": "ai",
            "data": {"content": "b"},
            "metadata": {"session_id": "s"},
        },
    ]

    first, second = read(lines(by_message))
    (whole,) = read(lines([by_session]))
    (chained,) = read(lines(chain))

    assert (first.conversation, first.turn, first.input, first.output) == ("s", 0, "a", "b")
    assert (first.latency_ms, first.facts) == (2000.0, {"x": "1"})
    assert (second.turn, second.input, second.output) == (1, "c", "d")
    assert (whole.conversation, whole.unit, whole.input, whole.output) == ("s", "u", "a", "b")
    assert (chained.conversation, chained.input, chained.output) == ("s", "a", "b")


def test_our_own_lines_come_back_as_they_were():
    line = Interaction("a", WHEN, output="x", scores={"quality": 1.0}, latency_ms=2.0)

    assert read(line.line() + "\n") == [line]
    assert isinstance(read('{"schema":1,"id":"a","at":"x","kind":"call"}\n')[0], Rejected)
    assert isinstance(read('{"schema":1,"id":"a","at":"2026-01-01","kind":"odd"}\n')[0], Rejected)


def test_a_table_with_a_map():
    data = (
        "when;frage;antwort;note\n2026-11-21 20:40:05;hello;hi;0,5\n2026-11-21 20:40:05;a;b;0.5\n"
    )
    columns = columns_of(
        "at=when, input=frage, output=antwort, scores.quality=note, facts.kind=frage"
    )

    rejected, call = read(data, "table", columns=columns)

    assert isinstance(rejected, Rejected)
    assert rejected.line == 2
    assert (call.at, call.input, call.output) == (WHEN, "a", "b")
    assert (call.scores, call.facts) == ({"quality": 0.5}, {"kind": "a"})


def test_a_path_leads_into_an_object_and_a_list():
    row = {"when": AT, "q": "a", "reply": {"parts": [{"text": "x"}, {"text": "b"}]}}

    (call,) = read(
        lines([row]), "table", columns=columns_of("at=when,input=q,output=reply.parts.1.text")
    )

    assert call.output == "b"


def test_columns_that_say_what_they_are_need_no_map():
    (call,) = read('timestamp,question,answer\n2026-11-21T20:40:05Z,a,"b,\nc"\n')

    assert (call.at, call.input, call.output) == (WHEN, "a", "b,\nc")


@pytest.mark.parametrize("data", ["a,b\n1,2\n", '{"x": 1}\n', "nonsense\nmore\n", '{"x"\n{"y"\n'])
def test_a_format_that_nobody_knows_is_an_error_that_lists_those_there_are(data):
    with pytest.raises(UserError) as caught:
        read(data)

    assert "otel" in caught.value.hint
    assert "--map" in caught.value.hint


def test_a_map_with_a_field_that_there_is_not_says_what_was_meant():
    with pytest.raises(UserError, match="did you mean 'output'"):
        columns_of("outptu=answer")
    with pytest.raises(UserError, match="no FIELD=COLUMN"):
        columns_of("output")


def test_malformed_lines_are_rejected_one_by_one():
    good = json.dumps(a_completion())
    data = (
        "\n".join(
            [
                good,
                '{"torn',
                "[1, 2]",
                "7",
                '{"id": "\ud800"',
                good.replace(str(AT), "12"),
                "[" * 5000,
                good,
            ]
        ).encode("utf-8", "replace")
        + b'\n{"id": "\xff\xfe"}\n'
        + good.encode()
    )

    found = read(data)

    assert sum(isinstance(one, Interaction) for one in found) == 3
    rejected = [one for one in found if isinstance(one, Rejected)]
    assert [one.line for one in rejected] == [2, 3, 4, 5, 6, 7, 9]
    assert rejected[0].reason == "no JSON: unterminated string starting at column 2"


@pytest.mark.parametrize("cut", [10, 200, 700])
def test_a_document_that_breaks_off_gives_what_was_whole(cut):
    page = json.dumps(
        {"object": "list", "data": [a_completion(id=f"c{i}") for i in range(4)]}, indent=2
    )

    found = read(page[:-cut], "openai")

    assert isinstance(found[-1], Rejected)
    assert found[:-1] == read(page)[: len(found) - 1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'input,output\r"a","b"\r', "no CSV"),  # the line ends of an old Mac
        (b"\0" * 1000, "no text"),
        (b"a" * (34 << 20), "longer than 32 MB"),
        (b"input,output\n" + b"a" * (34 << 20) + b"\n", "longer than 32 MB"),
    ],
)
def test_a_file_of_one_useless_line_is_not_called_empty(data, reason):
    found = list(records(io.BytesIO(data)))

    assert found
    assert isinstance(found[0], Rejected)
    assert reason in found[0].reason


def test_blank_lines_before_the_header_are_no_header():
    (found,) = records(io.BytesIO(b"\n\ninput,output\na,b\n"))

    assert found == Record(4, {"input": "a", "output": "b"})


def test_bytes_in_a_database_that_is_called_our_own_are_rejected():
    (found,) = interactions("promptgit", iter([Record(1, {"id": b"\xff"})]))

    assert isinstance(found, Rejected)


def test_a_first_line_that_is_no_header_is_not_shown_unredacted():
    first = Record(2, {"jane.roe@example.com": "x", "4111 1111 1111 1111": "y"})

    with pytest.raises(UserError) as caught:
        detect([first], "file")

    assert "jane" not in caught.value.message
    assert "4111" not in caught.value.message


def test_no_form_of_garbage_is_a_crash():
    import random

    rng = random.Random(5)
    odd = [None, True, 0, -1, 1e308, "", "x", [], {}, [[]], {"a": None}, [None], "\u0000", 10**40]
    samples = [a_trace(NEW), NEW, a_completion(), LITELLM, OBSERVATION]
    samples += [{"session_id": "s", "role": "user", "message": "a", "timestamp": WHEN}]
    forms = ("otel", "openai", "litellm", "langfuse", "promptfoo", "llm", "promptgit", "table")

    def spoilt(value: Any) -> Any:
        if rng.random() < 0.15:
            return rng.choice(odd)
        if isinstance(value, dict):
            return {name: spoilt(one) for name, one in value.items()}
        return [spoilt(one) for one in value] if isinstance(value, list) else value

    for _ in range(150):
        data = lines([spoilt(rng.choice(samples)) for _ in range(3)])
        for form in forms:
            for outcome in read(data, form):
                if isinstance(outcome, Interaction):
                    assert Interaction.read(outcome.line()) == outcome


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AT, WHEN),
        (str(AT), WHEN),
        (AT * 1000, WHEN),
        (AT * 1_000_000_000, WHEN),
        (AT + 0.25, "2026-11-21T20:40:05.250Z"),
        ("2026-11-21T21:40:05+01:00", WHEN),
        ("2026-11-21 20:40:05", WHEN),
        ("2026-11-21 20:40:05 UTC", WHEN),
        ("2026-11-21", "2026-11-21T00:00:00.000Z"),
    ],
)
def test_times_are_read_in_each_of_their_forms(value, expected):
    assert at(value) == expected


@pytest.mark.parametrize(
    "value", [None, "", 0, -5, "yesterday", "1999-01-01", float("nan"), True, []]
)
def test_what_is_no_time_is_said(value):
    with pytest.raises(Unfit):
        at(value)
