"""
Flaky cases: those whose score changes although nothing did.

Two answers of one prompt, by one model, to one case should score alike.  Where they do not, a
flip between two prompts says little, and the case is a candidate for more repeats, for clearer
rules, or for quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from promptgit.core.evaluation import Result

NOTABLE = 0.25  # score points between two answers; less is what graded scores do anyway


@dataclass(frozen=True, slots=True)
class Wobble:
    """How one case behaves when it is asked the same thing again."""

    case_id: str
    answers: int  # that were compared with another one of the same prompt
    changed: float  # the chance that two answers of one prompt score differently, 0 to 1

    @property
    def is_flaky(self) -> bool:
        return self.changed > 0


def wobbles(prompts: Iterable[Iterable[Result]]) -> tuple[Wobble, ...]:
    """
    Say how each case behaves, those that change most first.

    `prompts`: for each prompt, all that one model ever answered to it, from however many
    evaluations.  An answer that an evaluation took from the cache is the same answer, and a case
    that was answered once only says nothing; both are left out.
    """
    groups: dict[str, list[list[float]]] = {}
    for results in prompts:
        for case, scores in _scores_by_case(results).items():
            if len(scores) > 1:
                groups.setdefault(case, []).append(scores)
    found = [_wobble(case, sets) for case, sets in groups.items()]
    return tuple(sorted(found, key=lambda wobble: (-wobble.changed, wobble.case_id)))


def flaky_cases(prompts: Iterable[Iterable[Result]]) -> frozenset[str]:
    """Ids of the cases that changed by themselves at least once."""
    return frozenset(wobble.case_id for wobble in wobbles(prompts) if wobble.is_flaky)


def differs(scores: Sequence[float]) -> bool:
    """
    Say whether answers of one prompt score differently enough to call the case flaky.

    >>> differs([1.0, 1.0, 0.0]), differs([0.71, 0.73]), differs([1.0])
    (True, False, False)
    """
    return bool(scores) and max(scores) - min(scores) >= NOTABLE


def _scores_by_case(results: Iterable[Result]) -> Mapping[str, list[float]]:
    """Every answer's score once, also where evaluations share it through the cache."""
    seen: set[tuple[str, int, str]] = set()
    scores: dict[str, list[float]] = {}
    for result in sorted(results, key=lambda result: result.cached):
        answer = (result.case_id, result.repeat, result.output)
        if result.score is None or (result.cached and answer in seen):
            continue
        seen.add(answer)
        scores.setdefault(result.case_id, []).append(result.score)
    return scores


def _wobble(case: str, sets: Sequence[Sequence[float]]) -> Wobble:
    pairs = [pair for scores in sets for pair in combinations(scores, 2)]
    changed = sum(differs(pair) for pair in pairs) / len(pairs)
    return Wobble(case, sum(map(len, sets)), changed)
