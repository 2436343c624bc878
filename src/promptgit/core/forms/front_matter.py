"""YAML front matter, between two lines `---` at the very start of a file, and Markdown with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from promptgit.core.forms.part import Broken, Part, Reading, line_of
from promptgit.errors import UserError

_OPENING = re.compile(r"(?:---|\+\+\+)[ \t]*\r?\n")
_PLACE = re.compile(r"front matter:(\d+)(?::\d+)?: (.*)", re.DOTALL)


class Fronted(NamedTuple):
    head: str  # what stands between the two marks
    body: int  # where the text after the second mark begins, in characters


def fronted(text: str) -> Fronted | None:
    """
    Find the front matter of a file; None when there is none.

    >>> fronted("---\\nname: a\\n---\\nBe kind.\\n")
    Fronted(head='name: a\\n', body=16)
    """
    opening = _OPENING.match(text)
    if not opening:
        return None
    mark = re.escape(text[:3])
    closing = re.compile(rf"^{mark}[ \t]*(?:\r?\n|\Z)", re.MULTILINE).search(text, opening.end())
    if not closing:
        return None
    return Fronted(text[opening.end() : closing.start()], closing.end())


def has_front_matter(text: str) -> bool:
    """
    Say whether a Markdown file starts with front matter: a mapping, not a rule above a text.

    >>> [has_front_matter(f"---\\n{head}\\n---\\nHello.") for head in ("name: a", "Be kind.")]
    [True, False]
    """
    found = fronted(text)
    if found is None or text.startswith("+++"):
        return False
    try:
        facts(found.head)
    except Broken:
        keys = re.findall(r"^[A-Za-z_][\w.-]*:(?:[ \t]|\r?$)", found.head, re.MULTILINE)
        return bool(keys) and keys[0] == found.head[: len(keys[0])]
    return True


def facts(head: str) -> Mapping[str, Any]:
    """Read front matter as plain data; raise Broken with the line of the file."""
    from promptgit.core.located import parse_yaml

    try:
        found = parse_yaml(head.encode(), "front matter").data
    except UserError as error:
        placed = _PLACE.fullmatch(error.message)
        line, problem = (int(placed[1]), placed[2]) if placed else (1, error.message)
        raise Broken(line + 1, f"the front matter: {problem}", error.hint or "") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Broken(2, "the front matter is no mapping", "write `name: value` lines between `---`")
    return found


def opened(text: str) -> tuple[Mapping[str, Any], int]:
    """Return what the front matter says, if there is any, and where the body begins."""
    found = fronted(text)
    if found is None and _OPENING.match(text):
        raise Broken(1, "the front matter does not end", "close it with a line `---`")
    return (facts(found.head), found.body) if found else ({}, 0)


def markdown(text: str) -> Reading:
    """Read Markdown with front matter: what comes after it is the system message."""
    _, start = opened(text)
    return Reading((Part("system", text[start:], start, len(text), line_of(text, start)),))
