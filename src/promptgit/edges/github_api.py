"""
GitHub's REST API, as far as a report needs it: JSON calls, pages, rate limits.

The token goes to the API's own host and into no error, log or redirect.  Waiting is bounded: a
report that cannot be posted in some minutes is not worth a runner.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptgit.core.secrets import redact
from promptgit.errors import UserError, WorldError

if TYPE_CHECKING:
    import urllib3

PUBLIC_API = "https://api.github.com"
VERSION = "2022-11-28"  # of the REST API, see "API Versions" in GitHub Docs
TIMEOUT_S = 30.0
MAX_BYTES = 16 << 20
MAX_PAGES = 100  # of 100 entries
TRIES = 5  # of one request
MAX_WAIT_S = 300.0  # of one request, over all its tries
SECONDARY_WAIT_S = 60.0  # what GitHub Docs ask for where no header says how long

_NEXT = re.compile(r'<([^<>]{1,2000})>;\s*rel="next"')
_AGAIN = (500, 502, 503, 504)


class GithubFailed(WorldError):
    """GitHub said no.  `status` is HTTP's; 0 where there was no answer."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def unsure(self) -> bool:
        """Whether the request may have been carried out all the same."""
        return self.status in (0, *_AGAIN)


@dataclass(frozen=True)
class Api:
    """One GitHub, seen with one token; raises UserError for an address that is not safe."""

    base_url: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        plain = url.scheme == "http" and _is_loopback(url.hostname or "")
        if not url.hostname or url.username is not None or url.query or url.fragment:
            raise UserError(f"GITHUB_API_URL is no address of an API: {self.base_url!r:.200}")
        if url.scheme != "https" and not plain:
            raise UserError(
                "GITHUB_API_URL would send the token unencrypted", hint="it must begin https://"
            )
        if not self.token.isascii() or not self.token.isprintable():
            raise UserError("GITHUB_TOKEN has characters that no token has", hint="set it again")

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Api:
        """Find GitHub and the token in the environment; raise UserError without a token."""
        token = environment.get("GITHUB_TOKEN", "").strip()
        if not token:
            raise UserError(
                "GITHUB_TOKEN is not set", hint="env: {GITHUB_TOKEN: ${{ github.token }}}"
            )
        return cls(environment.get("GITHUB_API_URL", "").strip() or PUBLIC_API, token)

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, safe: bool = False
    ) -> Any:
        """
        Send one request and return the JSON of its answer; raise GithubFailed.

        A request that the server refuses for its rate limit is sent again later.  After a server
        error or a broken connection it is sent again only where twice is as good as once: GET,
        PATCH, and what is said to be `safe`.
        """
        return self._send(method, path, body, safe=safe)[0]

    def pages(self, path: str) -> Iterator[Any]:
        """GET a list, page by page, and yield its entries."""
        path += ("&" if "?" in path else "?") + "per_page=100"
        for _ in range(MAX_PAGES):
            entries, headers = self._send("GET", path, None)
            yield from entries if isinstance(entries, list) else ()
            following = _NEXT.search(headers.get("Link", ""))
            if not following:
                return
            path = self._below_base(following[1])
        raise GithubFailed(f"GitHub has more than {MAX_PAGES} pages of this", status=0)

    @cached_property
    def graphql_path(self) -> str:
        """Where GraphQL is, seen from the REST API: `/graphql`, or beside a server's `/v3`."""
        return "/../graphql" if urlsplit(self.base_url).path.rstrip("/") else "/graphql"

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, safe: bool = False
    ) -> tuple[Any, Mapping[str, str]]:
        again = safe or method in ("GET", "PATCH")
        waited = 0.0
        for number in range(TRIES):
            status, headers, data = self._once(method, path, body)
            wait = self._wait(status, headers, data, number, again)
            if wait is None:
                break
            if waited + wait > MAX_WAIT_S or number == TRIES - 1:
                raise self._gave_up(status, wait, data)
            waited += wait
            self.sleep(wait)
        if not 200 <= status < 300:
            raise self._refused(status, data)
        try:
            return json.loads(data or b"null"), headers
        except ValueError as error:
            raise GithubFailed(
                f"{self._host} answered with something that is not JSON",
                status=status,
                hint="is there a proxy between this runner and GitHub?",
            ) from error

    def _once(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Try once; status 0 where there was no whole answer."""
        from urllib3 import exceptions

        try:
            response = self._pool.urlopen(
                method,
                self._path(path),
                body=None if body is None else json.dumps(body).encode(),
                headers=self._headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            data = response.read(MAX_BYTES + 1)
            response.release_conn()
        except (exceptions.HTTPError, OSError):
            return 0, {}, b""
        if len(data) > MAX_BYTES:
            raise GithubFailed(f"{self._host} sent more than {MAX_BYTES >> 20} MB", status=0)
        return response.status, response.headers, data

    def _wait(
        self, status: int, headers: Mapping[str, str], data: bytes, number: int, again: bool
    ) -> float | None:
        """Say how long to wait before this request is sent again; None: never again."""
        if status in (403, 429):
            return self._rate_limit(status, headers, data, number)
        return 2.0**number if again and status in (0, *_AGAIN) else None

    def _rate_limit(
        self, status: int, headers: Mapping[str, str], data: bytes, number: int
    ) -> float | None:
        """Read "Rate limits for the REST API" in GitHub Docs; 403 may also be a plain no."""
        after = headers.get("Retry-After", "")
        if after.isdigit():
            return float(after)
        reset = headers.get("X-RateLimit-Reset", "")
        if headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
            return max(1.0, float(reset) - self.now() + 1)
        if status == 429 or b"rate limit" in data.lower():
            return float(SECONDARY_WAIT_S * 2**number)
        return None

    def _gave_up(self, status: int, wait: float, data: bytes) -> GithubFailed:
        if status in (403, 429):
            return GithubFailed(
                f"{self._host} limits our rate for another {wait:.0f} s",
                status=status,
                hint="run the job again later",
            )
        if status == 0:
            return GithubFailed(
                f"{self._host} cannot be reached", status=0, hint="is GITHUB_API_URL right?"
            )
        return self._refused(status, data)

    def _refused(self, status: int, data: bytes) -> GithubFailed:
        hints = {
            401: "the token is not, or no longer, valid",
            403: "does the job have the permission it needs?  A fork's token only reads",
            404: "the token may not see this; is GITHUB_REPOSITORY right?",
        }
        if status == 0:
            return GithubFailed(f"{self._host} broke the connection", status=0)
        if 300 <= status < 400:
            return GithubFailed(
                f"{self._host} redirects, and the token is not sent elsewhere",
                status=status,
                hint="was the repository renamed?  Set GITHUB_REPOSITORY to its new name",
            )
        said = f": {words}" if (words := self._message(data)) else ""
        return GithubFailed(
            f"{self._host} answered {status}{said}", status=status, hint=hints.get(status, "")
        )

    def _message(self, data: bytes) -> str:
        try:
            found = json.loads(data)
        except ValueError:
            return ""
        said = found.get("message") if isinstance(found, dict) else ""
        return redact(said, [self.token])[:200] if isinstance(said, str) else ""

    def _path(self, path: str) -> str:
        prefix = urlsplit(self.base_url).path.rstrip("/")
        if path.startswith("/../"):
            return prefix.rpartition("/")[0] + path[3:]
        return prefix + path

    def _below_base(self, url: str) -> str:
        """Turn the address of a next page into a path here; raise for any other host."""
        base, found = urlsplit(self.base_url), urlsplit(url)
        prefix = base.path.rstrip("/")
        same = (found.scheme, found.netloc) == (base.scheme, base.netloc)
        if not same or not found.path.startswith(f"{prefix}/"):
            raise GithubFailed(f"{self._host} sent us to another host for the next page", status=0)
        return found.path.removeprefix(prefix) + (f"?{found.query}" if found.query else "")

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).netloc

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "promptgit",
            "X-GitHub-Api-Version": VERSION,
        }

    @cached_property
    def _pool(self) -> urllib3.HTTPConnectionPool:
        from urllib.request import getproxies, proxy_bypass

        import urllib3

        url = urlsplit(self.base_url)
        host = url.hostname or ""
        proxy = getproxies().get("https", "")
        timeout = urllib3.Timeout(connect=10.0, read=TIMEOUT_S)
        if url.scheme == "https" and proxy and not proxy_bypass(host):
            door: urllib3.PoolManager = urllib3.ProxyManager(proxy, timeout=timeout)
        else:
            door = urllib3.PoolManager(timeout=timeout)
        return door.connection_from_host(host, url.port, url.scheme)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
