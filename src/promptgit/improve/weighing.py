"""Weigh what a search found: every step of it on the same cases, none of them chosen for a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Dataset
from promptgit.improve.lab import Lab

SIZES = (80, 40, 20)  # cases, where all of them would take too much
SHARE = 0.5  # of the calls of the search, that weighing may take


def weighed(chain: Sequence[Candidate], lab: Lab) -> list[Candidate]:
    """
    Evaluate the seed and each step after it on one random sample of the search cases.

    A search that looks where a prompt is weak compares each patch on cases of its choice, so the
    steps do not add up.  The sample is as large as half of the calls of the search allows,
    and the chain comes back as it was where not even the smallest may be asked.
    """
    if len(chain) < 2:
        return list(chain)
    for cases in samples(lab.search):
        new = {(c.prompt.blob, case.id) for c in chain for case in cases} - lab.ran
        small = len(new) <= SHARE * len(lab.ran) or len(cases) <= SIZES[-1]
        if small and lab.affordable(len(new)):
            break
    else:
        return list(chain)
    found: list[Candidate] = []
    for candidate in chain:
        evaluation = lab.evaluate(candidate.prompt, cases)
        parents = (found[-1], *candidate.parents[1:]) if found else ()
        found.append(replace(candidate, evaluation=evaluation, parents=parents))
    return found


def samples(search: Dataset) -> list[Dataset]:
    """All of the cases, then fewer and fewer of them, drawn by chance."""
    order = search.shuffled("weighing")
    sizes = [len(search), *(size for size in SIZES if size < len(search))]
    return [search.only(case.id for case in order.first(size)) for size in sizes]
