"""A rollout as a bandit sees it, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promptgit.flywheel.bandit import Arm
from promptgit.flywheel.bandit_standing import Standing
from promptgit.flywheel.rollout import CANDIDATE, STABLE
from promptgit.report.bandit_text import leading, lost
from promptgit.report.history_text import SHORT, Styled, clean

SCHEMA = 1


def bandit_lines(found: Standing) -> Iterator[Styled]:
    """Arms, who leads, what it cost, and what follows."""
    one = found.rollout
    title = f"{one.prompt} in {one.environment}, rewarded for {found.metric.name}"
    yield ((clean(title), "bold"),)
    yield (("             text        rewards   mean reward   P(best)   traffic", "dim"),)
    for arm in found.state.arms:
        share = one.share if arm.name == CANDIDATE else 100 - one.share
        yield (
            (f"  {arm.name:9}  ", ""),
            (_blob(found, arm)[:SHORT], "yellow"),
            (
                f"  {arm.pulls:7,}   {arm.mean:11.3f}   {100 * found.best[arm.name]:5.0f} %"
                f"   {share:5.4g} %",
                "",
            ),
        )
    yield ()
    yield ((leading(found.state, found.best), ""),)
    if found.state.rewards:
        yield ((f"lost so far by comparing: {lost(found.regret)}", ""),)
    yield (("proposal: ", "bold"), (found.move, ""), (f": {clean(found.why)}", ""))
    if found.move == "share":
        yield (("`--apply` commits it", "dim"),)
    if found.move == "promote":
        yield ((f"`promptgit promote {one.prompt} --to {one.environment}`", "dim"),)
    if found.proven == STABLE:
        ends = f"`promptgit abort {one.prompt} --to {one.environment}`"
        yield ((f"the stable text is proven better: {ends} ends the rollout", "dim"),)
    if found.resting_until:
        yield ((f"the share may change from {found.resting_until[:16]} UTC on", "dim"),)


def bandit_json(found: Standing) -> dict[str, Any]:
    one = found.rollout
    return {
        "schema": SCHEMA,
        "prompt": one.prompt,
        "environment": one.environment,
        "metric": found.metric.name,
        "since": one.since or None,
        "arms": {
            arm.name: {
                "blob": _blob(found, arm),
                "rewards": arm.pulls,
                "mean": round(arm.mean, 6),
                "p_best": found.best[arm.name],
                "traffic": one.share if arm.name == CANDIDATE else 100 - one.share,
            }
            for arm in found.state.arms
        },
        "regret": {
            "value": round(found.regret.value, 3),
            "low": round(found.regret.low, 3),
            "high": round(found.regret.high, 3),
        },
        "proven": found.proven or None,
        "needed": found.needed,
        "share": one.share,
        "proposed": found.proposed,
        "cooldown_until": found.resting_until or None,
        "move": found.move,
        "why": found.why,
    }


def _blob(found: Standing, arm: Arm) -> str:
    candidate = found.rollout.candidate
    return candidate.blob if arm.name == CANDIDATE and candidate else found.rollout.stable.blob
