"""Lineups for tests: invented figures, and names that mean harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from promptgit.core.lineup import BestPrompt, Difference, Entrant, Lineup
from promptgit.core.spend import Spend

EVIL = (
    "evil/<img src=x onerror=alert(1)>",
    "evil/a | b\n## heading @org [x](http://evil)",
    "evil/\u202egnp.exe\x1b[31m",
)


def an_entrant(name: str, mean: float | None = 0.8, **facts: Any) -> Entrant:
    known: dict[str, Any] = {
        "model": f"openai/{name}",
        "current": False,
        "low": max(0.0, (mean or 0) - 0.05),
        "high": min(1.0, (mean or 0) + 0.04),
        "asked": 120,
        "scored": 120 if mean is not None else 0,
        "p50_s": 0.42 if mean is not None else None,
        "p95_s": 1.3 if mean is not None else None,
        "input_tokens": 512.0,
        "output_tokens": 48.5,
        "usd_per_1000": 0.35 if mean is not None else None,
        "scores": {"case-1": 1.0},
    }
    return Entrant(name=name, mean=mean, **{**known, **facts})


def a_difference(first: str, second: str, *, proven: bool = False, **facts: Any) -> Difference:
    low, high = (0.02, 0.14) if proven else (-0.02, 0.14)
    known: dict[str, Any] = {
        "effect": 0.08,
        "low": low,
        "high": high,
        "n": 120,
        "won": 14,
        "lost": 4,
        "p_value": 0.01 if proven else 0.2,
        "proven": proven,
        "more": None if proven else 210,
    }
    return Difference(first, second, **{**known, **facts})


def a_lineup(
    *entrants: Entrant,
    pairs: Sequence[Difference] = (),
    tiers: Sequence[Sequence[str]] = (),
    best: Sequence[BestPrompt] = (),
    **facts: Any,
) -> Lineup:
    """The first entrant is the current one, unless another is."""
    found = list(entrants or (an_entrant("big", 0.9), an_entrant("small", 0.8)))
    if not any(each.current for each in found):
        found[0] = replace(found[0], current=True)
    names = [each.name for each in found if each.mean is not None]
    known: dict[str, Any] = {
        "run": "20261121T101010Z-3f2a",
        "path": "prompts/reply.md",
        "blob": "b" * 40,
        "dataset": "prompts/reply.csv",
        "digest": "d" * 64,
        "cases": 120,
        "when": "2026-11-21T10:10:10Z",
        "alpha": 0.05,
        "spend": Spend(360, 200_000, 1.25),
        "ended": "",
    }
    return Lineup(
        entrants=tuple(found),
        pairs=tuple(pairs),
        tiers=tuple(map(tuple, tiers or [names])),
        best=tuple(best),
        **{**known, **facts},
    )


def a_best(name: str = "small", state: str = "confirmed", **facts: Any) -> BestPrompt:
    known: dict[str, Any] = {
        "sentence": "CONFIRMED: +0.080 on 60 sealed cases.",
        "run": "20261121T101010Z-aaaa",
        "blob": "c" * 40,
        "ref": "refs/promptgit/runs/20261121T101010Z-aaaa",
        "sealed": (0.7, 0.78),
        "effect": 0.08,
        "low": 0.02,
        "high": 0.14,
        "n": 60,
        "command": "promptgit improve reply --model small --branch for-small",
    }
    return BestPrompt(name, state, **{**known, **facts})


def a_hostile_lineup() -> Lineup:
    """Everything that others wrote means harm."""
    entrants = [
        an_entrant(name, 0.9 - place / 10, failure=EVIL[0], failures={"malformed": 2}, scored=118)
        for place, name in enumerate(EVIL)
    ]
    first, second, third = (each.name for each in entrants)
    return a_lineup(
        *entrants,
        pairs=[
            a_difference(first, second),
            a_difference(first, third, proven=True),
            a_difference(second, third),
        ],
        path="prompts/<script>alert(1)</script>.md",
        dataset="a | b`.csv",
        ended="the budget <b>ended</b>",
        best=[a_best(EVIL[0], sentence=EVIL[1], command="promptgit `x` ```\n@org")],
    )
