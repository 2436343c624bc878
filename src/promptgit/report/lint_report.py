"""What lint found: for a person, for GitHub's diff view, as JSON and as SARIF 2.1.0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptgit.lint.finding import Finding, Severity
from promptgit.lint.rule import Rule
from promptgit.report.annotations import Level, annotation

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES_URL = "https://github.com/promptgit/promptgit/blob/main/docs/lint.md"

_SARIF_LEVEL: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "note",
}
_GITHUB_LEVEL: Mapping[Severity, Level] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
}


def place(found: Finding, shown: str) -> str:
    """Say where a finding is; `shown` is its file as seen from where the user stands."""
    start = "./" if shown.startswith(":") else ""  # `::error` would be a command in GitHub's log
    return f"{start}{visible(shown)}:{found.line}:{found.column}"


def visible(text: str) -> str:
    """Keep a terminal, and the log of a workflow, from obeying a name or a quoted word."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("##[", "## [")


def summary(findings: Sequence[Finding], checked: int, mended: int) -> str:
    """
    Count what was found, in one sentence.

    >>> summary([], checked=3, mended=0)
    '3 prompts, no mistake found'
    """
    prompts = _count(checked, "prompt")
    begun = f"mended {_count(mended, 'finding')}; " if mended else ""
    if not findings:
        return f"{begun}{prompts}, no {'other ' if mended else ''}mistake found"
    counts = Counter(found.severity for found in findings)
    words = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    said = ", ".join(_count(counts[kind], words[kind]) for kind in Severity if counts[kind])
    fixable = sum(bool(found.edits) for found in findings)
    offer = f"; --fix mends {fixable}" if fixable else ""
    return f"{begun}{prompts}: {said}{offer}"


def as_json(findings: Iterable[Finding], *, checked: int, mended: int) -> dict[str, Any]:
    return {
        "schema": 1,
        "checked": checked,
        "mended": mended,
        "findings": [
            {
                "rule": found.rule,
                "severity": found.severity.value,
                "message": found.message,
                "hint": found.hint,
                "file": found.file,
                "line": found.line,
                "column": found.column,
                "end_line": found.end_line,
                "end_column": found.end_column,
                "fixable": bool(found.edits),
            }
            for found in findings
        ],
    }


def as_annotation(found: Finding) -> str:
    """Write a finding as GitHub shows it beside the changed lines."""
    hint = f" ({found.hint})" if found.hint else ""
    one_line = found.line == found.end_line  # GitHub takes columns only then
    return annotation(
        _GITHUB_LEVEL[found.severity],
        found.message + hint,
        file=found.file,
        line=found.line,
        column=found.column if one_line else 0,
        end_line=found.end_line,
        end_column=found.end_column if one_line else 0,
        title=found.rule,
    )


def as_sarif(findings: Sequence[Finding], rules: Sequence[Rule], version: str) -> dict[str, Any]:
    """Write findings as a SARIF log (OASIS, "SARIF Version 2.1.0", 2020)."""
    index = {rule.name: number for number, rule in enumerate(rules)}
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "promptgit lint",
                        "version": version,
                        "informationUri": RULES_URL,
                        "rules": [_sarif_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    "%SRCROOT%": {"description": {"text": "the top level of the repository"}}
                },
                "results": [_sarif_result(found, index[found.rule]) for found in findings],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": f"{rule.says}."},
        "fullDescription": {"text": rule.why},
        "helpUri": f"{RULES_URL}#{rule.name}",
        "defaultConfiguration": {"level": _SARIF_LEVEL[rule.severity]},
    }


def _sarif_result(found: Finding, index: int) -> dict[str, Any]:
    from urllib.parse import quote

    hint = f" ({found.hint})" if found.hint else ""
    return {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": _SARIF_LEVEL[found.severity],
        "message": {"text": f"{found.message}{hint}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": quote(found.file, errors="surrogateescape"),
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {
                        "startLine": found.line,
                        "startColumn": found.column,
                        "endLine": found.end_line,
                        "endColumn": found.end_column,
                    },
                }
            }
        ],
    }


def _count(count: int, what: str) -> str:
    """
    Say how many.

    >>> _count(1, "piece of advice"), _count(2, "piece of advice")
    ('1 piece of advice', '2 pieces of advice')
    """
    first, _, rest = what.partition(" ")
    plural = f"{first}s {rest}".rstrip()
    return f"{count} {what if count == 1 else plural}"
