"""
The sieve: stop a patch that does not help after as few calls as show it.

1. *Its own.*  It must mend a miss that it was written for; most useless edits end here.
2. *Its kin.*  It must mend misses that are like that one and that the mentor never saw; an edit
   that has merely learnt its cases by heart ends here.
3. *The rest.*  It must not break what was right.

Where no kin are known, or where being alike has not told much so far, and where something broke, a
race (`promptgit.improve.race`) on a mixed sample decides.  All of this is search: cheap, allowed
to be wrong, and followed by a confirmation on sealed cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.prompt import Prompt
from promptgit.improve.ground import Ground
from promptgit.improve.lab import Lab
from promptgit.improve.likeness import words_of
from promptgit.improve.mentor import Draft
from promptgit.improve.race import FIRST, ROUNDING, Race, race, weak_below

HELPS = 0.02  # score points (0 to 1) by which a case must gain to count as mended

OWN = 3  # misses that a patch is about, on which it is tried before it is given up
BLIND = 8  # misses that were shown, where its words do not say which it is about
ENOUGH = 2  # kin that must be mended
AMISS = 2  # kin that are not mended before the others are spared
OPENED = 4  # cases at most that are looked at for the first time to find kin
RIGHT = 8  # cases with something to lose, which together may lose nothing
NEAR = 0.5  # of the nearness of the nearest miss, from which a miss counts as kin
RARE = 0.06  # share of cases that got worse, below which a few are enough to look at
SURE = 1.0  # standard errors that the gain in a race must exceed in the end
MANY = 20.0  # races, over which it comes to that: who tries much finds much by chance
WEAKEST = 3  # misses at least among the cases of a race, while there are any
AGAIN = 3  # races in which a patch that mends its kin may lose before it is given up
RACED = 40  # cases at most in the race that decides what the above does not
DOUBT = 0.15  # chance below which a good patch would have mended none of its kin


@dataclass
class Kinship:
    """How often patches that were kept have mended their kin: whether being alike says much."""

    mended: int = 0
    missed: int = 0

    def chance_of_none(self, tested: int) -> float:
        """The chance that a good patch mends none of so many kin, with Laplace's prior."""
        rate = (self.mended + 1) / (self.mended + self.missed + 2)
        return (1 - rate) ** tested


@dataclass(frozen=True, slots=True)
class Kin:
    """What a patch did to misses like the one that it was written for."""

    names: frozenset[str] = frozenset()  # of the cases that were tested
    gains: tuple[float, ...] = ()  # of each, in score points
    share: float = 0.0  # of all cases, that they stand for

    @property
    def tested(self) -> int:
        return len(self.gains)

    @property
    def helped(self) -> int:
        return sum(gain > HELPS for gain in self.gains)

    @property
    def amiss(self) -> int:
        return self.tested - self.helped

    @property
    def ahead(self) -> float:
        """The gain in points of the whole, as far as it goes by kin."""
        return self.share * sum(self.gains) / self.tested if self.gains else 0.0


@dataclass
class Breakage:
    """How often patches that mend something have cost another case some of its score."""

    worse: int = 0
    tested: int = 0
    broken: Counter[str] = field(default_factory=Counter)  # how often each case was, by its id

    def add(self, gains: Mapping[str, float]) -> None:
        """Take note of what a patch did to cases that had something to lose."""
        worse = [name for name, gain in gains.items() if gain < -ROUNDING]
        self.tested += len(gains)
        self.worse += len(worse)
        self.broken.update(worse)

    @property
    def is_rare(self) -> bool:
        """Whether a few cases are enough to look at; not before there is some experience."""
        return (self.worse + 1) / (self.tested + 10) < RARE


@dataclass
class Sieve:
    """Lets patches of the best prompt through, or notes why not."""

    lab: Lab
    ground: Ground
    best: Candidate
    threshold: float  # a score (0 to 1) below which a case is a miss
    min_improvement: float = 0.0  # gain in the mean that a race must show
    kinship: Kinship = field(default_factory=Kinship)
    breakage: Breakage = field(default_factory=Breakage)
    races: Counter[str] = field(default_factory=Counter)  # by the blob of who was raced

    def own(self, drafts: Sequence[Draft]) -> list[tuple[Draft, str]]:
        """
        Keep the drafts that mend a miss they were written for, each with that miss's id.

        Every draft is tried on the shown miss that its words fit best, then on the next, all
        drafts side by side.
        """
        kept: dict[int, str] = {}
        queues = [self._own(draft) for draft in drafts]
        for turn in range(max(map(len, queues), default=0)):
            due = [
                (place, queue[turn])
                for place, queue in enumerate(queues)
                if place not in kept and turn < len(queue)
            ]
            pairs = [(self._child(drafts[place]), self.ground.cases([name])) for place, name in due]
            for (place, name), found in zip(due, self.lab.evaluate_all(pairs), strict=True):
                if self.ground.gains(found).get(name, 0.0) > HELPS:
                    kept[place] = name
        for place, draft in enumerate(drafts):
            if place not in kept:
                self._drop(draft, "mended none of the misses that it was written for")
        return [(drafts[place], name) for place, name in sorted(kept.items())]

    def passed(self, draft: Draft, mended: str) -> Candidate | None:
        """Test a draft, written for the best prompt, that mended the miss with this id."""
        child = self._child(draft)
        kin = self._kin(child, draft, mended)
        if not kin.helped and self.kinship.chance_of_none(kin.amiss) < DOUBT:
            self._drop(draft, f"mended none of {kin.amiss} misses like the one it was written for")
            return None
        sure = kin.helped and kin.helped >= kin.amiss and self.breakage.is_rare
        if sure and self._breaks_nothing(child, draft):
            reason = f"mended {kin.helped} of {kin.tested} misses like its own, and broke nothing"
            found = self._kept(draft, reason)
        else:
            found = self.raced(draft, kin)
        if found is not None:
            self.kinship.mended += kin.helped
            self.kinship.missed += kin.amiss
        return found

    def raced(self, draft: Draft, kin: Kin | None = None, *, longest: int = 0) -> Candidate | None:
        """
        Let a race decide about a draft, on known cases that the mentor was not shown.

        What it gained on `kin`, which do not race, counts for as many cases as they stand for.
        """
        result = self._race(self._child(draft), draft, kin or Kin(), longest or RACED)
        if result.survived:
            return self._kept(draft, result.reason)
        fate = Fate.UNSCORED if result.invalid else Fate.DROPPED
        facts = {"before": result.before, "after": result.after, "raced": result.raced}
        self.lab.refuse(self.best, draft, fate, result.reason, **facts)
        blob = self._child(draft).blob
        if kin is not None and self.races[blob] < AGAIN:
            self.lab.seen.discard(blob)  # it may have lost by bad luck
        return None

    def _kept(self, draft: Draft, reason: str) -> Candidate | None:
        """Take the draft as the best prompt, unless it harms a must-pass case."""
        child = self._child(draft)
        harm = self.lab.harm(self.best, child)
        if harm:
            self._drop(draft, harm)
            return None
        self.ground.descend(child)
        self.best = self.lab.keep(self.best, draft, reason, mean=self.ground.mean)
        return self.best

    def _drop(self, draft: Draft, reason: str) -> None:
        self.lab.refuse(self.best, draft, Fate.DROPPED, reason)

    def _child(self, draft: Draft) -> Prompt:
        assert draft.patch is not None
        return self.best.prompt.edited(draft.patch.after)

    def _own(self, draft: Draft) -> list[str]:
        """
        Choose misses to try a draft on first: those that its words are about, shown or not.

        Where its words fit none, as when it only takes a line out, the misses that were shown.
        """
        like = self.ground.like
        words = new_words(draft)
        told = {miss.case_id: like.told(words, miss.case_id) for miss in self._misses}
        fitting = [name for name, value in told.items() if value > 0]
        fitting.sort(key=lambda name: (name not in draft.shown, -told[name]))
        return fitting[:OWN] or [name for name in draft.shown if name in told][:BLIND]

    @property
    def _misses(self) -> list[Result]:
        return self.ground.misses(self.threshold)

    def _is_miss(self, name: str) -> bool:
        return self.ground.scores.get(name, 1.0) < self.threshold

    def _kin(self, child: Prompt, draft: Draft, mended: str) -> Kin:
        """Ask about kin until enough are mended, or enough are not."""
        nearness = self._nearness(draft, mended)
        gains: dict[str, float] = {}
        kin, opened = Kin(), 0
        for name in self._nearest(nearness):
            if kin.helped >= ENOUGH or kin.amiss >= AMISS:
                break
            if name not in self.ground.newest:
                if opened == OPENED:
                    break
                opened += 1
                self.ground.ask([name])
            if not self._is_miss(name):
                continue
            found = self.ground.gains(self.lab.evaluate(child, self.ground.cases([name])))
            gains[name] = found.get(name, 0.0)
            kin = Kin(frozenset(gains), tuple(gains.values()), self._share(nearness))
        return kin

    def _nearness(self, draft: Draft, mended: str) -> dict[str, float]:
        """How near each case that the mentor was not shown is to what the draft is about."""
        like, words = self.ground.like, new_words(draft)
        return {
            name: like.told(words, name) + like.between(mended, name)
            for name in self.ground.order
            if name not in draft.shown
        }

    def _nearest(self, nearness: Mapping[str, float]) -> list[str]:
        """Known misses, then cases that nobody was asked about; the nearest first."""
        near = [name for name, value in nearness.items() if value > 0]
        near.sort(key=lambda name: -nearness[name])
        known = [name for name in near if self._is_miss(name)]
        return known + [name for name in near if name not in self.ground.newest]

    def _share(self, nearness: Mapping[str, float]) -> float:
        """The share, by weight, of known cases that are misses and about as near as the nearest."""
        known = [name for name in nearness if name in self.ground.newest]
        misses = [name for name in known if self._is_miss(name)]
        bar = NEAR * max((nearness[name] for name in misses), default=0.0)
        near = [name for name in misses if nearness[name] >= bar > 0]
        return self.ground.weight(near) / (self.ground.weight(known) or 1.0)

    def _breaks_nothing(self, child: Prompt, draft: Draft) -> bool:
        """
        Say whether a few cases that could lose something lose nothing, all in all.

        Half of them are those that earlier edits broke most often, if there are any.
        """
        scores = self.ground.scores
        could = [n for n, score in scores.items() if n not in draft.shown and score > ROUNDING]
        frail = [name for name, _ in self.breakage.broken.most_common() if name in could]
        few = frail[: RIGHT // 2]
        others = [name for name in could if name not in few]
        few += self.lab.rng.sample(others, min(RIGHT - len(few), len(others)))
        gains = self.ground.gains(self.lab.evaluate(child, self.ground.cases(few)))
        self.breakage.add(gains)
        return sum(gains.values()) >= -ROUNDING

    def _race(self, child: Prompt, draft: Draft, kin: Kin, longest: int) -> Race:
        self.races[child.blob] += 1
        known = self._racers({*draft.shown, *kin.names})
        before = self.ground.scores

        def answered(batch: Dataset) -> Evaluation:
            found = self.lab.evaluate(child, batch)
            gains = self.ground.gains(found)
            could = {n: gain for n, gain in gains.items() if before.get(n, 0.0) > ROUNDING}
            self.breakage.add(could)
            before.update(self.ground.scores)
            return found

        return race(
            self.ground.cases(known),
            before,
            answered,
            order_seed=f"{child.blob} {self.races[child.blob]}",
            longest=longest,
            wait=True,
            ahead=kin.ahead,
            weak_share=self._weak_share(known),
            min_improvement=self.min_improvement,
            errors=min(SURE, sum(self.races.values()) / MANY),
        )

    def _racers(self, aside: Collection[str]) -> list[str]:
        """Known cases to race on; more are looked at where they are few, or all of them right."""
        while True:
            known = [name for name in self.ground.newest if name not in aside]
            misses = sum(self._is_miss(name) for name in known)
            if (len(known) >= FIRST and misses >= WEAKEST) or not self.ground.look(FIRST):
                return known

    def _weak_share(self, racers: Sequence[str]) -> float:
        """
        The share, by weight, of all known cases that are as weak as the weak ones of a race.

        Misses that were shown, or are kin, do not race: without them it would look as if the
        prompt had more to lose than it has.
        """
        scores = self.ground.scores
        bar = weak_below(self.ground.cases(racers), scores)
        below = [name for name, score in scores.items() if score < bar]
        return self.ground.weight(below) / (self.ground.weight(scores) or 1.0)


def new_words(draft: Draft) -> str:
    """Return the words that an edit brings or takes away: what it is about."""
    added, removed = (
        words_of("\n".join(line[1:] for line in draft.summary.splitlines() if line[:1] == mark))
        for mark in "+-"
    )
    return " ".join(sorted(added ^ removed))
