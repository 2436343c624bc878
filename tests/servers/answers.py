"""What the server says, as OpenAI's reference shows it: completions, embeddings and errors."""

from __future__ import annotations

import hashlib
from typing import Any

ERRORS = {
    "429": (429, "Rate limit reached", "requests", "rate_limit_exceeded"),
    "429-date": (429, "Rate limit reached", "requests", "rate_limit_exceeded"),
    "429-bare": (429, "Rate limit reached", "requests", "rate_limit_exceeded"),
    "quota": (429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
    "500": (500, "The server had an error", "server_error", None),
    "400": (400, "Bad header Bearer {key}", "invalid_request_error", None),
    "context": (
        400,
        "This model's maximum context length is 8192 tokens",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    "parameter": (
        400,
        "Unsupported value: 'temperature' does not support 0 with this model",
        "invalid_request_error",
        "unsupported_value",
    ),
    "401": (401, "Incorrect API key provided: {key}", "invalid_request_error", "invalid_api_key"),
    "403": (403, "You may not use this model", "invalid_request_error", None),
    "404": (404, "The model does not exist", "invalid_request_error", "model_not_found"),
}


def head_of(status: int, size: int, more: str = "", kind: str = "application/json") -> bytes:
    return (
        f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}\r\n"
    ).encode()


def completed(body: dict[str, Any], said: Any, fault: str = "") -> dict[str, Any]:
    """Make a chat completion as OpenAI's reference shows it."""
    if isinstance(said, dict) and "choices" in said:
        return said
    message = said if isinstance(said, dict) else {"role": "assistant", "content": said}
    reason = "stop"
    if fault == "null":
        message = {"role": "assistant", "content": None}
    elif fault == "length":
        message = {"role": "assistant", "content": str(said)[:3]}
        reason = "length"
    elif fault == "filtered":
        message, reason = {"role": "assistant", "content": None}, "content_filter"
    elif fault == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    if fault == "no-message":
        del choice["message"]
    asked = sum(len(str(part["content"])) for part in body["messages"]) // 4 + 1
    given = len(str(message.get("content") or "")) // 4 + 1
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": f"{body['model']}-2026-08-07",
        "choices": [] if fault == "empty-choices" else [choice],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": given,
            "total_tokens": asked + given,
            "prompt_tokens_details": {"cached_tokens": asked // 2},
        },
    }


def embedded(body: dict[str, Any]) -> dict[str, Any]:
    """Make embeddings: the words of each text, hashed into 32 dimensions."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = []
    for index, text in enumerate(texts):
        vector = [0.0] * 32
        for word in text.lower().split():
            vector[hashlib.sha256(word.encode()).digest()[0] % 32] += 1.0
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = sum(len(text) for text in texts) // 4 + 1
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}
