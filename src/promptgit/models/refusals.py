"""What a server's refusal means: whose fault it is, and whether to try again."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from promptgit.errors import CallFailed
from promptgit.models.endpoints import Endpoint
from promptgit.models.wire import Reply

LONGEST_MESSAGE = 300  # characters of what the server says
LONGEST_READ = 30_000  # before secrets are taken out: half a key would not be known for one
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
NO_SUCH_MODEL = "model_not_found"
NO_SUCH_OPTION = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})

_VERSIONED = re.compile(r"/(?:v\d\w*|openai)(?:/|$)")  # /v1, /api/v1, /v1beta/openai


def failure_of(reply: Reply, endpoint: Endpoint, model: str) -> CallFailed:
    """Return the error that a reply with a status other than 200 stands for."""
    said, code = _said(reply.data)
    said = without_secrets(said, endpoint.api_key)[:LONGEST_MESSAGE]
    status = reply.status
    asked = f" to POST {reply.path}" if status == 404 and reply.path else ""
    message = f"{endpoint.host} said {status}{asked}" + (f": {said}" if said else "")
    if status in (401, 403):
        return CallFailed(message, kind="auth", fatal=True, hint=_key_hint(endpoint))
    if status == 402 or code in NO_MONEY:
        return CallFailed(
            message, kind="rate-limit", fatal=True, hint=f"is {endpoint.provider} paid up?"
        )
    if status == 404:
        return CallFailed(
            message,
            kind="request",
            fatal=True,
            hint=_not_found_hint(endpoint, model, code),
        )
    if status == 429:
        wait_s = retry_after_s(reply.headers, time.time())
        return CallFailed(message, kind="rate-limit", retryable=True, retry_after_s=wait_s)
    if status == 408:
        return CallFailed(message, kind="timeout", retryable=True)
    if status in (409, 425) or status >= 500:
        wait_s = retry_after_s(reply.headers, time.time())
        return CallFailed(message, kind="server", retryable=True, retry_after_s=wait_s)
    if 300 <= status < 400:
        return CallFailed(
            f"{endpoint.host} redirects, and the key is not for another host",
            kind="request",
            fatal=True,
            hint="set the base URL to where it redirects, if you trust that",
        )
    if code in NO_SUCH_OPTION:
        return CallFailed(
            message, kind="request", fatal=True, hint=f"remove that option from the model {model!r}"
        )
    return CallFailed(message, kind="request")


def malformed(endpoint: Endpoint, what: str) -> CallFailed:
    """Return the error for a reply of status 200 that cannot be read."""
    return CallFailed(f"{endpoint.host} sent {what}", kind="malformed", retryable=True)


def without_secrets(text: str, key: str) -> str:
    """
    Take the key, and whatever else is secret, out of what a server says: some quote it.

    >>> without_secrets("Incorrect API key provided: team-key", "team-key")
    'Incorrect API key provided: [secret redacted]'
    """
    from promptgit.core.secrets import redact

    return redact(text, [key] if key else [])


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """
    Return how long the server asks us to wait, in seconds from now; None if it does not say.

    Retry-After is a number of seconds or an HTTP date (RFC 9110, 10.2.3).  A date is held
    against the server's own Date, so that a wrong clock on our side does no harm.  `now` is
    seconds since 1970.

    >>> retry_after_s({"Retry-After": "1.5"}, 0)
    1.5
    >>> retry_after_s({"Retry-After": "Thu, 01 Jan 1970 00:01:30 GMT"}, 60)
    30.0
    """
    exact = _number(headers.get("retry-after-ms") or headers.get("Retry-After-Ms"))
    if exact is not None:
        return exact / 1000
    given = headers.get("Retry-After")
    seconds = _number(given)
    if seconds is not None or given is None:
        return seconds
    then = _timestamp(given)
    if then is None:
        return None
    theirs = _timestamp(headers.get("Date") or "")
    return max(0.0, then - (now if theirs is None else theirs))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "nothing")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _timestamp(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _said(data: bytes) -> tuple[str, str]:
    """Return what the server says, on one line, and its error code; empty where it says none."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return "", ""
    error = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(error, dict):
        said = error.get("message") or error.get("detail") or ""
        code = error.get("code") or error.get("type") or ""
    else:
        said, code = error, ""
    line = " ".join(str(said).split()) if isinstance(said, str) else ""
    printable = "".join(character for character in line if character.isprintable())
    return printable[:LONGEST_READ], str(code)


def _not_found_hint(endpoint: Endpoint, model: str, code: str) -> str:
    if code != NO_SUCH_MODEL and not _VERSIONED.search(endpoint.base_url):
        return f"does the base URL end in /v1? It is {endpoint.base_url}"
    return f"does {endpoint.provider} have a model called {model!r}?"


def _key_hint(endpoint: Endpoint) -> str:
    if endpoint.api_key:
        return f"check the key in {endpoint.key_variable}, and what it may do"
    return f"set {endpoint.key_variable} to a key for {endpoint.host}"
