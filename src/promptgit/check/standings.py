"""
Who is better than whom, of several models on the same cases.

Every two models are compared pair by pair with the gate's own statistic (Tango's score test for
right or wrong answers, Student's t with one adverse case for other scores), once, when all answers
are in.  Bonferroni over all pairs: with k models there are m = k(k-1)/2 questions, each at
alpha / m, so that the chance to call anything at all proven that is not stays below alpha.

Why not Holm, which proves a little more: its ranges are not known to hold together.  Here one
bound serves both, so a difference is proven exactly when its range excludes 0, and what the table
says of the current model never contradicts the ranking.

Tango's statistic leans on the normal law; where few cases differ its tails are too thin for a
bound that is divided by m.  There the sign test (exact, McNemar 1947) has to agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import ceil, comb, isnan
from statistics import NormalDist, fmean

from promptgit.check.needed import cases_needed
from promptgit.check.pairs import Comparison, Scores, compared, units
from promptgit.check.sequential import FEWEST, Kind, Tally, interval, z_above
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.lineup import Difference, Entrant
from promptgit.core.secrets import redact
from promptgit.evaluate.interval import independent
from promptgit.evaluate.interval import interval as interval_of_mean

ALPHA = 0.05

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Standings:
    """The models in order, every two of them compared, and what of the order is proven."""

    entrants: tuple[Entrant, ...]
    pairs: tuple[Difference, ...]
    tiers: tuple[tuple[str, ...], ...]
    alpha: float


def standings(
    evaluations: Mapping[str, Evaluation], current: str, *, alpha: float = ALPHA
) -> Standings:
    """
    Rank models by the evaluations of one prompt on the same cases; `current` names today's.

    A model without a score comes last and is in no pair.
    """
    entrants = [entrant(name, found, name == current) for name, found in evaluations.items()]
    entrants.sort(key=lambda each: -1.0 if each.mean is None else each.mean, reverse=True)
    entrants = [replace(each, beaten_by=_beaten_by(each, entrants)) for each in entrants]
    names = [each.name for each in entrants if each.answered]
    many = len(names) * (len(names) - 1) // 2
    pairs = tuple(
        difference(first, second, evaluations[first], evaluations[second], alpha=alpha / many)
        for first, second in combinations(names, 2)
    )
    pairs = tuple(replace(pair, p_value=min(1.0, many * pair.p_value)) for pair in pairs)
    return Standings(tuple(entrants), pairs, tiers(names, pairs), alpha)


def entrant(name: str, found: Evaluation, current: bool) -> Entrant:
    """Measure one model: its score, and what its answers took."""
    told = [result for result in found.results if _told(result)]
    worth = independent(found.cases, found.scores.keys())
    low, high = interval_of_mean(list(found.scores.values()), worth=worth)
    failures = Counter(result.failure.kind for result in found.results if result.failure)
    first = next((result.failure for result in found.results if result.failure), None)
    waits = sorted(result.latency_s for result in told)
    costs = [result.cost_usd for result in told]
    known = [cost for cost in costs if cost is not None]
    return Entrant(
        name=name,
        model=str(found.model),
        current=current,
        mean=None if isnan(found.mean) else found.mean,
        low=low,
        high=high,
        asked=len(found.results),
        scored=len(found.scores),
        failures=dict(sorted(failures.items())),
        failure=redact(first.message) if first else "",
        flags=dict(sorted(Counter(flag for result in told for flag in result.flags).items())),
        p50_s=quantile(waits, 0.5),
        p95_s=quantile(waits, 0.95),
        input_tokens=fmean(result.usage.input_tokens for result in told) if told else None,
        output_tokens=fmean(result.usage.output_tokens for result in told) if told else None,
        usd_per_1000=1_000 * fmean(known) if known and len(known) == len(costs) else None,
        paid=sum(1 for result in told if not result.cached),
        scores=dict(found.scores),
    )


def _told(result: Result) -> bool:
    """Say whether the model answered, whatever became of the answer."""
    return result.failure is None or result.failure.kind == "judge"


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """
    Return the least of the values that `share` of them do not exceed; None of none.

    >>> quantile([0.1, 0.2, 0.4, 9.0], 0.5), quantile([], 0.5)
    (0.2, None)
    """
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def difference(
    first: str, second: str, better: Evaluation, other: Evaluation, *, alpha: float
) -> Difference:
    """
    Compare two models' scores, case by case; the two-sided error is `alpha`.

    `p_value` is that of this pair alone.
    """
    scores = Scores().plus(better.cases, other, better)
    order = units(better.cases, "")
    heaviest = max((unit.weight for unit in order), default=1.0)
    seen = compared(order, scores, heaviest)
    p_value = _p_value(seen)
    proven = p_value <= alpha and seen.tally.n >= FEWEST
    low, high = _range(seen, alpha, p_value)
    groups = len(order) / max(1, len(better.cases))
    return Difference(
        first,
        second,
        seen.effect,
        low,
        high,
        seen.pairs,
        won=sum(1 for flip in scores.flips if flip.after > flip.before),
        lost=sum(1 for flip in scores.flips if flip.after < flip.before),
        p_value=p_value,
        proven=proven,
        more=None if proven else _more(seen, alpha, groups),
    )


def _p_value(seen: Comparison) -> float:
    """Two-sided p of no difference between the two."""
    tally = seen.tally
    if not tally.n:
        return 1.0
    z = max(z_above(side, 0.0, seen.kind) for side in (tally, tally.mirrored))
    by_law = min(1.0, 2 * _NORMAL.cdf(-z))
    return max(by_law, sign_test(tally)) if seen.kind is Kind.PASS_FAIL else by_law


def sign_test(tally: Tally) -> float:
    """
    Return the exact two-sided p that wins and losses of right-or-wrong cases are as likely.

    >>> sign_test(Tally.of([1.0] * 5)), sign_test(Tally.of([1.0, -1.0]))
    (0.0625, 1.0)
    """
    differing = round(tally.squares)
    more = (differing + abs(round(tally.total))) // 2
    tail = sum(comb(differing, wins) for wins in range(more, differing + 1))
    return min(1.0, 2 * tail / float(2**differing))


def _range(seen: Comparison, alpha: float, p_value: float) -> tuple[float, float]:
    """The means that are not ruled out at `alpha`; 0 is among them unless it is ruled out."""
    if not seen.tally.n:
        return -1.0, 1.0
    bound = -_NORMAL.inv_cdf(alpha / 2)
    low, high = seen.in_points(interval(seen.tally, bound, seen.kind))
    if p_value > alpha or seen.tally.n < FEWEST:
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high


def _more(seen: Comparison, alpha: float, groups: float) -> int | None:
    """About how many cases more would prove the difference, if it is what it looks like."""
    tally = seen.tally
    needed = cases_needed(abs(tally.mean), tally.spread, kind=seen.kind, alpha=alpha / 2)
    if needed is None:
        return None
    return max(1, ceil((max(needed, FEWEST) - tally.n) / groups))


def tiers(names: Sequence[str], pairs: Iterable[Difference]) -> tuple[tuple[str, ...], ...]:
    """
    Cut the ranking wherever all above the cut are proven better than all below it.

    >>> a_b = Difference("a", "b", 0.01, -0.1, 0.1, 50, 2, 1, 1.0, False)
    >>> a_c = Difference("a", "c", 0.5, 0.3, 0.7, 50, 25, 0, 0.001, True)
    >>> b_c = Difference("b", "c", 0.5, 0.3, 0.7, 50, 25, 0, 0.001, True)
    >>> tiers(["a", "b", "c"], [a_b, a_c, b_c])
    (('a', 'b'), ('c',))
    """
    better = {(pair.first, pair.second) for pair in pairs if pair.proven and pair.effect > 0}
    cuts = [
        place
        for place in range(1, len(names))
        if all((above, below) in better for above in names[:place] for below in names[place:])
    ]
    ends = zip([0, *cuts], [*cuts, len(names)], strict=True)
    return tuple(tuple(names[start:end]) for start, end in ends if end > start)


def _beaten_by(one: Entrant, all_of_them: Iterable[Entrant]) -> tuple[str, ...]:
    return tuple(other.name for other in all_of_them if beats(other, one))


def beats(one: Entrant, other: Entrant) -> bool:
    """
    Say whether `one` is at least as good, fast and cheap as `other`, and better at one of them.

    By the figures as they are, proven or not.  A price that nobody knows beats nobody, and is not
    beaten.
    """
    ours, theirs = _merits(one), _merits(other)
    if ours is None or theirs is None:
        return False
    gains = [mine - yours for mine, yours in zip(ours, theirs, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


def _merits(one: Entrant) -> tuple[float, float, float] | None:
    """Quality, speed and cheapness, each the more the better; None where one is unknown."""
    if one.mean is None or one.p50_s is None or one.usd_per_1000 is None:
        return None
    return one.mean, -one.p50_s, -one.usd_per_1000
