"""Several models side by side, in JSON's terms: the keys are stable, what is unknown is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptgit.core.lineup import BestPrompt, Difference, Entrant, Lineup
from promptgit.evaluate.estimate import Estimate
from promptgit.improve.improvement import Plan
from promptgit.report import suite_words as words
from promptgit.report.text import estimate_facts as one_estimate

SCHEMA = 1  # of what is printed as JSON


def facts(lineup: Lineup) -> dict[str, Any]:
    """The whole lineup, with every model's score of every case."""
    return {
        "schema": SCHEMA,
        "run": lineup.run,
        "when": lineup.when,
        "prompt": {"path": lineup.path, "blob": lineup.blob},
        "cases": {"name": lineup.dataset, "sha256": lineup.digest, "n": lineup.cases},
        "partial": bool(lineup.ended),
        "ended": lineup.ended,
        "ranking": words.ranking(lineup),
        "tiers": [list(tier) for tier in lineup.tiers],
        "current": lineup.current.name,
        "alpha": lineup.alpha,
        "correction": "bonferroni",
        "comparisons": len(lineup.pairs),
        "models": [_model(lineup, entrant) for entrant in lineup.entrants],
        "pairs": [_pair(pair) for pair in lineup.pairs],
        "best": [_best(best) for best in lineup.best],
        "spend": {
            "calls": lineup.spend.calls,
            "tokens": lineup.spend.tokens,
            "usd": lineup.spend.usd,
            "unpriced_calls": lineup.spend.unpriced_calls,
        },
    }


def _model(lineup: Lineup, entrant: Entrant) -> dict[str, Any]:
    gap = lineup.to_current(entrant)
    return {
        "name": entrant.name,
        "model": entrant.model,
        "current": entrant.current,
        "score": {
            "mean": entrant.mean,
            "low": entrant.low,
            "high": entrant.high,
            "n": entrant.scored,
        },
        "to_current": _pair(gap) if gap else None,
        "asked": entrant.asked,
        "unscored": entrant.unscored,
        "failures": dict(entrant.failures),
        "failure": entrant.failure,
        "flags": dict(entrant.flags),
        "latency_s": {"p50": entrant.p50_s, "p95": entrant.p95_s},
        "tokens": {"input": entrant.input_tokens, "output": entrant.output_tokens},
        "usd_per_1000_cases": entrant.usd_per_1000,
        "on_front": words.on_front(entrant),
        "beaten_by": list(entrant.beaten_by),
        "calls": entrant.paid,
        "scores": dict(entrant.scores),
    }


def _pair(pair: Difference) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "effect": pair.effect,
        "low": pair.low,
        "high": pair.high,
        "n": pair.n,
        "won": pair.won,
        "lost": pair.lost,
        "p_value": pair.p_value,
        "proven": pair.proven,
        "more_cases": pair.more,
    }


def _best(best: BestPrompt) -> dict[str, Any]:
    return {
        "name": best.name,
        "state": best.state,
        "confirmed": best.confirmed,
        "sentence": best.sentence,
        "run": best.run,
        "blob": best.blob,
        "ref": best.ref,
        "sealed": best.sealed
        and {
            "before": best.sealed[0],
            "after": best.sealed[1],
            "effect": best.effect,
            "low": best.low,
            "high": best.high,
            "n": best.n,
        },
        "command": best.command,
        "file": best.file,
    }


def plan_facts(
    each: Sequence[tuple[str, Estimate]], total: Estimate, cases: int, plans: Sequence[Plan]
) -> dict[str, Any]:
    """What it would take, before the first call."""
    return {
        "schema": SCHEMA,
        "cases": cases,
        **one_estimate(total),
        "models": [{"name": name, **one_estimate(guess)} for name, guess in each],
        "searches": [
            {
                "model": plan.model,
                "usual_calls": plan.usual_calls,
                "usual_usd": plan.usual_usd,
                "most_calls": plan.most_calls,
                "most_usd": plan.most_usd,
            }
            for plan in plans
        ],
    }
