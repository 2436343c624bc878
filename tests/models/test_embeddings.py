import pytest

from promptgit.core.ports import Request
from promptgit.core.prompt import Message
from promptgit.errors import CallFailed
from promptgit.evaluate.cache import Cached
from promptgit.models.embeddings import Cosine, decoded, factory
from servers.openai_server import always, serving


class AStore(dict):
    def put(self, key, answer):
        self[key] = answer


def a_model(server, **options):
    return factory("text-embedding-3-small", options=options, endpoint=server.endpoint())


def test_texts_of_the_same_words_are_alike_and_of_other_words_are_not():
    with serving() as server:
        embedder = Cosine(a_model(server))

        assert embedder.similarity("where is it", "it is where") == pytest.approx(1.0)
        assert embedder.similarity("where is it", "thank you") < 0.5


def test_a_text_is_embedded_once_when_its_vector_is_cached():
    with serving() as server:
        embedder = Cosine(Cached(a_model(server), AStore()))
        embedder.similarity("a b", "c d")
        embedder.similarity("a b", "e f")

    assert [seen.body["input"] for seen in server.seen] == ["a b", "c d", "e f"]
    assert {seen.path for seen in server.seen} == {"/v1/embeddings"}


def test_equal_and_empty_texts_need_no_call():
    with serving() as server:
        embedder = Cosine(a_model(server))

        assert embedder.similarity("same", "same") == 1.0
        assert embedder.similarity("", "something") == 0.0

    assert server.calls == 0


def test_the_request_is_what_the_openai_sdk_would_send_and_read():
    from openai import OpenAI

    with serving() as server:
        ours = a_model(server, dimensions=32).complete(Request((Message("user", "where is it"),)))
        with OpenAI(base_url=server.base_url, api_key="sk-1", max_retries=0) as client:
            theirs = client.embeddings.create(
                model="text-embedding-3-small",
                input="where is it",
                dimensions=32,
                encoding_format="float",
            )

    sent, expected = (seen.body for seen in server.seen)
    assert {**sent, "encoding_format": "float"} == expected
    assert decoded(ours.text).tolist() == theirs.data[0].embedding
    assert ours.usage.input_tokens == theirs.usage.prompt_tokens


def test_an_embedding_has_a_price():
    with serving() as server:
        answer = a_model(server).complete(Request((Message("user", "x" * 4000),)))

    assert answer.cost_usd == pytest.approx(1001 * 0.02 / 1e6)


@pytest.mark.parametrize(("fault", "kind"), [("truncated", "malformed"), ("429", "rate-limit")])
def test_failures_are_those_of_chat(fault, kind):
    with serving(faults=always(fault)) as server, pytest.raises(CallFailed) as caught:
        Cosine(a_model(server)).similarity("a", "b")

    assert caught.value.kind == kind
