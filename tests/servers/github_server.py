"""
A local GitHub that knows the few calls we make: issue comments, check runs, who am I.

    with serving(token="ghs_secret") as github:
        api = Api(github.url, "ghs_secret")
        ...
        assert [comment["body"] for comment in github.comments] == [...]

`faults` is given the number of the request (from 0) and `METHOD path`, and returns the name of a
fault or an empty string.  The faults: see FAULTS.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FAULTS = {
    "429": "primary limit, with Retry-After: 0",
    "secondary": "403, a secondary limit without a header",
    "reset": "403, nothing remains until the epoch second that `now` is",
    "far": "403, nothing remains for an hour",
    "403": "403, a plain no",
    "500": "server error, nothing was done",
    "502-after": "502, but the request was carried out",
    "html": "200, but the body is a web page",
    "redirect": "301 to another host",
    "drop": "the connection is closed without a word",
    "leak": "422 that quotes the token",
    "elsewhere": "a next page on another host",
}
NOW = 1_800_000_000  # what time it is in `reset` and `far`

Answer = tuple[int, Any, Mapping[str, str]]


@dataclass
class Github:
    """What is there, and what was asked."""

    token: str
    login: str = "github-actions[bot]"
    faults: Callable[[int, str], str] = lambda number, line: ""
    knows_viewer: bool = True
    per_page: int = 100  # at most; smaller to see more pages
    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)  # `METHOD path?query`
    denied: int = 0  # requests without the token

    def say(self, login: str, body: str, *, type: str = "User") -> dict[str, Any]:
        """Let somebody comment."""
        number = 100 + len(self.comments)
        made = {
            "id": number,
            "body": body,
            "user": {"login": login, "type": type},
            "html_url": f"https://github.test/octo/prompts/pull/7#issuecomment-{number}",
        }
        self.comments.append(made)
        return made

    def answer(self, method: str, target: str, body: dict[str, Any]) -> Answer:
        """Carry out one request."""
        path = urlsplit(target).path
        if (method, path) == ("POST", "/graphql"):
            viewer = {"data": {"viewer": {"login": self.login}}}
            return (200, viewer, {}) if self.knows_viewer else (403, {"message": "no"}, {})
        if re.fullmatch(r"/repos/octo/prompts/issues/7/comments", path):
            if method == "GET":
                return self._page(target)
            if len(body["body"]) > 65_536:
                return 422, {"message": "body is too long"}, {}
            return 201, self.say(self.login, body["body"], type="Bot"), {}
        if found := re.fullmatch(r"/repos/octo/prompts/issues/comments/(\d+)", path):
            comment = next(one for one in self.comments if one["id"] == int(found[1]))
            comment["body"] = body["body"]
            return 200, comment, {}
        if path.startswith("/repos/octo/prompts/check-runs"):
            return self._check(method, path, body)
        return 404, {"message": "Not Found"}, {}

    def _page(self, target: str) -> Answer:
        asked = parse_qs(urlsplit(target).query)
        size = min(self.per_page, int(asked.get("per_page", ["30"])[0]))
        page = int(asked.get("page", ["1"])[0])
        found = self.comments[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(self.comments):
            there = f"{self.url}{urlsplit(target).path}?per_page={size}"
            headers["Link"] = (
                f'<{there}&page={page + 1}>; rel="next", <{there}&page=99>; rel="last"'
            )
        return 200, found, headers

    def _check(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        output = body["output"]
        texts = [output["summary"], *(one["message"] for one in output["annotations"])]
        if len(output["annotations"]) > 50 or max(map(len, texts)) > 65_535:
            return 422, {"message": "Invalid request"}, {}
        if method == "POST":
            made = {"id": 900 + len(self.checks), "html_url": "https://github.test/checks/1"}
            self.checks.append({**body, **made})
            return 201, made, {}
        check = next(one for one in self.checks if path.endswith(f"/{one['id']}"))
        check["output"]["annotations"] += output["annotations"]
        return 200, check, {}


@contextmanager
def serving(token: str = "ghs_0123456789abcdefghijABCDEFGHIJ", **options: Any) -> Iterator[Github]:
    """Serve a GitHub with one repository, octo/prompts, and one pull request, 7."""
    github = Github(token, **options)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with lock:
                number = len(github.seen)
                line = f"{self.command} {self.path}"
                github.seen.append(line)
                if self.headers.get("Authorization") != f"Bearer {github.token}":
                    github.denied += 1
                    self._send(401, {"message": "Bad credentials"}, {})
                    return
                fault = github.faults(number, line)
                body = json.loads(data) if data else {}
                self._fail(fault, body) if fault else self._send(
                    *github.answer(self.command, self.path, body)
                )

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PATCH(self) -> None:
            self._respond()

        def _fail(self, fault: str, body: dict[str, Any]) -> None:
            limited = {"message": "You have exceeded a secondary rate limit"}
            nothing = {"X-RateLimit-Remaining": "0"}
            answers: dict[str, Answer] = {
                "429": (429, {"message": "slow down"}, {"Retry-After": "0"}),
                "secondary": (403, limited, {}),
                "reset": (403, {}, {**nothing, "X-RateLimit-Reset": str(NOW)}),
                "far": (403, {}, {**nothing, "X-RateLimit-Reset": str(NOW + 3600)}),
                "403": (403, {"message": "Resource not accessible by integration"}, {}),
                "500": (500, {"message": "oops"}, {}),
                "html": (200, "<html>", {}),
                "redirect": (301, {}, {"Location": "http://127.0.0.1:9/elsewhere"}),
                "leak": (422, {"message": f"bad token {github.token}"}, {}),
                "elsewhere": (200, [], {"Link": '<http://127.0.0.1:9/next>; rel="next"'}),
            }
            if fault == "502-after":
                github.answer(self.command, self.path, body)
                self._send(502, {"message": "bad gateway"}, {})
            elif fault == "drop":
                self.close_connection = True
            else:
                self._send(*answers[fault])

        def _send(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        github.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()
