"""Several patches in one reply: each ends with the fence that holds it."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^(`{3,}|~{3,})\s*(\w*)\s*$")
_DIFFS = frozenset({"diff", "patch", "udiff", "unidiff"})


def parts_of(reply: str) -> list[str]:
    """
    Cut a reply after each fenced diff; a reply without any is one part.

    What stands before a fence, up to the one before, are the words about that patch.

    >>> parts_of("One.\\n```diff\\n+a\\n```\\nTwo.\\n```diff\\n+b\\n```\\nBye.")
    ['One.\\n```diff\\n+a\\n```', 'Two.\\n```diff\\n+b\\n```']
    >>> parts_of("I have nothing to add.")
    ['I have nothing to add.']
    """
    parts: list[str] = []
    start, opened = 0, ""
    lines = reply.split("\n")
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened:
            if fence[1].startswith(opened) and not fence[2]:
                parts.append("\n".join(lines[start : number + 1]))
                start, opened = number + 1, ""
        elif fence[2].lower() in _DIFFS:
            opened = fence[1]
    return parts or [reply]
