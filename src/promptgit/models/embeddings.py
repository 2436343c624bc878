"""
How alike two texts are, by the provider's embeddings.

A text's vector is the answer to a request like any other, so that retries, the budget and the
cache work as they do for chat: wrap EmbeddingModel in them, and the whole in Cosine.
"""

from __future__ import annotations

import base64
import json
import math
from array import array
from collections.abc import Mapping
from operator import mul
from typing import Any

from promptgit.core.ports import Answer, Model, ModelIdentity, Request, Usage
from promptgit.core.price import Price
from promptgit.core.prompt import Message
from promptgit.models.endpoints import Endpoint
from promptgit.models.prices import list_prices
from promptgit.models.refusals import malformed
from promptgit.models.served import Served, placed
from promptgit.models.wire import TIMEOUT_S


def factory(
    name: str,
    *,
    options: Mapping[str, Any],
    endpoint: Endpoint | None = None,
    price: Price | None = None,
    timeout_s: float = TIMEOUT_S,
) -> EmbeddingModel:
    """Make the embedding model `name`, as typed: `text-embedding-3-small`, `ollama/all-minilm`."""
    endpoint, model = placed(name, endpoint)
    options = {"task": "embedding", **options}
    identity = ModelIdentity(endpoint.provider, model, endpoint.host, options)
    found = price or list_prices().of(identity)
    return EmbeddingModel(identity, endpoint, found, timeout_s=timeout_s)


class EmbeddingModel(Served):
    """A Model whose answer to one message is its vector: float32, little-endian, base64."""

    def complete(self, request: Request) -> Answer:
        """Embed the text of the only message; raise CallFailed when there is no answer."""
        (message,) = request.messages
        options = {**self.identity.options, **request.options}
        options.pop("task", None)
        body = {"model": self.identity.model, "input": message.text, **options}
        data, latency_s = self._posted("/embeddings", body)
        vector, tokens = self._read(data)
        usage = Usage(input_tokens=tokens)
        cost = self.price.of(usage) if self.price else None
        return Answer(encoded(vector), usage, cost, latency_s, model=self.identity.model)

    def _read(self, data: bytes) -> tuple[list[float], int]:
        try:
            found = json.loads(data)
            vector = [float(number) for number in found["data"][0]["embedding"]]
            tokens = int((found.get("usage") or {}).get("prompt_tokens") or 0)
        except (
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise malformed(self._endpoint, "something that is no embedding") from error
        if not vector or not all(map(math.isfinite, vector)):
            raise malformed(self._endpoint, "an empty embedding")
        return vector, tokens


class Cosine:
    """An Embedder over a model that answers with vectors (EmbeddingModel, wrapped or not)."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        identity = self._model.identity
        return f"{identity.provider}/{identity.model}"

    def similarity(self, left: str, right: str) -> float:
        """Return the cosine of the two texts' vectors; two empty texts are alike."""
        if left == right:
            return 1.0
        if not left.strip() or not right.strip():
            return 0.0  # providers refuse to embed nothing
        return cosine(self._vector(left), self._vector(right))

    def _vector(self, text: str) -> array[float]:
        return decoded(self._model.complete(Request((Message("user", text),))).text)


def encoded(vector: list[float]) -> str:
    """Write a vector as text: float32, little-endian, base64."""
    return base64.b64encode(_little(array("f", vector)).tobytes()).decode()


def decoded(text: str) -> array[float]:
    """
    Read what `encoded` wrote.

    >>> decoded(encoded([0.5, -1.0])).tolist()
    [0.5, -1.0]
    """
    return _little(array("f", base64.b64decode(text)))


def cosine(left: array[float], right: array[float]) -> float:
    """
    Return the cosine of the angle between two vectors; 0 when one has no length.

    >>> cosine(array("f", [1, 0]), array("f", [1, 1]))
    0.7071067811865475
    """
    lengths = math.hypot(*left) * math.hypot(*right)
    if not lengths or len(left) != len(right):
        return 0.0
    product: float = sum(map(mul, left, right))
    return max(-1.0, min(1.0, product / lengths))


def _little(numbers: array[float]) -> array[float]:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
