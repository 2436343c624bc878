"""
GEPA: reflect on a few mistakes, and keep what wins somewhere.

Agrawal et al., "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning", 2025,
https://arxiv.org/abs/2507.19457.  `gepa` is Algorithm 1 and `select_candidate` is Algorithm 2,
for a system of one prompt.  Four things differ, each to spend fewer calls.

- The minibatch is drawn from cases that the parent is known to miss: a right one teaches nothing.
- One reflection writes several patches, and each goes through the gate alone.
- A patch that passes is raced (`promptgit.improve.trials`), not evaluated on every case.
- Merging needs no second component: two patches of one ancestor are merged hunk by hunk, and
  the result must beat the best.  So a patch of any parent is tried on top of the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Result
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.pareto import leads
from promptgit.improve.pool import Pool
from promptgit.improve.several import parts_of
from promptgit.improve.trials import known


def gepa(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 60,
    patience: int = 20,
    target: float = 1.0,
    miss_threshold: float = 0.95,
    minibatch: int = 3,
    patches: int = 3,
    first_look: int = 20,
    next_look: int = 10,
    longest: int = 10,
    min_improvement: float = 0.005,
    merge: bool = True,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that beats the best one before it.

    rounds: reflections at most.  patience: reflections in a row without a gain before giving up.
    target: a mean search score (0 to 1) that is good enough.  miss_threshold: a score (0 to 1)
    below which a case is a miss.  minibatch: misses that one reflection is about.  patches: that
    it is asked for.  first_look, next_look: cases to ask the seed about, and any prompt whenever
    too few of its misses are known.  longest: cases after which a patch that leads has won.
    min_improvement: gain in the mean that it must show in its duel, in score points (0 to 1).
    merge: try patches of earlier prompts on top of the best.
    """
    pool = Pool(lab, miss_threshold)
    yield pool.begin(seed, first_look)

    fruitless = 0
    while lab.round < rounds and fruitless < patience and not pool.reached(target, next_look):
        parent = select_candidate(pool)
        misses = pool.misses(parent.prompt, minibatch, next_look)
        if not misses and parent.prompt == pool.best.prompt:
            lab.skip(parent, f"none of the {len(lab.search)} cases scores below {miss_threshold:g}")
            return
        lab.round += 1
        fruitless += 1
        batch = lab.rng.sample(misses, min(minibatch, len(misses)))
        seen = replace(parent, evaluation=lab.so_far(parent.prompt))
        for draft in reflected(lab, seen, batch, patches):
            assert draft.patch is not None
            pool.note(parent.prompt.edited(draft.patch.after), "reflect", parent.prompt)
            if not pool.passes(parent, draft):
                continue
            child = pool.challenge(
                parent, draft, longest=longest, min_improvement=min_improvement, merge=merge
            )
            if child is not None:
                fruitless = 0
                yield child


def select_candidate(pool: Pool) -> Candidate:
    """Draw a candidate in proportion to the search cases that it leads."""
    wins = leads([known(pool.lab, candidate.prompt) for candidate in pool.candidates])
    places = sorted(wins)
    (chosen,) = pool.lab.rng.choices(places, weights=[wins[place] for place in places])
    return pool.candidates[chosen]


def reflected(lab: Lab, parent: Candidate, batch: Sequence[Result], count: int) -> Iterator[Draft]:
    """Show the mentor the parent's outputs on a minibatch; yield the patches that may be tried."""
    if not batch:
        return
    lab.notebook.note("asking", round=lab.round, misses=len(batch))
    shown = lab.mentor.facts(parent, batch, (), "")["misses"]
    answer = lab.ask(parent, "reflect", {"misses": shown, "count": count})
    if answer is None:
        return
    for part in parts_of(answer.text)[:count]:
        draft = lab.drafted(parent, replace(answer, text=part), batch)
        if draft is not None:
            yield draft
