"""
Any server that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp, gateways.

We send what the `openai` SDK would send, without the SDK: it takes more time than the network
does (docs/decisions/0001).  Its types check our requests, and a test holds us against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import fsum, isfinite
from typing import TYPE_CHECKING, Any

from promptgit.core.ports import Answer, ModelIdentity, Request, Usage
from promptgit.core.price import Price
from promptgit.core.trace import Trace, tool_span
from promptgit.errors import CallFailed, UserError
from promptgit.models.endpoints import Endpoint
from promptgit.models.prices import list_prices
from promptgit.models.refusals import failure_of, malformed
from promptgit.models.served import Served, placed
from promptgit.models.wire import TIMEOUT_S

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

OURS = frozenset({"model", "messages", "n", "stream", "stream_options"})  # not for users to set


def factory(
    name: str,
    *,
    options: Mapping[str, Any],
    endpoint: Endpoint | None = None,
    price: Price | None = None,
    timeout_s: float = TIMEOUT_S,
) -> ChatModel:
    """
    Make the model `name`, as the user typed it: `gpt-5-mini`, `ollama/llama3.2`.

    Without `endpoint`, its provider's is taken from the environment.  Without `price`, the list
    price is looked up.  Raises UserError for an unknown provider, a missing key, an option that
    is not the user's to set.
    """
    endpoint, model = placed(name, endpoint)
    taken = sorted(OURS & options.keys())
    if taken:
        raise UserError(
            f"the option {taken[0]!r} of {name} cannot be set",
            hint="promptgit asks for one whole answer at a time; `repeats` gives several",
        )
    identity = ModelIdentity(endpoint.provider, model, endpoint.host, dict(options))
    return ChatModel(identity, endpoint, price or list_prices().of(identity), timeout_s=timeout_s)


class ChatModel(Served):
    """A Model that is asked for one whole answer at a time."""

    def complete(self, request: Request) -> Answer:
        """Ask once; raise CallFailed when there is no answer."""
        data, latency_s = self._posted("/chat/completions", self.body(request))
        asked = {**self.identity.options, **request.options}
        offered = any(asked.get(name) for name in ("tools", "functions"))
        return self._answer(_json_of(data, self._endpoint), latency_s, offered)

    def body(self, request: Request) -> CompletionCreateParamsNonStreaming:
        """
        Return the JSON that is sent: only options that somebody set.

        A `seed` is moved on by the repeat: else every repeat would be the same answer.  OpenAI's
        own host wants `max_tokens` under its new name.
        """
        messages: list[ChatCompletionMessageParam] = [
            {"role": message.role, "content": message.text}  # type: ignore[misc]
            for message in request.messages
        ]
        body: CompletionCreateParamsNonStreaming = {
            "model": self.identity.model,
            "messages": messages,
        }
        options = {**self.identity.options, **request.options}
        if "seed" in options:
            options["seed"] = int(options["seed"]) + request.repeat
        if self._endpoint.provider == "openai" and self._endpoint.is_providers_own:
            limit = options.pop("max_tokens", None)
            if limit is not None:
                options.setdefault("max_completion_tokens", limit)
        body.update(options)  # type: ignore[typeddict-item]
        return body

    def _answer(self, data: dict[str, Any], latency_s: float, offered: bool) -> Answer:
        if not data.get("choices"):
            raise failure_in(data, self._endpoint, self.identity.model)
        choice = data["choices"][0]
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            raise malformed(self._endpoint, "an answer without a message")
        text, reason = _said(message, choice.get("finish_reason") or "stop", self._endpoint)
        usage = _usage(data.get("usage"))
        return Answer(
            text=text,
            usage=usage or Usage(),
            cost_usd=self._cost(data.get("usage"), usage),
            latency_s=latency_s,
            finish_reason=reason,
            model=str(data.get("model") or self.identity.model),
            mean_logprob=_mean_logprob(choice.get("logprobs")),
            trace=_tools_called(message, offered),
        )

    def _cost(self, reported: Any, usage: Usage | None) -> float | None:
        """Price the call; OpenRouter says in USD what it took, and knows better than a table."""
        if self._endpoint.provider == "openrouter" and isinstance(reported, dict):
            cost = reported.get("cost")
            if isinstance(cost, int | float) and cost >= 0:
                return float(cost)
        if self.price is None:
            return None
        if usage is None:  # free is free; else nobody counted
            return 0.0 if self.price.input == self.price.output == 0 else None
        return self.price.of(usage)


def failure_in(data: dict[str, Any], endpoint: Endpoint, model: str) -> CallFailed:
    """Explain a reply of status 200 that holds no answer; some gateways put an error there."""
    from promptgit.models.wire import Reply

    error = data.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        return failure_of(Reply(code, {}, json.dumps(data).encode()), endpoint, model)
    return malformed(endpoint, "an answer without choices")


def _said(message: dict[str, Any], reason: str, endpoint: Endpoint) -> tuple[str, str]:
    """Return text and finish reason; null is an empty answer, the model's own doing."""
    refusal = message.get("refusal")
    content = message.get("content")
    if isinstance(refusal, str) and refusal and not content:
        return _whole(refusal), "refusal"
    if content is None:
        return "", reason
    if isinstance(content, list):  # parts, as some servers send them
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        raise malformed(endpoint, "a message whose content is not text")
    return _whole(content), reason


def _whole(text: str) -> str:
    """
    Replace half characters, which JSON can spell and UTF-8 cannot.

    >>> _whole("cut \\ud83d")
    'cut \ufffd'
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _mean_logprob(reported: Any) -> float | None:
    """
    Return the mean log probability of the tokens, where `logprobs: true` asked for them.

    >>> _mean_logprob({"content": [{"token": "a", "logprob": -0.5}, {"logprob": -1.5}]})
    -1.0
    """
    content = reported.get("content") if isinstance(reported, dict) else None
    tokens = content if isinstance(content, list) else []
    sent = [token.get("logprob") for token in tokens if isinstance(token, dict)]
    found = [float(each) for each in sent if isinstance(each, int | float) and isfinite(each)]
    return fsum(found) / len(found) if found and len(found) == len(tokens) else None


def _tools_called(message: dict[str, Any], offered: bool) -> Trace | None:
    """
    Return the calls of tools that the model wrote, in order; None where it was offered no tools.

    >>> call = {"function": {"name": "find", "arguments": '{"id": 7}'}}
    >>> [(span.name, span.arguments) for span in _tools_called({"tool_calls": [call]}, True) or ()]
    [('find', {'id': 7})]
    """
    calls, single = message.get("tool_calls"), message.get("function_call")
    listed = calls if isinstance(calls, list) else []
    found = [call.get("function") for call in listed if isinstance(call, dict)]
    spans = [
        tool_span(_whole(call["name"]), call.get("arguments"))
        for call in [*found, single]
        if isinstance(call, dict) and isinstance(call.get("name"), str)
    ]
    return tuple(spans) if spans or offered else None


def _usage(reported: Any) -> Usage | None:
    if not isinstance(reported, dict):
        return None
    details = reported.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(
        _count(reported.get("prompt_tokens")),
        _count(reported.get("completion_tokens")),
        _count(cached),
    )


def _count(value: Any) -> int:
    return max(0, int(value)) if isinstance(value, int | float) else 0


def _json_of(data: bytes, endpoint: Endpoint) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise malformed(endpoint, "something that is not JSON") from error
    if not isinstance(found, dict):
        raise malformed(endpoint, "JSON that is no object")
    return found
