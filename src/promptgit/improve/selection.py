"""
Which worked examples a prompt shows, and in which order: greedy, then swaps, each by a race.

Every race is run on cases that neither side shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Case
from promptgit.core.diff import derive
from promptgit.core.evaluation import Result
from promptgit.improve.exemplars import is_fit, shown_in, with_exemplars
from promptgit.improve.grouping import grouped
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.sieve import Sieve
from promptgit.improve.size import tokens_in

LEAST_COVERED = 5  # misses to choose from before a choice is worth its races


def examples_that_help(
    sieve: Sieve, most: int, *, miss_threshold: float, tries: int = 3, races: int = 12
) -> Iterator[Candidate]:
    """
    Yield each prompt that shows better examples, `most` of them at most; nothing when none helps.

    tries: examples raced in vain before no other is tried.  races: at most.
    """
    if not most:
        return
    search = Selection(sieve, miss_threshold)
    last = sieve.lab.round + races
    while len(search.chosen) < most and sieve.lab.round < last:
        added = next(search.additions(tries, last), None)
        if added is None:
            break
        yield added
    if not search.asked and not search.chosen:
        sieve.lab.skip(sieve.best, "no miss has an expected answer to show as an example")
    for place in range(len(search.chosen)):
        for name in search.candidates(1):
            swapped = [*search.chosen[:place], name, *search.chosen[place + 1 :]]
            child = search.race(swapped, last, "swap")
            if child:
                yield child
    for order in (search.chosen[::-1], [*search.chosen[1:], *search.chosen[:1]]):
        child = search.race(order, last, "order") if len(order) > 1 else None
        if child:
            yield child


class Selection:
    """The examples that are shown so far, and what may be tried next."""

    def __init__(self, sieve: Sieve, miss_threshold: float) -> None:
        self.sieve = sieve
        self.lab, self.ground = sieve.lab, sieve.ground
        self.threshold = miss_threshold
        self.asked: Counter[str] = Counter()  # cases that were tried as examples
        text = sieve.best.prompt.sheet
        self.chosen = [case.id for case in self.lab.search if case.expected and _body(case) in text]

    def candidates(self, count: int) -> list[str]:
        """Misses that stand for the most others, and were not tried; more cases if need be."""
        while len(found := self._free()) < LEAST_COVERED and self.ground.look(LEAST_COVERED):
            continue
        groups = grouped(found, self.ground.alike, groups=count, shown=1, asked=self.asked)
        return [group.shown[0].case_id for group in groups]

    def _free(self) -> list[Result]:
        misses = self.ground.misses(self.threshold)
        free = self.lab.search.only([m.case_id for m in misses if not self.asked[m.case_id]])
        fit = {case.id for case in free if is_fit(case, self.sieve.best.prompt)}
        return [miss for miss in misses if miss.case_id in fit]

    def additions(self, tries: int, last: int) -> Iterator[Candidate]:
        """Race one more example at a time; yield each that helps."""
        for name in self.candidates(tries):
            child = self.race([*self.chosen, name], last, "add")
            if child:
                yield child

    def race(self, names: Sequence[str], last: int, what: str) -> Candidate | None:
        """Race these examples, in this order, against those that are shown."""
        if self.lab.round >= last:
            return None
        self.asked.update(set(names) - set(self.chosen))
        draft = showing(self.lab, self.sieve.best, names, what, unfit=self.chosen)
        if draft is None:
            return None
        self.lab.round += 1
        child = self.sieve.raced(draft)
        if child is not None:
            self.chosen = list(names)
        return child


def showing(
    lab: Lab, best: Candidate, names: Sequence[str], what: str, *, unfit: Sequence[str] = ()
) -> Draft | None:
    """
    Draft the prompt that shows these search cases, in this order; None if it was tried before.

    `unfit` for its race, as they are: cases that the best prompt shows.  The draft is ours and
    copies cases on purpose, so the guard is not asked.
    """
    cases = {case.id: case for case in lab.search.only(names)}
    before = best.prompt
    text = shown_in(before, [cases[name] for name in names])
    blob = before.edited(text).blob if text is not None else ""
    if text is None or blob in lab.seen:
        return None
    lab.seen.add(blob)
    grown = tokens_in(text) - tokens_in(before.text)
    why = f"{WORDS[what]}. {len(names)} shown now, {grown:+d} tokens in every call."
    shown = tuple(dict.fromkeys((*names, *unfit)))
    return Draft("", (why,), shown, derive(lab.mentor.path, before.text, text))


WORDS = {
    "add": "Show one more worked example",
    "swap": "Show another worked example instead",
    "order": "Show the worked examples in another order",
}


def _body(case: Case) -> str:
    """How one example reads in a prompt."""
    return with_exemplars("", [case], "none").partition("Examples:\n\n")[2].rpartition("\n<!--")[0]
