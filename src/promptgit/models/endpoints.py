"""
Where a provider is reached, and with which key.

A repository may name a provider, never redirect it: a base URL or a key comes from the
environment or the user's own config, and a key goes to the host that it was given for and to no
other (reference: threat T9, endpoint redirect).
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from promptgit.errors import KeyMissing, UserError

DEFAULT_PROVIDER = "openai"
OWN = ("offline", "replay", "sentence-transformers")  # words before a `/` that name no provider


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a provider."""

    base_url: str
    key_variable: str
    needs_key: bool = True
    local: bool = False  # runs on the user's machine: its tokens cost nothing


KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "openai": Known("https://api.openai.com/v1", "OPENAI_API_KEY"),
        "openrouter": Known("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        "groq": Known("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        "mistral": Known("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        "together": Known("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        "deepseek": Known("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        "xai": Known("https://api.x.ai/v1", "XAI_API_KEY"),
        "gemini": Known(
            "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"
        ),
        "ollama": Known("http://localhost:11434/v1", "OLLAMA_API_KEY", False, True),
        "vllm": Known("http://localhost:8000/v1", "VLLM_API_KEY", False, True),
        "llama.cpp": Known("http://localhost:8080/v1", "LLAMA_API_KEY", False, True),
        "lmstudio": Known("http://localhost:1234/v1", "LMSTUDIO_API_KEY", False, True),
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    A base URL, and the key that is for it alone.

    Raises UserError for a URL that would give the key away: with a user name in it, or http:// to
    another machine (unless `allow_http`).
    """

    base_url: str  # up to, without, `/chat/completions`
    api_key: str = field(default="", repr=False)
    provider: str = DEFAULT_PROVIDER
    allow_http: bool = False
    proxy: str = field(default="", repr=False)  # for https:// only; may hold a password
    said_by: str = field(default="", compare=False)  # what gave the base URL, if not the provider

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.base_url)
            port_is_fine = url.port is None or url.port > 0
        except ValueError as error:
            raise _bad_url(self.provider, str(error)) from error
        if url.scheme not in ("http", "https") or not url.hostname or not port_is_fine:
            raise _bad_url(self.provider, "it must look like https://host/v1")
        if url.username is not None or url.password is not None:
            raise _bad_url(self.provider, "a URL must not hold a user name or a password")
        if url.query or url.fragment:
            raise _bad_url(self.provider, "a base URL has no ? and no #")
        if url.scheme == "http" and not (self.allow_http or is_loopback(url.hostname)):
            raise _bad_url(
                self.provider, f"http:// would send the prompts to {url.hostname} unencrypted"
            )
        if not self.api_key.isascii() or not (self.api_key.isprintable()):
            raise UserError(
                f"the key for {self.provider} has characters that no key has",
                hint="copy it again, without line breaks",
            )

    @property
    def host(self) -> str:
        """
        Host, with port and path where they are unusual: who answers, as evidence names it.

        >>> Endpoint("https://api.openai.com/v1").host
        'api.openai.com'
        >>> Endpoint("http://localhost:8000/team-a/v1").host
        'localhost:8000/team-a/v1'
        """
        url = urlsplit(self.base_url.rstrip("/"))
        known = KNOWN.get(self.provider)
        usual = known is not None and self.base_url.rstrip("/") == known.base_url
        path = "" if usual or url.path in ("", "/v1") else url.path
        return url.netloc.lower() + path

    @property
    def site(self) -> str:
        """
        The base URL without its path.

        >>> Endpoint("http://localhost:8000/team-a/v1").site
        'http://localhost:8000'
        """
        url = urlsplit(self.base_url)
        return f"{url.scheme}://{url.netloc}"

    def ask(self, question: str) -> str:
        """
        Add to a question about the address who gave it.

        >>> Endpoint("http://localhost:8000/v1", said_by="OPENAI_BASE_URL").ask("is it running?")
        'is it running? OPENAI_BASE_URL says where'
        """
        return f"{question} {self.said_by} says where" if self.said_by else question

    @property
    def key_variable(self) -> str:
        """The environment variable that holds the key of this provider."""
        known = KNOWN.get(self.provider)
        return known.key_variable if known else f"{self.provider.upper()}_API_KEY"

    @property
    def is_providers_own(self) -> bool:
        """Whether this is the address that the provider itself publishes."""
        known = KNOWN.get(self.provider)
        return known is not None and self.base_url.rstrip("/") == known.base_url


def endpoint_for(
    provider: str,
    environment: Mapping[str, str],
    *,
    base_url: str = "",
    api_key: str = "",
    allow_http: bool = False,
    needs_key: bool = True,
) -> Endpoint:
    """
    Find the endpoint of `provider`; raise UserError when it, or its key, is unknown.

    Without `needs_key` a missing key is no error: nobody is going to be called.

    `base_url` and `api_key` are what the user's own config says; they go before the environment.
    OPENAI_BASE_URL redirects `openai` and nobody else.  HTTPS_PROXY and NO_PROXY are heeded.
    """
    known = KNOWN.get(provider)
    if known is None and not base_url:
        raise _unknown(provider)
    said_by = "your own config" if base_url else ""
    if provider == "openai" and not base_url:
        base_url = environment.get("OPENAI_BASE_URL", "").strip()
        said_by = "OPENAI_BASE_URL" if base_url else ""
    found_url = base_url or (known.base_url if known else "")
    variable = known.key_variable if known else f"{provider.upper()}_API_KEY"
    endpoint = Endpoint(
        found_url,
        api_key or environment.get(variable, "").strip(),
        provider,
        allow_http,
        proxy_for(found_url, environment),
        said_by,
    )
    must = needs_key and known is not None and known.needs_key
    if must and not endpoint.api_key and endpoint.is_providers_own:
        raise KeyMissing(
            f"there is no key for {provider}",
            hint=f"export {variable}=..., or use `model: offline`, which needs none",
        )
    return endpoint


def split_name(name: str) -> tuple[str, str]:
    """
    Split what the user typed into provider and model.

    >>> split_name("gpt-5-mini")
    ('openai', 'gpt-5-mini')
    >>> split_name("openrouter/meta/llama-4")
    ('openrouter', 'meta/llama-4')
    """
    provider, slash, model = name.partition("/")
    if not slash:
        return DEFAULT_PROVIDER, name
    return provider, model


def proxy_for(base_url: str, environment: Mapping[str, str]) -> str:
    """
    Return the proxy that the user's environment sets for an https:// address; empty for none.

    >>> proxy_for("https://api.openai.com/v1", {"HTTPS_PROXY": "http://proxy:3128"})
    'http://proxy:3128'
    >>> proxy_for("https://llm.corp/v1", {"https_proxy": "http://proxy:3128", "no_proxy": ".corp"})
    ''
    """
    try:
        url = urlsplit(base_url)
    except ValueError:
        return ""  # no address; Endpoint says so
    proxy = environment.get("https_proxy") or environment.get("HTTPS_PROXY") or ""
    if url.scheme != "https" or not proxy or is_loopback(url.hostname or ""):
        return ""
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    host = f".{url.hostname}"
    for name in (part.strip().lstrip("*.").lower() for part in spared.split(",")):
        if spared.strip() == "*" or (name and host.endswith(f".{name}")):
            return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad_url(provider: str, why: str) -> UserError:
    return UserError(
        f"the base URL of {provider} cannot be used: {why}",
        hint="set it in the environment or in your own config, like https://host/v1",
    )


def _unknown(provider: str) -> UserError:
    near = difflib.get_close_matches(provider.lower(), (*KNOWN, *OWN), n=1)
    return UserError(
        f"no provider is called {provider!r}",
        hint=f"did you mean {near[0]!r}?"
        if near
        else f"known are {', '.join(sorted(KNOWN))}; give others a base_url in your own config",
    )
