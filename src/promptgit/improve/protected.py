"""
Regions that no patch may touch.

A line that holds nothing but the comment `promptgit: keep` opens a region, and the next line with
`promptgit: end` closes it; a region that is never closed goes on to the end of the file.  A
line with text before the comment is a region of its own.  The comment may be written as HTML
(`<!-- promptgit: keep -->`), Jinja (`{# … #}`), `/* … */`, a Markdown link label
(`[//]: # (promptgit: keep)`), or after `#`, `//`, `--`, `;` or `%`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptgit.core.diff import split_lines
from promptgit.core.quote import quoted

_MARKER = re.compile(
    r"(?:<!--|\{#|/\*|//|\[//\]: # \(|#|--|;|%)[ \t]*promptgit:[ \t]*(keep|end)\b"
    r"[ \t]*(?:-->|#\}|\*/|\))?\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Region:
    start: int  # its first line, from 1
    text: str  # with its markers


def regions(text: str) -> tuple[Region, ...]:
    """
    List the protected regions of a text, in order.

    >>> regions("a\\nNever refund. <!-- promptgit: keep -->\\nb\\n")
    (Region(start=2, text='Never refund. <!-- promptgit: keep -->\\n'),)
    """
    found: list[Region] = []
    start = 0
    inside: list[str] = []
    for number, line in enumerate(split_lines(text), start=1):
        marker = _MARKER.search(line) if "promptgit" in line.lower() else None
        kind = marker[1].lower() if marker else ""
        if inside:
            inside.append(line)
            if kind == "end":
                found.append(Region(start, "".join(inside)))
                inside = []
        elif kind == "keep" and marker and not line[: marker.start()].strip():
            start, inside = number, [line]
        elif kind:
            found.append(Region(number, line))
    if inside:
        found.append(Region(start, "".join(inside)))
    return tuple(found)


def changes(before: str, after: str) -> Iterator[str]:
    """Say which region is not as it was: its words, its markers, its place among the others."""
    old, new = regions(before), regions(after)
    kept = [region.text for region in new]
    if [region.text for region in old] == kept:
        return
    for region in old:
        if region.text not in kept:
            yield (
                f"the patch changes what is protected (promptgit: keep) from line {region.start}"
                f" on: {quoted(region.text)}"
            )
            return
    yield "the patch adds, doubles or reorders protected regions (promptgit: keep)"
