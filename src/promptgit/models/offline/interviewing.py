"""What else the offline mentor is asked for: interviews, patterns of good answers, fewer words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from promptgit.models.offline.briefing import Brief
from promptgit.models.offline.editing import Edit, Idea, edited, unified
from promptgit.models.offline.words import quoted

CHANGES = 4  # at most, in one reply
NO_CHANGE = "No change needed."

_COURTESY = re.compile(
    r"\b(?:please(?: make sure (?:to|that you))?|kindly|it is (?:very |really )?important that you"
    r"|(?:always )?remember to|make sure (?:to|that you)|be sure to|you (?:should|must) always)\s+",
    re.IGNORECASE,
)

Patch = Callable[[Brief, Sequence[Idea]], str]  # how the mentor writes some ideas


def interview(brief: Brief, ideas: Sequence[Idea], patch: Patch) -> str:
    """Ask each miss why it failed; answer with the idea that it is part of."""
    if not ideas:
        return NO_CHANGE
    parts = []
    for number in range(1, len(brief.misses) + 1):
        about = [idea.problem for idea in ideas if number in idea.seen]
        said = about[0] if about else "The prompt says nothing that would have helped."
        parts.append(f"### Failure {number}\nQ: Why is this not what was expected?\nA: {said}")
    problems = " ".join(dict.fromkeys(idea.problem for idea in ideas[:CHANGES]))
    patches = [patch(brief, [idea]) for idea in ideas[:CHANGES]]
    return "\n\n".join([*parts, f"## Analysis\n{problems}", "## Changes", *patches])


def patterns(brief: Brief, ideas: Sequence[Idea], patch: Patch) -> str:
    """Name what each idea would make of the rest; count it where it is a quoted word or two."""
    return "\n\n".join(
        f"### Pattern: {idea.remedy}\n{_evidence(brief, idea)}{patch(brief, [idea])}"
        for idea in ideas[:CHANGES]
    )


def _evidence(brief: Brief, idea: Idea) -> str:
    marks = [mark for line in idea.added for mark in quoted(line)]
    if not marks:
        return ""
    top = sum(any(mark in text for mark in marks) for text in brief.top)
    rest = sum(any(mark in miss.output for mark in marks) for miss in brief.misses)
    counts = f"Top: {top} of {len(brief.top)}. Rest: {rest} of {len(brief.misses)}."
    words = ", ".join(f'"{mark}"' for mark in marks)
    return f"{counts}\nMarkers: {words}\n"


def shorten(brief: Brief) -> str:
    """Cut courtesy, and lines that stand there twice."""
    lines = brief.prompt.split("\n")
    edits: list[Edit] = []
    for at, line in enumerate(lines):
        terse = _COURTESY.sub("", line)
        if line.strip() and line in lines[:at]:
            edits.append(Edit(at, removed=1))
        elif terse != line and terse.strip():
            start = len(terse) - len(terse.lstrip(" -*"))
            said = terse[:start] + terse[start : start + 1].upper() + terse[start + 1 :]
            edits.append(Edit(at, (said,), 1))
    after = edited(brief.prompt, [Idea("", (), "", tuple(edits))])
    if after == brief.prompt or _refused(brief, after):
        return NO_CHANGE
    diff = unified(brief.path, brief.prompt, after)
    return f"Cut courtesy and repetition.\n\n```diff\n{diff}\n```"


def _refused(brief: Brief, after: str) -> bool:
    """Say whether this very edit was tried: its new lines, or for a mere deletion its old ones."""
    changed = [
        line
        for line in unified(brief.path, brief.prompt, after).split("\n")
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return "\n".join(changed) in brief.tried
