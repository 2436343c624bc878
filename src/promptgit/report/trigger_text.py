"""Why a trigger fires, or does not: the number, its range, and how many conversations say so."""

from __future__ import annotations

from math import isfinite

from promptgit.flywheel.condition import Drifting
from promptgit.flywheel.trigger import ENOUGH, Finding, Judgement
from promptgit.report.metric_words import amount


def why(judgement: Judgement) -> str:
    """Join what was found of each part of a condition."""
    return "; ".join(map(sentence, judgement.findings))


def sentence(finding: Finding) -> str:
    """
    Say of one part what was measured, and what follows.

    >>> from promptgit.flywheel.grammar import parse
    >>> from promptgit.flywheel.cube import Metric
    >>> asked = parse("quality_score < 7")
    >>> sentence(Finding(asked, None, Metric("quality_score", unit="number"), 6.9, 6.4, 7.4, 24))
    'quality_score is 6.90 (90 % range 6.40 to 7.40, 24 conversations): below 7 is not proven'
    """
    asked, metric = finding.asked, finding.metric
    if isinstance(asked, Drifting):
        ending = {True: "has drifted", False: "has not drifted", None: "has too little history"}
        return f"{asked.metric} {ending[finding.holds]}"
    if finding.value is None:
        reason = (
            "the window before has nothing to compare with" if asked.changed else "not measured"
        )
        return f"{asked.metric}: {reason}"
    side = "below" if asked.below else "above"
    limit = f"{asked.number:g}{' %' if asked.unit == '%' else asked.unit and ' ' + asked.unit}"
    if asked.changed:
        now = finding.before and finding.before * (1 + finding.value)
        shown = (
            f"{asked.metric} changed by {100 * finding.value:+.1f} %, from "
            f"{amount(metric.unit, finding.before)} to {amount(metric.unit, now)}"
        )
        limit = f"{asked.number:+g} %"
    else:
        shown = f"{asked.metric} is {amount(metric.unit, finding.value)}"
    if metric.unit != "count":
        many = f"{finding.conversations:,} conversation{'s' * (finding.conversations != 1)}"
        if isfinite(finding.low) and isfinite(finding.high) and not finding.few:
            low, high = amount(metric.unit, finding.low), amount(metric.unit, finding.high)
            many = f"90 % range {low} to {high}, {many}"
        shown += f" ({many})"
    if finding.holds is None and finding.few:
        return f"{shown}: too few to prove anything, {ENOUGH} are needed"
    ending = {
        True: f"{side} {limit}",
        False: f"not {side} {limit}",
        None: f"{side} {limit} is not proven",
    }
    return f"{shown}: {ending[finding.holds]}"
