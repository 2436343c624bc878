"""Group misses by what went wrong, so that one edit may be sought for each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promptgit.core.evaluation import Result

Alike = Callable[[str, str], float]  # of two cases by id, 0 to 1


@dataclass(frozen=True, slots=True)
class Group:
    """Misses that are alike; the first stands for all of them."""

    shown: tuple[Result, ...]  # to the mentor
    size: int  # of the group, shown or not


def grouped(
    misses: Sequence[Result],
    alike: Alike,
    *,
    groups: int,
    shown: int,
    asked: Mapping[str, int] | None = None,
) -> list[Group]:
    """
    Choose misses that stand for as many others as possible, and put each other miss with one.

    Greedy, so within 1 - 1/e of the best choice: Nemhauser, Wolsey and Fisher, "An analysis of
    approximations for maximizing submodular set functions", Math. Programming 14 (1978).  A miss
    counts less the more often it was `asked` about already (by case id).  Each group shows at
    most `shown` of its misses, and never more than half of them: the others are to test an edit
    on.  The largest group comes first.
    """
    worth = {miss.case_id: 1.0 / (1 + (asked or {}).get(miss.case_id, 0)) for miss in misses}
    covered = dict.fromkeys(worth, 0.0)
    chosen: list[Result] = []
    while len(chosen) < min(groups, len(misses)):
        best = max(
            (miss for miss in misses if miss not in chosen),
            key=lambda miss: worth[miss.case_id] * _gained(miss.case_id, covered, alike),
        )
        chosen.append(best)
        for name in covered:
            covered[name] = max(covered[name], alike(name, best.case_id))
    members: dict[str, list[Result]] = {miss.case_id: [miss] for miss in chosen}
    for miss in misses:
        if miss not in chosen:
            nearest = max(members, key=lambda name: alike(name, miss.case_id))
            if alike(nearest, miss.case_id) > 0:
                members[nearest].append(miss)
    found = [_group(group, alike, shown) for group in members.values()]
    return sorted(found, key=lambda group: -group.size)


def _gained(name: str, covered: Mapping[str, float], alike: Alike) -> float:
    """Say how much better the misses would be stood for if this one were chosen too."""
    return sum(max(0.0, alike(other, name) - so_far) for other, so_far in covered.items())


def _group(members: Sequence[Result], alike: Alike, shown: int) -> Group:
    first, *others = members
    others.sort(key=lambda miss: -alike(first.case_id, miss.case_id))
    count = max(1, min(shown, (len(members) + 1) // 2))
    return Group((first, *others[: count - 1]), len(members))
