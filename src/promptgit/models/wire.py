"""
HTTP to one endpoint: pooled connections, one deadline per request, no redirects.

A socket's own timeout starts again with every byte, so a server that drips could hold a request
for ever.  Here an alarm thread shuts the socket down when the whole request has had its time.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptgit.errors import CallFailed
from promptgit.models.endpoints import Endpoint

if TYPE_CHECKING:
    import urllib3

TIMEOUT_S = 120.0  # of a whole request; models that think take a minute
CONNECT_S = 10.0
MAX_BYTES = 64 << 20  # no answer is longer
KEPT_CONNECTIONS = 128  # idle ones beyond these are closed


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # whatever the case of a name
    data: bytes
    path: str = ""  # that was asked for, from the host on


class Wire:
    """
    Posts JSON to paths below an endpoint, from many threads at once.

    Raises CallFailed of kind connection, unreachable, timeout or malformed.  The key goes into the
    header of these requests and nowhere else: a redirect is returned, not followed.
    """

    def __init__(self, endpoint: Endpoint, *, timeout_s: float = TIMEOUT_S) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._alarm = _Alarm(timeout_s)
        self._lock = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._base = ""
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "promptgit",
        }
        if endpoint.api_key:
            self._headers["Authorization"] = f"Bearer {endpoint.api_key}"

    def post(self, path: str, body: bytes) -> Reply:
        """Send `body` to `<base URL><path>` and return whatever came back."""
        from urllib3 import exceptions

        pool = self._opened()
        with self._alarm.watch() as bell:
            try:
                response = pool.urlopen(
                    "POST",
                    self._base + path,
                    body=body,
                    headers=self._headers,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                data = response.read(MAX_BYTES + 1)
                response.release_conn()
            except (exceptions.HTTPError, OSError) as error:
                raise self._failed(error, bell.rang) from error
        if bell.rang:
            raise self._too_slow()
        if len(data) > MAX_BYTES:
            raise CallFailed(f"{self._host} sent more than 64 MB", kind="malformed")
        return Reply(response.status, response.headers, data, self._base + path)

    @property
    def _host(self) -> str:
        return self._endpoint.host

    def _opened(self) -> urllib3.HTTPConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool, self._base = _a_pool(self._endpoint, self._timeout_s, self._alarm)
            return self._pool

    def _failed(self, error: Exception, rang: bool) -> CallFailed:
        from urllib3 import exceptions

        if rang or isinstance(error, exceptions.ReadTimeoutError):
            return self._too_slow()
        if isinstance(error, exceptions.ProxyError):
            return CallFailed(
                f"the proxy did not let us through to {self._host}",
                kind="connection",
                retryable=True,
                hint="check HTTPS_PROXY, or name the host in NO_PROXY",
            )
        if isinstance(error, exceptions.NewConnectionError):  # a ConnectTimeoutError, too
            return self._nobody_there(error)
        if isinstance(error, exceptions.ConnectTimeoutError):
            return CallFailed(
                f"{self._host} did not accept a connection in {CONNECT_S:g} s",
                kind="timeout",
                retryable=True,
            )
        if isinstance(error, exceptions.SSLError) and "CERTIFICATE" in str(error):
            return CallFailed(
                f"{self._host} has no valid certificate",
                kind="connection",
                fatal=True,
                hint="behind a company proxy, point SSL_CERT_FILE to its certificate",
            )
        return CallFailed(f"{self._host} broke the connection", kind="connection", retryable=True)

    def _nobody_there(self, error: Exception) -> CallFailed:
        from urllib3 import exceptions

        where, cause = self._endpoint.site, error.__cause__
        if isinstance(error, exceptions.NameResolutionError):
            why, question = "the name does not resolve", "is the name right, and the network up?"
        elif isinstance(cause, ConnectionRefusedError):
            why, question = "connection refused", "is the server running?"
        else:
            said = cause.strerror if isinstance(cause, OSError) else ""
            return CallFailed(
                f"cannot reach {where}" + (f": {said.lower()}" if said else ""),
                kind="connection",
                retryable=True,
                hint=self._endpoint.ask("is the address right, and the server running?"),
            )
        return CallFailed(
            f"cannot reach {where}: {why}",
            kind="unreachable",
            retryable=True,
            hint=self._endpoint.ask(question),
        )

    def _too_slow(self) -> CallFailed:
        return CallFailed(
            f"{self._host} did not answer in {self._timeout_s:g} s", kind="timeout", retryable=True
        )


def _a_pool(
    endpoint: Endpoint, timeout_s: float, alarm: _Alarm
) -> tuple[urllib3.HTTPConnectionPool, str]:
    """Return connections that show the alarm their sockets, and the path of the base URL."""
    import urllib3
    from urllib3 import connection

    class Plain(connection.HTTPConnection):
        def getresponse(self) -> Any:
            alarm.shown(self.sock)
            return super().getresponse()

    class Encrypted(connection.HTTPSConnection):
        def getresponse(self) -> Any:
            alarm.shown(self.sock)
            return super().getresponse()

    options: dict[str, Any] = {
        "maxsize": KEPT_CONNECTIONS,
        "block": False,
        "timeout": urllib3.Timeout(connect=min(CONNECT_S, timeout_s), read=timeout_s),
    }
    url = urllib3.util.parse_url(endpoint.base_url.rstrip("/"))
    if endpoint.proxy:
        door: urllib3.PoolManager = urllib3.ProxyManager(endpoint.proxy, **options)
    else:
        door = urllib3.PoolManager(**options)
    pool = door.connection_from_host(url.host, url.port, url.scheme)
    pool.ConnectionCls = Encrypted if url.scheme == "https" else Plain
    return pool, url.path or ""


class _Bell:
    """One request's deadline."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s
        self.rang = False
        self.sock: socket.socket | None = None

    def ring(self) -> None:
        self.rang = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # under TLS, too
            except OSError:
                return  # it is gone already


class _Alarm:
    """Rings for each request that takes longer than `after_s`, from one thread for all."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._changed = threading.Condition()
        self._bells: dict[_Bell, None] = {}  # in the order of their deadlines
        self._awake = False
        self._here = threading.local()

    @contextmanager
    def watch(self) -> Iterator[_Bell]:
        bell = _Bell(time.monotonic() + self._after_s)
        self._here.bell = bell
        with self._changed:
            self._bells[bell] = None
            if not self._awake:
                self._awake = True
                threading.Thread(target=self._wait, daemon=True, name="promptgit-alarm").start()
        try:
            yield bell
        finally:
            with self._changed:
                self._bells.pop(bell, None)

    def shown(self, sock: socket.socket | None) -> None:
        """Take the socket that this thread's request uses."""
        self._here.bell.sock = sock

    def _wait(self) -> None:
        with self._changed:
            while self._bells:
                first = next(iter(self._bells))
                left_s = first.at_s - time.monotonic()
                if left_s > 0:
                    self._changed.wait(left_s)
                elif first in self._bells:
                    del self._bells[first]
                    first.ring()
            self._awake = False
