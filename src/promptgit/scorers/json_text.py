"""JSON as models write it: parsed strictly, compared leaf by leaf, found inside other text."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from promptgit.scorers.wording import quoted

Path = tuple[str | int, ...]

ATTEMPTS = 1000  # places where JSON may begin; an output of brackets alone has more


class NotJson(ValueError):
    """The text is not JSON; the message says where it breaks."""


def parsed(text: str) -> Any:
    """Parse strict JSON (RFC 8259: no NaN, nothing after it); raise NotJson."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        raise NotJson(_breaks(text, error)) from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; 10,000 brackets
        raise NotJson("it has a number too long, or is nested too deeply, to read") from error


def unfenced(text: str) -> str:
    r"""
    Take the text out of a Markdown code fence, if it is one fence and nothing else.

    >>> unfenced('```json\n{"a": 1}\n```')
    '{"a": 1}'
    """
    lines = text.strip().split("\n")
    if len(lines) >= 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text


def found(text: str) -> Any:
    """Return the first object or list in `text`; raise NotJson when there is none."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    position = 0
    for _ in range(ATTEMPTS):
        starts = [at for at in (text.find("{", position), text.find("[", position)) if at >= 0]
        if not starts:
            break
        position = min(starts)
        try:
            return decoder.raw_decode(text, position)[0]
        except (ValueError, RecursionError):
            position += 1
    raise NotJson("no JSON object or list is in it")


def leaves(value: Any) -> dict[Path, Any]:
    """
    List everything that is not a container by its path; an empty container is a leaf.

    >>> leaves({"a": [1, {}], "b": None})
    {('a', 0): 1, ('a', 1): {}, ('b',): None}
    """
    flat: dict[Path, Any] = {}
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:  # a loop, because a model can nest deeper than Python can recurse
        path, item = waiting.pop()
        if isinstance(item, dict) and item:
            waiting += [((*path, key), inner) for key, inner in reversed(item.items())]
        elif isinstance(item, list) and item:
            waiting += [((*path, i), item[i]) for i in range(len(item) - 1, -1, -1)]
        else:
            flat[path] = item
    return flat


def same(left: Any, right: Any) -> bool:
    """
    Compare by value: 1 is 1.0, but neither is true.

    >>> same({"a": 1}, {"a": 1.0}), same([1], [True])
    (True, False)
    """
    ours, theirs = leaves(left), leaves(right)
    return ours.keys() == theirs.keys() and all(
        same_leaf(ours[path], theirs[path]) for path in ours
    )


def same_leaf(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def shown(value: Any) -> str:
    """Write a value for a `why`: JSON, cut short."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict | list) and value:
        return (
            f"an object of {len(value)}" if isinstance(value, dict) else f"a list of {len(value)}"
        )
    return json.dumps(value)[:40]


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a JSON number")


def _breaks(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "it is empty"
    place = f"line {error.lineno}, column {error.colno}"
    near = text[error.pos : error.pos + 20]
    return f"{place}: {error.msg}, at {quoted(near)}" if near else f"{place}: it ends too early"
