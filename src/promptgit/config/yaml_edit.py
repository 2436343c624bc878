"""
Change single values of a YAML file, and no other byte of it.

The parser says where each value begins and ends in the text; what is between stays.  Block and
flow style are kept; a new key takes the indentation of its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

INDENT = 2
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True)
class Edit:
    path: tuple[str, ...]  # keys, from the top
    value: str | None  # as YAML on one line; None: take the key out


def edited(text: str, edits: Sequence[Edit]) -> str:
    r"""
    Make the edits, one after the other; missing mappings above a key are made.

    The text must be YAML of mappings; a key that should go and is not there is passed over.

    >>> print(edited("a:  # here\n  b: 1  # one\n", [Edit(("a", "b"), "2"), Edit(("a", "c"), "3")]))
    a:  # here
      b: 2  # one
      c: 3
    <BLANKLINE>
    """
    for edit in edits:
        text = _without(text, edit.path) if edit.value is None else _with(text, edit)
    return text


def _with(text: str, edit: Edit) -> str:
    root = _root(text)
    if root is None:
        return _appended(text, 0, edit.path, str(edit.value))
    node, depth = root, 0
    while depth < len(edit.path):
        found = _pair(node, edit.path[depth])
        if found is None:
            return _inserted(text, node, edit.path[depth:], str(edit.value))
        depth += 1
        if depth < len(edit.path) and _is_nothing(found[1]) and not node.flow_style:
            end = _line_end(text, found[0].end_mark.index)
            column = found[0].start_mark.column + INDENT
            return _appended(text[:end], column, edit.path[depth:], str(edit.value)) + text[end:]
        node = found[1]
    return _replaced(text, node, str(edit.value))


def _without(text: str, path: tuple[str, ...]) -> str:
    node: Any = _root(text)
    for step in path[:-1]:
        found = _pair(node, step) if node is not None else None
        node = found[1] if found else None
    pair = _pair(node, path[-1]) if node is not None else None
    if pair is None:
        return text
    start, end = pair[0].start_mark.index, _end(pair[1])
    if node.flow_style:
        return _cut_from_flow(text, start, end)
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return text[:first] + (text[last + 1 :] if last >= 0 else "")


def _cut_from_flow(text: str, start: int, end: int) -> str:
    """Take a pair out of `{…}` with one of the commas around it."""
    after = re.compile(r"\s*,[ \t]*").match(text, end)
    if after:
        return text[:start] + text[after.end() :]
    before = re.search(r"[ \t]*,\s*\Z", text[:start])
    return text[: before.start() if before else start] + text[end:]


def _replaced(text: str, node: yaml.Node, value: str) -> str:
    """Put a value in the place of another one; in the place of nothing, behind the colon."""
    start, end = node.start_mark.index, _end(node)
    space = " " if start == end and text[start - 1 : start] == ":" else ""
    return f"{text[:start]}{space}{value}{text[end:]}"


def _inserted(text: str, parent: Any, keys: tuple[str, ...], value: str) -> str:
    """Add a key at the end of a mapping, or to what has no value yet."""
    if not isinstance(parent.value, list):  # a text or a number where a mapping should be
        return _replaced(text, parent, _flow(keys, value))
    if parent.flow_style or not parent.value:
        close = _end(parent) - 1
        whole = text[:close].rstrip()
        comma = "" if whole.endswith(("{", ",")) else ","
        gap = "" if whole.endswith("{") else " "
        rest = text[len(whole) : close]
        return f"{whole}{comma}{gap}{_flow(keys, value)[1:-1]}{rest}{text[close:]}"
    column = parent.value[0][0].start_mark.column
    end = _line_end(text, _end(parent.value[-1][1]))
    return _appended(text[:end], column, keys, value) + text[end:]


def _appended(text: str, column: int, keys: tuple[str, ...], value: str) -> str:
    """Write a key on lines of its own; those above it get a line each."""
    feed = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{' ' * (column + INDENT * depth)}{_key(name)}:" for depth, name in enumerate(keys)]
    lines[-1] += f" {value}"
    start = text if not text or text.endswith("\n") else text + feed
    return start + feed.join(lines) + feed


def _flow(keys: tuple[str, ...], value: str) -> str:
    for name in reversed(keys):
        value = f"{{{_key(name)}: {value}}}"
    return value


def _key(name: str) -> str:
    import json

    plain = _PLAIN_KEY.fullmatch(name) and name.lower() not in _WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)


def _is_nothing(node: Any) -> bool:
    return not isinstance(node.value, list) and node.start_mark.index == node.end_mark.index


def _line_end(text: str, start: int) -> int:
    """Where the line after the one at `start` begins."""
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _root(text: str) -> Any:
    import yaml

    return yaml.compose(text, Loader=yaml.SafeLoader)


def _pair(node: Any, key: str) -> tuple[Any, Any] | None:
    """The key and the value under a name of a mapping."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    return next((pair for pair in node.value if pair[0].value == key), None)


def _end(node: Any) -> int:
    """Where a value really ends: a block's own mark is where the next token begins."""
    import yaml

    end: int = node.end_mark.index
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return end
