"""What a comparison on search cases looks like: an estimate with its label, never a proof."""

from __future__ import annotations

from statistics import NormalDist

from promptgit.check.pairs import Scores, compared, units
from promptgit.check.sequential import interval, z_above
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Outcome, Verdict

LABEL = "screening: measured on the cases it was searched with, so it proves nothing"


def screened(baseline: Evaluation, candidate: Evaluation, *, alpha: float = 0.025) -> Verdict:
    """
    Describe the difference on the candidate's cases, with a plain 1 - 2·alpha interval.

    No stopping rule, no correction for having searched: the outcome is always INCONCLUSIVE.
    """
    cases = candidate.cases
    order = units(cases, "")
    scores = Scores().plus(cases, baseline, candidate)
    seen = compared(order, scores, max((unit.weight for unit in order), default=1.0))
    normal = NormalDist()
    low, high = seen.in_points(interval(seen.tally, -normal.inv_cdf(alpha), seen.kind))
    return Verdict(
        Outcome.INCONCLUSIVE,
        effect=seen.effect,
        low=low,
        high=high,
        n=seen.pairs,
        of=len(cases),
        baseline=seen.baseline,
        candidate=seen.candidate,
        p_value=1 - normal.cdf(z_above(seen.tally, 0.0, seen.kind)),
        alpha=alpha,
        reasons=(LABEL,),
        flips=scores.flips,
        unscored=tuple(sorted(scores.lost)),
    )
