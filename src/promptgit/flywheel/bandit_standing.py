"""How the texts of one rollout stand as arms of a bandit, and which share follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from promptgit.errors import UserError
from promptgit.flywheel.bandit import (
    BASELINE_FLOOR,
    SPREAD,
    Regret,
    Reward,
    State,
    fold,
    needed,
    p_best,
    proven,
    regret,
    shares,
)
from promptgit.flywheel.cube import Metric
from promptgit.flywheel.logs import Point
from promptgit.flywheel.rollout import CANDIDATE, STABLE, Rollout
from promptgit.flywheel.window import instant

COOLDOWN = timedelta(weeks=1)  # between two changes of a share
FULL_SCORES = {"quality_score": 10.0}  # metrics that go to 10; others to 1

Move = Literal["share", "promote", "wait"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a rollout, and what follows."""

    rollout: Rollout
    metric: Metric
    state: State  # the first arm is the stable text
    best: Mapping[str, float]  # P(best) by variant
    regret: Regret
    proven: str  # the variant that is proven better; empty: none
    needed: int | None  # rewards that would prove the leader; None: out of sight
    proposed: float  # share of the candidate, in percent
    resting_until: str  # an instant before which the share stays; empty: it may change now
    move: Move
    why: str  # one sentence


def rewards(points: Iterable[Point], metric: Metric, one: Rollout) -> list[Reward]:
    """
    Make a reward of 0 to 1 of each conversation with one of the two texts.

    Of a metric that is better when it is lower, what is missing to 1.  Raises UserError for one
    that has no such scale.
    """
    if metric.unit not in ("share", "number") or not metric.better:
        raise UserError(
            f"{metric.name} is no reward: it is not a share, or neither more nor less is better",
            hint="--metric quality_score, satisfaction or upsell_rate",
        )
    texts = {STABLE: one.stable.blob, CANDIDATE: one.candidate.blob if one.candidate else ""}
    full = FULL_SCORES.get(metric.name, 1.0)
    found = []
    for point in points:
        if texts.get(point.variant) != point.version:  # type: ignore[call-overload]
            continue
        value = point.value / full
        if not 0 <= value <= 1:
            raise UserError(
                f"{metric.name} was {point.value:g} once, and a reward is 0 to {full:g}",
                hint="--metric quality_score, satisfaction or upsell_rate",
            )
        found.append(
            Reward(point.at, point.variant, 1 - value if metric.better == "lower" else value)
        )
    return found


def stand(
    one: Rollout,
    metric: Metric,
    points: Iterable[Point],
    *,
    now: datetime,
    lead: float | None,
    discount: float = 1.0,
    seed: int = 0,
) -> Standing:
    """
    Work out everything from the observations; equal ones and an equal seed give equal answers.

    lead: the candidate's difference side by side, within days, above 0 where it is better.  The
    likelihood ratio knows no days, so a promotion is not proposed where the two disagree.
    """
    state = fold(State.of((STABLE, CANDIDATE), discount=discount), rewards(points, metric, one))
    random = Random(seed)  # noqa: S311
    best = p_best(state, random)
    winner = proven(state)
    share = _share(one, state, best)
    resting = _rests_until(one, now)
    move, why = _move(one, state, winner, lead, share, resting)
    return Standing(
        one,
        metric,
        state,
        best,
        regret(state, random),
        winner,
        needed(state),
        share,
        resting,
        move,
        why,
    )


def _share(one: Rollout, state: State, best: Mapping[str, float]) -> float:
    """The share that Thompson sampling would give the candidate, in whole percent."""
    if state.burning_in:
        return one.share
    least, most = 100 * SPREAD / 2, 100 * (1 - BASELINE_FLOOR - SPREAD / 2)
    return min(most, max(least, float(round(100 * shares(state, best)[CANDIDATE]))))


def _rests_until(one: Rollout, now: datetime) -> str:
    if not one.since:
        return ""
    until = datetime.fromisoformat(one.since) + COOLDOWN
    return instant(until) if until > now else ""


def _move(
    one: Rollout, state: State, winner: str, lead: float | None, share: float, resting: str
) -> tuple[Move, str]:
    if state.burning_in:
        return "wait", "each text needs 20 rewards before anything follows"
    if winner == CANDIDATE and lead is not None and lead > 0:
        return "promote", "the candidate is proven better; a person may promote it"
    if winner == CANDIDATE:
        return "wait", "proven better in all, and not within days: did the share change meanwhile?"
    if share == one.share:
        return "wait", f"{share:g} % is the share that it should have"
    if resting:
        return "wait", f"{share:g} % would be better; shares change at most once a week"
    return "share", f"{share:g} % is better than {one.share:g} %"
