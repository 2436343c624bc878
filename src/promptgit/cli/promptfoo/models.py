"""The providers of a promptfoo config as the `model:` of ours: names and options, never a key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from promptgit.cli.promptfoo.source import Node, Source
from promptgit.config.names import fault_in_model
from promptgit.errors import UserError
from promptgit.models.endpoints import KNOWN

# promptfoo's word in front, and our provider; empty: OpenAI's own, which needs none.
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "openai": "",
        "anthropic": "anthropic",
        "ollama": "ollama",
        "openrouter": "openrouter",
        "groq": "groq",
        "mistral": "mistral",
        "togetherai": "together",
        "deepseek": "deepseek",
        "xai": "xai",
        "google": "gemini",
        "vllm": "vllm",
        "llama.cpp": "llama.cpp",
        "lmstudio": "lmstudio",
    }
)
KINDS = ("chat", "messages", "completion", "responses")
OTHER_KINDS = ("embedding", "embeddings", "image", "audio", "realtime", "moderation", "assistant")
OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "temperature": "temperature",
        "max_tokens": "max_tokens",
        "maxOutputTokens": "max_tokens",
        "max_completion_tokens": "max_tokens",
        "num_predict": "max_tokens",
        "top_p": "top_p",
        "topP": "top_p",
        "seed": "seed",
        "stop": "stop",
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
        "reasoning_effort": "reasoning_effort",
    }
)
PRIVATE = ("key", "token", "secret", "host", "url", "header", "organization", "region", "proxy")

Model = dict[str, Any]  # name, and options


def model(source: Source, root: Node) -> Model | None:
    """Return the first model that promptgit can name; the others are noted."""
    written = root.get("providers") or root.get("targets")
    if written is None:
        return None
    chosen: Model | None = None
    for node in written.items():
        try:
            found = _model(source, source.resolved(node))
        except UserError as error:
            source.lose(node.where, "a provider", error.message)
            continue
        if found and chosen is None:
            chosen = found
        elif found:
            source.lose(
                node.where,
                f"the provider {found['name']}",
                "one model runs a prompt; `promptgit suite --models` compares several",
            )
    return chosen


def model_name(provider: str) -> str:
    """
    Return our name of promptfoo's provider; empty when there is none.

    >>> [model_name(p) for p in ("openai:chat:gpt-5-mini", "ollama:chat:llama3.2", "echo")]
    ['gpt-5-mini', 'ollama/llama3.2', '']
    """
    front, _, rest = provider.partition(":")
    if front not in PROVIDERS or not rest:
        return ""
    kind, colon, inner = rest.partition(":")
    if kind in OTHER_KINDS:
        return ""
    name = inner if colon and kind in KINDS else rest
    full = f"{PROVIDERS[front]}/{name}" if PROVIDERS[front] else name
    return "" if not name or fault_in_model(full) else full


def _model(source: Source, node: Node) -> Model | None:
    data = node.data
    provider = data
    config: Any = {}
    if isinstance(data, dict):
        if "id" not in data and len(data) == 1:  # an old form: {id: {config}}
            provider, inner = next(iter(data.items()))
            config = inner.get("config") or {} if isinstance(inner, dict) else {}
        else:
            provider, config = data.get("id"), data.get("config") or {}
        for key in data.keys() & {"prompts", "transform", "delay", "env"}:
            source.lose(node.where, f"`{key}` of a provider", "promptgit has no such setting")
    name = model_name(str(provider))
    if not name:
        source.lose(
            node.where,
            f"the provider {str(provider)[:60]}",
            "promptgit speaks to OpenAI-compatible servers, by name",
        )
        return None
    if name.partition("/")[0] not in KNOWN and "/" in name:
        source.lose(
            node.where,
            f"the address of {name.partition('/')[0]}",
            "give its OpenAI-compatible `base_url` under `providers:` in your own config",
        )
    return {"name": name, **_options(source, node, config if isinstance(config, dict) else {})}


def _options(source: Source, node: Node, config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        ours = OPTIONS.get(key)
        is_plain = isinstance(value, int | float | str | list)
        if ours and is_plain and not (isinstance(value, str) and "{{" in value):
            found[ours] = value
        elif (
            key == "response_format"
            and isinstance(value, dict)
            and value.get("type")
            in (
                "text",
                "json_object",
            )
        ):
            found["response_format"] = value["type"]
        elif any(word in key.lower() for word in PRIVATE):
            source.lose(
                node.where,
                f"`{key}` of the provider",
                "keys and addresses come from the environment or your own config, never from here",
            )
        else:
            source.lose(node.where, f"`{key}` of the provider", "`model:` has no such option")
    return found
