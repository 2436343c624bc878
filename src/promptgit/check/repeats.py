"""
Repeats: further answers to the same cases, bought only where they would settle it.

More cases are always worth more than more answers, so repeats wait until there are no more
cases.  They help as far as a difference is chance within the case: with a share `w` of that, r
answers to each of n cases are worth n / (1 - w + w/r) cases.  Below one half they are not worth
their price.  The share is measured first, on a few cases that are asked twice.

The looks that repeats add are further looks of the same plan.  Its cases leave a part of alpha
for them, and where no repeats follow, the last look at the cases spends it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from statistics import fmean

from promptgit.check.answers import Answers
from promptgit.check.ask import Ask
from promptgit.check.pairs import Comparison
from promptgit.check.rules import ByPlan, Standing
from promptgit.check.sequential import Finding
from promptgit.check.trial import KEPT, State, Trial
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Outcome

WORTH_REPEATING = 0.5  # share of the variance that is chance within the case
PILOT = 30  # units of evidence that are asked twice to measure it

Repeating = Generator[Ask, tuple[Evaluation, Evaluation], State]


def repeated(state: State) -> Repeating:
    """Yield what to ask again, be sent both evaluations of it, return where that led."""
    trial = state.trial
    if state.look < trial.last or not isinstance(trial.rule, ByPlan):
        return state
    if not any(one.seen.tally.spread for one in state.unsettled):
        return _at_the_end(state)  # nothing differs: what would there be to average?
    pilot = trial.cases.only(case.id for unit in trial.order[:PILOT] for case in unit.cases)
    baseline, candidate = yield Ask(pilot, 1)
    twice = Answers().plus(pilot, baseline, candidate)
    answers = state.answers.plus(pilot, baseline, candidate)
    if not any(_is_promising(state, one, twice) for one in state.unsettled):
        return replace(_at_the_end(state), answers=answers)

    first, asked = state, {case.id for case in pilot}
    for repeat in range(1, trial.policy.repeats):
        rest = trial.cases.only(trial.counted - asked)
        if len(rest):
            baseline, candidate = yield Ask(rest, repeat)
            answers = answers.plus(rest, baseline, candidate)
        asked = set()
        state = _look_again(state, first, answers, repeat)
        if state.outcome is not Outcome.INCONCLUSIVE:
            break
    return state


def _is_promising(state: State, standing: Standing, again: Answers) -> bool:
    """Say whether repeats are worth their price and have a fair chance to settle it."""
    trial = state.trial
    share = share_within(trial, standing, state.answers, again)
    if share < WORTH_REPEATING or not isinstance(standing.rule, ByPlan):
        return False
    size = trial.rule.looks[-1]
    at_best = max(size + 1, round(size / (1 - share + share / trial.policy.repeats)))
    rule = replace(standing.rule.with_look(at_best, 1.0), may_give_up=True)
    return rule.finding(standing.seen, standing.measure.line, trial.last) is Finding.OPEN


def share_within(trial: Trial, standing: Standing, once: Answers, again: Answers) -> float:
    """
    Return the share of the differences' variance that is chance within the case, 0 to 1.

    `again`: second answers to some of the cases.
    """
    measure = standing.measure
    ids = once.scores(measure, again.asked).paired & again.scores(measure, again.asked).paired
    pairs = (trial.compared(measure, answers.scores(measure, ids)) for answers in (once, again))
    first, second = pairs
    total = standing.seen.tally.spread**2
    if not total or not ids:
        return 0.0
    moved = zip(first.differences, second.differences, strict=True)
    within = fmean((one - other) ** 2 / 2 for one, other in moved)
    return min(1.0, within / total)


def _at_the_end(state: State) -> State:
    """Take the last look at the cases once more, with all of alpha."""
    trial = state.trial
    assert isinstance(trial.rule, ByPlan)
    rule = trial.rule.to_the_end()
    standings = tuple(
        one if one.is_settled else trial.standing(one.measure, state.answers, state.look, rule)
        for one in state.standings
    )
    return replace(state, standings=standings)


def _look_again(state: State, first: State, answers: Answers, repeat: int) -> State:
    """Judge what is open by the means over all answers so far; `first`: before any repeat."""
    trial = state.trial
    spent = 1 - KEPT + KEPT * repeat / (trial.policy.repeats - 1)
    look = trial.last + repeat
    standings = []
    for one, before in zip(state.standings, first.standings, strict=True):
        if one.is_settled:
            standings.append(one)
            continue
        assert isinstance(one.rule, ByPlan)
        size = _worth(
            before.seen, trial.compared(one.measure, trial.scores(one.measure, answers)), repeat + 1
        )
        size = max(round(size * trial.rule.looks[-1]), one.rule.looks[-1] + 1)
        standings.append(
            trial.standing(one.measure, answers, look, one.rule.with_look(size, spent))
        )
    return State(trial, answers, look, tuple(standings))


def _worth(once: Comparison, now: Comparison, repeats: int) -> float:
    """How many times as many pairs the means over so many answers count for."""
    if not now.tally.spread:
        return repeats if once.tally.spread else 1.0
    return min(repeats, max(1.0, (once.tally.spread / now.tally.spread) ** 2))
