"""
A change of one prompt's text, and the ladder that reads one out of what a mentor wrote.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines: where it was (1-based), what left, what came."""

    start: int
    removed: tuple[str, ...]  # lines without their end-of-line
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """Old text, new text, and the unified diff that we derived between them."""

    path: str  # of the prompt, as in the diff's header
    before: str
    after: str
    diff: str  # canonical, with `--- a/path` and `+++ b/path`, three lines of context
    hunks: tuple[Hunk, ...]
