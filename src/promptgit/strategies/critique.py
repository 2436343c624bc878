"""
Critique: test, let the mentor say what is wrong, patch, test again.

The ancestor of this project.  Each round draws a training sample, whose misses the mentor
sees with the scorers' reasons, and a validation sample, on which the patched prompt must beat
its parent.  The mentor is also told what was tried before and why it was refused.

Related: Pryzant et al., "Automatic Prompt Optimization with 'Gradient Descent' and Beam Search",
2023, https://arxiv.org/abs/2305.03495.  We keep its critique-then-edit step, take patches
instead of rewrites, and leave out the beam: one line of descent is what a reviewer can read.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.core.candidate import Candidate
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab


def critique(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 12,
    patience: int = 4,
    target: float = 1.0,
    train_sample: int = 0,
    validation_sample: int = 0,
    miss_threshold: float = 0.95,
    misses_shown: int = 16,
    min_improvement: float = 0.0,
    exemplars: int = 0,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that beats the one before it on cases the mentor did not see.

    rounds: proposals at most.  patience: rounds in a row without a gain before giving up.
    target: a mean search score (0 to 1) that is good enough.  train_sample, validation_sample:
    cases per round, 0 for half and the rest.  miss_threshold: a score (0 to 1) below which a
    case is a miss.  misses_shown: how many the mentor sees.  min_improvement: gain in the mean
    that a patch must show in its race, in score points (0 to 1).  exemplars: worked examples to
    try in the first round, 0 for none; like any patch they stay only if they help.
    """
    best = lab.candidate(seed)
    yield best

    fruitless = 0
    while lab.round < rounds and fruitless < patience and best.evaluation.mean < target:
        training, validation = lab.begin_round(train_sample, validation_sample)
        misses = lab.misses(best, training, miss_threshold)
        fruitless += 1
        if not misses:
            seen = f"the {len(training)} cases drawn for the mentor"
            lab.skip(best, f"none of {seen} scores below {miss_threshold:g}")
            continue

        if exemplars and lab.round == 1:
            draft = lab.exemplify(best, misses, exemplars)
            if draft is None:
                lab.skip(best, "no miss has an expected answer to show as an example")
        else:
            draft = lab.propose(best, lab.chosen(misses, misses_shown))
        if draft is None:
            continue
        child = lab.screen(best, draft, validation, min_improvement=min_improvement)
        if child is not None:
            best, fruitless = child, 0
            yield best
