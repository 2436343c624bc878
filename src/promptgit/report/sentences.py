"""One line of English for a verdict: what is known, how sure, on how many cases, and what next."""

from __future__ import annotations

from collections.abc import Sequence

from promptgit.core.gate import Flip, GateFinding, MetricFinding
from promptgit.core.verdict import Outcome, Policy, Verdict


def confirmation(
    verdict: Verdict,
    policy: Policy,
    *,
    search_gain: float | None = None,
    proposals: int | None = None,
    calls: int | None = None,
    look: int = 1,
) -> str:
    """
    Say what the sealed cases proved about the final prompt.

    `search_gain`: gain in the mean on the search half, in score points (0 to 1), which is no
    proof and is labelled so.  `proposals`, `calls`: of the run.  `look`: the how-manieth
    finalist this is that the sealed cases judge.
    """
    gain = f"{points(verdict.effect)} points ({range_of(verdict)})"
    on = f"on {cases_of(verdict)}"
    tuned = "" if search_gain is None else f" ({points(search_gain)} on the search cases)"
    closing = ending(proposals, calls, look)
    match verdict.outcome:
        case Outcome.PASS:
            return f"CONFIRMED: {gain} {on} that chose nothing{tuned}.{closing}"
        case Outcome.INVALID:
            return f"INVALID: {first_reason(verdict)}. Nothing delivered."
        case Outcome.INCONCLUSIVE if not verdict.n:
            return "NOT CONFIRMED: there is no sealed case to confirm with. Nothing delivered."
        case Outcome.INCONCLUSIVE:
            tail = f"{needed(verdict, 'sealed cases')} Nothing delivered.{closing}"
            return f"NOT CONFIRMED: {gain} {on}{tuned}.{tail}"
        case _:
            why = first_reason(verdict)
            tail = f"{on}{tuned}. Nothing delivered.{closing}"
            return f"NOT BETTER: {why or a_gain_ruled_out(policy)}; {gain} {tail}"


def gate_finding(finding: GateFinding) -> str:
    """Say whether the candidate may replace the baseline, and name what decided."""
    protected = [c.case.id for c in finding.cases if c.must_pass and c.flip is Flip.BROKE]
    match finding.outcome:
        case Outcome.PASS:
            return _passed(finding)
        case Outcome.INVALID:
            return f"INVALID: {'; '.join(finding.faults) or ''.join(finding.reasons[:1])}."
        case Outcome.INCONCLUSIVE:
            return _undecided(finding)
        case _ if protected:
            noun = "case" if len(protected) == 1 else "cases"
            named = listed([repr(name) for name in protected], most=3)
            return (
                f"REGRESSION: the must-pass {noun} {named} got worse. "
                f"{move(finding.score)}, {_compared(finding, finding.score)}."
            )
        case _:
            return _got_worse(finding)


def _passed(finding: GateFinding) -> str:
    score = finding.score
    others = [metric.name for metric in finding.metrics[1:] if metric.gated]
    held = f"; {listed(others)} hold{'s' if len(others) == 1 else ''} too" if others else ""
    where = " on these cases" if finding.policy.scope == "suite" else ""
    if got_better(finding):
        return f"PASS: it got better{where}{held}. {move(score)}, {_compared(finding, score)}."
    return (
        f"PASS: {limit(score)} or more is ruled out{where}{held}. "
        f"{move(score)}, {_compared(finding, score)}."
    )


def got_better(finding: GateFinding) -> bool:
    """Say whether a gain is shown, with the same chance of error as a drop would be."""
    return finding.outcome is Outcome.PASS and finding.score.verdict.low > 0


def _undecided(finding: GateFinding) -> str:
    gated = [metric for metric in finding.metrics if metric.gated]
    open_ends = [m for m in gated if m.verdict.outcome is not Outcome.PASS] or [finding.score]
    first, others = open_ends[0], [metric.name for metric in open_ends[1:]]
    if not first.verdict.n:
        return "INCONCLUSIVE: there was no case to compare."
    also = f" Not settled either: {listed(others)}." if others else ""
    return (
        f"INCONCLUSIVE: {move(first)} on {cases_of(first.verdict, 'cases')}{_answers(finding)}; "
        f"{limit(first)} can be neither shown nor ruled out.{also}{needed(first.verdict, 'cases')}"
    )


def _got_worse(finding: GateFinding) -> str:
    worse = [m for m in finding.metrics if m.gated and m.verdict.outcome is Outcome.REGRESSION]
    first, others = (worse or [finding.score])[0], [metric.name for metric in worse[1:]]
    flips = first.verdict.flips
    lost = sum(1 for flip in flips if not flip.fixed)
    won = len(flips) - lost
    counts = f", {lost} case{'s' if lost != 1 else ''} got worse, {won} better"
    also = f" Worse too: {listed(others)}." if others else ""
    return (
        f"REGRESSION: {move(first)}{'' if first.kind == 'guard' else counts}, "
        f"{_compared(finding, first)}.{also}"
    )


def _compared(finding: GateFinding, metric: MetricFinding) -> str:
    verdict = metric.verdict
    spare = sum(1 for found in finding.cases if found.flip is Flip.NOT_RUN)
    unneeded = f", {spare} not needed" if spare else ""
    return f"{verdict.n} of {verdict.of} cases compared{_answers(finding)}{unneeded}"


def _answers(finding: GateFinding) -> str:
    """Say how often cases were asked, where that was more than once."""
    sides = (side for found in finding.cases for side in (found.before, found.after) if side)
    most = max((side.repeats for side in sides), default=1)
    return f" with up to {most} answers each" if most > 1 else ""


def move(metric: MetricFinding) -> str:
    """Say how far a measure moved and how sure that is, named where it is not the score."""
    verdict = metric.verdict
    write = percent if metric.kind == "guard" else points
    unit = "" if metric.kind == "guard" else " points"
    name = "" if metric.kind == "score" else f"{metric.name} "
    if verdict.low == verdict.high:  # of these very cases, and all are in
        return f"{name}{write(verdict.effect)}{unit}"
    share = f"{100 * (1 - 2 * verdict.alpha):.3g}"
    ends = f"{write(verdict.low)} to {write(verdict.high)}"
    return f"{name}{write(verdict.effect)}{unit} ({share} % range {ends})"


def limit(metric: MetricFinding) -> str:
    """Name what a measure may not do: `a drop of 5 points`, `growth by 20 %`."""
    amount = f"{100 * metric.margin:.3g}"
    return f"growth by {amount} %" if metric.kind == "guard" else f"a drop of {amount} points"


def percent(growth: float) -> str:
    """
    Write relative growth with its sign.

    >>> percent(0.123), percent(-0.5), percent(0.0001)
    ('+12.3 %', '-50.0 %', '0.0 %')
    """
    return f"{points(growth)} %"


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """
    Join names as a sentence does.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], most=2)
    ('a', 'a, b and c', 'a, b and 2 more')
    """
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def draft(search: int, sealed: int, least: int, gain: float) -> str:
    """
    Say why so few cases accept nothing, and what the search showed.

    >>> draft(11, 13, 60, 0.081).split(". ")[0]
    'DRAFT: 24 cases cannot prove an improvement, 60 is the least'
    """
    return (
        f"DRAFT: {search + sealed} cases cannot prove an improvement, {least} is the least. "
        f"{points(gain)} points on the {search} search cases, which chose the patch and so prove "
        f"nothing; the {sealed} sealed cases were not asked. Read the diff yourself."
    )


def nothing_found(proposals: int, score: float, asked: int, of: int, *, wanted: str = "") -> str:
    """
    Say that no proposal survived; `score` is the prompt's on the `asked` cases `of` them all.

    `wanted`: where the budget ended the search, the budget that would have been enough.

    >>> nothing_found(1, 0.5, 40, 40).split(". ")[0]
    'NOTHING FOUND: the 1 proposal did not beat the prompt (score 0.500 on all 40 search cases)'
    >>> nothing_found(4, 0.5, 20, 40).split(". ")[0]
    'NOTHING FOUND: none of 4 proposals beat the prompt (score 0.500 on 20 of 40 search cases)'
    >>> nothing_found(0, 0.5, 20, 40, wanted="Allow 2usd").split(" (")[0]
    'NOTHING FOUND: the budget ended the search before any proposal was tried to its end'
    """
    tried = f"none of {proposals:,} proposals beat the prompt"
    if proposals == 1:
        tried = "the 1 proposal did not beat the prompt"
    if not proposals:
        tried = "there was nothing to propose for the prompt"
    if wanted and not proposals:
        tried = "the budget ended the search before any proposal was tried to its end"
    elif wanted:
        tried += ", and then the budget ended the search"
    cases = f"{asked:,} of {of:,}" if asked < of else f"all {of:,}"
    more = f" {wanted}." if wanted else ""
    where = f"(score {score:.3f} on {cases} search cases)"
    return f"NOTHING FOUND: {tried} {where}. Nothing delivered.{more}"


def points(effect: float) -> str:
    """
    Write a difference of scores in points, with its sign.

    >>> points(0.081), points(-0.1), points(0.0004)
    ('+8.1', '-10.0', '0.0')
    """
    rounded = round(100 * effect, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def range_of(verdict: Verdict) -> str:
    """The interval in points, named by its confidence: 90 % at an error of 5 % on each side."""
    return f"{_share(verdict.alpha)} % range {points(verdict.low)} to {points(verdict.high)}"


def why_this_range(alpha: float) -> str:
    """
    Explain the odd number of percents of a confirmation's range.

    >>> why_this_range(0.05 * 6 / 3.14159**2)
    'Why 93.9 %: the ledger allows this look at the sealed cases an error of 3.04 % on each side.'
    """
    return (
        f"Why {_share(alpha)} %: the ledger allows this look at the sealed cases an error of "
        f"{100 * alpha:.3g} % on each side."
    )


def _share(alpha: float) -> str:
    return f"{100 * (1 - 2 * alpha):.3g}"


def cases_of(verdict: Verdict, noun: str = "sealed cases") -> str:
    """
    Say how many cases were compared, and of how many.
    """
    if verdict.n == verdict.of:
        return f"all {verdict.of} {noun}"
    return f"{verdict.n} of {verdict.of} {noun}"


def needed(verdict: Verdict, noun: str) -> str:
    """Say how many cases would settle it, as a sentence with a space before it; or nothing."""
    return f" About {verdict.needed:,} {noun} would settle it." if verdict.needed else ""


def a_gain_ruled_out(policy: Policy) -> str:
    return f"a gain of {100 * policy.min_effect:.3g} points or more is ruled out"


def first_reason(verdict: Verdict) -> str:
    return verdict.reasons[0] if verdict.reasons else ""


def ending(proposals: int | None, calls: int | None, look: int) -> str:
    """Say what the run took, as a sentence with a space before it; or nothing."""
    parts = []
    if proposals is not None:
        parts.append(f"{proposals:,} proposal{'s' if proposals != 1 else ''}")
    if calls is not None:
        parts.append(f"{calls:,} call{'s' if calls != 1 else ''}")
    if look > 1:
        parts.append(f"sealed cases asked for the {ordinal(look)} time")
    return f" {', '.join(parts).capitalize()}." if parts else ""


def ordinal(number: int) -> str:
    """
    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
