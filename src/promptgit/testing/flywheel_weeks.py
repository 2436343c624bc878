"""
Two generated weeks in the logs of a repository: before an improvement, and after it was merged.

What customers write and what the answers are like is made up by `conversations.py`; here it is
made to be about the texts that a repository has, so that versions join.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

from promptgit.core.prompt import blob_id
from promptgit.flywheel.interaction import CALL, Interaction
from promptgit.testing.conversations import conversations, lines
from promptgit.testing.periods import AFTER, BEFORE, PROMPT, Source

CONVERSATIONS = 10_000  # a week


def write_week(
    folder: Path, text: str, *, improved: bool = False, conversations: int = CONVERSATIONS
) -> Source:
    """
    Write a week of logs of `support-reply` with this text; say what they were made from.

    improved: the second week, in which the answers are better.
    """
    period = AFTER if improved else replace(BEFORE, candidate=0.0)
    source = Source(period=period, conversations=conversations)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        opened: dict[str, IO[str]] = {}
        for line in _of_text(source, text):
            if line.day not in opened:
                file = folder / f"{line.day}.jsonl"
                opened[line.day] = stack.enter_context(file.open("a", encoding="utf-8", newline=""))
            opened[line.day].write(line.line() + "\n")
    return source


def _of_text(source: Source, text: str) -> Iterator[Interaction]:
    """The lines, with this text as what was sent; leaks quote the generated one all the same."""
    blob = blob_id(text)
    for line in lines(conversations(source)):
        if line.kind == CALL and line.prompt == PROMPT:
            yield replace(line, version=blob, system=line.system and text)
        else:
            yield line
