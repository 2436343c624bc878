"""A captured client of `openai` is the client, and its calls are in the logs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import promptgit
from promptgit.api.recorder import PROCESS
from promptgit.flywheel.interaction import Interaction
from servers.openai_answers import MODEL, Answering, answering

PROMPT = promptgit.Prompt.of("You are the support desk.", name="support-reply")
SAID = "Your order is on its way."
MESSAGES: list[Any] = [
    {"role": "system", "content": "You are the support desk."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "Where is my order?"},
]
ASKED: dict[str, Any] = {"model": "gpt-5-mini", "messages": MESSAGES}


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Path]:
    promptgit.capture_to(tmp_path, redact=lambda line: line)
    yield tmp_path
    PROCESS.recorder.close()


def lines(folder: Path) -> list[Interaction]:
    assert promptgit.flush()
    assert promptgit.capture_stats().failed == 0
    return [
        Interaction.read(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def a_client(server: Answering) -> openai.OpenAI:
    return promptgit.captured(
        openai.OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    )


def an_async_client(server: Answering) -> openai.AsyncOpenAI:
    return promptgit.captured(
        openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0)
    )


def assert_told(line: Interaction, *, usage: bool = True) -> None:
    assert (line.input, line.output, line.model) == ("Where is my order?", SAID, MODEL)
    assert (line.input_tokens, line.output_tokens) == ((20, 5) if usage else (None, None))
    assert line.latency_ms is not None
    assert line.error == ""


def test_a_chat_completion_is_recorded_and_comes_back_as_it_is(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        answer = client.chat.completions.create(**ASKED, promptgit_prompt=PROMPT)
        bare = openai.OpenAI(base_url=server.base_url, api_key="sk-test")
        assert answer == bare.chat.completions.create(**ASKED)

    (line,) = lines(logs)
    assert_told(line)
    assert line.system == "You are the support desk."
    assert (line.prompt, line.version) == ("support-reply", PROMPT.blob)
    assert server.seen[0] == server.seen[1] == ASKED


def test_a_response_is_recorded(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        one = client.responses.create(
            model="gpt-5-mini", instructions="You are the support desk.", input="Where is my order?"
        )
        client.responses.create(model="gpt-5-mini", input=MESSAGES)

    assert one.output_text == SAID
    for line in lines(logs):
        assert_told(line)
        assert line.system == "You are the support desk."


def test_a_stream_passes_on_every_piece_and_is_recorded_at_its_end(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        stream = client.chat.completions.create(
            **ASKED, stream=True, stream_options={"include_usage": True}
        )
        assert isinstance(stream, openai.Stream)
        assert stream.response.status_code == 200
        pieces = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
        assert not list(stream)

    assert "".join(pieces) == SAID
    (line,) = lines(logs)
    assert_told(line)


def test_a_stream_of_events_is_recorded(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        stream = client.responses.create(
            model="gpt-5-mini", input="Where is my order?", stream=True
        )
        with stream:
            kinds = [event.type for event in stream]

    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    (line,) = lines(logs)
    assert_told(line)


def test_asynchronous_clients_are_recorded(logs: Path):
    async def talk(server: Answering) -> None:
        async with an_async_client(server) as client:
            answer = await client.chat.completions.create(**ASKED)
            assert answer.choices[0].message.content == SAID
            stream = await client.chat.completions.create(**ASKED, stream=True)
            assert isinstance(stream, openai.AsyncStream)
            assert [chunk async for chunk in stream]
            await client.responses.create(model="gpt-5-mini", input="Where is my order?")
            async with await client.responses.create(
                model="gpt-5-mini", input="Where is my order?", stream=True
            ) as events:
                assert [event async for event in events]

    with answering(SAID) as server:
        asyncio.run(talk(server))

    chat, stream, response, events = lines(logs)
    assert_told(chat)
    assert_told(stream, usage=False)
    assert_told(response)
    assert_told(events)


def test_tasks_do_not_take_each_others_calls(logs: Path):
    async def one(client: openai.AsyncOpenAI, number: int) -> None:
        with promptgit.using(PROMPT, conversation=str(number)):
            messages: list[Any] = [{"role": "user", "content": str(number)}]
            await client.chat.completions.create(model="gpt-5-mini", messages=messages)

    async def talk(server: Answering) -> None:
        async with an_async_client(server) as client:
            await asyncio.gather(*(one(client, number) for number in range(12)))

    with answering(SAID) as server:
        asyncio.run(talk(server))

    found = lines(logs)
    assert len(found) == 12
    assert all(line.conversation == line.input for line in found)


def test_streams_that_are_left_early_are_recorded_as_far_as_they_came(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        with client.chat.completions.create(**ASKED, stream=True) as stream:
            next(stream), next(stream)
        stream = client.chat.completions.create(**ASKED, stream=True)
        next(stream), next(stream), next(stream)
        stream.close()
        stream = client.chat.completions.create(**ASKED, stream=True)
        next(stream)
        stream.response.close()
        del stream
        gc.collect()

    assert [line.output for line in lines(logs)] == ["Your ", "Your order ", ""]


def test_an_error_in_a_stream_is_noted_and_passes_on(logs: Path):
    with answering(SAID, cut=2) as server, a_client(server) as client:
        stream = client.chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIError, match="overloaded"):
            list(stream)

    assert [(line.output, line.error) for line in lines(logs)] == [("Your order ", "APIError")]


def test_a_refused_call_is_noted_and_passes_on(logs: Path):
    with answering(SAID, status=500) as server, a_client(server) as client:
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**ASKED)
        with pytest.raises(TypeError, match="messages"):
            client.chat.completions.create(model="gpt-5-mini")  # type: ignore[call-overload]

    refused, misused = lines(logs)
    assert (refused.error, refused.output) == ("InternalServerError", "")
    assert misused.error == "TypeError"


def test_calls_of_functions_are_the_output(logs: Path):
    with answering("", tool="find_order") as server, a_client(server) as client:
        client.chat.completions.create(**ASKED)
        list(client.chat.completions.create(**ASKED, stream=True))

    called = '[{"name": "find_order", "arguments": "{\\"order\\": 7}"}]'
    assert [line.output for line in lines(logs)] == [called, called]


def test_what_a_call_is_about_is_said_in_three_ways(logs: Path):
    metadata = {"promptgit.prompt": "support-reply", "promptgit.version": PROMPT.blob, "x": "y"}
    with answering(SAID) as server, a_client(server) as client:
        with promptgit.using(PROMPT, unit="u-1", conversation="c-1"):
            client.chat.completions.create(**ASKED)
        client.chat.completions.create(
            **ASKED,
            promptgit_prompt=PROMPT,
            promptgit_unit="u-1",
            promptgit_conversation="c-1",
            promptgit_facts={"channel": "chat"},
        )
        client.chat.completions.create(**ASKED, metadata=metadata)

    found = lines(logs)
    assert {(line.prompt, line.version) for line in found} == {("support-reply", PROMPT.blob)}
    assert [line.unit for line in found] == ["u-1", "u-1", ""]
    assert dict(found[1].facts) == {"channel": "chat"}
    assert server.seen == [ASKED, ASKED, {**ASKED, "metadata": metadata}]


def test_within_a_block_the_client_fills_in_its_call(logs: Path):
    with (
        answering(SAID) as server,
        a_client(server) as client,
        promptgit.capture(PROMPT, unit="u-1") as call,
    ):
        client.chat.completions.create(**ASKED)
        client.chat.completions.create(**ASKED)  # after a tool was called, say
        call.score("quality", 1)

    (line,) = lines(logs)
    assert line.id == call.id
    assert (line.output, line.input_tokens, line.output_tokens) == (SAID, 40, 10)
    assert dict(line.scores) == {"quality": 1.0}


def test_a_second_attempt_that_works_is_no_error(logs: Path):
    with (
        answering(SAID, status=500) as server,
        a_client(server) as client,
        promptgit.capture(PROMPT),
    ):
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**ASKED)
        server.status = 200
        client.chat.completions.create(**ASKED)

    (line,) = lines(logs)
    assert_told(line)


def test_a_stream_that_outlives_its_block_is_recorded_at_its_end(logs: Path):
    """As with a web framework: the handler returns the stream, and is over."""
    with answering(SAID) as server, a_client(server) as client:
        with promptgit.capture(PROMPT) as call:
            stream = client.chat.completions.create(**ASKED, stream=True)
        assert not lines(logs)
        list(stream)

    (line,) = lines(logs)
    assert line.id == call.id
    assert_told(line, usage=False)


def test_what_is_built_on_create_works_and_is_recorded(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        raw = client.chat.completions.with_raw_response.create(**ASKED)
        assert raw.headers["content-type"] == "application/json"
        assert raw.parse().choices[0].message.content == SAID
        with client.chat.completions.stream(**ASKED) as events:
            assert events.get_final_completion().choices[0].message.content == SAID
        assert client.chat.completions.parse(**ASKED).choices[0].message.content == SAID
        client.with_options(timeout=9).chat.completions.create(**ASKED)

    raw_line, streamed, parsed, optioned = lines(logs)
    assert_told(raw_line)
    assert_told(streamed, usage=False)
    assert_told(parsed)
    assert_told(optioned)


def test_a_body_that_the_caller_reads_is_left_to_the_caller(logs: Path):
    with answering(SAID) as server, a_client(server) as client:
        with client.chat.completions.with_streaming_response.create(**ASKED) as response:
            assert SAID.encode() in response.read()
        raw = client.chat.completions.with_raw_response.create(**ASKED, stream=True)
        assert len(list(raw.parse())) > 3

    assert not lines(logs)


def test_the_client_is_the_client(logs: Path):
    with answering(SAID) as server:
        client = openai.OpenAI(base_url=server.base_url, api_key="sk-test")

        assert promptgit.captured(client) is client
        assert promptgit.captured(promptgit.captured(client)) is client
        client.chat.completions.create(**ASKED)

    assert len(lines(logs)) == 1
    assert client.chat.completions.create.__name__ == "create"


def test_something_else_than_a_client_is_left_alone(logs: Path, caplog):
    assert promptgit.captured(7) == 7

    assert promptgit.capture_stats().failed == 1
    assert "not captured" in caplog.text


def test_arguments_of_another_shape_harm_nobody(tmp_path: Path, caplog):
    promptgit.capture_to(tmp_path, redact=lambda line: line)
    with answering(SAID) as server:
        client = a_client(server)
        answer = client.chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": 7}], promptgit_facts=3
        )

    assert answer.choices[0].message.content == SAID
    assert promptgit.capture_stats().failed >= 1
    PROCESS.recorder.close()
