"""What a mentor is shown of a line of descent, and where a change begins in what it writes."""

from __future__ import annotations

from dataclasses import replace

from promptgit.core.candidate import Candidate
from promptgit.improve.sieve import Sieve


def as_seen(sieve: Sieve) -> Candidate:
    """The best prompt with the newest answers of its line of descent, its own or not."""
    ground = sieve.ground
    results = tuple(ground.newest[name] for name in ground.order if name in ground.newest)
    known = replace(sieve.best.evaluation, cases=sieve.lab.search, results=results)
    return replace(sieve.best, evaluation=known)


def part_from_reason(part: str) -> str:
    """
    Drop the questions, answers and analysis before the reason of the first change.

    >>> part_from_reason("Q: Why?\\nA: So.\\n## Changes\\nAsk first.\\n```diff\\n+a\\n```")
    'Ask first.\\n```diff\\n+a\\n```'
    """
    before, fence, rest = part.partition("\n```")
    lines = before.split("\n")
    headings = [number for number, line in enumerate(lines) if line.startswith("#")]
    kept = lines[headings[-1] + 1 :] if headings else lines
    return "\n".join(kept).lstrip("\n") + fence + rest
