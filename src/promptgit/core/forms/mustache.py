"""
The part of Mustache and Handlebars that prompts use, without logic of its own and without escapes.

(mustache(5) at https://mustache.github.io, Handlebars' guide, google/dotprompt's helpers.)  There
are variables, sections, inverted sections and comments; in Handlebars also `if`, `unless`, `each`,
`with`, `else`, `this` and `{{json name}}`.  Nothing is HTML-escaped: a model reads text.  Partials,
other helpers, whitespace control and changed delimiters raise Broken with their line.

The cells of a case are text.  Where a template walks into one (`each`, a section, `order.id`), a
cell that holds a JSON list or object is read as such; an empty cell, `false`, `null`, `[]` and `{}`
count as no.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from promptgit.core.forms.part import Broken, as_cell

_TAG = re.compile(
    r"(?P<escaped>\\(?=\{\{))|\{\{!--.*?--\}\}|\{\{\{(?P<triple>[^{}]*)\}\}\}"
    r"|\{\{(?P<sign>[#^/!>&=*~]?)(?P<name>[^{}]*)\}\}",
    re.DOTALL,
)
_NAME = re.compile(r"(?:\.\./)*@?[\w-]+(?:\.[\w-]+)*|\.")
_HELPERS = ("if", "unless", "each", "with")
_NO = ("", "false", "null", "[]", "{}")


@dataclass(frozen=True, slots=True)
class Value:
    name: str
    line: int
    as_json: bool = False


@dataclass(slots=True)
class Section:
    kind: str  # `#`, `^`, or a helper of Handlebars
    name: str
    line: int
    nodes: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)
    in_else: bool = False

    @property
    def open(self) -> list[Node]:
        """The branch that is being read."""
        return self.otherwise if self.in_else else self.nodes


Node = str | Value | Section


class Absent(Exception):
    """There is no value of this name."""

    def __init__(self, value: Value) -> None:
        super().__init__(value.name)
        self.value = value


@lru_cache(maxsize=256)
def parsed(text: str, handlebars: bool) -> Sequence[Node]:
    """Read a template; raise Broken (line within `text`) for what is not supported."""
    root = Section("", "", 1)
    stack = [root]
    at = 0
    text_at = 0
    for found in _TAG.finditer(text):
        if found.start() < at:
            continue
        line = text.count("\n", 0, found.start()) + 1
        if found["escaped"] is not None:
            if handlebars:
                stack[-1].open.append(text[text_at : found.start()])
                closing = text.find("}}", found.end())
                at = text_at = found.end()
                if closing >= 0:
                    stack[-1].open.append(text[found.end() : closing + 2])
                    at = text_at = closing + 2
            continue
        start, stop = _alone(text, found)
        stack[-1].open.append(text[text_at:start])
        at = text_at = stop
        _take(found, line, stack, handlebars)
    stack[-1].open.append(text[text_at:])
    if len(stack) > 1:
        raise Broken(stack[-1].line, f"{_shown(stack[-1])} is never closed", "close it")
    return root.nodes


def _alone(text: str, found: re.Match[str]) -> tuple[int, int]:
    """Take in the whole line of a tag that prints nothing and stands alone (Mustache's rule)."""
    word = (found["name"] or "").strip().partition(" ")[0]
    silent = found["sign"] in ("#", "^", "/", "!") or word == "else" or found["name"] is None
    if not silent or found["triple"] is not None:
        return found.start(), found.end()
    start = text.rfind("\n", 0, found.start()) + 1
    end = re.compile(r"[ \t]*(?:\r?\n|\Z)").match(text, found.end())
    if text[start : found.start()].strip(" \t") or not end:
        return found.start(), found.end()
    return start, end.end()


def _take(found: re.Match[str], line: int, stack: list[Section], handlebars: bool) -> None:
    sign = found["sign"] or ""
    words = (found["triple"] or found["name"] or "").split()
    if found["triple"] is None and (sign == "!" or found["name"] is None):
        return
    if sign in (">", "=", "*", "~") or (words and words[-1].endswith("~")):
        what = {">": "partials", "=": "changed delimiters"}.get(sign, "this tag")
        raise Broken(line, f"{found[0]}: {what} cannot be filled here", "write the text out")
    if sign in ("#", "^"):
        stack.append(_opened(found[0], sign, words, line, handlebars))
        stack[-2].open.append(stack[-1])
    elif sign == "/":
        top = stack[-1]
        wanted = top.kind if top.kind in _HELPERS else top.name
        if len(stack) == 1 or words != [wanted]:
            raise Broken(line, f"{found[0]} closes nothing that is open", "check the tags above")
        stack.pop()
    elif handlebars and words == ["else"]:
        if len(stack) == 1 or stack[-1].in_else:
            raise Broken(line, "{{else}} stands in no block", "check the tags above")
        stack[-1].in_else = True
    else:
        stack[-1].open.append(_value(found[0], words, line, handlebars))


def _opened(tag: str, sign: str, words: list[str], line: int, handlebars: bool) -> Section:
    if handlebars and sign == "#" and words and words[0] in _HELPERS:
        if len(words) == 2 and _NAME.fullmatch(words[1]):
            return Section(words[0], words[1], line)
    elif len(words) == 1 and _NAME.fullmatch(words[0]):
        return Section(sign, words[0], line)
    raise Broken(line, f"{tag} cannot be filled here", _hint(handlebars))


def _value(tag: str, words: list[str], line: int, handlebars: bool) -> Value:
    if len(words) == 1 and _NAME.fullmatch(words[0]):
        return Value(words[0], line)
    if handlebars and len(words) == 2 and words[0] == "json" and _NAME.fullmatch(words[1]):
        return Value(words[1], line, as_json=True)
    raise Broken(line, f"{tag} cannot be filled here", _hint(handlebars))


def _hint(handlebars: bool) -> str:
    known = "variables, sections, comments"
    return f"there are {known}{', if, unless, each, with, else and json' if handlebars else ''}"


def _shown(section: Section) -> str:
    mark = section.kind if section.kind in ("#", "^") else f"#{section.kind} "
    return f"{{{{{mark}{section.name}}}}}"


def holes(nodes: Sequence[Node], bound: bool = False) -> Iterator[str]:
    """Yield the names that a template asks a case for; within a list, those of its items too."""
    for node in nodes:
        if isinstance(node, str):
            continue
        name = node.name.removeprefix("../").split(".")[0]
        local = not name or name[0] == "@" or name == "this"
        if not local and not (bound and not node.name.startswith("../")):
            yield name
        if isinstance(node, Section):
            inner = bound or node.kind in ("each", "with")
            yield from holes(node.nodes, inner)
            yield from holes(node.otherwise, bound)


def filled(nodes: Sequence[Node], scopes: Sequence[Any]) -> str:
    """Fill a template from the innermost scope (last) outwards; raise Absent."""
    out = []
    for node in nodes:
        if isinstance(node, str):
            out.append(node)
        elif isinstance(node, Value):
            found = _found(node.name, scopes)
            if found is _MISSING:
                raise Absent(node)
            walked = _walked(found) if node.as_json else found
            out.append(json.dumps(walked, ensure_ascii=False) if node.as_json else as_cell(found))
        else:
            out.append(_section(node, scopes))
    return "".join(out)


_MISSING = object()


def _section(section: Section, scopes: Sequence[Any]) -> str:
    found = _found(section.name, scopes)
    value = None if found is _MISSING else _walked(found)
    yes = bool(value) and value not in _NO
    if section.kind in ("^", "unless"):
        return filled(section.otherwise if yes else section.nodes, scopes)
    if not yes:
        return filled(section.otherwise, scopes)
    if section.kind == "if":
        return filled(section.nodes, scopes)
    if isinstance(value, list) and section.kind != "with":
        inner = ([*scopes, {"@index": n, "this": one}, one] for n, one in enumerate(value))
        return "".join(filled(section.nodes, scope) for scope in inner)
    if section.kind == "each" and isinstance(value, Mapping):
        pairs = ([*scopes, {"@key": key, "this": one}, one] for key, one in value.items())
        return "".join(filled(section.nodes, scope) for scope in pairs)
    return filled(section.nodes, [*scopes, value])


def _found(name: str, scopes: Sequence[Any]) -> Any:
    """Look a name up, from the innermost scope outwards."""
    while name.startswith("../"):
        name = name.removeprefix("../")
        scopes = scopes[:-2] or scopes[:1]
    if name == ".":
        return scopes[-1]
    first, *rest = name.split(".")
    holding = (scope for scope in reversed(scopes) if isinstance(scope, Mapping) and first in scope)
    scope = next(holding, None)
    if scope is None:
        return _MISSING
    value = scope[first]
    for step in rest:
        walked = _walked(value)
        if not isinstance(walked, Mapping) or step not in walked:
            return _MISSING
        value = walked[step]
    return value


def _walked(value: Any) -> Any:
    """Read a cell that holds a JSON list or object as such."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
