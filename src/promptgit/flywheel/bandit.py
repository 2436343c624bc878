"""
Which variant gets how much traffic, and when one is proven better: Thompson sampling with floors.

Thompson, "On the likelihood that one unknown probability exceeds another", Biometrika 25 (1933).
Each arm keeps Beta(1 + s, 1 + n - s), with s the sum of its rewards and n their number.  The first
arm is the baseline.  Two floors keep something to compare with: a tenth of the traffic is the
baseline's, and a tenth is spread over all.  An arm with fewer than 20 rewards is tried first.

P(best) is shown and never acted on: between two equal arms it reaches 95 % in two runs of three.
An arm is promoted on the bound of the generalised likelihood ratio alone (Garivier and Kaufmann,
"Optimal best arm identification with fixed confidence", COLT 2016, with the threshold
ln((1 + ln t)(K - 1) / error)), over the undiscounted rewards since anything changed.

The state is a fold over rewards in the order in which they came, so it is rebuilt from the logs.
A reward that never comes changes nothing; one that is late counts when it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log
from random import Random

from promptgit.errors import UserError

BASELINE_FLOOR = 0.10
SPREAD = 0.10  # over all arms alike
BURN_IN = 20  # rewards of each arm
FORGETTING = 0.995  # a discount that remembers about 200 rewards; 1 forgets nothing
ERROR = 0.05  # chance to promote an arm that is not better, ever
DRAWS = 4_000
OUT_OF_SIGHT = 1_000_000  # rewards


@dataclass(frozen=True, slots=True)
class Arm:
    """The rewards of one variant since anything changed."""

    name: str
    pulls: int = 0  # rewards
    total: float = 0.0  # their sum
    n: float = 0.0  # the same, discounted
    s: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.pulls if self.pulls else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the arms; the first one is the baseline."""

    arms: tuple[Arm, ...]
    discount: float = 1.0

    @classmethod
    def of(cls, names: Sequence[str], *, discount: float = 1.0) -> State:
        assert len(set(names)) == len(names) >= 2, names
        assert 0 < discount <= 1, discount
        return cls(tuple(Arm(name) for name in names), discount)

    @property
    def rewards(self) -> int:
        return sum(arm.pulls for arm in self.arms)

    @property
    def burning_in(self) -> tuple[Arm, ...]:
        """Arms that have not had their first 20 rewards."""
        return tuple(arm for arm in self.arms if arm.pulls < BURN_IN)

    @property
    def leader(self) -> Arm:
        """The arm with the best mean; among equals the first."""
        return max(self.arms, key=lambda arm: arm.mean)

    def after(self, name: str, reward: float) -> State:
        """
        Learn of one reward, from 0 to 1; a fraction counts as a fraction.

        >>> state = State.of(["stable", "candidate"]).after("candidate", 0.25)
        >>> state.arms[1].pulls, state.arms[1].total
        (1, 0.25)
        """
        assert 0 <= reward <= 1, reward
        keep = self.discount
        return State(
            tuple(
                Arm(a.name, a.pulls + 1, a.total + reward, a.n * keep + 1, a.s * keep + reward)
                if a.name == name
                else (a if keep == 1 else replace(a, n=a.n * keep, s=a.s * keep))
                for a in self.arms
            ),
            keep,
        )


@dataclass(frozen=True, slots=True)
class Reward:
    """What one request turned out to be worth."""

    at: str  # when it became known: an instant in UTC
    arm: str
    value: float  # 0 to 1


def fold(state: State, rewards: Iterable[Reward], changes: Iterable[str] = ()) -> State:
    """
    Rebuild the state from the logs.

    rewards: in any order; those of arms that are gone are left out.  changes: the instants at
    which an arm changed or a drift alarm rang; rewards before the last of them say nothing of now.
    Raises UserError for a reward that is not from 0 to 1.
    """
    since = max(changes, default="")
    known = {arm.name for arm in state.arms}
    rewards = list(rewards)
    strange = next((one for one in rewards if not 0 <= one.value <= 1), None)
    if strange:
        raise UserError(
            f"a reward of {strange.value:g} ({strange.arm}, {strange.at}) is not from 0 to 1",
            hint="choose a score or a share as the reward, or scale it",
        )
    counted = (one for one in rewards if one.arm in known and one.at >= since)
    for one in sorted(counted, key=lambda one: one.at):
        state = state.after(one.arm, one.value)
    return state


def choose(state: State, random: Random) -> str:
    """Choose the arm of the next request."""
    fresh = state.burning_in
    if fresh:
        return min(fresh, key=lambda arm: arm.pulls).name
    chance = random.random()
    if chance < BASELINE_FLOOR:
        return state.arms[0].name
    if chance < BASELINE_FLOOR + SPREAD:
        return random.choice(state.arms).name
    return max(_draw(state, random), key=lambda drawn: drawn[0])[1]


def p_best(state: State, random: Random, draws: int = DRAWS) -> dict[str, float]:
    """How likely each arm is the best one: to be shown, not to be acted on."""
    wins = dict.fromkeys((arm.name for arm in state.arms), 0)
    for _ in range(draws):
        wins[max(_draw(state, random), key=lambda drawn: drawn[0])[1]] += 1
    return {name: count / draws for name, count in wins.items()}


def shares(state: State, best: Mapping[str, float]) -> dict[str, float]:
    """
    The chance with which `choose` takes each arm, for who routes by shares; alike in the burn-in.

    best: what `p_best` says.

    >>> state = State(tuple(Arm(name, 50, 40.0, 50.0, 40.0) for name in ("stable", "candidate")))
    >>> shares(state, {"stable": 0.25, "candidate": 0.75})
    {'stable': 0.35, 'candidate': 0.65}
    """
    alike = 1 / len(state.arms)
    if state.burning_in:
        return {arm.name: alike for arm in state.arms}
    free = 1 - BASELINE_FLOOR - SPREAD
    return {
        arm.name: round(BASELINE_FLOOR * (place == 0) + SPREAD * alike + free * best[arm.name], 6)
        for place, arm in enumerate(state.arms)
    }


def proven(state: State, error: float = ERROR) -> str:
    """
    Name the arm that is proven better than every other, or nothing.

    May be asked after each reward: the chance of ever naming an arm that is not better is about
    `error` (3 % in simulations of 3,000 rewards; the threshold is a heuristic, not a theorem).
    """
    if state.burning_in:
        return ""
    leader = state.leader
    bound = threshold(state.rewards, len(state.arms), error)
    others = [arm for arm in state.arms if arm is not leader]
    return leader.name if all(evidence(leader, arm) >= bound for arm in others) else ""


def evidence(better: Arm, worse: Arm) -> float:
    """
    The log of the generalised likelihood ratio that the two differ; 0 where they do not.

    >>> round(evidence(Arm("b", 100, 90.0), Arm("a", 100, 60.0)), 2)
    12.66
    """
    if not better.pulls or not worse.pulls:
        return 0.0
    pooled = (better.total + worse.total) / (better.pulls + worse.pulls)
    return sum(arm.pulls * _divergence(arm.mean, pooled) for arm in (better, worse))


def threshold(rewards: int, arms: int, error: float = ERROR) -> float:
    return log((1 + log(max(1, rewards))) * (arms - 1) / error)


def needed(state: State, error: float = ERROR) -> int | None:
    """
    Guess how many more rewards prove the leader, if means and traffic stay; None: out of sight.

    >>> needed(State((Arm("stable", 500, 375.0), Arm("candidate", 500, 400.0))))
    1892
    """
    leader = state.leader
    weakest = min((evidence(leader, arm) for arm in state.arms if arm is not leader), default=0.0)
    each = weakest / state.rewards if state.rewards else 0.0  # grows with the number of rewards
    low, high = state.rewards, OUT_OF_SIGHT
    if each * high < threshold(high, len(state.arms), error):
        return None
    while low < high:
        middle = (low + high) // 2
        if each * middle >= threshold(middle, len(state.arms), error):
            high = middle
        else:
            low = middle + 1
    return max(low - state.rewards, sum(BURN_IN - arm.pulls for arm in state.burning_in))


@dataclass(frozen=True, slots=True)
class Regret:
    """What was lost so far, in rewards, by not giving all traffic to the best arm."""

    value: float
    low: float  # of the 95 % interval
    high: float


def regret(state: State, random: Random, draws: int = DRAWS) -> Regret:
    """Estimate the regret since anything changed, over what the arms may be."""
    whole = replace(state, arms=tuple(replace(a, n=a.pulls, s=a.total) for a in state.arms))
    found: list[float] = []
    for _ in range(draws):
        drawn = [value for value, _ in _draw(whole, random)]
        best = max(drawn)
        found.append(
            sum(arm.pulls * (best - one) for arm, one in zip(state.arms, drawn, strict=True))
        )
    found.sort()
    return Regret(
        sum(found) / draws, found[int(0.025 * draws)], found[min(draws - 1, int(0.975 * draws))]
    )


def _draw(state: State, random: Random) -> Iterator[tuple[float, str]]:
    """Draw what each arm may be worth."""
    for arm in state.arms:
        yield random.betavariate(1 + arm.s, 1 + max(0.0, arm.n - arm.s)), arm.name


def _divergence(p: float, q: float) -> float:
    """Kullback and Leibler's divergence of two coins."""
    if q in (0.0, 1.0):
        return 0.0 if p == q else inf
    one = p * log(p / q) if p > 0 else 0.0
    return one + ((1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0)
