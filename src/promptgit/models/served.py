"""What chat and embedding models share: where they are asked, for how much, and how that fails."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping

from promptgit.core.ports import ModelIdentity
from promptgit.core.price import Price
from promptgit.core.secrets import SHORTEST_KNOWN
from promptgit.models.endpoints import Endpoint, endpoint_for, split_name
from promptgit.models.refusals import failure_of
from promptgit.models.wire import TIMEOUT_S, Wire

STRUCK_OUT = b"[secret redacted]"


def placed(name: str, endpoint: Endpoint | None) -> tuple[Endpoint, str]:
    """
    Say where the model `name`, as the user typed it, is asked for, and what it is called there.

    Without `endpoint`, its provider's is taken from the environment.

    >>> placed("ollama/llama3.2", Endpoint("http://localhost:8000/v1", provider="vllm"))[1]
    'ollama/llama3.2'
    """
    provider, model = split_name(name)
    if endpoint is None:
        return endpoint_for(provider, os.environ), model
    return endpoint, model if provider == endpoint.provider else name


class Served:
    """One model behind one endpoint.  `price` is None when nobody knows it."""

    def __init__(
        self,
        identity: ModelIdentity,
        endpoint: Endpoint,
        price: Price | None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.identity = identity
        self.price = price
        self._endpoint = endpoint
        self._wire = Wire(endpoint, timeout_s=timeout_s)

    def _posted(self, path: str, body: Mapping[str, object]) -> tuple[bytes, float]:
        """Return what came back and after how many seconds; raise CallFailed unless it is a 200."""
        data = json.dumps(body).encode()
        started = time.monotonic()
        reply = self._wire.post(path, data)
        latency_s = time.monotonic() - started
        if reply.status != 200:
            raise failure_of(reply, self._endpoint, self.identity.model)
        return self._without_key(reply.data), latency_s

    def _without_key(self, data: bytes) -> bytes:
        """A gateway that shows its requests says our key: it must not become an answer."""
        key = self._endpoint.api_key.encode()
        return data.replace(key, STRUCK_OUT) if len(key) >= SHORTEST_KNOWN else data
