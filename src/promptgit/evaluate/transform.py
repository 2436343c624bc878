"""
The `transform` of an assertion: what becomes of an output before it is scored.

promptfoo runs JavaScript here.  promptgit runs none; it reads the few expressions that most
configs have, and refuses every other:

    output.trim()  output.toLowerCase()  output.toUpperCase()
    output.split("X")[0]  output.slice(0, 80)  output.replace("X", "Y")
    JSON.parse(output).answer.items[0]

and chains of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from promptgit.errors import UserError

Transform = Callable[[str], str | None]  # None: the output has no such part

KNOWN = (
    "output, JSON.parse(output), and after them .trim(), .toLowerCase(), .toUpperCase(), "
    ".split('X'), .slice(0, 9), .replace('X', 'Y'), .name and [0]"
)

_START = re.compile(r"\s*(?:(JSON\.parse)\s*\(\s*output\s*\)|output)")
_TEXT = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_CALL = re.compile(rf"\s*\.\s*(\w+)\s*\(\s*((?:{_TEXT}|-?\d+|\s*,\s*)*)\s*\)")
_NAME = re.compile(r"\s*\??\.\s*([A-Za-z_$][\w$]*)(?!\s*\()")
_INDEX = re.compile(rf"\s*(?:\?\.)?\[\s*({_TEXT}|\d+)\s*\]")
_ARGUMENT = re.compile(rf"{_TEXT}|-?\d+")

Step = Callable[[Any], Any]


class _Missing(Exception):
    """The value has no such part, so there is nothing to score."""


def compiled(text: str) -> Transform:
    """
    Read an expression; raise UserError for one that would need JavaScript.

    An output in which the expression finds nothing fails, and its opposite does not pass either.
    An object or a list becomes JSON.

    >>> compiled("JSON.parse(output).tags[0].trim()")('{"tags": [" refund "]}')
    'refund'
    """
    if not isinstance(text, str):
        raise UserError("a transform is an expression, as text")
    source = text.strip().removesuffix(";").removeprefix("return ")
    start = _START.match(source)
    steps = list(_steps(source, start.end(), text)) if start else []
    if not start or (start.end() < len(source) and not steps):
        raise _refused(text)
    parses = bool(start[1])

    def transform(output: str) -> str | None:
        try:
            value: Any = json.loads(output) if parses else output
            for step in steps:
                value = step(value)
        except (_Missing, ValueError, RecursionError):
            return None
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return transform


def _steps(source: str, position: int, text: str) -> Iterator[Step]:
    while source[position:].strip():
        if found := _CALL.match(source, position):
            yield _call(found[1], _ARGUMENT.findall(found[2]), text)
        elif found := _NAME.match(source, position):
            yield _member(found[1])
        elif found := _INDEX.match(source, position):
            key = found[1]
            yield _member(int(key) if key.isdigit() else _unquoted(key))
        else:
            raise _refused(text)
        position = found.end()


def _call(name: str, written: list[str], text: str) -> Step:
    given: list[Any] = [_unquoted(w) if w[0] in "\"'" else int(w) for w in written]
    kinds = "".join("t" if isinstance(item, str) else "n" for item in given)
    methods: dict[tuple[str, str], Step] = {
        ("trim", ""): lambda value: _text(value).strip(),
        ("toLowerCase", ""): lambda value: _text(value).lower(),
        ("toUpperCase", ""): lambda value: _text(value).upper(),
        ("toString", ""): lambda value: value if isinstance(value, str) else json.dumps(value),
        ("split", "t"): lambda value: _split(_text(value), given[0]),
        ("slice", "n"): lambda value: _text(value)[given[0] :],
        ("slice", "nn"): lambda value: _text(value)[given[0] : given[1]],
        ("replace", "tt"): lambda value: _text(value).replace(given[0], given[1], 1),
        ("replaceAll", "tt"): lambda value: _text(value).replace(given[0], given[1]),
    }
    if (name, kinds) not in methods:
        raise _refused(text)
    return methods[name, kinds]


def _member(key: str | int) -> Step:
    def look_up(value: Any) -> Any:
        if isinstance(value, dict) and str(key) in value:
            return value[str(key)]
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            return value[key]
        if key == "length" and isinstance(value, list | str):
            return len(value)
        raise _Missing

    return look_up


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Missing
    return value


def _split(text: str, mark: str) -> list[str]:
    return text.split(mark) if mark else list(text)


def _unquoted(written: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), written[1:-1])


def _refused(text: str) -> UserError:
    return UserError(
        f"the transform {text[:80]!r} would need JavaScript, which promptgit does not run",
        hint=f"understood are: {KNOWN}; anything else can be a `python` scorer",
    )
