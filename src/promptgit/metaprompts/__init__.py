"""Our own prompts, as files beside this one: evaluated and gated like anybody's."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

NAMES = (
    "critique",
    "patch",
    "patches",
    "retry",
    "whole-file",
    "judge",
    "reflect",
    "breed",
    "hypermutate",
    "prescreen",
    "mutation-prompts",
    "thinking-styles",
    "interview",
    "patterns",
    "shorten",
)


@lru_cache(maxsize=len(NAMES))
def text(name: str) -> str:
    """Return the Jinja source of one of NAMES."""
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8")
