"""
Who is best at what: the instance-wise front of a pool of prompts.

Agrawal et al., "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning", 2025,
https://arxiv.org/abs/2507.19457, Algorithm 2.  There everyone has a score on every case; here a
case counts for those that were asked about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

Scores = Mapping[str, float]  # by case id, 0 to 1; a case that was not asked is absent


def leads(pool: Sequence[Scores]) -> Counter[int]:
    """
    Count, for each place in the pool, the cases it leads; the dominated lead nowhere.

    A tie that is left belongs to the latest: whoever came later had to beat somebody for it.

    >>> early, lucky, late = {"a": 1, "b": 0, "c": 0}, {"a": 0, "b": 0, "c": 1}, {"a": 1, "b": 1}
    >>> sorted(leads([early, lucky, late]).items())
    [(1, 1), (2, 2)]
    """
    weakest_first = sorted(range(len(pool)), key=lambda place: _mean(pool[place]))
    winners = without_dominated(winners_by_case(pool), weakest_first)
    return Counter(max(tied) for tied in winners)


def winners_by_case(pool: Sequence[Scores]) -> list[set[int]]:
    """For each case that anybody was asked about, who ties for its best score."""
    cases = dict.fromkeys(case for scores in pool for case in scores)
    best = {case: max(scores[case] for scores in pool if case in scores) for case in cases}
    return [{n for n, scores in enumerate(pool) if scores.get(case) == best[case]} for case in best]


def without_dominated(winners: Sequence[set[int]], weakest_first: Sequence[int]) -> list[set[int]]:
    """
    Forget whoever is never needed: somebody else wins wherever they do.

    >>> without_dominated([{0, 1}, {1}], weakest_first=[0, 1])
    [{1}, {1}]
    """
    kept = [set(tied) for tied in winners]
    for place in weakest_first:
        if all(len(tied) > 1 for tied in kept if place in tied):
            for tied in kept:
                tied.discard(place)
    return kept


def _mean(scores: Scores) -> float:
    return fmean(scores.values()) if scores else 0.0
