"""YAML that every parser reads alike: block structure, texts in JSON quotes or as blocks."""

from __future__ import annotations

import json
import re
from typing import Any

_KEY = re.compile(r"[A-Za-z_$][\w$.-]*")
_NO_BLOCK = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[ \t]\n|\t")


def plain_yaml(value: Any, indent: int = 0) -> str:
    """
    Write a value of JSON as YAML.

    >>> print(plain_yaml({"prompts": ["Hi {{ name }}"], "n": {"a": 1, "b": []}}), end="")
    prompts:
      - "Hi {{ name }}"
    n:
      a: 1
      b: []
    """
    return "\n".join(_lines(value, indent)) + "\n"


def _lines(value: Any, indent: int) -> list[str]:
    space = " " * indent
    found: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            name = key if _KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
            found += _entry(f"{space}{name}:", item, indent + 2)
        return found
    if isinstance(value, list):
        for item in value:
            inner = _lines(item, indent + 2) if isinstance(item, dict) and item else None
            if inner:
                found += [f"{space}- {inner[0].lstrip()}", *inner[1:]]
            else:
                found += _entry(f"{space}-", item, indent + 2)
        return found
    return [space + json.dumps(value, ensure_ascii=False)]


def _entry(front: str, item: Any, indent: int) -> list[str]:
    if isinstance(item, dict | list) and item:
        return [front, *_lines(item, indent)]
    is_block = isinstance(item, str) and "\n" in item and not item.startswith((" ", "\n"))
    if is_block and not item.endswith("\n\n") and not _NO_BLOCK.search(item):
        mark = "|" if item.endswith("\n") else "|-"
        space = " " * indent
        kept = item.removesuffix("\n").split("\n")
        return [f"{front} {mark}", *(space + line if line else "" for line in kept)]
    return [f"{front} {json.dumps(item, ensure_ascii=False)}"]
