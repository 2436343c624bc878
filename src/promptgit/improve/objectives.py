"""
What a prompt may cost for its quality: tokens, seconds and dollars a call, and growth on a tie.

Quality comes first: the race, and then the sealed cases, decide whether a prompt is better.  These
rules only refuse.  A limit refuses whoever breaks it, unless the parent broke it worse: a prompt
that starts beyond a limit may come nearer.  A tie, which is no gain on the cases that both were
asked about, may grow the text by a tenth and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

from promptgit.core.evaluation import Evaluation, Result
from promptgit.improve.size import sizes_of, tokens_in

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Objectives:
    """Limits for one call, on average over the cases; None where there is none."""

    max_tokens: int | None = None  # sent: prompt and inputs together
    max_latency_s: float | None = None
    max_cost_usd: float | None = None
    tie_growth: float = 0.10  # of the text's tokens, without a gain

    def breach(self, parent: Evaluation, child: Evaluation) -> str:
        """
        Say why `child` may not replace `parent`, although it did well; empty when it may.

        Both are compared on the cases that both have results for.
        """
        both = child.cases.only(
            {result.case_id for result in parent.results}
            & {result.case_id for result in child.results}
        )
        return next(self._breaches(parent.on(both), child.on(both)), "")

    def _breaches(self, parent: Evaluation, child: Evaluation) -> Iterator[str]:
        was, now = sizes_of([parent, child])
        yield from _over("tokens a call", was.tokens, now.tokens, self.max_tokens)
        before, after = latency_s(parent), latency_s(child)
        yield from _over("seconds a call", before, after, self.max_latency_s)
        yield from _over("US dollars a call", cost_usd(parent), cost_usd(child), self.max_cost_usd)
        yield from growth_on_a_tie(parent, child, self.tie_growth)


def growth_on_a_tie(parent: Evaluation, child: Evaluation, most: float) -> Iterator[str]:
    """Refuse a text that grew by more than `most` (0.1 is a tenth) and gained nothing."""
    gain = child.mean - parent.mean
    if gain > ROUNDING:
        return
    before, after = tokens_in(parent.prompt.text), tokens_in(child.prompt.text)
    if after > before * (1 + most) + ROUNDING:
        yield (
            f"growth on a tie: no gain on {len(child.cases)} cases, and the text grew from about "
            f"{before} to {after} tokens, by more than {100 * most:g} %"
        )


def latency_s(evaluation: Evaluation) -> float | None:
    """How long an answer took on average, when it was paid for; None when nobody knows."""
    return _mean(evaluation, lambda result: result.latency_s or None)


def cost_usd(evaluation: Evaluation) -> float | None:
    """What an answer cost on average, when it was paid for; None when a price is unknown."""
    return _mean(evaluation, lambda result: result.cost_usd)


def _mean(evaluation: Evaluation, value: Callable[[Result], float | None]) -> float | None:
    found = [value(result) for result in evaluation.results if not result.failure]
    known = [each for each in found if each is not None]
    return fmean(known) if known and len(known) == len(found) else None


def _over(
    what: str, before: float | None, after: float | None, limit: float | None
) -> Iterator[str]:
    if limit is None or after is None or after <= limit + ROUNDING:
        return
    if before is None or after > before + ROUNDING or before <= limit + ROUNDING:
        yield f"{after:.4g} {what}, and the limit is {limit:g}"
