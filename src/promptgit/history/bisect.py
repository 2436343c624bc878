"""
Find the commit that broke a prompt, in as few trials as `git bisect` takes.

The search is the one of `git rev-list --bisect` (Git manual): try the suspect that has nearest to
half of all suspects behind it.  It is done here, on a graph that is read once: no bisect is ever
in progress, nothing is checked out, and no process is started per step.

One thing differs.  Git takes the bad end on trust; here it is a suspect like the others, and "it
is not bad at all" one more outcome to tell apart.  So both ends can be held to be what they are
called within ceil(log2 N) + 1 trials of N commits, the good end, which is tried first, included.
That is so along one line of history; where branches keep a half from being one, it takes about as
many trials as Git takes.

The bad end is tried as early as that bound allows.  Second would be best, but a trial that is
bad there leaves all M = N - 1 suspects to be told apart, which takes ceil(log2 M) more: within
the bound only where M is a power of two.  Elsewhere a trial first takes off as large a power of
two as it can; then what is left is small enough to begin with the bad end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from math import ceil, log2

from promptgit.core.evaluation import Evaluation

EQUAL = 1e-9  # scores that differ by less are the same


class Mark(StrEnum):
    """What a trial said of a commit."""

    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"  # it cannot be tried: what `git bisect run` calls 125


@dataclass(frozen=True, slots=True)
class Suspect:
    commit: str
    parents: tuple[str, ...] = ()  # the nearest suspects before it, and perhaps others


@dataclass(frozen=True)
class Search:
    """
    Who is suspected still, and who should be tried next.

    >>> search = Search((Suspect("a"), Suspect("b", ("a",)), Suspect("c", ("b",))))
    >>> search.next
    'b'
    >>> search.told("b", Mark.GOOD).next
    'c'
    >>> search.told("b", Mark.BAD).told("a", Mark.GOOD).culprit
    'b'
    """

    graph: tuple[Suspect, ...]  # parents before children; the last one is the bad end
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def told(self, commit: str, mark: Mark) -> Search:
        """Return the search that knows what a trial said."""
        return replace(self, marks={**self.marks, commit: mark})

    @cached_property
    def suspects(self) -> tuple[Suspect, ...]:
        """Those that may have broken it: all bad ones have them behind, no good one has."""
        kept = {suspect.commit for suspect in self.graph}
        for commit, mark in self.marks.items():
            if mark is Mark.GOOD:
                kept -= _behind(commit, self._parents)
            elif mark is Mark.BAD:
                kept &= _behind(commit, self._parents)
        return tuple(suspect for suspect in self.graph if suspect.commit in kept)

    @cached_property
    def culprit(self) -> str:
        """The commit that broke it, empty as long as there are others, or none."""
        found = [suspect.commit for suspect in self.suspects]
        return found[0] if len(found) == 1 and self.marks.get(found[0]) is Mark.BAD else ""

    @cached_property
    def next(self) -> str | None:
        """
        Whom to try: the bad end, where the bound allows that, else the one whose answer leaves
        the fewest outcomes.
        """
        behind, outcomes = _counts(self.suspects), self._outcomes
        untried = [one.commit for one in self.suspects if one.commit not in self.marks]
        if self.culprit or not untried:
            return None
        half = self._half_left
        if half and len(self.suspects) <= half:
            return self.graph[-1].commit
        if half:
            return max(untried, key=lambda one: (behind[one] <= half, min(behind[one], half)))
        return max(untried, key=lambda one: min(behind[one], outcomes - behind[one]))

    @property
    def bad_is_tried(self) -> int:
        """The place of the bad end among the trials after the good end, at the latest."""
        search, place = self, 1
        while search.next not in (None, self.graph[-1].commit):
            search, place = search.told(str(search.next), Mark.GOOD), place + 1
        return place

    @property
    def most(self) -> int:
        """How many trials it may still take, where history is a line and none is skipped."""
        return ceil(log2(self._outcomes)) if self._outcomes else 0

    @cached_property
    def is_line(self) -> bool:
        """
        Whether each suspect has all earlier ones behind it, so that halves are halves.

        >>> Search((Suspect("a"), Suspect("b"), Suspect("merge", ("a", "b")))).is_line
        False
        """
        counts = _counts(self.suspects)
        return sorted(counts.values()) == list(range(1, len(counts) + 1))

    @property
    def _half_left(self) -> int:
        """
        How many suspects one trial may leave if the bound is to hold; 0 where it does not matter.

        That is where the bad end is tried, or needs no trial, and where a commit was skipped.
        """
        known = self._proven or self.graph[-1].commit in self.marks
        if known or Mark.SKIPPED in self.marks.values():
            return 0
        begun = Search(self.graph)
        if not begun.is_line:
            return len(self.graph) if not self.marks else 0
        left = begun.most - len(self.marks)
        return 2 ** (left - 1) if left > 0 else 0

    @property
    def _proven(self) -> bool:
        return Mark.BAD in self.marks.values()

    @property
    def _outcomes(self) -> int:
        return len(self.suspects) + (0 if self._proven else 1)

    @cached_property
    def _parents(self) -> Mapping[str, tuple[str, ...]]:
        return {suspect.commit: suspect.parents for suspect in self.graph}


def _behind(commit: str, parents: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The commit and all that lead to it, of those in `parents`."""
    found: set[str] = set()
    waiting = [commit]
    while waiting:
        one = waiting.pop()
        if one in parents and one not in found:
            found.add(one)
            waiting += parents[one]
    return found


def _counts(suspects: Sequence[Suspect]) -> dict[str, int]:
    """
    How many suspects each one has behind it, itself included; parents come before children.

    Along a line that is one more than its parent has; only a merge has to be walked.

    >>> forked = [Suspect("a"), Suspect("b", ("a",)), Suspect("c", ("a",))]
    >>> _counts([*forked, Suspect("merge", ("b", "c"))])
    {'a': 1, 'b': 2, 'c': 2, 'merge': 4}
    """
    among = {suspect.commit: suspect.parents for suspect in suspects}
    counts: dict[str, int] = {}
    for suspect in suspects:
        parents = [parent for parent in suspect.parents if parent in among]
        if len(parents) > 1:
            counts[suspect.commit] = len(_behind(suspect.commit, among))
        else:
            counts[suspect.commit] = 1 + sum(counts[parent] for parent in parents)
    return counts


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes a text bad: one case, one metric, or the mean, against a bar or the good end."""

    case: str = ""  # an id; empty: the mean over all cases
    metric: str = ""  # empty: the score, which is their weighted mean
    threshold: float | None = None  # bad is below it; None: bad is what fell from the good end
    margin: float = 0.05  # a mean that falls by this much is bad
    max_unscored: float = 0.02  # a mean that lacks more cases than this share is none

    def value(self, found: Evaluation) -> float | None:
        """The number that decides; None where it cannot be known."""
        scores = found.metric_scores(self.metric) if self.metric else found.scores
        if self.case:
            return scores.get(self.case)
        lost = len(found.cases) - len(scores)
        if not scores or lost > self.max_unscored * len(found.cases):
            return None
        return found.metric_mean(self.metric) if self.metric else found.mean

    @property
    def what(self) -> str:
        """
        Name the number that decides.

        >>> Rule().what, Rule(case="c1").what, Rule(metric="contains", case="c1").what
        ('the mean score', 'the score of case c1', 'contains of case c1')
        """
        of_case = f" of case {self.case}" if self.case else ""
        whole = "the score" if self.case else "the mean score"
        mean = self.metric if self.case else f"the mean of {self.metric}"
        return (mean if self.metric else whole) + of_case

    def bar(self, good: float) -> str:
        """
        Say what counts as bad.

        >>> Rule().bar(0.9), Rule(case="c1").bar(1.0), Rule(threshold=0.8).bar(0.9)
        ('0.8500 or less', 'below 1.0000', 'below 0.8000')
        """
        if self.threshold is not None:
            return f"below {self.threshold:.4f}"
        return f"below {good:.4f}" if self.case else f"{good - self.margin:.4f} or less"

    def is_bad(self, value: float, good: float) -> bool:
        """
        Hold a value against the bar, or against what the good end has.

        >>> Rule(margin=0.05).is_bad(0.86, good=0.9), Rule(margin=0.05).is_bad(0.85, good=0.9)
        (False, True)
        >>> Rule(case="c1").is_bad(0.9, good=1.0), Rule(case="c1", threshold=0.5).is_bad(0.9, 1.0)
        (True, False)
        """
        if self.threshold is not None:
            return value < self.threshold - EQUAL
        if self.case:
            return value < good - EQUAL
        return value <= good - self.margin + EQUAL


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying one commit said."""

    commit: str
    mark: Mark
    value: float | None = None  # of what decides, as far as it is known
    why: str = ""  # it was skipped
    calls: int = 0  # that had to be made; none where the answers were known
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Hunt:
    """A bisect as far as it has come."""

    path: str  # of the prompt, at the bad end
    good: str  # full commit id
    bad: str
    rule: Rule
    search: Search
    trials: tuple[Trial, ...] = ()  # in order, the good end first

    @property
    def evaluations(self) -> int:
        """How many texts had to be evaluated; what is known already is not counted."""
        return sum(1 for trial in self.trials if trial.calls)

    @property
    def calls(self) -> int:
        return sum(trial.calls for trial in self.trials)

    @property
    def most(self) -> int:
        """How many texts are evaluated at most, the good end included, where history is a line."""
        return 1 + Search(self.search.graph).most

    @property
    def is_line(self) -> bool:
        return Search(self.search.graph).is_line

    @property
    def was(self) -> float:
        """What the good end has."""
        return (self.trials[0].value if self.trials else None) or 0.0

    def tried(self, trial: Trial) -> Hunt:
        """Return the hunt with one trial more."""
        search = self.search
        if trial.commit != self.good:
            search = search.told(trial.commit, trial.mark)
        return replace(self, search=search, trials=(*self.trials, trial))

    def trial_of(self, commit: str) -> Trial | None:
        return next((trial for trial in self.trials if trial.commit == commit), None)

    @property
    def before(self) -> Trial:
        """The trial of the text that the culprit changed: of its parent, or of the good end."""
        graph = {suspect.commit: suspect.parents for suspect in self.search.graph}
        found = (self.trial_of(parent) for parent in graph.get(self.search.culprit, ()))
        return next((one for one in found if one and one.evaluation), self.trials[0])
