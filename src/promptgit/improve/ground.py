"""What a line of descent has shown so far: for each search case its newest answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.likeness import Likeness

ROUNDING = 1e-9  # scores that differ by less are the same
PRIOR = 2, 20  # answers that had changed, and those asked again: what is taken for granted
LUCK = 0.1  # share of answers of those who lost that are better yet: from there it is luck


@dataclass
class Ground:
    """
    The search cases as the best prompt finds them, asked about as few times as possible.

    An answer that the prompt's parent gave stands until there is a reason to ask again: most
    edits change few answers, and asking all anew after each would cost most of the budget.
    """

    lab: Lab
    best: Prompt
    newest: dict[str, Result] = field(default_factory=dict)  # by case id
    giver: dict[str, str] = field(default_factory=dict)  # case id → blob that was asked
    asked_again: int = 0  # answers of an ancestor that a child's put in doubt
    changed: int = 0  # of these, those that the best prompt gave otherwise

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All search cases, by id, in the order in which they are looked at."""
        return tuple(case.id for case in self.lab.search.shuffled(f"{self.lab.rng.random()}"))

    @cached_property
    def like(self) -> Likeness:
        """Compares cases by what they ask."""
        return Likeness({case.id: "\n".join(case.inputs.values()) for case in self.lab.search})

    def alike(self, one: str, other: str) -> float:
        """Return how alike two cases are in what they ask, 0 to 1."""
        return self.like.between(one, other)

    @property
    def unseen(self) -> tuple[str, ...]:
        """The cases that no prompt of this line was asked about."""
        return tuple(name for name in self.order if name not in self.newest)

    @property
    def stale(self) -> tuple[str, ...]:
        """The cases that only an earlier prompt was asked about."""
        return tuple(n for n in self.order if n in self.newest and not self.is_fresh(n))

    @property
    def mean(self) -> float:
        """The mean of the newest scores, weighted; NaN when there is none."""
        scores = self.scores
        weights = {case.id: case.weight for case in self.lab.search if case.id in scores}
        total = sum(weights.values())
        if not total:
            return float("nan")
        return sum(scores[name] * weight for name, weight in weights.items()) / total

    def weight(self, names: Iterable[str]) -> float:
        """How much these cases count in a mean, all together."""
        return sum(case.weight for case in self.cases(names))

    def is_fresh(self, name: str) -> bool:
        return self.giver.get(name) == self.best.blob

    @property
    def wavering(self) -> float:
        """The share of doubted answers that turn out changed, 0 to 1."""
        changed, asked = PRIOR
        return (self.changed + changed) / (self.asked_again + asked)

    def score(self, name: str) -> float | None:
        return self.newest[name].score if name in self.newest else None

    def ask(self, names: Iterable[str]) -> Evaluation:
        """Ask the best prompt itself."""
        evaluation = self.lab.evaluate(self.best, self.cases(names))
        self._learn(evaluation)
        return evaluation

    def look(self, count: int) -> bool:
        """Look at so many more cases; say whether there were any."""
        more = self.unseen[:count]
        if more:
            self.ask(more)
        return bool(more)

    def look_again(self, count: int) -> bool:
        """Ask the best prompt about cases that only its ancestors answered."""
        again = self.stale[:count]
        if again:
            self.ask(again)
        return bool(again)

    def refresh(self, names: Iterable[str]) -> None:
        """
        Ask the best prompt where only an ancestor was.

        To ask only where a child's score differs, as `gains` does, is biased where answers waver:
        of an answer that was right and is again, nobody notices that it was wrong in between.
        """
        stale = [name for name in names if not self.is_fresh(name)]
        if stale:
            self.ask(stale)

    def misses(self, threshold: float) -> list[Result]:
        """The newest results below `threshold` (0 to 1), in the order of looking."""
        seen = (self.newest[name] for name in self.order if name in self.newest)
        return [result for result in seen if result.score is not None and result.score < threshold]

    @property
    def scores(self) -> dict[str, float]:
        """The newest scores, by case id; failed cases are absent."""
        return {n: result.score for n, result in self.newest.items() if result.score is not None}

    def evened(self, others: Iterable[str]) -> dict[str, float]:
        """
        The newest scores; where luck decides much, each averaged with what others scored there.

        others: blobs of texts that lost to the best prompt; how often they are better shows luck.
        """
        scores = self.scores
        told = {name: [score] for name, score in scores.items()}
        compared = better = 0
        for blob in others:
            for name, result in self.lab.results[blob].results.items():
                if result.score is None or name not in told:
                    continue
                told[name].append(result.score)
                compared += self.is_fresh(name)
                better += self.is_fresh(name) and result.score > scores[name] + ROUNDING
        if better < LUCK * compared:
            return scores
        return {name: sum(some) / len(some) for name, some in told.items()}

    def gains(self, child: Evaluation) -> dict[str, float]:
        """
        Return what a prompt gains on each of its cases, in score points; failed ones are absent.

        The best prompt is asked too where only an ancestor was, and the child's score differs.
        """
        after = child.scores
        doubted = [
            name
            for name, score in after.items()
            if not self.is_fresh(name) and differs(score, self.score(name))
        ]
        if doubted:
            told = {name: self.score(name) for name in doubted}
            self.ask(doubted)
            self.asked_again += len(doubted)
            self.changed += sum(differs(self.score(n), told[n]) for n in doubted)
        before = self.scores
        return {name: score - before[name] for name, score in after.items() if name in before}

    def descend(self, child: Prompt) -> None:
        """Take `child` as the best prompt; what it was asked about is what is newest now."""
        self.best = child
        self._learn(self.lab.so_far(child))

    def cases(self, names: Iterable[str]) -> Dataset:
        return self.lab.search.only(names)

    def _learn(self, evaluation: Evaluation) -> None:
        for result in evaluation.results:
            self.newest[result.case_id] = result
            self.giver[result.case_id] = evaluation.prompt.blob


def differs(score: float | None, other: float | None) -> bool:
    return score is None or other is None or abs(score - other) > ROUNDING
