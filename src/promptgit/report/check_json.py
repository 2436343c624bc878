"""
A check in JSON's terms.  The keys are part of the interface.

Everything but `spent` is a function of the two commits, the rules and the answers: the same from
any clone, byte for byte.
"""

from __future__ import annotations

from typing import Any

from promptgit.core.evidence import finite, verdict_entry
from promptgit.core.gate import (
    CaseFinding,
    Finding,
    GateChange,
    GateFinding,
    MetricFinding,
    PromptFinding,
    Report,
    Side,
)
from promptgit.core.secrets import redact
from promptgit.report.attribution_text import attribution_facts
from promptgit.report.gate_words import headline
from promptgit.report.sentences import gate_finding

SCHEMA = 1


def facts(report: Report, *, outputs: bool = True) -> dict[str, Any]:
    """The whole report; without `outputs`, nothing that a model or a scorer wrote."""
    return {
        "schema": SCHEMA,
        "verdict": report.outcome.value,
        "delta": _delta(report),
        "sentence": headline(report),
        "base": report.base,
        "head": report.head,
        "merge": report.merge,
        "on_inconclusive": report.on_inconclusive,
        "gate_changed": report.gate_changed,
        "notices": [redact(notice) for notice in report.notices],
        "prompts": [_prompt(prompt, outputs=outputs) for prompt in report.prompts],
        "spent": {
            "calls": report.spent.calls,
            "reused": report.spent.reused,
            "saved": report.spent.saved,
            "tokens": report.spent.tokens,
            "usd": finite(report.spent.usd),
            "seconds": round(report.spent.seconds, 3),
        },
    }


def _delta(report: Report) -> float | None:
    """The lowest change of the score over all prompts; None where nothing was compared."""
    gates = (gate for prompt in report.prompts for gate in prompt.gates[:1])
    effects = (finite(gate.score.verdict.effect) for gate in gates)
    return min((effect for effect in effects if effect is not None), default=None)


def _prompt(found: PromptFinding, *, outputs: bool) -> dict[str, Any]:
    return {
        "path": found.path,
        "old_path": found.old_path,
        "standing": found.standing,
        "line": found.first_changed_line,
        "verdict": found.outcome.value,
        "why": list(found.why),
        "note": redact(found.note),
        "blobs": {"base": found.blobs[0], "head": found.blobs[1]},
        "model": found.model,
        "record": found.record,
        "changes": [_change(change) for change in found.changes],
        "gates": [_gate(gate, outputs=outputs) for gate in found.gates],
        "lint": [_lint(finding) for finding in found.lint],
    } | ({"attribution": attribution_facts(found.attribution)} if found.attribution else {})


def _gate(found: GateFinding, *, outputs: bool) -> dict[str, Any]:
    return {
        "rules": found.rules,
        "verdict": found.outcome.value,
        "sentence": redact(gate_finding(found)),
        "reasons": [redact(reason) for reason in found.reasons],
        "faults": [redact(fault) for fault in found.faults],
        "smallest_effect": finite(found.smallest_effect),
        "policy": {
            "margin": found.policy.margin,
            "alpha": found.policy.alpha,
            "max_unscored": found.policy.max_unscored,
            "must_pass": list(found.policy.must_pass),
            "repeats": found.policy.repeats,
            "scope": found.policy.scope,
        },
        "metrics": [_metric(metric) for metric in found.metrics],
        "cases": [_case(case, outputs=outputs) for case in found.cases],
    }


def _metric(found: MetricFinding) -> dict[str, Any]:
    verdict = verdict_entry(found.verdict)
    verdict.pop("flips")
    named = {"name": found.name, "kind": found.kind, "gated": found.gated, "margin": found.margin}
    return {**named, **verdict}


def _case(found: CaseFinding, *, outputs: bool) -> dict[str, Any]:
    return {
        "id": found.case.id,
        "flip": found.flip.value,
        "origin": found.origin.value,
        "tags": list(found.case.tags),
        "must_pass": found.must_pass,
        "already_failing": found.already_failing,
        "quarantined": found.quarantined is not None,
        "flaky": found.flaky,
        "before": _side(found.before, outputs=outputs),
        "after": _side(found.after, outputs=outputs),
    }


def _side(side: Side | None, *, outputs: bool) -> dict[str, Any] | None:
    if side is None:
        return None
    told: dict[str, Any] = {
        "score": side.score,
        "scores": {name: score.value for name, score in side.scores.items()},
        "flags": list(side.flags),
        "repeats": side.repeats,
    }
    if side.failure:
        told["failure"] = redact(side.failure)
    if outputs:
        told |= {"output": redact(side.output), "why": redact(side.why)}
    return told


def _change(change: GateChange) -> dict[str, Any]:
    says = redact(change.says)
    return {"what": change.what, "path": change.path, "line": change.line, "says": says}


def _lint(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "message": redact(finding.message),
    }
