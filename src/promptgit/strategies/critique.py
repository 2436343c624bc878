"""
Critique: test, let the mentor say what is wrong, patch, test again.

The ancestor of this project, in two phases.  The first is thrifty: each round groups the misses
that are alike, asks the mentor once for one patch for each group, and puts each patch through the
sieve (`promptgit.improve.sieve`): its own miss, misses like it that the mentor never saw, cases
with something to lose.  What passes is the prompt that the next patch is an edit of, so the
answers that the line of descent gave are used again instead of being paid for again.  When that
finds nothing more, the second phase is thorough: misses drawn from all search cases, one patch,
and a race on all the others.

Related: Pryzant et al., "Automatic Prompt Optimization with 'Gradient Descent' and Beam Search",
2023, https://arxiv.org/abs/2305.03495.  We keep its criticism of misses, take patches instead of
rewrites, and leave out the beam: one line of descent is what a reviewer can read.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.core.candidate import Candidate
from promptgit.core.prompt import Prompt
from promptgit.improve.agenda import Agenda
from promptgit.improve.ground import Ground
from promptgit.improve.grouping import Group, grouped
from promptgit.improve.lab import Lab
from promptgit.improve.sieve import Sieve


def critique(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 100,
    patience: int = 8,
    target: float = 1.0,
    patches: int = 4,
    first_look: int = 20,
    next_look: int = 10,
    miss_threshold: float = 0.95,
    misses_shown: int = 4,
    asked_most: int = 6,
    min_improvement: float = 0.0,
    exemplars: int = 0,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that beats the one before it on cases the mentor did not see.

    rounds: requests to the mentor at most.  patience: rounds in a row without a gain before
    a phase ends.  target: a mean search score (0 to 1) that is good enough.  patches: groups of
    misses, and so patches, in one request.  first_look, next_look: cases to look at in the
    beginning, and whenever few misses are left.  miss_threshold: a score (0 to 1) below which a
    case is a miss.  misses_shown: of each group, at most.  asked_most: how often the mentor may
    be asked about one miss.  min_improvement: gain in the mean that a patch must show where it
    is raced, in score points (0 to 1).  exemplars: worked examples to try in the first round, 0
    for none; like any patch they stay only if they help.
    """
    ground = Ground(lab, seed)
    ground.look(first_look)
    sieve = Sieve(lab, ground, Candidate(seed, lab.so_far(seed)), miss_threshold, min_improvement)
    yield sieve.best

    yield from with_examples(sieve, exemplars)
    agenda = Agenda(ground, miss_threshold, patches, next_look, asked_most)
    fruitless = 0
    while lab.round < rounds and fruitless < patience and ground.mean < target:
        misses = agenda.misses()
        if not misses:
            break
        groups = grouped(
            misses, ground.alike, groups=patches, shown=misses_shown, asked=agenda.asked
        )
        agenda.note(miss.case_id for group in groups for miss in group.shown)
        fruitless += 1
        for child in sieve.sifted(lab.patches(sieve.best, groups, mean=ground.mean)):
            fruitless = 0
            yield child
            if ground.mean >= target:
                return

    yield from thorough(
        sieve,
        rounds=rounds,
        patience=patience,
        target=target,
        next_look=next_look,
        shown=patches * misses_shown,
    )


def with_examples(sieve: Sieve, count: int) -> Iterator[Candidate]:
    """Try `count` worked examples; they stay if they win a race."""
    if not count:
        return
    sieve.lab.round += 1
    misses = sieve.ground.misses(sieve.threshold)
    draft = sieve.lab.exemplify(sieve.best, misses, count)
    child = sieve.raced(draft) if draft else None
    if child is not None:
        yield child


def thorough(
    sieve: Sieve, *, rounds: int, patience: int, target: float, next_look: int, shown: int
) -> Iterator[Candidate]:
    """
    The second phase: show up to `shown` of all misses at once, race the patch on all other cases.

    Yields each prompt that wins; the other options are those of `critique`.
    """
    lab, ground = sieve.lab, sieve.ground
    fruitless = 0
    while lab.round < rounds and fruitless < patience and ground.mean < target:
        while ground.look(next_look) or ground.look_again(next_look):
            continue
        misses = ground.misses(sieve.threshold)
        if not misses:
            lab.round += 1
            lab.skip(sieve.best, f"no search case scores below {sieve.threshold:g}")
            return
        half = (len(misses) + 1) // 2  # the others are to test an edit on
        drawn = Group(tuple(lab.rng.sample(misses, min(half, shown))), len(misses))
        fruitless += 1
        for draft, _ in sieve.own(lab.patches(sieve.best, [drawn], mean=ground.mean)):
            child = sieve.raced(draft, longest=len(lab.search))
            if child is not None:
                fruitless = 0
                yield child
