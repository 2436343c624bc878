"""
The sieve: stop a patch that does not help after as few calls as show it.

1. *Its own.*  It must mend a miss that it was written for; most useless edits end here.
2. *Its kin.*  It must mend misses that are like that one and that the mentor never saw; an edit
   that has merely learnt its cases by heart ends here.
3. *The rest.*  It must not break what was right.

Where no kin are known, or where being alike has not told much so far, and where something broke, a
race (`promptgit.improve.race`) on a mixed sample decides.  Patches of one request race together
first, as one prompt: their gains add up, so few cases show them (group testing: Dorfman, "The
detection of defective members of large populations", Ann. Math. Statist. 14, 1943).  All of this
is search: cheap, allowed to be wrong, and followed by a confirmation on sealed cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt
from promptgit.improve.experience import HELPS, Breakage, Kin, Kinship
from promptgit.improve.ground import Ground
from promptgit.improve.lab import Lab
from promptgit.improve.likeness import words_of
from promptgit.improve.mentor import Draft
from promptgit.improve.race import FIRST, ROUNDING, Race, race, weak_below
from promptgit.improve.trials import ask, asked

OWN = 3  # misses that a patch is about, on which it is tried before it is given up
BLIND = 8  # misses that were shown, where its words do not say which it is about
ENOUGH = 2  # kin that must be mended
AMISS = 2  # kin that are not mended before the others are spared
OPENED = 4  # cases at most that are looked at for the first time to find kin
RIGHT = 8  # cases with something to lose, which together may lose nothing
NEAR = 0.5  # of the nearness of the nearest miss, from which a miss counts as kin
SURE = 1.0  # standard errors that the gain in a race must exceed in the end
MANY = 20.0  # races, over which it comes to that: who tries much finds much by chance
WEAKEST = 3  # misses at least among the cases of a race, while there are any
AGAIN = 3  # times that the very same patch may be tried: it may have failed by bad luck
RACED = 40  # cases at most in the race that decides what the above does not
TOGETHER = 20  # the same, where several patches race as one: what they gain adds up
WAVERING = 0.3  # share of answers that turn out changed, from which none is taken as it was
DOUBT = 0.15  # chance below which a good patch would have mended none of its kin


@dataclass(frozen=True, slots=True)
class Due:
    """A patch that a race has to decide about."""

    draft: Draft  # of the prompt that was the best one when its kin were tested
    mended: str  # the id of the miss that it mended
    kin: Kin

    @property
    def is_promising(self) -> bool:
        """Whether nothing speaks against it so far, where there was kin to ask."""
        return self.kin.helped > 0 or not self.kin.tested


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
    tries: Counter[str] = field(default_factory=Counter)  # by the blob of who was proposed
    lost: Counter[str] = field(default_factory=Counter)  # races against the best prompt, by blob
    won_on: frozenset[str] = frozenset()  # cases that the best prompt was asked about to be kept

    def own(self, drafts: Sequence[Draft]) -> list[tuple[Draft, str]]:
        """
        Keep the drafts that mend a miss they were written for, each with that miss's id.

        Every draft is tried on the shown miss that its words fit best, then on the next, all
        drafts side by side.
        """
        kept: dict[int, str] = {}
        self.tries.update(self._child(draft).blob for draft in drafts)
        queues = [self._own(draft) for draft in drafts]
        for turn in range(max(map(len, queues), default=0)):
            due = [
                (place, queue[turn])
                for place, queue in enumerate(queues)
                if place not in kept and turn < len(queue)
            ]
            pairs = [(self._child(drafts[place]), name) for place, name in due]
            new = [(child, name) for child, name in pairs if name not in asked(self.lab, child)]
            self.lab.evaluate_all([(child, self.ground.cases([name])) for child, name in new])
            for (place, name), (child, _) in zip(due, pairs, strict=True):
                if self._gains(child, [name]).get(name, 0.0) > HELPS:
                    kept[place] = name
        for place, draft in enumerate(drafts):
            if place not in kept:
                self._fail(draft, "mended none of the misses that it was written for")
        return [(drafts[place], name) for place, name in sorted(kept.items())]

    def sifted(self, drafts: Sequence[Draft]) -> Iterator[Candidate]:
        """Test drafts that were written for the best prompt; yield it whenever it is another."""
        due: list[Due] = []
        for draft, mended in self.own(drafts):
            rebased = self.lab.rebased(self.best, draft)
            found = self._settled(rebased, mended) if rebased else None
            if isinstance(found, Due):
                due.append(found)
            elif found is not None:
                yield found
        kept = self._together([one for one in due if one.is_promising])
        yield from kept.values()
        for one in due:
            rebased = None if one in kept else self.lab.rebased(self.best, one.draft)
            child = self.raced(rebased, one.kin) if rebased else None
            if child is not None:
                yield child

    def passed(self, draft: Draft, mended: str) -> Candidate | None:
        """Test a draft, written for the best prompt, that mended the miss with this id."""
        found = self._settled(draft, mended)
        return self.raced(draft, found.kin) if isinstance(found, Due) else found

    def _settled(self, draft: Draft, mended: str) -> Candidate | Due | None:
        """Keep a draft or drop it where kin, and a few cases that could lose, tell; or race it."""
        child = self._child(draft)
        kin = self._kin(child, draft, mended)
        if not kin.helped and self.kinship.chance_of_none(kin.amiss) < DOUBT:
            self._fail(draft, f"mended none of {kin.amiss} misses like the one it was written for")
            return None
        sure = kin.helped and kin.helped >= kin.amiss and self.breakage.is_rare
        if not (sure and self._breaks_nothing(child, draft)):
            return Due(draft, mended, kin)
        reason = f"mended {kin.helped} of {kin.tested} misses like its own, and broke nothing"
        return self._kept(draft, reason, kin)

    def _together(self, due: Sequence[Due]) -> dict[Due, Candidate]:
        """Race several patches as one; keep each of them, one upon the other, if they win."""
        stack = self._stacked(due) if len(due) > 1 else {}
        if len(stack) < 2:
            return {}
        last = list(stack.values())[-1]
        assert last.patch is not None
        whole = replace(
            last,
            shown=tuple(sorted({name for one in stack for name in one.draft.shown})),
            patch=derive(last.patch.path, self.best.prompt.text, last.patch.after),
        )
        names = frozenset[str]().union(*(one.kin.names for one in stack))
        ahead = max(one.kin.ahead for one in stack)
        result = self._race(self._child(whole), whole, names, ahead, TOGETHER)
        kept: dict[Due, Candidate] = {}
        if result.survived:
            more = len(stack) - 1
            reason = f"gained on {result.raced} cases and on its kin, together with {more} more"
            for one, draft in stack.items():
                child = self._kept(draft, reason, one.kin)
                if child is None:
                    break
                kept[one] = child
        texts = {self._child(draft).blob for draft in stack.values()}
        self.lab.seen -= texts - {child.prompt.blob for child in kept.values()}
        return kept

    def _stacked(self, due: Sequence[Due]) -> dict[Due, Draft]:
        """Write each patch on top of those before it; leave out what mends nothing there."""
        found: dict[Due, Draft] = {}
        top = self.best
        for one in due:
            draft = self.lab.rebased(top, one.draft)
            if draft is None or draft.patch is None:
                continue
            child = top.prompt.edited(draft.patch.after)
            before, after = (self._score(prompt, one.mended) for prompt in (top.prompt, child))
            if after - before > HELPS:
                found[one] = draft
                top = replace(top, prompt=child)
        return found

    def raced(self, draft: Draft, kin: Kin | None = None, *, longest: int = 0) -> Candidate | None:
        """
        Let a race decide about a draft, on known cases that the mentor was not shown.

        What it gained on `kin`, which do not race, counts for as many cases as they stand for.
        """
        told = kin or Kin()
        result = self._race(self._child(draft), draft, told.names, told.ahead, longest or RACED)
        if result.survived:
            return self._kept(draft, result.reason, told)
        fate = Fate.UNSCORED if result.invalid else Fate.DROPPED
        facts = {"before": result.before, "after": result.after, "raced": result.raced}
        self.lab.refuse(self.best, draft, fate, result.reason, **facts)
        blob = self._child(draft).blob
        if kin is not None and self.races[blob] < AGAIN:
            self.lab.seen.discard(blob)
        return None

    def _kept(self, draft: Draft, reason: str, kin: Kin) -> Candidate | None:
        """Take the draft as the best prompt, unless it harms a must-pass case."""
        child = self._child(draft)
        harm = self.lab.harm(self.best, child)
        if harm:
            self.lab.refuse(self.best, draft, Fate.DROPPED, harm)
            return None
        self.ground.descend(child)
        self.best = self.lab.keep(self.best, draft, reason, mean=self.ground.mean)
        self.lost.clear()
        self.won_on = frozenset(self.lab.so_far(child).scores)
        self.kinship.add(kin)
        return self.best

    def _fail(self, draft: Draft, reason: str) -> None:
        """Drop a draft on the word of so few cases that it may be proposed again."""
        self.lab.refuse(self.best, draft, Fate.DROPPED, reason)
        blob = self._child(draft).blob
        if self.tries[blob] < AGAIN:
            self.lab.seen.discard(blob)

    def _child(self, draft: Draft) -> Prompt:
        assert draft.patch is not None
        return self.best.prompt.edited(draft.patch.after)

    def _gains(self, child: Prompt, names: Collection[str]) -> dict[str, float]:
        """Return what a child gains on these cases, asking it where it was not asked before."""
        ask(self.lab, child, names)
        return self.ground.gains(self.lab.so_far(child).on(self.ground.cases(names)))

    def _score(self, prompt: Prompt, name: str) -> float:
        ask(self.lab, prompt, [name])
        return self.lab.so_far(prompt).scores.get(name, 0.0)

    def _own(self, draft: Draft) -> list[str]:
        """
        Choose misses to try a draft on first: those that its words are about, shown or not.

        Where its words fit none, as when it only takes a line out, the misses that were shown.
        Who is proposed again gets as many more.
        """
        times = max(1, self.tries[self._child(draft).blob])
        like = self.ground.like
        words = new_words(draft)
        told = {miss.case_id: like.told(words, miss.case_id) for miss in self._misses}
        fitting = [name for name, value in told.items() if value > 0]
        fitting.sort(key=lambda name: (name not in draft.shown, -told[name]))
        blind = [name for name in draft.shown if name in told]
        return fitting[: OWN * times] or blind[: BLIND * times]

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
        most = AMISS * max(1, self.tries[child.blob])
        for name in self._nearest(nearness):
            if kin.helped >= ENOUGH or kin.amiss >= most:
                break
            if name not in self.ground.newest:
                if opened == OPENED:
                    break
                opened += 1
                self.ground.ask([name])
            if not self._is_miss(name):
                continue
            gains[name] = self._gains(child, [name]).get(name, 0.0)
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
        gains = self._gains(child, few)
        self.breakage.add(gains)
        return sum(gains.values()) >= -ROUNDING

    def _race(
        self, child: Prompt, draft: Draft, aside: Collection[str], ahead: float, longest: int
    ) -> Race:
        self.races[child.blob] += 1
        known = self._racers({*draft.shown, *aside})
        before = self._before(child)

        def answered(batch: Dataset) -> Evaluation:
            if self.ground.wavering > WAVERING:
                self.ground.refresh(case.id for case in batch)
            told = self.ground.scores
            gains = self._gains(child, [case.id for case in batch])
            could = {n: gain for n, gain in gains.items() if told.get(n, 0.0) > ROUNDING}
            self.breakage.add(could)
            before.update(self._before(child))
            return self.lab.so_far(child).on(batch)

        result = race(
            self.ground.cases(known),
            before,
            answered,
            order_seed=f"{child.blob} {self.races[child.blob]}",
            longest=longest,
            wait=True,
            known=asked(self.lab, child),
            ahead=ahead,
            weak_share=self._weak_share(known, before),
            min_improvement=self.min_improvement,
            errors=min(SURE, sum(self.races.values()) / MANY),
        )
        if result.raced and not result.survived:
            self.lost[child.blob] += 1
        return result

    def _before(self, child: Prompt) -> dict[str, float]:
        """
        What `child` has to beat in a race, by case id, in score points.

        Where answers waver it won by luck too; how much, the texts that lost to it show.
        """
        if self.ground.wavering <= WAVERING:
            return self.ground.scores
        return self.ground.evened(blob for blob in self.lost if blob != child.blob)

    def _racers(self, aside: Collection[str]) -> list[str]:
        """
        Known cases to race on; more are looked at where they are few, or all of them right.

        Not those that the best prompt was kept for, as long as there are others: it was lucky
        there, so that whatever comes after it looks worse than it is.
        """
        while True:
            known = [name for name in self.ground.newest if name not in aside]
            fair = [name for name in known if name not in self.won_on]
            misses = sum(self._is_miss(name) for name in fair)
            if len(fair) >= FIRST and misses >= WEAKEST:
                return fair
            if not self.ground.look(FIRST):
                return fair if len(fair) >= FIRST and misses else known

    def _weak_share(self, racers: Sequence[str], scores: Mapping[str, float]) -> float:
        """
        The share, by weight, of all known cases that are as weak as the weak ones of a race.

        Misses that were shown, or are kin, do not race: without them there would be more to lose.
        """
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
