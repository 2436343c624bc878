"""From where a trial ended to what the gate found, in the words that reports show."""

from __future__ import annotations

from math import ceil

from promptgit.check.flips import case_findings
from promptgit.check.measures import Measure
from promptgit.check.needed import cases_to_settle, smallest_drop
from promptgit.check.pairs import grouping
from promptgit.check.rules import Standing
from promptgit.check.sequential import FEWEST, Finding
from promptgit.check.trial import State
from promptgit.core.gate import GateFinding, MetricFinding, worst
from promptgit.core.verdict import Outcome, Verdict

OUTCOMES = {
    Finding.NO_DROP: Outcome.PASS,
    Finding.DROP: Outcome.REGRESSION,
    Finding.UNDECIDED: Outcome.INCONCLUSIVE,
    Finding.OPEN: Outcome.INCONCLUSIVE,
}


def gate_finding(state: State, *, judge_quarantine: bool = True) -> GateFinding:
    """Put together what was found; a state that is still open is inconclusive."""
    trial = state.trial
    faults = trial.quarantine.faults if judge_quarantine else ()
    outcome = worst([state.outcome or Outcome.INCONCLUSIVE, *[Outcome.INVALID] * bool(faults)])
    reasons = [*_must_pass(state), *faults, *state.gaps, *_decisive(state, outcome)]
    return GateFinding(
        trial.rules,
        outcome,
        trial.policy,
        tuple(_metrics(state)),
        case_findings(trial.cases, state.answers, trial.known),
        (*reasons, *_notes(state)),
        _smallest_effect(state),
        faults,
    )


def _metrics(state: State) -> list[MetricFinding]:
    trial = state.trial
    standings = list(state.standings)
    without_cost = bool(state.answers.why_no_cost)
    standings += [
        trial.standing(measure, state.answers, min(state.look, trial.last))
        for measure in trial.measures
        if not measure.gated and not trial.is_absent(measure, without_cost=without_cost)
    ]
    return [
        MetricFinding(
            one.measure.name,
            one.measure.kind,
            _verdict(state, one),
            one.measure.margin,
            one.measure.gated,
        )
        for one in standings
        if one.measure.gated or _is_telling(one)
    ]


def _is_telling(standing: Standing) -> bool:
    """Say whether something that only informs has anything to say; no price is no cost."""
    seen = standing.seen
    return standing.measure.kind != "guard" or seen.baseline > 0 or seen.candidate > 0


def _verdict(state: State, standing: Standing) -> Verdict:
    trial, seen = state.trial, standing.seen
    scores = trial.scores(standing.measure, state.answers)
    drawn = trial.drawn(standing.look)
    is_score = standing.measure.kind == "score"
    worse = frozenset(state.worse) if is_score else frozenset()
    outcome = OUTCOMES[standing.finding]
    reasons = [_reason(state, standing)]
    if worse:
        outcome, reasons = Outcome.REGRESSION, _must_pass(state)
    elif state.gaps and standing.measure.gated:
        outcome, reasons = Outcome.INVALID, list(state.gaps)
    low, high = standing.range
    return Verdict(
        outcome=outcome,
        effect=standing.effect,
        low=low,
        high=high,
        n=seen.pairs,
        of=len(trial.counted),
        baseline=seen.baseline,
        candidate=seen.candidate,
        p_value=standing.p_value,
        alpha=trial.policy.alpha,
        reasons=tuple(reasons),
        flips=()
        if standing.measure.kind == "guard"
        else tuple(flip for flip in scores.flips if flip.case_id in drawn | worse),
        unscored=tuple(sorted(scores.lost)),
        aside=tuple(sorted(scores.paired - drawn)),
        needed=_needed(state, standing) if outcome is Outcome.INCONCLUSIVE else None,
        looks=standing.look + 1,
    )


def _must_pass(state: State) -> list[str]:
    scores = state.trial.scores(state.trial.measures[0], state.answers)
    return [
        f"the must-pass case {case!r} got worse: "
        f"{scores.before[case]:.4f} -> {scores.after[case]:.4f}"
        for case in state.worse
    ]


def _decisive(state: State, outcome: Outcome) -> list[str]:
    """Why the gated measures lead to the outcome; nothing where something else decided."""
    if state.worse or state.gaps or outcome is Outcome.INVALID:
        return []
    wanted = {
        Outcome.PASS: {Finding.NO_DROP},
        Outcome.REGRESSION: {Finding.DROP},
        Outcome.INCONCLUSIVE: {Finding.UNDECIDED, Finding.OPEN},
    }[outcome]
    return [
        f"{_named(one.measure)}{_reason(state, one)}"
        for one in state.standings
        if one.finding in wanted
    ]


def _named(measure: Measure) -> str:
    return "" if measure.kind == "score" else f"{measure.name}: "


def _reason(state: State, standing: Standing) -> str:
    measure, seen, trial = standing.measure, standing.seen, state.trial
    limit = limit_of(measure)
    if standing.finding is Finding.NO_DROP:
        return f"{limit} or more is ruled out"
    if standing.finding is Finding.DROP:
        return f"that it got worse is shown, and the estimate reaches {limit}"
    if not seen.pairs:
        return "nothing could be compared"
    if standing.finding is Finding.OPEN:
        return "not settled when another answer came"
    if standing.look < trial.last:
        of = len(trial.counted)
        return f"stopped after {seen.pairs} of {of} cases: the others would hardly settle it"
    if seen.tally.squares == 0:
        return "nothing changed, and so few cases rule little out"
    return f"the {seen.pairs} cases do not settle it"


def limit_of(measure: Measure) -> str:
    """
    Name what a measure may not do.

    >>> limit_of(Measure("score", "score", 0.05)), limit_of(Measure("cost", "guard", 0.2))
    ('a drop of 5 points', 'growth by 20 %')
    """
    amount = f"{100 * measure.margin:.3g}"
    return f"growth by {amount} %" if measure.kind == "guard" else f"a drop of {amount} points"


def _notes(state: State) -> list[str]:
    """What a reader should know beside the verdict."""
    trial = state.trial
    notes = []
    if state.answers.why_no_cost and state.answers.asked and "cost" in trial.policy.guards:
        notes.append(f"the cost guard was left out: {state.answers.why_no_cost}")
    if state.lost and not state.gaps:
        notes.append(f"{len(state.lost)} pairs have no score and were left out")
    if trial.quarantine.cases:
        names = ", ".join(sorted(trial.quarantine.cases))
        notes.append(f"in quarantine, run and not counted: {names}")
    cases = len(trial.counted)
    notes += grouping(trial.order)
    if cases < FEWEST and trial.policy.scope == "population":
        notes.append(f"{cases} cases are too few to rule anything out")
    return notes


def _needed(state: State, standing: Standing) -> int | None:
    trial, seen = state.trial, standing.seen
    if standing.finding is Finding.OPEN or not trial.order:
        return None
    found = cases_to_settle(
        seen.tally,
        kind=seen.kind,
        margin=standing.measure.line * seen.scale,
        alpha=trial.policy.alpha,
    )
    if found is None:
        return None
    return max(ceil(found * trial.different_per_unit), len(trial.counted) + 1)


def _smallest_effect(state: State) -> float | None:
    """The drop of the score that all cases together would show with chance 0.8."""
    trial, seen = state.trial, state.standings[0].seen
    if seen.tally.n < 2 or trial.policy.scope == "suite":
        return None
    found = smallest_drop(
        len(trial.order),
        seen.tally.spread,
        kind=seen.kind,
        alpha=trial.drop_alpha,
        margin=trial.policy.margin * seen.scale,
        confirmed=trial.policy.confirmed_drops_only,
    )
    return min(1.0, found / seen.scale)
