"""What the stage of insights says where a person has decided already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from promptgit.cli.turns.checking import meant
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.errors import UserError

USUAL = ("quality_score", "security_incidents", "escalation_rate")  # metrics, where none is named


def wanted_of(metrics: Sequence[str], known: Collection[str]) -> list[str]:
    """The metrics to draft from; raise UserError for one that nobody measures."""
    for metric in metrics:
        if metric not in known:
            raise UserError(f"no metric is called {metric!r}", hint=meant(metric, known))
    return list(metrics) or [name for name in USUAL if name in known]


def refuse_without_calls(turn: Turn, prompt: str) -> None:
    """Raise UserError where the window has no call of the prompt."""
    if not turn.logs.sample(turn.window, prompt=prompt, limit=1):
        raise UserError(
            f"no call of {prompt} from {turn.window.since[:16]} to {turn.window.until[:16]}",
            hint="--since looks further back; `promptgit flywheel analyze` shows all names",
        )


def by_hand(prompt: str, metrics: Sequence[str], turn: Turn) -> Facts:
    """One trigger that fired: the person."""
    asked = {
        "when": "asked for by hand",
        "prompt": prompt,
        "do": "improve",
        "why": f"asked for by hand: {', '.join(metrics)}",
        "metrics": list(metrics),
        "at": turn.window.until,
        "evidence": {},
    }
    return {"fired": [asked], "resting": [], "quiet": [], "drifts": []}
