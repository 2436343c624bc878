"""
The gate's report as SARIF 2.1.0 (OASIS standard), for code scanning.

A result is a prompt that got worse or could not be judged, a change of the gate, or a finding of
lint; what passed is no result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

from promptgit import __version__
from promptgit.core.gate import PromptFinding, Report
from promptgit.core.secrets import redact
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.sentences import gate_finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/promptgit/promptgit"
LONGEST = 2_000  # characters of a message

RULES = {
    "regression": "A prompt got worse",
    "inconclusive": "Whether a prompt got worse is not settled",
    "invalid": "A prompt could not be compared",
    "gate-changed": "The change touches its own gate",
}
UNDECIDED = {"pass": "note", "warn": "warning", "fail": "error"}
LINT = {"error": "error", "warning": "warning", "advice": "note"}


def page(report: Report) -> str:
    results = [*_verdicts(report), *_gate_changes(report), *_lint(report)]
    used = dict.fromkeys([*RULES, *(str(result["ruleId"]) for result in results)])
    driver = {
        "name": "promptgit",
        "informationUri": HOME,
        "semanticVersion": __version__,
        "rules": [
            {"id": rule, "shortDescription": {"text": RULES.get(rule, f"lint: {rule}")}}
            for rule in used
        ],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    facts = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(facts, indent=2, ensure_ascii=True) + "\n"


def _verdicts(report: Report) -> Iterator[dict[str, Any]]:
    for prompt in words.worst_first(report).prompts:
        if prompt.outcome is not Outcome.PASS:
            undecided = prompt.outcome is Outcome.INCONCLUSIVE
            level = UNDECIDED[report.on_inconclusive] if undecided else "error"
            rule, line = prompt.outcome.value.lower(), prompt.first_changed_line
            yield _result(rule, level, redact(_sentence(prompt)), prompt.path, line)


def _gate_changes(report: Report) -> Iterator[dict[str, Any]]:
    for change in words.gate_changes(report):
        yield _result("gate-changed", "warning", change.says, change.path, change.line)


def _lint(report: Report) -> Iterator[dict[str, Any]]:
    for found in chain.from_iterable(prompt.lint for prompt in report.prompts):
        level = LINT[found.severity]
        yield _result(found.rule, level, found.message, found.path, found.line, found.column)


def _sentence(prompt: PromptFinding) -> str:
    decisive = [gate for gate in prompt.gates if gate.outcome is prompt.outcome]
    return gate_finding(decisive[0]) if decisive else words.standing(prompt)


def _result(
    rule: str, level: str, message: str, path: str, line: int, column: int = 0
) -> dict[str, Any]:
    region = {"startLine": max(1, line)} | ({"startColumn": column} if column else {})
    place = {"artifactLocation": {"uri": _uri(path)}, "region": region}
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": words.one_line(message, LONGEST) or rule},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    """
    A path as a relative reference (RFC 3986); bytes that are no UTF-8 stay the bytes they are.

    >>> _uri("a b/50%: c.md"), _uri("caf\\udce9.md")
    ('a%20b/50%25%3A%20c.md', 'caf%E9.md')
    """
    whole = "".join("\ufffd" if "\ud800" <= c < "\udc80" else c for c in path)  # no byte of a path
    return quote(whole, safe="/._-~", errors="surrogateescape")
