"""What OpenAI's two kinds of answers say, whole or in pieces, in the words of a Call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptgit.api.call import Call
from promptgit.api.texts import part_of, text_of


class Answers(Protocol):
    """Reads one request and its answer."""

    def asked(self, call: Call, sent: Mapping[str, Any]) -> None:
        """Take what is sent."""

    def whole(self, call: Call, answer: Any) -> None:
        """Take an answer that came at once."""

    def piece(self, call: Call, piece: Any) -> None:
        """Take what a stream brought next."""


class ChatAnswers:
    """`chat.completions.create`: of several choices, the first."""

    def __init__(self) -> None:
        self._text = ""
        self._tools: dict[int, dict[str, str]] = {}

    def asked(self, call: Call, sent: Mapping[str, Any]) -> None:
        call.model = sent.get("model") or call.model
        call.asked(list(sent.get("messages") or ()))

    def whole(self, call: Call, answer: Any) -> None:
        call.model = part_of(answer, "model") or call.model
        message = next((one.message for one in answer.choices or ()), None)
        if message is not None:
            tools = [
                {"name": tool.function.name, "arguments": tool.function.arguments}
                for tool in message.tool_calls or ()
                if part_of(tool, "function")
            ]
            said = message.content or part_of(message, "refusal") or ""
            call.output = said or (tools if tools else "")
        _count(call, part_of(answer, "usage"), "prompt_tokens", "completion_tokens")

    def piece(self, call: Call, piece: Any) -> None:
        call.model = part_of(piece, "model") or call.model
        for choice in piece.choices or ():
            if choice.index == 0 and choice.delta is not None:
                self._text += choice.delta.content or part_of(choice.delta, "refusal") or ""
                for tool in choice.delta.tool_calls or ():
                    self._tool(tool)
        call.output = self._text or list(self._tools.values()) or ""
        _count(call, part_of(piece, "usage"), "prompt_tokens", "completion_tokens")

    def _tool(self, tool: Any) -> None:
        known = self._tools.setdefault(tool.index, {"name": "", "arguments": ""})
        for name in known:
            known[name] += part_of(tool.function, name) or ""


class ResponseAnswers:
    """`responses.create`."""

    def __init__(self) -> None:
        self._text = ""

    def asked(self, call: Call, sent: Mapping[str, Any]) -> None:
        call.model = sent.get("model") or call.model
        given = sent.get("input")
        call.asked([{"role": "user", "content": given}] if isinstance(given, str) else given or [])
        if instructions := text_of(sent.get("instructions") or ""):
            call.system = "\n\n".join(text for text in (instructions, call.system) if text)

    def whole(self, call: Call, answer: Any) -> None:
        call.model = part_of(answer, "model") or call.model
        tools = [
            {"name": item.name, "arguments": item.arguments}
            for item in answer.output or ()
            if item.type == "function_call"
        ]
        call.output = answer.output_text or self._text or tools or ""
        if error := part_of(answer, "error"):
            call.error = call.error or part_of(error, "code") or "failed"
        _count(call, part_of(answer, "usage"), "input_tokens", "output_tokens")

    def piece(self, call: Call, piece: Any) -> None:
        if piece.type in ("response.output_text.delta", "response.refusal.delta"):
            self._text += piece.delta
            call.output = self._text
        elif piece.type in ("response.completed", "response.incomplete", "response.failed"):
            self.whole(call, piece.response)


def _count(call: Call, usage: Any, asked: str, answered: str) -> None:
    """Add up tokens: there may be several requests within one call, such as for tools."""
    if usage:
        call.input_tokens = (call.input_tokens or 0) + (part_of(usage, asked) or 0)
        call.output_tokens = (call.output_tokens or 0) + (part_of(usage, answered) or 0)
