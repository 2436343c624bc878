"""A model that says what it is told to, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from promptgit.core.ports import Answer, ModelIdentity, Request, Usage
from promptgit.errors import CallFailed, UserError

Line = str | Answer | CallFailed  # a CallFailed is raised
Script = Callable[[Request], Line] | Mapping[str, Line] | Sequence[Line] | str


class ScriptedModel:
    """
    Answers from a script, and remembers what it was asked.

    A function is given the request.  A mapping is looked up by the text of the last message.  A
    sequence is read from the start, one line per call; a string is always the answer.  A line
    may be a whole Answer, or a CallFailed, which is raised.

    >>> from promptgit.core.prompt import Message
    >>> model = ScriptedModel({"Where is my parcel?": "On its way."})
    >>> model.complete(Request((Message("user", "Where is my parcel?"),))).text
    'On its way.'
    >>> model.calls
    1
    """

    def __init__(
        self,
        script: Script,
        *,
        identity: ModelIdentity | None = None,
        usage: Usage = Usage(10, 5),  # noqa: B008  (frozen)
        cost_usd: float | None = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        self.identity = identity or ModelIdentity("scripted", "script")
        self.requests: list[Request] = []
        self._script = script
        self._usage = usage
        self._cost_usd = cost_usd
        self._latency_s = latency_s
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        return len(self.requests)

    def complete(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        line = self._line(request, number)
        if isinstance(line, CallFailed):
            raise line
        if isinstance(line, Answer):
            return line
        return Answer(line, self._usage, self._cost_usd, self._latency_s, model="script")

    def _line(self, request: Request, number: int) -> Line:
        if isinstance(self._script, str):
            return self._script
        if callable(self._script):
            return self._script(request)
        asked = request.messages[-1].text if request.messages else ""
        if isinstance(self._script, Mapping):
            if asked not in self._script:
                raise UserError(f"the script has no answer to {asked!r}")
            return self._script[asked]
        if number > len(self._script):
            raise UserError(f"the script has {len(self._script)} lines, this is call {number}")
        return self._script[number - 1]
