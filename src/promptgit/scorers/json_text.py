"""JSON as models write it: parsed strictly, compared by value, found inside other text."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from promptgit.scorers.wording import quoted

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
        except RecursionError as error:
            raise NotJson("it is nested too deeply to read") from error
        except ValueError:
            position += 1
    raise NotJson("no JSON object or list is in it")


def leaf_count(value: Any) -> int:
    """
    Count what is not a container; an empty container counts as one.

    >>> leaf_count({"a": [1, {}], "b": None})
    3
    """
    count = 0
    waiting = [value]
    while waiting:  # a loop, because a model can nest deeper than Python can recurse
        item = waiting.pop()
        if isinstance(item, dict | list) and item:
            waiting += item.values() if isinstance(item, dict) else item
        else:
            count += 1
    return count


def same(left: Any, right: Any) -> bool:
    """
    Compare by value: 1 is 1.0, but neither is true.

    >>> same({"a": 1}, {"a": 1.0}), same([1], [True])
    (True, False)
    """
    waiting = [(left, right)]
    while waiting:
        ours, theirs = waiting.pop()
        if isinstance(ours, dict) and isinstance(theirs, dict):
            if ours.keys() != theirs.keys():
                return False
            waiting += [(ours[key], theirs[key]) for key in ours]
        elif isinstance(ours, list) and isinstance(theirs, list):
            if len(ours) != len(theirs):
                return False
            waiting += zip(ours, theirs, strict=True)
        elif isinstance(ours, dict | list) or not same_leaf(ours, theirs):
            return False
    return True


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
