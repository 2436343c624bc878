"""What is wrong in a file, said with its place and the next move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promptgit.config.schema import example, json_schema, known_keys, shape, wanted
from promptgit.core.located import Located, Path
from promptgit.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

SHOWN = 5  # mistakes, of all there are
FOUND: Mapping[type, str] = {
    str: "text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
    type(None): "nothing",
}
# People paste keys and passwords here: not for terminals and logs.
MAYBE_SECRET = ("base_url", "api_key_env", "engine", "url")


def checked(located: Located, which: str) -> Any:
    """Return the file as the shape that `which` names; raise UserError with every mistake."""
    from pydantic import ValidationError

    data = {} if located.data is None else located.data
    if not isinstance(data, dict):
        raise UserError(
            f"{located.at(())}: this file is a mapping of keys to values, found "
            f"{FOUND.get(type(data), 'something else')}",
            hint="write lines like `model: offline`",
        )
    try:
        return shape(which).model_validate(data)
    except ValidationError as error:
        raise _as_user_error(error, located, which) from error


def _as_user_error(error: ValidationError, located: Located, which: str) -> UserError:
    schema = json_schema(which)
    mistakes: dict[str, str] = {}  # message → hint
    for details in _worth_saying(error.errors(include_url=False), located):
        message, hint = _said(details, located, schema)
        mistakes.setdefault(message, hint)
    shown = list(mistakes)[:SHOWN]
    if len(mistakes) > SHOWN:
        shown.append(f"and {len(mistakes) - SHOWN} more")
    return UserError("\n".join(shown), hint=next(iter(mistakes.values())))


def _worth_saying(found: Sequence[ErrorDetails], located: Located) -> list[ErrorDetails]:
    """
    Return the mistakes in file order.

    Of an alternative only what went wrong deepest; a missing key only where no other key is
    unknown, because that one is most likely the missing one, misspelt.
    """
    paths = [_path(details, located) for details in found]

    def is_outer(path: Path) -> bool:
        return any(len(other) > len(path) and other[: len(path)] == path for other in paths)

    misspelt = {
        path[:-1]
        for path, details in zip(paths, found, strict=True)
        if details["type"] == "extra_forbidden"
    }

    def place(pair: tuple[Path, ErrorDetails]) -> tuple[int, int]:
        position = located.position(pair[0])
        return position.line, position.column

    kept = [
        (path, details)
        for path, details in zip(paths, found, strict=True)
        if not is_outer(path) and not (details["type"] == "missing" and path[:-1] in misspelt)
    ]
    return [details for _, details in sorted(kept, key=place)]


def _said(details: ErrorDetails, located: Located, schema: Mapping[str, Any]) -> tuple[str, str]:
    path = _path(details, located)
    key = _dotted(path)
    kind = details["type"]
    if kind == "extra_forbidden":
        return (
            f"{located.at(path, key=True)}: unknown key {key!r}",
            _nearest(str(path[-1]), known_keys(schema, path[:-1])),
        )
    if kind == "missing":
        return (
            f"{located.at(path[:-1])}: the key {key!r} is missing",
            _for_example(schema, path),
        )
    where = located.at(path)
    value = details["input"]
    if kind == "value_error":
        reason = str(details["ctx"]["error"])
        shown = "" if path[-1] in MAYBE_SECRET else f" is {_shown(value)}"
        return f"{where}: {key}{shown}: {reason}", _for_example(schema, path)
    found = f"{_shown(value)} ({FOUND.get(type(value), 'something else')})"
    must = wanted(schema, path) or details["msg"]
    if kind == "string_pattern_mismatch":
        must = f"text of the form {details['ctx']['pattern']}"
    return f"{where}: {key} is {found}, but must be {must}", _for_example(schema, path)


def _path(details: ErrorDetails, located: Located) -> Path:
    """Return where in the file the mistake is, without pydantic's own steps (branches, keys)."""
    path: list[str | int] = []
    node = located.data
    for number, step in enumerate(details["loc"]):
        last = number == len(details["loc"]) - 1
        is_here = step in node if isinstance(node, dict) else isinstance(node, list)
        if is_here and (isinstance(node, dict) or isinstance(step, int)):
            node = node[step]
        elif not (last and details["type"] == "missing"):
            continue
        path.append(step)
    return tuple(path)


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    plain = {key.replace("_", "").lower(): key for key in known}
    close = get_close_matches(name.replace("_", "").replace("-", "").lower(), plain, n=1)
    if close:
        return f"did you mean {plain[close[0]]!r}?"
    return f"known keys here: {', '.join(known)}" if known else "there are no keys here"


def _for_example(schema: Mapping[str, Any], path: Path) -> str:
    shown = example(schema, path)
    if shown is None:
        return "`promptgit schema` prints what each key may be"
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"for example `{name}: {_flow(shown)}`"


def _flow(value: Any) -> str:
    """
    Write a value as YAML on one line.

    >>> _flow({"usd": 2.0, "calls": 2000})
    '{usd: 2.0, calls: 2000}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and not set(value) & set("{}[],:#*&!|>'\"%@`"):
        return value
    return json.dumps(value)


def _dotted(path: Path) -> str:
    """
    Write a path as people do.

    >>> _dotted(("assert", 2, "weight"))
    'assert[2].weight'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _shown(value: Any, limit: int = 40) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[:limit] + "…"
