"""
Exemplars: choose worked examples, and their order, by search.

Greedy forward selection: of the misses that stand for the most others, the first whose example
wins a race is kept, until no addition pays.  Then each example may be swapped for another, and the
order changed, by the same rule.  Every race is run on cases that are not shown, and an example
costs its tokens in every call, so one that does not pay for itself is left out.

Related: Liu et al., "What Makes Good In-Context Examples for GPT-3?", 2022,
https://arxiv.org/abs/2101.06804, and Lu et al., "Fantastically Ordered Prompts and Where to Find
Them", 2022, https://arxiv.org/abs/2104.08786.  We choose once for all inputs, because the prompt is
a file, and try few orders, because each is paid for.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.core.candidate import Candidate
from promptgit.core.prompt import Prompt
from promptgit.improve.ground import Ground
from promptgit.improve.lab import Lab
from promptgit.improve.selection import examples_that_help
from promptgit.improve.sieve import Sieve


def exemplars(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 24,
    exemplars: int = 4,
    tries: int = 3,
    first_look: int = 40,
    miss_threshold: float = 0.95,
    min_improvement: float = 0.0,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt whose worked examples beat those before.

    rounds: races at most.  exemplars: worked examples at most.  tries: examples raced in vain
    before the prompt has enough.  first_look: cases to look at before choosing.  miss_threshold: a
    score (0 to 1) below which a case is a miss, and may be shown.  min_improvement: gain in the
    mean that each race must show, in score points (0 to 1).
    """
    ground = Ground(lab, seed)
    ground.look(first_look)
    first = Candidate(seed, lab.so_far(seed))
    sieve = Sieve(lab, ground, first, miss_threshold, min_improvement)
    yield sieve.best
    yield from examples_that_help(
        sieve, exemplars, tries=tries, races=rounds, miss_threshold=miss_threshold
    )
