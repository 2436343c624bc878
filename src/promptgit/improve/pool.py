"""
A pool of prompts that are known in part: who is best, what they miss, and how one takes over.

A patch of any prompt may help the best one: it is merged onto the best, hunk by hunk, and fights
it (`promptgit.improve.trials`).  So what is best at any time is one line of descent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.evaluation import Result
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.trials import ask, asked, duel, gate, known

SPARE = 5  # misses, beside those shown, that a duel can look at
DOUBT = 2  # more of them after each duel that was lost


@dataclass
class Pool:
    """The candidates so far, the best one last; each beat the one that was best before."""

    lab: Lab
    threshold: float  # a score below it is a miss
    candidates: list[Candidate] = field(default_factory=list)
    lost: int = 0  # duels in a row
    belief: float = 0.0  # the best prompt's mean, weighed: its own cases are mostly hard ones
    believed: int = 0  # cases that the belief rests on
    lost_last: Candidate | None = None  # who fought the best last, and lost

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All search cases, by id, in the order in which anybody is asked about them."""
        return tuple(case.id for case in self.lab.search.shuffled(f"{self.lab.rng.random()}"))

    @property
    def best(self) -> Candidate:
        return self.candidates[-1]

    def begin(self, seed: Prompt, first_look: int) -> Candidate:
        """Ask the first prompt about some cases; it is the best so far."""
        self.look(seed, first_look)
        self.candidates.append(Candidate(seed, self.lab.so_far(seed)))
        self.belief, self.believed = self.best.evaluation.mean, len(known(self.lab, seed))
        return self.best

    def look(self, prompt: Prompt, count: int) -> bool:
        """Ask a prompt about more cases, all prompts in one order; say whether there were any."""
        before = set(asked(self.lab, prompt))
        new = [name for name in self.order if name not in before][:count]
        ask(self.lab, prompt, new)
        return bool(new)

    def misses(self, prompt: Prompt, count: int, next_look: int) -> tuple[Result, ...]:
        """Return what a prompt is known to miss, once that is enough to show some and to duel."""
        wanted = count + SPARE + DOUBT * self.lost
        while True:
            found = self.lab.so_far(prompt).misses(self.threshold)
            if len(found) >= wanted or not self.look(prompt, next_look):
                return found

    def reached(self, target: float, next_look: int) -> bool:
        """Say whether the best prompt is good enough; that it is takes all the search cases."""
        best = self.best.prompt
        while self.belief >= target:
            before = set(asked(self.lab, best))
            if not self.look(best, next_look):
                return self.lab.so_far(best).mean >= target
            fresh = [score for name, score in known(self.lab, best).items() if name not in before]
            told = self.belief * self.believed + sum(fresh)
            self.believed += len(fresh)
            self.belief = told / max(1, self.believed)
        return False

    def passes(self, parent: Candidate, draft: Draft) -> bool:
        """Put a draft through the gate: it must mend some of the misses that it was shown."""
        assert draft.patch is not None
        child = parent.prompt.edited(draft.patch.after)
        trial = gate(self.lab, child, parent.prompt, draft.shown)
        if not trial.won:
            self.lab.refuse(parent, draft, Fate.DROPPED, trial.reason, **trial.facts)
        return trial.won

    def challenge(
        self,
        parent: Candidate,
        draft: Draft,
        *,
        longest: int,
        min_improvement: float,
        merge: bool = True,
        aside: Collection[str] = (),
    ) -> Candidate | None:
        """
        Put a draft on top of the best, and let it fight the best; return it if it won.

        `aside`: cases, beside those shown for the draft, that its text may have been fitted to.

        It is then the best.  Its first parent is the one before it, so that what is best at any
        time is one line of descent; the second is the draft's own text, where that was merged.
        """
        assert draft.patch is not None
        child = parent.prompt.edited(draft.patch.after)
        self.lost_last = None
        if parent.prompt.blob == self.best.prompt.blob:
            return self._fought(draft, child, longest, min_improvement, aside)
        lifted = self._lifted(parent, draft, merge=merge)
        won = self._fought(lifted, child, longest, min_improvement, aside) if lifted else None
        if won is not None and won.prompt != child and child.blob in self.lab.results:
            known_by_now = self.lab.so_far(child)
            other = Candidate(child, known_by_now, (parent,), draft.why, draft.patch)
            won = self.candidates[-1] = replace(won, parents=(*won.parents, other))
        return won

    def note(self, child: Prompt, operator: str, *parents: Prompt, **facts: object) -> None:
        """Write down how a text came about, for its lineage."""
        blobs = [parent.blob for parent in parents]
        told = {"blob": child.blob, "text": child.text, "operator": operator, "parents": blobs}
        self.lab.notebook.note("variant", round=self.lab.round, **told, **facts)

    def _lifted(self, parent: Candidate, draft: Draft, *, merge: bool) -> Draft | None:
        """
        Write what the draft makes of an earlier prompt as a patch of the best one.

        Merged by `Lab.merge`, or where the two conflict with the draft's own text: then it has to
        beat the best without what the best has learnt since.
        """
        assert draft.patch is not None
        text, wanted = self.best.prompt.text, draft.patch.after
        both = self.lab.merge(parent.prompt.text, text, wanted) if merge else None
        if text in (both, wanted):
            self.lab.refuse(parent, draft, Fate.REPEATED, "the best prompt says the same by now")
            return None
        first = parent.prompt.edited(wanted)
        if both is None:
            self.lab.seen.discard(first.blob)
        else:
            self.note(self.best.prompt.edited(both), "merge", self.best.prompt, first)
        patch = derive(draft.patch.path, text, wanted if both is None else both)
        return self.lab.vetted(self.best, replace(draft, patch=patch))

    def _fought(
        self,
        draft: Draft,
        first: Prompt,
        longest: int,
        min_improvement: float,
        aside: Collection[str],
    ) -> Candidate | None:
        """Let a patch of the best prompt fight it; `first` is the text that passed the gate."""
        lab, best = self.lab, self.best
        assert draft.patch is not None
        child = best.prompt.edited(draft.patch.after)
        unseen = set(known(lab, best.prompt)) - {*draft.shown, *aside}
        lab.notebook.note("racing", round=lab.round, cases=len(unseen))
        trial = duel(
            lab,
            child,
            best.prompt,
            unseen,
            longest=longest,
            order_seed=f"{lab.rng.random()}",
            min_improvement=min_improvement,
        )
        harm = lab.harm(best, child) if trial.won else ""
        if harm or not trial.won:
            self.lost += 1
            self.lost_last = Candidate(child, lab.so_far(child), (best,), draft.why, draft.patch)
            fate = Fate.UNSCORED if trial.unscored else Fate.DROPPED
            lab.refuse(best, draft, fate, harm or trial.reason, **trial.facts)
            # few cases may be wrong about a patch that passed the gate: it may come again
            lab.seen -= {child.blob, first.blob}
            return None
        self.lost = 0
        self.belief, self.believed = trial.after, trial.raced
        kept = lab.keep(best, draft, trial.reason, mean=self.belief)
        self.candidates.append(kept)
        return kept
