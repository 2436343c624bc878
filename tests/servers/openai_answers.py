"""
A local server that answers chat completions and responses, whole or as a stream of events.

    with answering("On its way.") as server:
        client = OpenAI(base_url=server.base_url, api_key="sk-test")

`said` is the text of every answer, sent in pieces of one word.  What was asked is in `seen`.
`cut`: streams end after so many pieces, with an error event.  `status`: of every answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "gpt-5-mini-2026-08-07"


@dataclass
class Answering:
    said: str
    status: int = 200
    cut: int | None = None
    tool: str = ""  # the name of a function that is called instead
    base_url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pieces(self) -> list[str]:
        return [f"{word} " for word in self.said.split(" ")[:-1]] + self.said.split(" ")[-1:]


@contextmanager
def answering(said: str, **options: Any) -> Iterator[Answering]:
    """Listen in a thread until the block ends."""
    server = Answering(said, **options)

    class Talk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.seen.append(body)
            if server.status != 200:
                self.reply(server.status, {"error": {"message": "no", "type": "server_error"}})
            elif self.path.endswith("/responses"):
                self.events(response_events(server)) if body.get("stream") else self.reply(
                    200, response(server)
                )
            elif body.get("stream"):
                self.events(chunks(server, body))
            else:
                self.reply(200, completion(server))

        def reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def events(self, events: list[dict[str, Any]]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in events:
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.base_url = f"http://127.0.0.1:{listening.server_port}/v1"
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def completion(server: Answering) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": server.said}
    if server.tool:
        call = {"name": server.tool, "arguments": '{"order": 7}'}
        tool = {"id": "call-1", "type": "function", "function": call}
        message = {"role": "assistant", "content": None, "tool_calls": [tool]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }


def chunks(server: Answering, body: dict[str, Any]) -> list[dict[str, Any]]:
    about = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_780_000_000,
        "model": MODEL,
    }

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**about, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    found = [chunk({"role": "assistant", "content": ""})]
    if server.tool:
        for name, arguments in ((server.tool, ""), (None, '{"order"'), (None, ": 7}")):
            call = {"index": 0, "function": {"name": name, "arguments": arguments}}
            found.append(chunk({"tool_calls": [call]}))
    else:
        found += [chunk({"content": piece}) for piece in server.pieces]
    if server.cut is not None:
        return [*found[: server.cut + 1], {"error": {"message": "overloaded"}}]
    found.append(chunk({}, "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
        found.append({**about, "choices": [], "usage": usage})
    return found


def response(server: Answering) -> dict[str, Any]:
    content = [{"type": "output_text", "text": server.said, "annotations": []}]
    details = {"cached_tokens": 0, "cache_write_tokens": 0}
    return {
        "id": "resp-1",
        "object": "response",
        "created_at": 1_780_000_000,
        "status": "completed",
        "error": None,
        "model": MODEL,
        "output": [
            {
                "id": "msg-1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": content,
            }
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 20,
            "input_tokens_details": details,
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 25,
        },
    }


def response_events(server: Answering) -> list[dict[str, Any]]:
    where = {"item_id": "msg-1", "output_index": 0, "content_index": 0, "logprobs": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**response(server), "output": []}}
    ]
    events += [
        {"type": "response.output_text.delta", "delta": piece, **where} for piece in server.pieces
    ]
    events.append({"type": "response.completed", "response": response(server)})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]
