"""
Comments that silence a rule: `promptgit: ignore RULE`, on its line or for the whole file.

In any style that prompts know: `<!-- … -->`, `{# … #}`, `# …`, `// …`.  Only the Jinja form is not
sent to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from promptgit.lint.finding import Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

_CLOSED_BY = {"<!--": "-->", "{#": "#}", "{#-": "#}", "/*": "*/", "[//]: # (": ")"}
_COMMENT = re.compile(
    r"(?P<open><!--|\{#-?|/\*|\[//\]: # \(|//|#|--|;|%)[ \t]*promptgit:[ \t]*ignore(?P<file>-file)?"
    r"(?![\w-])(?P<rest>[^\r\n]*)",
    re.IGNORECASE,
)


class Comment(NamedTuple):
    """One comment that silences."""

    rules: tuple[str, ...]
    lines: tuple[int, ...]  # that it is about; empty: the whole file
    start: int  # offsets of the comment
    stop: int


def comments(subject: Subject) -> Iterator[Comment]:
    """
    Find the comments of a prompt.

    >>> text = "a\\n<!-- promptgit: ignore long-line -->\\nb\\n"
    >>> [found.lines for found in comments(Subject("p.md", text.encode(), len(text)))]
    [(2, 3)]
    """
    text = subject.text or ""
    if "promptgit" not in text.lower():
        return
    for found in _COMMENT.finditer(text):
        closing = _CLOSED_BY.get(found["open"], "")
        words, closed, _ = found["rest"].partition(closing) if closing else (found["rest"], "", "")
        stop = found.start("rest") + len(words) + len(closed)
        line, column = subject.position(found.start())
        whole = subject.line(line)
        alone = not (whole[: column - 1] + whole[column - 1 + stop - found.start() :]).strip()
        lines = () if found["file"] else (line, line + 1) if alone else (line,)
        names = tuple(name.lower() for name in re.findall(r"[\w-]*\w", words))
        yield Comment(names, lines, found.start(), stop)


def silenced(subject: Subject) -> Mapping[str, frozenset[int]]:
    """Map each silenced rule to the lines it is silent on; line 0 stands for the whole file."""
    found: dict[str, frozenset[int]] = {}
    for comment in comments(subject):
        for name in comment.rules:
            found[name] = found.get(name, frozenset()) | set(comment.lines or (0,))
    return found


def unknown_ignore(known: tuple[str, ...]) -> Rule:
    """Make the rule that looks after these comments; `known` are the names of all others."""

    def check(subject: Subject) -> Iterator[Mark]:
        """
        A comment `promptgit: ignore …` names no rule, or one that does not exist.

        It silences nothing, and looks as if it did.
        """
        for comment in comments(subject):
            if not comment.rules:
                yield Mark(
                    "this comment does not say which rule to ignore",
                    comment.start,
                    comment.stop,
                    hint="for example `promptgit: ignore long-line`",
                )
            for name in comment.rules:
                if name not in known:
                    yield Mark(
                        f"this comment ignores {name!r}, and there is no such rule",
                        comment.start,
                        comment.stop,
                        hint=_near(name, known),
                    )

    return Rule("unknown-ignore", Severity.WARNING, "A comment ignores no known rule", check)


def _near(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "`promptgit lint --explain all` lists them"
