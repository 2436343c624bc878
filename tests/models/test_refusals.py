import pytest

from promptgit.models.endpoints import Endpoint
from promptgit.models.refusals import failure_of, retry_after_s
from promptgit.models.wire import Reply

MIDNIGHT = "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": MIDNIGHT}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:16:50 GMT"}, 10.0),
        ({"Retry-After": "7", "retry-after-ms": "250"}, 0.25),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_nothing(headers, seconds):
    assert retry_after_s(headers, now=1000.0) == seconds


def test_a_date_is_held_against_the_servers_own_clock():
    headers = {"Retry-After": "Thu, 01 Jan 1970 00:00:30 GMT", "Date": MIDNIGHT}

    assert retry_after_s(headers, now=5_000_000.0) == 30.0


@pytest.mark.parametrize(
    ("base_url", "data", "hint"),
    [
        ("http://localhost:8000", b"", "does the base URL end in /v1? It is http://localhost:8000"),
        ("http://localhost:8000/v1", b"", "does openai have a model called 'm'?"),
        ("https://host/v1beta/openai", b"", "does openai have a model called 'm'?"),
        (
            "http://localhost:8000",
            b'{"error": {"code": "model_not_found"}}',
            "does openai have a model called 'm'?",
        ),
    ],
)
def test_what_is_not_found_is_the_path_or_the_model(base_url, data, hint):
    error = failure_of(Reply(404, {}, data, "/chat/completions"), Endpoint(base_url), "m")

    assert "said 404 to POST /chat/completions" in error.message
    assert error.hint == hint
