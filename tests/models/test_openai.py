import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from promptgit.core.ports import Request, Usage
from promptgit.core.price import Price
from promptgit.core.prompt import Message
from promptgit.errors import CallFailed, UserError
from promptgit.models.endpoints import Endpoint, endpoint_for
from promptgit.models.openai import factory
from servers.openai_server import always, by_chance, on_schedule, serving

KEY = "sk-test-0123456789abcdef"
ASKED = Request((Message("system", "Be brief."), Message("user", "Where is my parcel?")))


def a_model(server, name="gpt-5-mini", *, options=None, **more):
    return factory(name, options=options or {}, endpoint=server.endpoint(KEY), **more)


def failure(server, **more):
    with pytest.raises(CallFailed) as caught:
        a_model(server, **more).complete(ASKED)
    return caught.value


def test_an_answer_says_what_it_took():
    with serving(reply=lambda body: "On its way.") as server:
        answer = a_model(server, price=Price(1.0, 10.0, 0.5)).complete(ASKED)

    assert answer.text == "On its way."
    assert answer.finish_reason == "stop"
    assert answer.model == "gpt-5-mini-2026-08-07"
    assert answer.usage == Usage(8, 3, cached_input_tokens=4)
    assert answer.cost_usd == pytest.approx((4 * 1.0 + 4 * 0.5 + 3 * 10.0) / 1e6)
    assert answer.latency_s > 0
    assert not answer.cached


def test_only_options_that_somebody_set_are_sent():
    with serving() as server:
        a_model(server).complete(ASKED)
        a_model(server, options={"temperature": 0}).complete(ASKED)

    plain, cold = (seen.body for seen in server.seen)
    assert set(plain) == {"model", "messages"}
    assert cold["temperature"] == 0


def test_the_request_is_what_the_openai_sdk_would_send_and_read():
    from openai import OpenAI

    options = {"temperature": 0.5, "max_tokens": 20, "seed": 7, "stop": ["\n"], "top_p": 0.9}
    with serving(reply=lambda body: "Grüße 😀") as server:
        ours = a_model(server, options=options).complete(ASKED)
        with OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
            theirs = client.chat.completions.create(
                model="gpt-5-mini",
                messages=[
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Where is my parcel?"},
                ],
                **options,
            )

    sent, expected = server.seen
    assert sent.body == expected.body
    assert sent.path == expected.path
    for name in ("authorization", "content-type", "accept"):
        assert sent.headers[name] == expected.headers[name]
    assert ours.text == theirs.choices[0].message.content
    assert ours.finish_reason == theirs.choices[0].finish_reason
    assert ours.model == theirs.model
    assert ours.usage.input_tokens == theirs.usage.prompt_tokens
    assert ours.usage.output_tokens == theirs.usage.completion_tokens
    assert ours.usage.cached_input_tokens == theirs.usage.prompt_tokens_details.cached_tokens


def test_openais_own_host_gets_max_tokens_under_its_new_name_and_no_other_does():
    own = factory(
        "gpt-5-mini",
        options={"max_tokens": 20},
        endpoint=Endpoint("https://api.openai.com/v1", KEY),
    )
    other = factory(
        "ollama/llama3.2",
        options={"max_tokens": 20},
        endpoint=Endpoint("http://localhost:11434/v1", provider="ollama"),
    )

    assert own.body(ASKED)["max_completion_tokens"] == 20
    assert "max_tokens" not in own.body(ASKED)
    assert other.body(ASKED)["max_tokens"] == 20


def test_what_a_request_sets_goes_before_what_the_model_sets():
    model = factory(
        "m", options={"temperature": 1}, endpoint=Endpoint("http://localhost/v1", provider="vllm")
    )

    body = model.body(Request(ASKED.messages, options={"temperature": 0}))

    assert body["temperature"] == 0


def test_repeats_move_the_seed_on_so_that_they_are_independent():
    model = factory(
        "m", options={"seed": 7}, endpoint=Endpoint("http://localhost/v1", provider="vllm")
    )

    seeds = [model.body(Request(ASKED.messages, repeat))["seed"] for repeat in range(3)]

    assert seeds == [7, 8, 9]


def test_the_name_is_what_the_user_typed():
    openrouter = Endpoint("https://openrouter.ai/api/v1", KEY, "openrouter")

    model = factory("openrouter/meta/llama-4", options={}, endpoint=openrouter)

    assert model.identity.model == "meta/llama-4"
    assert model.identity.host == "openrouter.ai"
    assert str(model.identity) == "openrouter/meta/llama-4"


@pytest.mark.parametrize("option", ["stream", "n", "messages", "model"])
def test_options_that_would_change_the_protocol_are_the_users_error(option):
    with pytest.raises(UserError, match=option):
        factory("m", options={option: 1}, endpoint=Endpoint("http://localhost/v1"))


def test_log_probabilities_are_carried_where_they_were_asked_for():
    def likely(body: dict[str, Any]) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}
        if body.get("logprobs"):
            content = [{"token": "H", "logprob": -0.25}, {"token": "i", "logprob": -0.75}]
            choice["logprobs"] = {"content": content, "refusal": None}
        return {"id": "1", "choices": [choice]}

    with serving(reply=likely) as server:
        asked = a_model(server, options={"logprobs": True}).complete(ASKED)
        plain = a_model(server).complete(ASKED)

    assert (asked.mean_logprob, plain.mean_logprob) == (-0.5, None)


@pytest.mark.parametrize(
    "sent", [[], {"content": None}, {"content": 5}, {"content": [{"logprob": "high"}]}, "x"]
)
def test_log_probabilities_that_are_none_are_none(sent):
    choice = {"index": 0, "message": {"content": "Hi"}, "logprobs": sent}
    with serving(reply=lambda body: {"id": "1", "choices": [choice]}) as server:
        answer = a_model(server, options={"logprobs": True}).complete(ASKED)

    assert (answer.text, answer.mean_logprob) == ("Hi", None)


def test_null_content_is_an_empty_answer_of_the_models_own():
    with serving(faults=always("null")) as server:
        answer = a_model(server).complete(ASKED)

    assert (answer.text, answer.finish_reason) == ("", "stop")


def test_a_refusal_is_the_text_and_is_named():
    with serving(faults=always("refusal")) as server:
        answer = a_model(server).complete(ASKED)

    assert (answer.text, answer.finish_reason) == ("I cannot help with that.", "refusal")


def test_an_answer_that_was_cut_or_filtered_says_so():
    with serving(faults=on_schedule("length", "filtered")) as server:
        cut = a_model(server).complete(ASKED)
        filtered = a_model(server).complete(ASKED)

    assert (cut.text, cut.finish_reason) == ("Whe", "length")
    assert (filtered.text, filtered.finish_reason) == ("", "content_filter")


def test_content_in_parts_is_joined():
    parts = [{"type": "text", "text": "On its "}, {"type": "text", "text": "way."}]
    with serving(reply=lambda body: {"role": "assistant", "content": parts}) as server:
        assert a_model(server).complete(ASKED).text == "On its way."


def test_half_characters_become_the_replacement_character():
    with serving(reply=lambda body: "cut \ud83d") as server:
        assert a_model(server).complete(ASKED).text == "cut �"


def test_an_answer_without_usage_has_no_price():
    said = {"choices": [{"message": {"content": "hi"}}]}
    with serving(reply=lambda body: said) as server:
        answer = a_model(server).complete(ASKED)

    assert answer.usage == Usage()
    assert answer.cost_usd is None


def test_a_local_model_costs_nothing_even_without_usage():
    said = {"choices": [{"message": {"content": "hi"}}]}
    with serving(reply=lambda body: said) as server:
        model = factory("ollama/x", options={}, endpoint=server.endpoint("", "ollama"))
        answer = model.complete(ASKED)

    assert answer.cost_usd == 0.0
    assert "authorization" not in server.seen[0].headers


def test_openrouter_knows_what_it_took():
    said = {"choices": [{"message": {"content": "hi"}}], "usage": {"cost": 0.125}}
    with serving(reply=lambda body: said) as server:
        model = factory("openrouter/a/b", options={}, endpoint=server.endpoint(KEY, "openrouter"))

        assert model.complete(ASKED).cost_usd == 0.125


@pytest.mark.parametrize(
    ("fault", "kind", "retryable"),
    [
        ("429", "rate-limit", True),
        ("429-bare", "rate-limit", True),
        ("500", "server", True),
        ("503", "server", True),
        ("reset", "connection", True),
        ("close", "connection", True),
        ("short", "connection", True),
        ("truncated", "malformed", True),
        ("html", "malformed", True),
        ("empty-choices", "malformed", True),
        ("no-message", "malformed", True),
        ("400", "request", False),
        ("context", "request", False),
    ],
)
def test_each_failure_of_the_world_has_a_kind_and_may_be_tried_again_or_not(fault, kind, retryable):
    with serving(faults=always(fault)) as server:
        error = failure(server)

    assert (error.kind, error.retryable, error.fatal) == (kind, retryable, False)
    assert "127.0.0.1" in error.message


@pytest.mark.parametrize(
    ("fault", "kind", "hint"),
    [
        ("401", "auth", "OPENAI_API_KEY"),
        ("403", "auth", "OPENAI_API_KEY"),
        ("404", "request", "a model called 'gpt-5-mini'"),
        ("quota", "rate-limit", "paid up"),
        ("parameter", "request", "remove that option"),
        ("redirect", "request", "base URL"),
    ],
)
def test_what_no_call_of_this_run_can_pass_is_fatal_and_says_what_to_do(fault, kind, hint):
    with serving(faults=always(fault)) as server:
        error = failure(server)

    assert (error.kind, error.fatal) == (kind, True)
    assert hint in error.hint


@pytest.mark.parametrize("fault", ["400", "401"])
def test_a_key_that_the_server_quotes_is_not_in_the_error(fault):
    with serving(faults=always(fault)) as server:
        error = failure(server)

    assert KEY not in f"{error!r} {error.message} {error.hint}"
    assert "redacted]" in error.message


def test_what_is_odd_in_a_servers_words_stays_on_one_short_line():
    with serving(faults=always("")) as server:
        server.reply = lambda body: {
            "choices": [],
            "error": {"code": 500, "message": "a\n\x1b[31mb" * 200},
        }
        error = failure(server)

    assert error.kind == "server"
    assert "\n" not in error.message
    assert "\x1b" not in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize(("fault", "asked_s"), [("429", 7.0), ("429-date", 7.0)])
def test_retry_after_is_read_in_seconds_and_as_a_date(fault, asked_s):
    with serving(faults=always(fault), retry_after_s=asked_s) as server:
        error = failure(server)

    assert error.retry_after_s == pytest.approx(asked_s, abs=1)


@pytest.mark.parametrize("fault", ["hang", "slow", "slow-head", "slow-chunks", "slow-bare"])
def test_a_request_has_one_deadline_however_slowly_the_answer_drips(fault):
    with serving(faults=always(fault), drip_s=0.03) as server:
        error = failure(server, timeout_s=0.3)

    assert (error.kind, error.retryable) == ("timeout", True)
    assert "0.3 s" in error.message


def test_a_late_answer_does_not_spoil_the_next_one():
    with serving(faults=on_schedule("hang")) as server:
        model = a_model(server, timeout_s=0.2)
        with pytest.raises(CallFailed):
            model.complete(ASKED)

        assert model.complete(ASKED).text == "Where is my parcel?"


def test_a_server_that_is_not_there_is_named_with_who_gave_its_address():
    with serving() as server:
        base_url, port = server.base_url, server.port
    endpoint = endpoint_for("openai", {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": KEY})
    model = factory("m", options={}, endpoint=endpoint)

    with pytest.raises(CallFailed) as caught:
        model.complete(ASKED)

    assert caught.value.message == f"cannot reach http://127.0.0.1:{port}: connection refused"
    assert caught.value.kind == "unreachable"
    assert caught.value.hint == "is the server running? OPENAI_BASE_URL says where"


def test_a_path_that_is_not_there_is_named_and_the_base_url_is_asked_about():
    with serving(faults=always("404")) as server:
        server_url = server.base_url.removesuffix("/v1")
        model = factory("m", options={}, endpoint=Endpoint(server_url, KEY))
        with pytest.raises(CallFailed) as caught:
            model.complete(ASKED)

    assert "said 404 to POST /chat/completions" in caught.value.message


def test_a_redirect_does_not_take_the_key_along():
    with serving() as other, serving(faults=always("redirect")) as server:
        server.elsewhere = other.base_url
        failure(server)

    assert server.calls == 1
    assert other.calls == 0


def test_proxies_and_files_of_the_environment_do_not_redirect_us(tmp_path):
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=http://127.0.0.1:1/v1\nOPENAI_API_KEY=evil\n")
    program = (
        "from promptgit.models.openai import factory\n"
        "from promptgit.core.ports import Request\n"
        "from promptgit.core.prompt import Message\n"
        "print(factory('m', options={}).complete(Request((Message('user', 'hi'),))).text)\n"
    )
    with serving() as server:
        environment = {
            **os.environ,
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": KEY,
        }
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.stdout.strip(), done.stderr) == ("hi", "")
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_proxy_is_asked_for_a_tunnel_and_never_sees_the_key():
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def refuse():
            talk, _ = proxy.accept()
            with talk:
                heard.append(talk.recv(65536))
                talk.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        endpoint = Endpoint(
            "https://api.example/v1", KEY, proxy=f"http://127.0.0.1:{proxy.getsockname()[1]}"
        )
        with pytest.raises(CallFailed, match="the proxy did not let us through") as caught:
            factory("m", options={}, endpoint=endpoint).complete(ASKED)
        thread.join()

    assert heard[0].startswith(b"CONNECT api.example:443")
    assert KEY.encode() not in heard[0]
    assert caught.value.kind == "connection"


def test_connections_are_used_again():
    with serving() as server:
        model = a_model(server)
        for _ in range(5):
            model.complete(ASKED)

    assert (server.calls, server.connections) == (5, 1)


def test_a_deadline_that_was_met_does_not_end_a_connection_later():
    with serving() as server:
        model = a_model(server, timeout_s=0.5)
        model.complete(ASKED)
        threading.Event().wait(0.8)
        model.complete(ASKED)

    assert (server.calls, server.connections) == (2, 1)


def test_the_test_server_decides_from_the_words_not_from_the_order():
    bodies = [json.dumps({"n": n}).encode() for n in range(400)]
    chance = by_chance({"429": 0.2, "500": 0.1})
    from servers.openai_server import Seen

    forth = {body: chance(0, Seen("/", {}, body, 0)) for body in bodies}
    back = {body: chance(0, Seen("/", {}, body, 0)) for body in reversed(bodies)}

    assert forth == back
    assert 50 < sum(fault == "429" for fault in forth.values()) < 110


def test_no_event_loop_is_needed_nor_left_behind():
    with serving() as server:
        a_model(server).complete(ASKED)

    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
