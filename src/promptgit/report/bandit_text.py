"""What a bandit knows, in a sentence: who leads, whether that is proven, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping

from promptgit.flywheel.bandit import BURN_IN, Regret, State, needed, proven


def leading(state: State, best: Mapping[str, float], named: Mapping[str, str] | None = None) -> str:
    """
    Say who leads, and whether it is proven.

    best: what `p_best` says.  named: how arms are called on the screen.

    >>> from promptgit.flywheel.bandit import Arm
    >>> state = State((Arm("stable", 500, 375.0), Arm("candidate", 500, 400.0)))
    >>> leading(state, {"stable": 0.03, "candidate": 0.97})
    'candidate leads (P(best) = 97 %); not yet proven. At this gap (5.0 points) expect about \
2,000 more requests with feedback.'
    """
    names = named or {}
    fresh = state.burning_in
    if fresh:
        waiting = ", ".join(
            f"{names.get(arm.name, arm.name)} has {arm.pulls} of {BURN_IN}" for arm in fresh
        )
        return f"Too early to say who leads: {waiting} requests with feedback."
    winner = proven(state)
    leader = state.leader
    others = [arm for arm in state.arms if arm is not leader]
    gap = leader.mean - max(arm.mean for arm in others)
    called = names.get(leader.name, leader.name)
    if winner:
        return (
            f"{called} is proven better, by {100 * gap:.1f} points "
            f"({state.rewards:,} requests with feedback)."
        )
    return (
        f"{called} leads (P(best) = {100 * best[leader.name]:.0f} %); not yet proven. "
        f"At this gap ({100 * gap:.1f} points) {_wait(needed(state))}."
    )


def lost(regret: Regret) -> str:
    """
    Say what was lost so far, in full rewards.

    >>> lost(Regret(25.4, 11.2, 41.0))
    'about 25 full rewards (95 % range 11 to 41)'
    """
    return (
        f"about {regret.value:.0f} full reward{'s' * (round(regret.value) != 1)} "
        f"(95 % range {regret.low:.0f} to {regret.high:.0f})"
    )


def _wait(more: int | None) -> str:
    if more is None:
        return "no number of requests in sight would prove it"
    digits = max(0, len(str(more)) - 1)
    rounded = -(-more // 10**digits) * 10**digits
    return f"expect about {rounded:,} more requests with feedback"
