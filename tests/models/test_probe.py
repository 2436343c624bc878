"""Is there a server at an endpoint, and does it take our key?"""

import socket

import pytest

from promptgit.models.endpoints import Endpoint
from promptgit.models.probe import Probed, listed_models, probe
from servers.one_answer import answering


def test_a_server_is_asked_once_for_its_models_with_its_own_key():
    seen: list[tuple[str, str]] = []
    with answering(200, b'{"data": [{"id": "m"}]}', seen) as url:
        found = probe(Endpoint(url, "sk-1"))

    assert (found.reached, found.accepted, found.models) == (True, True, ("m",))
    assert seen == [("/v1/models", "Bearer sk-1")]


@pytest.mark.parametrize(
    ("status", "reached", "accepted"),
    [(401, True, False), (403, True, False), (404, True, True), (500, False, False)],
)
def test_what_the_server_says_is_told_apart(status: int, reached: bool, accepted: bool):
    with answering(status, b"", []) as url:
        found = probe(Endpoint(url, "sk-1"))

    assert (found.reached, found.accepted) == (reached, accepted)


def test_a_redirect_is_not_followed():
    with answering(307, b"", []) as url:
        found = probe(Endpoint(url))

    assert not found.reached
    assert "redirects" in found.said


def test_nobody_there_is_said_without_raising():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    found = probe(Endpoint(f"http://127.0.0.1:{port}/v1"))

    assert found == Probed(False, False, f"127.0.0.1:{port} cannot be reached")


def test_a_server_that_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        found = probe(Endpoint(f"http://127.0.0.1:{port}/v1"), timeout_s=0.05)

    assert found == Probed(False, False, f"127.0.0.1:{port} did not answer in 0.05 s")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": 3}', b'{"data": [1, {}]}'])
def test_a_list_that_is_none_lists_nothing(body: bytes):
    assert listed_models(body) == ()
