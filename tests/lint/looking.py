"""Look at one prompt with the rules of lint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.lint.finding import Finding, mended
from promptgit.lint.linting import lint
from promptgit.lint.rules import RULES, named
from promptgit.lint.subject import Asked, Numbered, Subject

PATH = "prompts/reply.md"
QUIET = ("no-eval-file",)  # every prompt here is without one, and that is seldom the point


def a_subject(
    text: str | bytes, *, files: Mapping[str, str] | None = None, path: str = PATH, **facts: Any
) -> Subject:
    """A prompt; `files` are what its includes may find, by path from the top level."""
    data = text if isinstance(text, bytes) else text.encode()
    return Subject(path, data, facts.pop("size", len(data)), read=(files or {}).get, **facts)


def cases(*rows: Mapping[str, Any], inputs: tuple[str, ...] = ("message",), **facts: Any) -> Asked:
    """An eval file with cases; a row has id, inputs by name, and maybe expected and tags."""
    numbered = []
    for line, row in enumerate(rows or ({"message": "Hello"},), start=2):
        values = {"id": f"case-{line}", "expected": None, "tags": (), **row}
        own = {name: str(values[name]) for name in inputs if name in values}
        numbered.append(
            Numbered(line, Case(values["id"], own, values["expected"], tags=values["tags"]))
        )
    settled = {
        "eval_file": "prompts/reply.eval.yaml",
        "case_file": "prompts/reply.csv",
        "main_input": "message" if "message" in inputs else "",
        "hidden": ("expected", "label"),
    }
    return Asked(cases=tuple(numbered), inputs=inputs, **{**settled, **facts})


def findings(subject: Subject | str | bytes, rule: str = "") -> list[Finding]:
    """What one rule says of a prompt; without one, what all say that can be expected of it."""
    looked_at = subject if isinstance(subject, Subject) else a_subject(subject)
    rules = [named(rule)] if rule else [rule for rule in RULES if rule.name not in QUIET]
    return list(lint(looked_at, rules))


def names(subject: Subject | str | bytes) -> list[str]:
    return [found.rule for found in findings(subject)]


def fixed(text: str, rule: str) -> str:
    return mended(text, findings(text, rule))
