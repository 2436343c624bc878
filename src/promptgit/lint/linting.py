"""The loop: every rule on one prompt, less what its comments silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promptgit.lint.finding import Finding, Mark
from promptgit.lint.ignoring import silenced
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject


def lint(subject: Subject, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Return what the rules find in one prompt, in the order of its text."""
    silent = silenced(subject)
    found = [
        finding
        for rule in rules
        for finding in _findings(subject, rule)
        if not silent.get(rule.name, frozenset()) & {0, *_own_line(finding, subject)}
    ]
    return tuple(sorted(found, key=_order))


def _findings(subject: Subject, rule: Rule) -> Iterator[Finding]:
    for mark in rule.check(subject):
        yield _placed(mark, subject, rule)


def _placed(mark: Mark, subject: Subject, rule: Rule) -> Finding:
    if mark.place:
        file, line, column = mark.place.file, mark.place.line, mark.place.column
        end = line, column
    else:
        file = subject.path
        line, column = _position(subject, mark.start)
        end = _position(subject, mark.stop) if mark.stop > mark.start else (line, column)
    return Finding(
        rule.name, rule.severity, mark.message, file, line, column, *end, mark.hint, mark.edits
    )


def _position(subject: Subject, offset: int) -> tuple[int, int]:
    """Count in characters; where there are none, as in Latin-1, in bytes."""
    if subject.text is not None:
        return subject.position(offset)
    before = subject.data[:offset]
    return before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1


def _own_line(finding: Finding, subject: Subject) -> tuple[int, ...]:
    return (finding.line,) if finding.file == subject.path else ()


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.file, finding.line, finding.column, finding.rule
