"""Markdown cut to what a service takes, so that what is left still means what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})(.*)")
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))


@dataclass
class _Open:
    """What a cut here would leave open."""

    fence: str = ""
    details: int = 0

    def read(self, line: str) -> None:
        found = _FENCE.match(line)
        if self.fence:
            ends = found and found[1].startswith(self.fence) and not found[2].strip()
            self.fence = "" if ends else self.fence
        elif found:
            self.fence = found[1]
        else:
            self.details = max(0, self.details + line.count("<details") - line.count("</details"))

    def closed(self) -> str:
        return (f"{self.fence}\n" if self.fence else "") + "\n</details>\n" * self.details


def fitted(text: str, limit: int, note: str) -> str:
    r"""
    Return `text` in at most `limit` bytes of UTF-8; where lines had to go, `note` says so.

    Whole lines are kept; a code block and a `<details>` that are open there are closed.  Control
    characters, which some services refuse, are dropped.

    >>> print(fitted("a\n```\nlong line\nlong line\n```\nb\n", 28, "(cut)"))
    a
    ```
    long line
    ```
    <BLANKLINE>
    (cut)
    """
    text = text.replace("\r\n", "\n").translate(_CONTROLS)
    if len(text.encode()) <= limit:
        return text
    kept: list[str] = []
    best = 0
    size = 0
    state = _Open()
    for line in text.split("\n"):
        kept.append(line)
        size += len(line.encode()) + 1
        state.read(line)
        if size + len(state.closed().encode()) + len(note.encode()) + 1 <= limit:
            best = len(kept)
        elif size > limit:
            break
    state = _Open()
    for line in kept[:best]:
        state.read(line)
    return "".join(f"{line}\n" for line in kept[:best]) + state.closed() + f"\n{note}"
