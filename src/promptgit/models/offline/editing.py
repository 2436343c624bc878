"""Ideas for a better prompt, as edits of its lines, and the unified diff that carries them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_SECOND = re.compile(r"(=+) message 2 of \d+: \w+ \1")  # as `promptgit.core.forms.sheet` has it


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `added` in the place of `removed` lines at line `at` (0-based)."""

    at: int
    added: tuple[str, ...] = ()
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Idea:
    """One thing to change, and why."""

    problem: str  # what goes wrong, as one sentence
    seen: tuple[int, ...]  # the misses that show it, 1-based
    remedy: str  # what to change, as a phrase
    edits: tuple[Edit, ...]

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(line for edit in self.edits for line in edit.added)


def edited(prompt: str, ideas: Iterable[Idea]) -> str:
    """
    Apply ideas to a prompt; of two that touch the same line, the first wins.

    >>> edited("be short\\n", [Idea("", (), "", (Edit(1, ("be kind",)),))])
    'be short\\nbe kind\\n'
    """
    lines = prompt.split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    taken: set[int] = set()
    edits: list[Edit] = []
    for edit in (edit for idea in ideas for edit in idea.edits):
        touched = set(range(edit.at, edit.at + edit.removed))
        if not touched & taken:
            taken |= touched
            edits.append(edit)
    edits.sort(key=lambda edit: edit.at)
    edits = [replace(edit, at=_last(lines)) if edit.at >= len(lines) else edit for edit in edits]
    for edit in reversed(edits):
        lines[edit.at : edit.at + edit.removed] = edit.added
    return "\n".join(lines) + ("\n" if ended or not prompt else "")


def _last(lines: Sequence[str]) -> int:
    """Where new rules go: to the end, or of several messages to the end of the first."""
    second = (number for number, line in enumerate(lines) if _SECOND.fullmatch(line))
    return next(second, len(lines))


def unified(path: str, before: str, after: str) -> str:
    """
    Write the change as a unified diff without its fence.

    >>> print(unified("p.txt", "be short\\n", "be short\\nbe kind\\n"))
    --- a/p.txt
    +++ b/p.txt
    @@ -1 +1,2 @@
     be short
    +be kind
    """
    old, new = _lines(before), _lines(after)
    diff = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(diff).replace("\0", "\n\\ No newline at end of file")


def _lines(text: str) -> list[str]:
    """Split into lines; a last line that is not ended is marked by a NUL."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + "\0"] if last else lines


def is_new(idea: Idea, prompt: str, tried: Sequence[str]) -> bool:
    """Say whether an idea would change something, and was not refused before in these words."""
    if not idea.edits or edited(prompt, [idea]) == prompt:
        return False
    if not idea.added:
        gone = prompt.split("\n")[idea.edits[0].at]
        return not any(f"-{gone}" in summary.split("\n") for summary in tried)
    refused = {
        line[1:].strip() for summary in tried for line in summary.split("\n") if line[:1] == "+"
    }
    return not all(line.strip() in refused for line in idea.added)
