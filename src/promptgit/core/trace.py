"""What was done for an answer: its spans, in order, as a model or an agent reports them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

LONGEST = 20_000  # characters of the JSON of a trace that a record keeps
KINDS = ("tool", "command", "search", "reasoning", "message", "skill", "span")

TOOL_NAMES = (
    "tool.name", "tool_name", "gen_ai.tool.name", "function.name", "function_name", "tool",
    "ai.toolCall.name", "agent.tool", "agent.tool_name", "agent.toolName", "codex.mcp.tool",
)  # fmt: skip
ARGUMENTS = (
    "tool.arguments", "tool.args", "tool.input", "gen_ai.tool.call.arguments",
    "function.arguments", "args", "arguments", "input",
    "ai.toolCall.args", "ai.toolCall.arguments", "ai.toolCall.input",
)  # fmt: skip
COMMANDS = ("command", "codex.command")
SHELLS = frozenset({"exec_command", "local_shell", "shell"})  # tools whose calls are commands
_TROUBLE = re.compile(r"(?i)error|failed|failure|exception|timeout|abort")


@dataclass(frozen=True, slots=True)
class Span:
    """
    One thing that was done: a call of a tool, a search, a step.

    `attributes` are OpenTelemetry's, in JSON's terms; what `kind` and `arguments` do not say is
    read from them.  Times count from the start of the trace.
    """

    name: str
    kind: str = ""  # one of KINDS; empty: as the attributes and the name tell
    arguments: Any = None  # of a tool; None: not told
    attributes: Mapping[str, Any] = field(default_factory=dict)
    start_ms: float | None = None
    duration_ms: float | None = None  # None: not measured
    failed: bool = False
    message: str = ""  # the status in words, e.g. `timeout after 3 s`


Trace = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A span as an assertion on the course of an agent sees it."""

    kind: str
    names: tuple[str, ...]  # the first is its own
    arguments: Any = None


def tool_span(name: str, arguments: Any) -> Span:
    """
    Make the span of a call of a tool; arguments that are JSON text are read.

    >>> tool_span("find", '{"id": 7}').arguments
    {'id': 7}
    """
    return Span(name, "tool", _parsed(arguments))


def steps_of(trace: Iterable[Span]) -> list[Step]:
    """List the steps in order of time; without times, as they are listed."""
    spans = list(trace)
    if all(span.start_ms is not None for span in spans):
        spans.sort(key=lambda span: (span.start_ms or 0.0, span.duration_ms or 0.0))
    return [_step(span) for span in spans]


def is_error(span: Span) -> bool:
    """Say whether a span failed: by its status, its attributes, or the words of its status."""
    found = span.attributes
    marks = [found.get(key) for key in ("error", "exception", "failed", "failure")]
    if span.failed or any(m in (True, "true") or isinstance(m, Mapping | list) for m in marks):
        return True
    try:
        if float(found.get("http.status_code") or 0) >= 400:
            return True
    except (TypeError, ValueError):
        pass
    if "ERROR" in (found.get("otel.status_code"), found.get("status.code")):
        return True
    return _TROUBLE.search(span.message) is not None


def trace_facts(trace: Trace) -> list[dict[str, Any]]:
    """Write a trace down in JSON's terms, without what is as usual; `trace_of` reads it again."""
    plain = Span("")
    names = Span.__dataclass_fields__
    return [
        {
            name: dict(value) if name == "attributes" else value
            for name in names
            if (value := getattr(span, name)) != getattr(plain, name)
        }
        for span in trace
    ]


def trace_of(facts: Any) -> Trace:
    """Read a trace; raise ValueError for what is none."""
    if not isinstance(facts, list):
        raise ValueError("a trace is a list of spans")
    return tuple(_span(one) for one in facts)


def trace_text(trace: Trace) -> str:
    """Write a trace as one line of JSON, every character an ASCII one."""
    return json.dumps(trace_facts(trace), separators=(",", ":"), default=str)


def read_trace(text: str) -> Trace:
    """Read what `trace_text` wrote; raise ValueError."""
    return trace_of(json.loads(text))


def _span(facts: Any) -> Span:
    if not isinstance(facts, dict) or not isinstance(facts.get("name"), str):
        raise ValueError("a span is an object with a `name`")
    unknown = facts.keys() - Span.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"a span has no {min(unknown)!r}")
    kind, attributes = facts.get("kind", ""), facts.get("attributes", {})
    if kind and kind not in KINDS:
        raise ValueError(f"a span is of the kind {', '.join(KINDS)}, not {kind!r}")
    if not isinstance(attributes, dict):
        raise ValueError("the attributes of a span are an object")
    return Span(
        facts["name"],
        kind,
        facts.get("arguments"),
        attributes,
        _milliseconds(facts, "start_ms"),
        _milliseconds(facts, "duration_ms"),
        facts.get("failed") is True,
        str(facts.get("message") or ""),
    )


def _milliseconds(facts: Mapping[str, Any], name: str) -> float | None:
    found = facts.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        raise ValueError(f"`{name}` is a number of milliseconds, not {found!r}")
    return float(found)


def _step(span: Span) -> Step:
    tool = _first_text(span.attributes, TOOL_NAMES)
    command = _first_text(span.attributes, COMMANDS)
    if not tool and span.kind == "tool":
        tool = span.name
    arguments = span.arguments
    if arguments is None:
        told = (_parsed(span.attributes.get(key)) for key in ARGUMENTS)
        arguments = next((one for one in told if one is not None), None)
    if tool and tool.casefold() in SHELLS and isinstance(arguments, Mapping):
        command = command or _command(arguments)
    if span.kind and span.kind != "tool":
        first = span.name.split()[:1] if span.kind == "command" else []
        names = [span.name, *(one for one in (command, tool) if one), *first]
        kind = "span" if span.kind == "skill" else span.kind
        return Step(kind, tuple(dict.fromkeys(names)), arguments)
    if tool and not (command and tool.casefold() in SHELLS):
        return Step("tool", tuple(dict.fromkeys((tool, span.name))), arguments)
    if not command and span.name.startswith("exec "):
        command = span.name.removeprefix("exec ").strip()
    if command:
        names = [command, span.name, tool, command.split()[0]]
        return Step("command", tuple(dict.fromkeys(filter(None, names))), arguments)
    if span.name.startswith("search "):
        query = span.name.removeprefix("search ").strip().strip('"')
        return Step("search", (query, span.name))
    if re.match(r"(?i)reasoning([_\s]|$)", span.name):
        return Step("reasoning", tuple(dict.fromkeys((span.name, "reasoning"))))
    if span.name in ("agent response", "send input"):
        return Step("message", (span.name, "message"))
    return Step("span", (span.name,), arguments)


def _command(arguments: Mapping[str, Any]) -> str:
    for key, between in (("cmd", " "), ("command", " "), ("commands", "; ")):
        found = arguments.get(key)
        if isinstance(found, list):
            found = between.join(str(part).strip() for part in found)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return ""


def _first_text(attributes: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = (attributes.get(key) for key in keys)
    return next((one.strip() for one in found if isinstance(one, str) and one.strip()), "")


def _parsed(value: Any) -> Any:
    """Read arguments that are JSON text; other text stays what it is, none is None."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value.strip()
