"""`check --explain`: what would be run, why, at what price, and what it could show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from promptgit.check.plan import GatePlan, plan
from promptgit.cli.checking import Checking, today
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.report.gate_words import uncommanded, visible
from promptgit.report.text import counted, money

if TYPE_CHECKING:
    from promptgit.cli.gates import Gate, Gates


@dataclass(frozen=True, slots=True)
class Explained:
    """One comparison that a check would make."""

    gate: Gate
    plan: GatePlan
    estimate: Estimate  # of every answer to every case


def explained(checking: Checking, gates: Gates) -> Iterator[Explained]:
    for gate in gates.gates:
        found = plan(
            gate.cases,
            gate.policy,
            metrics=gate.suite.metrics,
            today=today(),
            comparisons=checking.comparisons,
        )
        yield Explained(gate, found, _estimate(checking, gate))


def show(checking: Checking, *, as_json: bool) -> None:
    """Print the explanation."""
    if as_json:
        text = json.dumps(_facts(checking), indent=2, allow_nan=False)
        click.echo(text.replace("##[", "##\\u005b"))  # no command to GitHub's runner
        return
    for line in _lines(checking):
        click.echo(uncommanded(visible(" ".join(line.splitlines()))))


def _estimate(checking: Checking, gate: Gate) -> Estimate:
    parts = [
        estimate(
            side.prompt,
            side.cases,
            side.model.identity,
            price=checking.bench.price(side.model),
            store=checking.store,
        )
        for side in gate.contenders
    ]
    one, other = parts
    usd = None if one.usd is None or other.usd is None else one.usd + other.usd
    return Estimate(
        one.calls + other.calls,
        one.cached_calls + other.cached_calls,
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        usd,
    )


def _lines(checking: Checking) -> Iterator[str]:
    ends = checking.ends
    yield f"base {ends.base[:10]}, head {ends.head[:10] or 'the work tree'}"
    yield from checking.notices
    if not checking.found:
        yield "The change concerns no prompt."
    for gates in checking.found:
        subject = gates.subject
        yield ""
        yield f"{subject.path}: {', '.join(subject.why) or 'nothing changed'}"
        yield from (f"  gate changed: {change.says}" for change in subject.changes)
        if gates.note:
            yield f"  {gates.note}"
        for found in explained(checking, gates):
            yield from _gate_lines(found)
    yield ""
    yield f"budget: {checking.budget.cap}"


def _gate_lines(found: Explained) -> Iterator[str]:
    told, policy = found.plan, found.gate.policy
    looks = ", ".join(str(look) for look in told.looks)
    gated = ", ".join(f"{m.name} (margin {m.margin:g})" for m in told.gated)
    yield f"  by {found.gate.rules}'s rules, with {found.gate.contenders[1].model.identity}:"
    yield f"    {counted(told.cases, 'case')}, looked at after {looks}; gated: {gated}"
    if told.smallest_effect is not None:
        smallest = f"{100 * told.smallest_effect:.1f} points"
        yield f"    it would find a drop of {smallest} or more in 4 of 5 runs"
    if told.cases_for_pass is not None and told.cases_for_pass > 1:
        yield (
            f"    equal prompts need about {told.cases_for_pass:,} cases to pass in 4 of 5 runs, "
            "if right and wrong answers scatter as they usually do"
        )
    if policy.must_pass:
        yield f"    must pass: {', '.join(policy.must_pass)}"
    yield from (f"    note: {warning}" for warning in told.warnings)
    calls = found.estimate
    tokens = calls.input_tokens + calls.output_tokens
    yield (
        f"    at most {counted(calls.calls, 'call')} to make, {calls.cached_calls:,} from the "
        f"cache; about {tokens:,} tokens, {money(calls.usd)}"
    )


def _facts(checking: Checking) -> dict[str, Any]:
    return {
        "schema": 1,
        "base": checking.ends.base,
        "head": checking.ends.head,
        "merge": checking.ends.merge,
        "notices": list(checking.notices),
        "budget": str(checking.budget.cap),
        "prompts": [
            {
                "path": gates.subject.path,
                "why": list(gates.subject.why),
                "changes": [asdict(change) for change in gates.subject.changes],
                "note": gates.note,
                "gates": [
                    {
                        "rules": found.gate.rules,
                        "model": str(found.gate.contenders[1].model.identity),
                        "plan": asdict(found.plan),
                        "estimate": asdict(found.estimate),
                    }
                    for found in explained(checking, gates)
                ],
            }
            for gates in checking.found
        ],
    }
