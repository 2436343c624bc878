"""Which label goes wrong: the score by expected answer, and worst cases of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from promptgit.core.evaluation import Evaluation, Result

MOST_LABELS = 12
LONGEST = 40  # characters of what is a label and no text


@dataclass(frozen=True, slots=True)
class Label:
    """One expected answer: on how many scored cases, and their mean score."""

    expected: str
    n: int
    mean: float


def labels(found: Evaluation) -> tuple[Label, ...]:
    """Return the labels, worst first; none where the expected answers are no few, short labels."""
    expected = Counter(case.expected for case in found.cases)
    names = [name for name in expected if name is not None]
    few = 2 <= len(names) <= MOST_LABELS and 2 * len(names) <= len(found.cases)
    short = all(len(name) <= LONGEST and "\n" not in name for name in names)
    if None in expected or not few or not short:
        return ()
    told = []
    for name in names:
        cases = tuple(case for case in found.cases if case.expected == name)
        part = found.on(replace(found.cases, cases=cases))
        if part.scores:
            told.append(Label(name, len(part.scores), part.mean))
    return tuple(sorted(told, key=lambda label: (label.mean, label.expected)))


def worst(found: Evaluation, count: int) -> Sequence[Result]:
    """
    Return the worst results; of those that are equally bad some of every kind.

    A kind is the expected answer, or the first tag where there is none: five misses of one label
    teach less than one miss of each of five.
    """
    kinds = {case.id: case.expected or next(iter(case.tags), "") for case in found.cases}
    before: Counter[tuple[float | None, str]] = Counter()
    ranked = []
    for miss in found.misses(1.0):
        kind = (miss.score, kinds[miss.case_id])
        ranked.append((miss.score, before[kind], miss.case_id, miss))
        before[kind] += 1
    ranked.sort(key=lambda row: row[:3])
    return [miss for *_, miss in ranked[:count]]
