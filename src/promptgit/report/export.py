"""A run as files that other tools and people read: JSON a round, and a report in Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.run import Iteration, Run
from promptgit.report.improve_text import race_line, spent
from promptgit.report.markdown import code_block, inline
from promptgit.report.runs_text import points


def exported(run: Run) -> dict[str, str]:
    """
    Return file name → content: `session_data.json`, one `test_iteration_N.json` a round that was
    evaluated, one `interview_N.json` a round that the mentor was asked, `optimization_report.md`.
    """
    files = {"session_data.json": _json(_session(run))}
    rounds: dict[int, list[Iteration]] = {}
    for iteration in run.iterations:
        rounds.setdefault(iteration.round, []).append(iteration)
    for number, iterations in sorted(rounds.items()):
        files[f"test_iteration_{number}.json"] = _json(_tests(number, iterations))
    for number in dict.fromkeys(proposal.round for proposal in run.proposals):
        files[f"interview_{number}.json"] = _json(_asked(run, number))
    files["optimization_report.md"] = report(run)
    return files


def report(run: Run) -> str:
    """Tell the run in Markdown; what models wrote is fenced, so that none of it takes effect."""
    lines = [
        f"# Run {run.id}",
        "",
        f"`{run.command}` of `{run.prompt_path}`, started {run.started}.",
        "",
        f"**{run.state}**. {inline(run.sentence)}" if run.sentence else f"**{run.state}**.",
        "",
        f"Spent: {spent(run.spend)}.",
        "",
        "| round | fate | race on the search cases | best so far | reason |",
        "|---:|---|---|---:|---|",
    ]
    for proposal, point in zip(run.proposals, points(run)[1:], strict=False):
        cells = (proposal.round, proposal.fate, race_line(proposal), f"{point.best:.3f}")
        row = [*map(str, cells), inline(proposal.reason)]
        lines.append(f"| {' | '.join(row)} |")
    for proposal in run.proposals:
        lines += ["", f"## Round {proposal.round}: {proposal.fate}", "", inline(proposal.reason)]
        if proposal.critique:
            lines += ["", "Critique, written before the patch:"]
            lines += ["", code_block(proposal.critique, "text")]
        if proposal.patch:
            lines += ["", code_block(proposal.patch.diff, "diff")]
    if run.verdict:
        lines += ["", "## Verdict on the sealed cases", "", code_block(_json(run.verdict), "json")]
    return "\n".join(lines) + "\n"


def _session(run: Run) -> Mapping[str, Any]:
    accepted = [proposal for proposal in run.proposals if proposal.fate is Fate.ACCEPTED]
    return {
        "run": run.id,
        "prompt": run.prompt_path,
        "started": run.started,
        "state": run.state,
        "sentence": run.sentence,
        "inputs": run.inputs,
        "scores": [point.best for point in points(run)],
        "best_prompt": accepted[-1].patch.after if accepted and accepted[-1].patch else None,
        "verdict": run.verdict,
        "delivered": run.delivered,
        "spend": {
            "calls": run.spend.calls,
            "tokens": run.spend.tokens,
            "usd": run.spend.usd,
            "unpriced_calls": run.spend.unpriced_calls,
        },
    }


def _tests(number: int, iterations: list[Iteration]) -> Mapping[str, Any]:
    return {
        "iteration": number,
        "evaluations": [
            {"blob": found.blob, "mean": found.mean, "results": found.results}
            for found in iterations
        ],
    }


def _interview(proposal: Proposal) -> Mapping[str, Any]:
    return {
        "iteration": proposal.round,
        "fate": proposal.fate,
        "reason": proposal.reason,
        "cases_shown": proposal.shown,
        "critique": proposal.critique,
        "replies": proposal.replies,
        "diff": proposal.patch.diff if proposal.patch else None,
        "prompt_after": proposal.patch.after if proposal.patch else None,
        "race": {
            "before": proposal.before,
            "after": proposal.after,
            "cases": proposal.raced,
        },
    }


def _asked(run: Run, number: int) -> Mapping[str, Any]:
    """What the mentor was asked in a round and answered; the other proposals of it beside."""
    first, *others = (proposal for proposal in run.proposals if proposal.round == number)
    held = next((one.facts for one in run.interviews if one.round == number), None)
    more = {"others": [_interview(proposal) for proposal in others]} if others else {}
    return {**_interview(first), **more, **({"interview": held} if held else {})}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
