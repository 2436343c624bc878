"""
Calls of tools that a model writes: are they well formed, and are they the right ones.

The output is the JSON that a provider returns for them.  promptfoo finds the tools in the
provider's config; here they are the `value` of the assertion, or its `file://tools.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.expected import expected_texts
from promptgit.scorers.is_json import is_json
from promptgit.scorers.json_text import NotJson, parsed
from promptgit.scorers.passing import reached
from promptgit.scorers.wording import counted, listed, quoted, visible

MOST_CALLS = 1000  # in one output

_FENCED = re.compile(r"(?ms)^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)")


def is_valid_function_call(case: Case, output: str, *, value: Any) -> Score:
    """
    Pass when the output is one function call, `{name, arguments}`, that fits the functions `value`.

    `value` lists functions, `{name, parameters}`, or tools that hold them; `arguments` is an
    object, or one as JSON text.  Google's `functionCall: {name, args}` is understood, too.
    """
    functions = _functions(value)
    try:
        found = parsed(output)
    except NotJson as error:
        return Score(0.0, f"no function call: {error}")
    calls = list(_calls(found))
    if len(calls) != 1:
        return Score(0.0, f"{counted(len(calls), 'function call')} in it, expected 1")
    return _fits(case, *calls[0], functions)


def is_valid_tools_call(case: Case, output: str, *, value: Any) -> Score:
    """
    Pass when the output is a list of OpenAI tool calls, and each fits the tools `value`.

    An MCP call counts by what promptfoo writes for it: "MCP Tool Result", or "MCP Tool Error".
    """
    functions = _functions(value)
    if "MCP Tool Error" in output:
        return Score(0.0, "an MCP tool failed")
    if "MCP Tool Result" in output:
        return Score(1.0, "an MCP tool answered")
    try:
        found = parsed(output)
    except NotJson as error:
        return Score(0.0, f"no tool calls: {error}")
    if isinstance(found, dict) and isinstance(found.get("tool_calls"), list):
        found = found["tool_calls"]
    if not isinstance(found, list) or not found:
        return Score(0.0, "it is no list of tool calls")
    for number, item in enumerate(found[:MOST_CALLS], start=1):
        call = item.get("function") if isinstance(item, dict) else None
        if not isinstance(call, dict) or item.get("type", "function") != "function":
            return Score(0.0, f"call {number} is not of type function")
        score = _fits(case, call.get("name"), call.get("arguments"), functions)
        if not score.value:
            return Score(0.0, f"call {number}: {score.why}")
    return Score(1.0, f"{counted(len(found), 'valid call')}")


def tool_call_f1(
    case: Case, output: str, *, value: Any = None, threshold: float = 1.0, graded: bool = False
) -> Score:
    """
    Pass when the F1 of the tools that were called, against those of `value`, reaches `threshold`.

    The names count, as sets: not their order, their number or their arguments (F1 after van
    Rijsbergen, "Information Retrieval", 1979).  With `graded`, the F1 itself is the score.
    """
    wanted = set(expected_texts(case, value))
    if not wanted:
        raise UserError("tool-call-f1 names no tool", hint="write `value: [get_weather]`")
    called = {name for call in _all_json(output) for name, _ in _calls(call)}
    right = len(wanted & called)
    f1 = 2 * right / (len(wanted) + len(called))
    names = listed([quoted(name) for name in sorted(called)]) or "nothing"
    return reached(f1, threshold, graded, f"called {names}, expected {listed(sorted(wanted))}")


def _calls(found: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and arguments of each call, in the shapes of OpenAI, Anthropic and Google."""
    if isinstance(found, list):
        for item in found[:MOST_CALLS]:
            if not isinstance(item, list):
                yield from _calls(item)
        return
    if not isinstance(found, dict):
        return
    for key in ("tool_calls", "functionCalls"):
        if isinstance(found.get(key), list):
            yield from _calls(found[key])
            return
    for key in ("function", "functionCall", "function_call", "toolCall"):
        if isinstance(found.get(key), dict):
            yield from _calls(found[key])
            return
    if isinstance(found.get("name"), str):
        arguments = next((found[k] for k in ("arguments", "args", "input") if k in found), None)
        yield found["name"], arguments


def _all_json(output: str) -> Iterator[Any]:
    """Yield the output as JSON, or every object and list that begins a line outside of fences."""
    try:
        yield parsed(output)
        return
    except NotJson:
        text = _FENCED.sub("", output)
    decoder = json.JSONDecoder()
    position = 0
    for start in re.finditer(r"(?m)^[ \t]*(?=[{\[])", text):
        if start.end() < position:
            continue
        try:
            found, end = decoder.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            continue
        if not text[end:].partition("\n")[0].strip():
            yield found
            position = end


def _fits(case: Case, name: Any, arguments: Any, functions: dict[str, Any]) -> Score:
    if not isinstance(name, str) or name not in functions:
        known = listed(sorted(functions))
        return Score(0.0, f"no function is called {quoted(str(name))}; there are: {known}")
    written = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    score = is_json(case, written, value=functions[name] or None)
    if score.value:
        return Score(1.0, f"{visible(name)[:60]}: the arguments fit")
    return Score(0.0, f"{visible(name)[:60]}: {score.why}")


def _functions(value: Any) -> dict[str, Any]:
    """Return the JSON Schema of each function, by name; raise UserError."""
    if isinstance(value, str):
        try:
            value = parsed(value)
        except NotJson as error:
            raise UserError(f"the tools are not JSON: {error}") from error
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else [value]:
        declared = item.get("functionDeclarations") if isinstance(item, dict) else None
        if isinstance(declared, list):
            found |= _functions(declared)
            continue
        function = item.get("function", item) if isinstance(item, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise UserError(
                "the value lists functions, each with a `name` and `parameters`",
                hint="write `value: file://tools.json`, as the provider takes them",
            )
        found[function["name"]] = function.get("parameters") or function.get("input_schema")
    return found
