"""The gate's report as annotations on the changed lines (GitHub Docs, "Workflow commands")."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from promptgit.core.gate import PromptFinding, Report
from promptgit.core.secrets import redact
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.annotations import Level, annotation

MOST = 10  # of a step and a level that GitHub shows
LONGEST = 900  # characters of a message

LEVELS: dict[Outcome, Level] = {
    Outcome.PASS: "notice",
    Outcome.REGRESSION: "error",
    Outcome.INVALID: "error",
}
UNDECIDED: dict[str, Level] = {"pass": "notice", "warn": "warning", "fail": "error"}
LINT: dict[str, Level] = {"error": "error", "warning": "warning", "advice": "notice"}


def page(report: Report) -> str:
    """One workflow command a line, the gravest first; ten of each level, as GitHub shows."""
    found = sorted(chain(_verdicts(report), _gate_changes(report), _lint(report)), key=_gravity)
    kept: dict[Level, int] = {}
    lines = []
    for level, line in found:
        kept[level] = kept.get(level, 0) + 1
        if kept[level] <= MOST:
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _gravity(found: tuple[Level, str]) -> int:
    return ("error", "warning", "notice").index(found[0])


def _verdicts(report: Report) -> Iterator[tuple[Level, str]]:
    for prompt in words.worst_first(report).prompts:
        level = LEVELS.get(prompt.outcome, UNDECIDED[report.on_inconclusive])
        title = f"promptgit: {prompt.outcome.value}"
        yield (
            level,
            annotation(
                level,
                words.one_line(redact(_sentence(prompt)), LONGEST),
                file=words.visible(prompt.path),
                line=prompt.first_changed_line,
                title=title,
            ),
        )


def _sentence(prompt: PromptFinding) -> str:
    decisive = [gate for gate in prompt.gates if gate.outcome is prompt.outcome]
    return words.sentence(decisive[0]) if decisive else words.standing(prompt)


def _gate_changes(report: Report) -> Iterator[tuple[Level, str]]:
    for change in words.gate_changes(report):
        message = words.one_line(change.says, LONGEST)
        title = "promptgit: the gate itself changed"
        yield (
            "warning",
            annotation(
                "warning", message, file=words.visible(change.path), line=change.line, title=title
            ),
        )


def _lint(report: Report) -> Iterator[tuple[Level, str]]:
    for found in chain.from_iterable(prompt.lint for prompt in report.prompts):
        level = LINT[found.severity]
        message = words.one_line(found.message, LONGEST)
        title = f"promptgit: {found.rule}"
        yield (
            level,
            annotation(
                level,
                message,
                file=words.visible(found.path),
                line=found.line,
                column=found.column,
                title=title,
            ),
        )
