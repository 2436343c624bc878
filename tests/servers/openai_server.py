"""
A local server that speaks the OpenAI protocol, and fails on demand.

In a test, in a thread of its own:

    with serving(reply=lambda body: "hello", faults=on_schedule("429", "reset")) as server:
        model = factory("any-model", options={}, endpoint=server.endpoint())
        ...
        assert server.calls == 3
        assert server.seen[0].body["messages"] == [...]

`reply` is given the request's JSON body and returns the text, or a whole message (a dict), or
the whole response (a dict with `choices`).  `faults` is given the number of the request (from 0)
and a `Seen`, and returns the name of a fault or an empty string.  `by_chance` decides from the
request's words and how often they were sent, never from the order of arrival: the same requests
meet the same faults.

In a benchmark, as a process of its own: `python alone.py --latency 0.05`; the first line that it
prints is its base URL, and GET /stats tells how many requests it saw.

The faults: see FAULTS.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from servers.answers import ERRORS, completed, embedded, head_of

FAULTS = {
    "429": "rate limit, with Retry-After in seconds",
    "429-date": "rate limit, with Retry-After as an HTTP date",
    "429-bare": "rate limit, without Retry-After",
    "quota": "429 insufficient_quota: no money left",
    "500": "internal error, as JSON",
    "503": "unavailable, as HTML from a proxy",
    "reset": "the connection is reset",
    "close": "the connection is closed without a word",
    "hang": "no answer, ever",
    "slow": "the body drips, a byte at a time",
    "slow-head": "the header drips, a byte at a time",
    "slow-chunks": "the body drips in chunks",
    "slow-bare": "the body drips, and nothing says how long it is",
    "truncated": "the JSON ends in the middle",
    "short": "fewer bytes than Content-Length says",
    "html": "200, but the body is a web page",
    "empty-choices": "`choices` is empty",
    "no-message": "the choice has no message",
    "null": "`content` is null",
    "length": "cut at the token limit",
    "filtered": "finish_reason content_filter, content null",
    "refusal": "`refusal` instead of `content`",
    "400": "an invalid request that quotes the key",
    "context": "400, the prompt is too long",
    "parameter": "400, an option that the model does not take",
    "401": "a refused key, quoted in the message",
    "403": "a key without the right",
    "404": "an unknown model",
    "redirect": "307 to `elsewhere`",
}

Reply = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    raw: bytes
    nth: int  # how often these very bytes had come before

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


Faults = Callable[[int, Seen], str]


def by_chance(rates: Mapping[str, float], seed: int = 1) -> Faults:
    """Let each fault happen to that share of the requests; the rates add up to at most 1."""

    def fault(_number: int, seen: Seen) -> str:
        drawn = hashlib.sha256(b"%d %d " % (seed, seen.nth) + seen.raw).digest()
        chance = int.from_bytes(drawn[:8], "big") / 2**64
        for name, rate in rates.items():
            if chance < rate:
                return name
            chance -= rate
        return ""

    return fault


def on_schedule(*names: str) -> Faults:
    """Let the first request meet the first fault, and so on; an empty name is none."""
    return lambda number, _seen: names[number] if number < len(names) else ""


def always(name: str) -> Faults:
    return lambda _number, _seen: name


def echo(body: dict[str, Any]) -> str:
    """Say the last message back."""
    return str(body["messages"][-1]["content"])


@dataclass
class Server:
    """A server that listens; what it saw is in `seen`."""

    reply: Reply = echo
    latency_s: float = 0.0
    faults: Faults = field(default_factory=lambda: always(""))
    retry_after_s: float = 1.0
    drip_s: float = 0.05  # between two bytes of a slow answer
    elsewhere: str = "http://127.0.0.1:9/v1"  # where `redirect` points
    keep: bool = True  # remember what was seen; a benchmark only counts
    seen: list[Seen] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)  # faults, by name
    connections: int = 0
    calls: int = 0
    port: int = 0
    _times: Counter[bytes] = field(default_factory=Counter)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def endpoint(self, api_key: str = "sk-test-0123456789abcdef", provider: str = "openai") -> Any:
        """Return our Endpoint for this server."""
        from promptgit.models.endpoints import Endpoint

        return Endpoint(self.base_url, api_key, provider)

    def note(self, path: str, head: bytes, raw: bytes) -> tuple[Seen, str]:
        headers = {}
        if self.keep:
            lines = head.decode("latin-1").split("\r\n")[1:]
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        digest = hashlib.sha256(raw).digest()
        seen = Seen(path, headers, raw, self._times[digest])
        self._times[digest] += 1
        number = self.calls
        self.calls += 1
        if self.keep:
            self.seen.append(seen)
        fault = self.faults(number, seen)
        if fault:
            assert fault in FAULTS, fault
            self.met[fault] += 1
        return seen, fault


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """Run a Server in a thread until the block ends; `options` are its fields."""
    server = Server(**options)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    enough = asyncio.Event()
    talks: set[Talk] = set()

    async def serve() -> None:
        listening = await loop.create_server(lambda: Talk(server, loop, talks), "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await enough.wait()
        listening.close()
        for talk in list(talks):
            talk.transport.abort()
        while talks:
            await asyncio.sleep(0)

    def work() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(enough.set)
        thread.join()


class Talk(asyncio.Protocol):
    """One connection.  The parser knows what clients send: no pipelining, a Content-Length."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, talks: set[Talk]) -> None:
        self.server = server
        self.loop = loop
        self.talks = talks
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.talks.add(self)
        self.server.connections += 1

    def connection_lost(self, _error: Exception | None) -> None:
        self.talks.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end]
        size = 0
        at = head.lower().find(b"content-length:")
        if at >= 0:
            size = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + size:
            return
        raw = self.buffer[end + 4 : end + 4 + size]
        self.buffer = self.buffer[end + 4 + size :]
        self.asked(head, raw)

    def asked(self, head: bytes, raw: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        if path == "/stats":
            self.send(200, json.dumps({"calls": self.server.calls, "met": self.server.met}))
            return
        if path.endswith("/models"):
            self.send(200, '{"object":"list","data":[{"id":"any-model","object":"model"}]}')
            return
        seen, fault = self.server.note(path, head, raw)
        if self.server.latency_s:
            self.loop.call_later(self.server.latency_s, self.answer, seen, fault)
        else:
            self.answer(seen, fault)

    def answer(self, seen: Seen, fault: str) -> None:
        if self.transport.is_closing():
            return
        if fault in ERRORS:
            status, message, kind, code = ERRORS[fault]
            key = seen.headers.get("authorization", "").removeprefix("Bearer ")
            error = {"message": message.format(key=key), "type": kind, "code": code}
            self.send(status, json.dumps({"error": error}), self.headers_of(fault))
        elif fault == "503":
            self.send(503, "<html><h1>503 Service Unavailable</h1></html>", kind="text/html")
        elif fault == "html":
            self.send(200, "<!doctype html><p>Please log in", kind="text/html")
        elif fault == "reset":
            sock = self.transport.get_extra_info("socket")
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        elif fault == "close":
            self.transport.close()
        elif fault == "redirect":
            self.send(307, "", f"Location: {self.server.elsewhere}/chat/completions\r\n")
        elif fault != "hang":
            self.say(seen, fault)

    def headers_of(self, fault: str) -> str:
        if fault == "429":
            return f"Retry-After: {self.server.retry_after_s:g}\r\n"
        if fault == "429-date":
            now = time.time()
            then = formatdate(now + self.server.retry_after_s, usegmt=True)
            return f"Date: {formatdate(now, usegmt=True)}\r\nRetry-After: {then}\r\n"
        return ""

    def say(self, seen: Seen, fault: str) -> None:
        body = json.loads(seen.raw)
        if seen.path.endswith("/embeddings"):
            answer = embedded(body)
        else:
            answer = completed(body, self.server.reply(body), fault)
        text = json.dumps(answer)
        if fault == "truncated":
            self.send(200, text[: len(text) // 2])
        elif fault == "short":
            self.transport.write(head_of(200, len(text)) + text[: len(text) // 2].encode())
            self.transport.close()
        elif fault == "slow":
            self.drip(head_of(200, len(text)), text.encode())
        elif fault == "slow-bare":
            self.drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", text.encode())
        elif fault == "slow-head":
            self.drip(b"", head_of(200, len(text)) + text.encode())
        elif fault == "slow-chunks":
            chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text.encode())
            start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            self.drip(start, chunks + b"0\r\n\r\n")
        else:
            self.send(200, text)

    def drip(self, at_once: bytes, rest: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(at_once + rest[:1])
        if rest[1:]:
            self.loop.call_later(self.server.drip_s, self.drip, b"", rest[1:])

    def send(self, status: int, text: str, more: str = "", kind: str = "application/json") -> None:
        data = text.encode()
        self.transport.write(head_of(status, len(data), more, kind) + data)
