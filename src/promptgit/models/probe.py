"""Is there a server at an endpoint, and does it take our key?  One cheap request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from promptgit.models.endpoints import Endpoint

PROBE_S = 3.0  # to connect, and again for each read
MAX_BYTES = 4 << 20  # of the list of models


@dataclass(frozen=True, slots=True)
class Probed:
    """What `GET /models` brought."""

    reached: bool
    accepted: bool  # the key, if one is needed
    said: str  # one sentence
    models: tuple[str, ...] = ()  # that the server lists; empty when it does not say


def probe(endpoint: Endpoint, *, timeout_s: float = PROBE_S) -> Probed:
    """Ask the server for its models; whatever goes wrong is in the answer."""
    import urllib3

    url = urllib3.util.parse_url(endpoint.base_url.rstrip("/") + "/models")
    kind = urllib3.HTTPSConnectionPool if url.scheme == "https" else urllib3.HTTPConnectionPool
    headers = {"Accept": "application/json", "User-Agent": "promptgit"}
    if endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    with kind(url.host or "", url.port, timeout=urllib3.Timeout(timeout_s, timeout_s)) as pool:
        try:
            reply = pool.urlopen(
                "GET",
                url.request_uri,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            data = reply.read(MAX_BYTES)
            reply.close()
        except urllib3.exceptions.NewConnectionError:  # a TimeoutError too, by inheritance
            return Probed(False, False, f"{endpoint.host} cannot be reached")
        except urllib3.exceptions.TimeoutError:
            return Probed(False, False, f"{endpoint.host} did not answer in {timeout_s:g} s")
        except (urllib3.exceptions.HTTPError, OSError):
            return Probed(False, False, f"{endpoint.host} broke the connection")
    if reply.status in (401, 403):
        return Probed(True, False, f"{endpoint.host} refuses the key ({reply.status})")
    if 300 <= reply.status < 400:
        return Probed(False, False, f"{endpoint.host} redirects, and we do not follow")
    if reply.status >= 500:
        return Probed(False, False, f"{endpoint.host} has trouble of its own ({reply.status})")
    listed = listed_models(data) if reply.status == 200 else ()
    return Probed(True, True, f"{endpoint.host} answers", listed)


def listed_models(data: bytes) -> tuple[str, ...]:
    """
    Return the ids in a list of models; none when it is not such a list.

    >>> listed_models(b'{"object": "list", "data": [{"id": "gpt-5-mini"}]}')
    ('gpt-5-mini',)
    """
    try:
        listed: Any = json.loads(data)
    except ValueError:
        return ()
    entries = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry)
