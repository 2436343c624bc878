"""Search for a better prompt: what the strategy proposes and the race lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promptgit.core.candidate import Candidate
from promptgit.core.prompt import Prompt
from promptgit.errors import BudgetSpent
from promptgit.improve.lab import Lab

Strategy = Callable[[Prompt, Lab], Iterator[Candidate]]  # options are bound by the caller


def improve(seed: Prompt, strategy: Strategy, lab: Lab) -> Iterator[Candidate]:
    """
    Yield the seed, then each candidate that screened better than its parent.

    Ends when the strategy does, or when the part of the budget that is for searching is spent;
    what was found until then stands.
    """
    candidates = strategy(seed, lab)
    while True:
        try:
            candidate = next(candidates)
        except StopIteration:
            return
        except BudgetSpent as spent:
            lab.notebook.note("stopped", reason=spent.message)
            return
        yield candidate
