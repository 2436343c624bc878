"""The lab: all that a strategy may do, metered, seeded, and blind to the sealed cases."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from promptgit.core.candidate import Candidate, Fate, Proposal
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.patch import Patch, Refusal, derive
from promptgit.core.ports import Answer, Notebook
from promptgit.core.prompt import Prompt
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.evaluate.crew import Crew
from promptgit.improve.exemplars import is_fit, shown_in
from promptgit.improve.grouping import Group
from promptgit.improve.mentor import Draft, Mentor, Tried, reason_of, told
from promptgit.improve.race import ROUNDING, race

Evaluator = Callable[[Prompt, Dataset], Evaluation]
Guard = Callable[[Patch, Prompt], Refusal | None]
Merge = Callable[[str, str, str], str | None]  # base, ours, theirs → both edits

TRIED_SHOWN = 8  # of the refused proposals, the latest, that the mentor is told of
PROSE_SHOWN = 100  # characters of a reply that holds no edit
SIDE_BY_SIDE = 8  # evaluations of a few cases each, at the same time


@dataclass
class Known:
    """What one text was asked so far."""

    evaluation: Evaluation  # the first of it: prompt, model, metrics
    results: dict[str, Result] = field(default_factory=dict)  # by case id


@dataclass
class Lab:
    """
    Where a strategy works.

    It meters (every call goes through the evaluator and the mentor, which share one budget), it
    is seeded (`rng` is the only source of chance), and it notes every proposal and its fate.
    """

    search: Dataset
    evaluator: Evaluator
    mentor: Mentor
    guard: Guard
    rng: random.Random
    notebook: Notebook
    affordable: Callable[[int], bool] = lambda calls: True  # with what confirmation needs left
    vital: frozenset[str] = frozenset()  # ids of search cases that may never get worse
    merge: Merge = lambda base, ours, theirs: None  # None: they conflict, or nobody can merge
    round: int = 0
    tried: list[Tried] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # texts that were proposed, by blob id
    kept: list[Tried] = field(default_factory=list)  # proposals that were accepted, and why
    ran: set[tuple[str, str]] = field(default_factory=set)  # (blob id, case id) evaluated here
    results: dict[str, Known] = field(default_factory=dict)  # by blob id

    def candidate(
        self,
        prompt: Prompt,
        *,
        parents: Sequence[Candidate] = (),
        why: str = "",
        patch: Patch | None = None,
    ) -> Candidate:
        """Evaluate a prompt on every search case."""
        self.seen.add(prompt.blob)
        evaluation = self.evaluate(prompt, self.search)
        return Candidate(prompt, evaluation, tuple(parents), why, patch)

    def evaluate(self, prompt: Prompt, cases: Dataset) -> Evaluation:
        """Evaluate on some of the search cases; raise BudgetSpent rather than start in vain."""
        wanted = {(prompt.blob, case.id) for case in cases}
        if not self.affordable(len(wanted - self.ran)):
            raise BudgetSpent("the search budget is spent; the rest is kept for confirmation")
        self.ran |= wanted
        return self._told(self.evaluator(prompt, cases))

    def evaluate_all(self, pairs: Sequence[tuple[Prompt, Dataset]]) -> list[Evaluation]:
        """Evaluate several prompts side by side, each on cases of its own, as `evaluate` does."""
        wanted = {(prompt.blob, case.id) for prompt, cases in pairs for case in cases}
        if not self.affordable(len(wanted - self.ran)):
            raise BudgetSpent("the search budget is spent; the rest is kept for confirmation")
        self.ran |= wanted

        def work(place: int) -> tuple[int, Evaluation]:
            return place, self.evaluator(*pairs[place])

        found = dict(Crew(work, range(len(pairs)), size=SIDE_BY_SIDE))
        return [self._told(found[place]) for place in range(len(pairs))]

    def so_far(self, prompt: Prompt) -> Evaluation:
        """All that this very text was asked here, in the order of the cases."""
        known = self.results[prompt.blob]
        asked = self.search.only(known.results)
        return replace(
            known.evaluation,
            cases=asked,
            results=tuple(known.results[case.id] for case in asked),
        )

    def _told(self, evaluation: Evaluation) -> Evaluation:
        """Keep what was found, and note it."""
        known = self.results.setdefault(evaluation.prompt.blob, Known(evaluation))
        known.results |= {result.case_id: result for result in evaluation.results}
        self.notebook.note("evaluated", round=self.round, evaluation=evaluation)
        return evaluation

    def begin_round(self, training: int, validation: int) -> tuple[Dataset, Dataset]:
        """
        Draw this round's cases: some that the mentor may see, others to re-test on.

        They never overlap, so a patch that copies its failures gains nothing by it.  A size of
        0 means half of the search cases for training, and all others for validation.
        """
        self.round += 1
        order = [case.id for case in self.search]
        self.rng.shuffle(order)
        cut = training or len(order) // 2
        cut = max(1, min(cut, len(order) - 1))
        rest = order[cut:]
        return self.search.only(order[:cut]), self.search.only(rest[: validation or len(rest)])

    def misses(self, parent: Candidate, cases: Dataset, threshold: float) -> tuple[Result, ...]:
        """Return the parent's results on `cases` that score below `threshold`, worst first."""
        ids = {case.id for case in cases}
        return tuple(r for r in parent.evaluation.misses(threshold) if r.case_id in ids)

    def chosen(self, misses: Sequence[Result], count: int) -> list[Result]:
        """
        Choose the misses that the mentor sees: the worst, and as many drawn from the others.

        The worst alone are often the oddest, and teach no rule.
        """
        worst = list(misses[: (count + 1) // 2])
        others = misses[len(worst) :]
        return worst + self.rng.sample(others, min(count - len(worst), len(others)))

    def skip(self, parent: Candidate, reason: str) -> None:
        """Note a round in which nothing is proposed, so that nobody looks for it in vain."""
        self._note(parent, Draft("", (), ()), Fate.SKIPPED, reason)

    def propose(self, parent: Candidate, misses: Sequence[Result]) -> Draft | None:
        """Ask the mentor for a patch; None when there is none that may be tried."""
        self.notebook.note("asking", round=self.round, misses=len(misses))
        fence = f"{self.rng.getrandbits(64):016x}"
        tried = self.tried[-TRIED_SHOWN:]
        try:
            critique = self.mentor.critique(parent, misses, tried, fence)
            draft = self.mentor.draft(parent, critique, misses, tried, fence)
        except CallFailed as error:
            if error.fatal:
                raise
            self.refuse(parent, Draft("", (), ()), Fate.FAILED, error.message)
            return None
        return self.vetted(parent, draft)

    def patches(self, parent: Candidate, groups: Sequence[Group], *, mean: float) -> list[Draft]:
        """
        Ask the mentor once for a patch for each group of misses; return those that may be tried.

        `mean`: what the search cases score now, as far as is known (0 to 1).  Raises
        BudgetSpent, and CallFailed when no later call could do better.
        """
        misses = [miss for group in groups for miss in group.shown]
        self.round += 1
        self.notebook.note("asking", round=self.round, misses=len(misses))
        fence = f"{self.rng.getrandbits(64):016x}"
        tried, kept = self.tried[-TRIED_SHOWN * len(groups) :], self.kept[-TRIED_SHOWN:]
        known = self.mentor.facts(parent, (), tried, fence)
        known["score"] = mean
        known["kept"] = told(kept)
        try:
            drafts = self.mentor.patches(parent, groups, self.search, known)
        except CallFailed as error:
            if error.fatal:
                raise
            self.refuse(parent, Draft("", (), ()), Fate.FAILED, error.message)
            return []
        vetted = [self.vetted(parent, draft) for draft in drafts]
        return [draft for draft in vetted if draft is not None]

    def rebased(self, parent: Candidate, draft: Draft) -> Draft | None:
        """Read a draft again, as an edit of what became of the text since it was asked for."""
        if draft.patch is not None and draft.patch.before == parent.prompt.text:
            return draft
        found = self.mentor.read(Answer(draft.replies[-1]), parent.prompt.text)
        if isinstance(found, Refusal):
            return self.vetted(parent, replace(draft, patch=None, refusal=found.reason))
        return self.vetted(parent, replace(draft, patch=found))

    def ask(self, parent: Candidate, name: str, facts: Mapping[str, Any]) -> Answer | None:
        """
        Ask the mentor with the meta-prompt `name`; None, and a note, when it does not answer.

        `facts` go beside those that every meta-prompt has (see `Mentor.facts`), and over them.
        Raises BudgetSpent, and CallFailed when no later call could do better.
        """
        fence = f"{self.rng.getrandbits(64):016x}"
        known = self.mentor.facts(parent, (), self.tried[-TRIED_SHOWN:], fence)
        try:
            return self.mentor.ask(name, {**known, **facts})
        except CallFailed as error:
            if error.fatal:
                raise
            self.refuse(parent, Draft("", (), ()), Fate.FAILED, error.message)
            return None

    def drafted(
        self,
        parent: Candidate,
        answer: Answer,
        shown: Sequence[Result] = (),
    ) -> Draft | None:
        """Read a reply as a draft of one patch, and let it through to the race if it may be."""
        found = self.mentor.read(answer, parent.prompt.text)
        ids = tuple(dict.fromkeys(miss.case_id for miss in shown))
        draft = Draft("", (answer.text,), ids)
        if isinstance(found, Refusal):
            return self.vetted(parent, replace(draft, refusal=found.reason))
        return self.vetted(parent, replace(draft, patch=found))

    def exemplify(self, parent: Candidate, misses: Sequence[Result], count: int) -> Draft | None:
        """
        Draft a patch that shows `count` of the misses with their expected answers.

        It is ours and copies cases on purpose, so the guard is not asked, but nothing planted is
        shown; the race must be run on other cases.  None when there is nothing to show, or it was
        tried before.
        """
        cases = self.search.only([miss.case_id for miss in misses[:count]])
        shown = [case for case in cases if is_fit(case, parent.prompt)]
        text = shown_in(parent.prompt, shown)
        if text is None or not shown or parent.prompt.edited(text).blob in self.seen:
            return None
        self.seen.add(parent.prompt.edited(text).blob)
        why = f"Show {len(shown)} worked examples."
        patch = derive(self.mentor.path, parent.prompt.text, text)
        return Draft(why, (why,), tuple(case.id for case in shown), patch)

    def vetted(self, parent: Candidate, draft: Draft) -> Draft | None:
        """Let a draft through to the race, or note why it stops here."""
        if draft.patch is None:
            self.refuse(parent, draft, Fate.UNREADABLE, said_instead(draft))
            return None
        refusal = self.guard(draft.patch, parent.prompt)
        if refusal is not None:  # a Refusal is falsy
            self.refuse(parent, draft, Fate.GUARDED, refusal.reason)
            return None
        if says_it_again(draft.patch):
            self.refuse(parent, draft, Fate.REPEATED, "the prompt says so already, word for word")
            return None
        blob = parent.prompt.edited(draft.patch.after).blob
        if blob in self.seen:
            self.refuse(parent, draft, Fate.REPEATED, "this very text was tried before")
            return None
        self.seen.add(blob)
        return draft

    def screen(
        self, parent: Candidate, draft: Draft, cases: Dataset, *, min_improvement: float = 0.0
    ) -> Candidate | None:
        """
        Race the draft against its parent on `cases`; a survivor is evaluated on all of them.

        This is search: cheap, allowed to be wrong, and labelled so.
        """
        assert draft.patch is not None
        child = parent.prompt.edited(draft.patch.after)
        self.notebook.note("racing", round=self.round, cases=len(cases))
        result = race(
            cases,
            parent.evaluation.scores,
            lambda batch: self.evaluate(child, batch),
            order_seed=f"{child.blob}",
            min_improvement=min_improvement,
        )
        proposal = {
            "before": result.before,
            "after": result.after,
            "raced": result.raced,
        }
        if not result.survived:
            fate = Fate.UNSCORED if result.invalid else Fate.DROPPED
            self.refuse(parent, draft, fate, result.reason, **proposal)
            return None
        harm = self.harm(parent, child)
        if harm:
            self.refuse(parent, draft, Fate.DROPPED, harm, **proposal)
            return None
        survivor = self.candidate(child, parents=[parent], why=draft.why, patch=draft.patch)
        proposal["mean"] = survivor.evaluation.mean
        self._note(parent, draft, Fate.ACCEPTED, result.reason, **proposal)
        return survivor

    def keep(self, parent: Candidate, draft: Draft, reason: str, *, mean: float) -> Candidate:
        """
        Accept a draft that was tested elsewhere.

        `mean`: what the search cases score now, as far as is known (0 to 1).
        """
        assert draft.patch is not None
        child = parent.prompt.edited(draft.patch.after)
        known = replace(parent, evaluation=self.so_far(parent.prompt))
        self.kept.append(Tried(draft.summary, reason))
        self._note(parent, draft, Fate.ACCEPTED, reason, mean=mean)
        return Candidate(child, self.so_far(child), (known,), draft.why, draft.patch)

    def harm(self, parent: Candidate, child: Prompt) -> str:
        """Name a must-pass case that the child does worse on than the first prompt of the run."""
        vital = self.search.only(self.vital)
        if not len(vital):
            return ""
        first = next(iter(lineage(parent)), parent)
        first = first.parents[0] if first.parents else first
        before = self.evaluate(first.prompt, vital).scores
        after = self.evaluate(child, vital).scores
        for case in vital:
            was, now = before.get(case.id), after.get(case.id)
            if was is not None and now is not None and now < was - ROUNDING:
                return f"the must-pass case {case.id!r} got worse: {was:.4f} -> {now:.4f}"
        return ""

    def refuse(
        self, parent: Candidate, draft: Draft, fate: Fate, reason: str, **race_facts: float
    ) -> None:
        """Note why a draft goes no further; the mentor is told."""
        self.tried.append(Tried(draft.summary or "(no readable patch)", reason))
        self._note(parent, draft, fate, reason, **race_facts)

    def _note(
        self, parent: Candidate, draft: Draft, fate: Fate, reason: str, **race_facts: float
    ) -> None:
        proposal = Proposal(
            round=self.round,
            parent=parent.prompt,
            fate=fate,
            reason=reason,
            critique=draft.critique,
            replies=draft.replies,
            patch=draft.patch,
            shown=draft.shown,
            before=race_facts.get("before"),
            after=race_facts.get("after"),
            raced=int(race_facts.get("raced", 0)),
            mean=race_facts.get("mean"),
        )
        self.notebook.note("proposal", proposal=proposal)


def says_it_again(patch: Patch) -> bool:
    """Say whether a patch only adds lines that the prompt has; it could not be taken back alone."""
    there = {line.strip() for line in patch.before.splitlines()}
    return not any(hunk.removed for hunk in patch.hunks) and all(
        line.strip() in there for hunk in patch.hunks for line in hunk.added if line.strip()
    )


def said_instead(draft: Draft) -> str:
    """Why there is no patch, and, where the mentor wrote prose alone, how that begins."""
    words = reason_of(draft.replies[-1], PROSE_SHOWN) if draft.replies else ""
    prose = draft.refusal.endswith("only prose") and words
    return f"{draft.refusal}: {words}" if prose else draft.refusal


def lineage(tip: Candidate) -> Iterable[Candidate]:
    """Return the chain from the first patch to `tip`, the seed left out."""
    chain: list[Candidate] = []
    candidate: Candidate | None = tip
    while candidate and candidate.patch:
        chain.append(candidate)
        candidate = candidate.parents[0] if candidate.parents else None
    return reversed(chain)
