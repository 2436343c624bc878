"""
The plainest YAML there is, read without a library: `key: word` and `key: 3`, one level deep.

Most configs are no more than that, and a library takes a hook longer than lint itself.  Whatever
is not so plain is left to `core.located`; a test holds what is read here equal to what it reads.
"""

from __future__ import annotations

import re
from typing import Any

_LINE = re.compile(
    r"(?P<indent>  )?(?P<key>[a-z][a-z_]*):(?: +(?:(?P<word>[a-z][A-Za-z0-9_./-]*)"
    r"|(?P<number>(?:0|[1-9][0-9]{0,8})(?P<point>\.[0-9]{1,9})?)))? *(?: #.*)?"
)
_NO_WORDS = frozenset({"null", "true", "false"})


def plain_mapping(data: bytes) -> dict[str, Any] | None:
    """
    Read a plain mapping; None where the file is not that plain.

    >>> plain_mapping(b"model: offline\\ncheck:\\n  margin: 0.1\\n")
    {'model': 'offline', 'check': {'margin': 0.1}}
    >>> plain_mapping(b"model: [offline]") is None
    True
    """
    if not data.isascii():
        return None
    found: dict[str, Any] = {}
    inner: dict[str, Any] | None = None
    for line in data.decode().split("\n"):
        if not line or re.fullmatch(" *#[ -~]*", line):
            continue
        match = _LINE.fullmatch(line)
        if match is None or not line.isprintable():
            return None
        into = inner if match["indent"] else found
        key, value = match["key"], _value(match)
        if into is None or key in into or key in _NO_WORDS or value in _NO_WORDS:
            return None
        if value is None and match["indent"]:
            return None
        if not match["indent"]:
            if inner == {}:
                return None
            inner = {} if value is None else None
        into[key] = inner if value is None else value
    return None if inner == {} else found


def _value(match: re.Match[str]) -> Any:
    if match["number"]:
        return float(match["number"]) if match["point"] else int(match["number"])
    return match["word"]
