"""What the gate would do, and what it could see, before any call: for `check --explain`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil
from typing import Literal

from promptgit.check.measures import Measure
from promptgit.check.needed import TYPICAL_SPREAD, cases_needed, smallest_drop
from promptgit.check.pairs import FEW_GROUPS, repeating
from promptgit.check.sequential import FEWEST, Kind
from promptgit.check.trial import Trial
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Metric
from promptgit.core.verdict import Policy

MANY = 3  # gated measures: with more, equal prompts pass in less than two runs of three


@dataclass(frozen=True, slots=True)
class GatePlan:
    """How a check would go about it."""

    cases: int  # that count
    set_aside: int  # in quarantine: run, and not counted
    groups: int  # units of evidence: a group of cases counts once
    looks: tuple[int, ...]  # cases that have been run at each look, about, where cases are grouped
    gated: tuple[Measure, ...]  # the score first
    alpha: float  # the chance that a PASS is wrong
    drop_alpha: float  # the chance that one measure's drop is declared and is none
    repeats: int  # answers a case at most
    scope: Literal["population", "suite"]
    spread: float  # of one case's difference, as supposed
    smallest_effect: float | None  # the drop it would find with chance 0.8; None: all are seen
    cases_for_pass: int | None  # that equal prompts need to pass with chance 0.8
    warnings: tuple[str, ...]  # each one sentence

    @property
    def most_calls(self) -> int:
        """Answers at most, of both prompts together."""
        return 2 * (self.cases * self.repeats + self.set_aside)


def plan(
    cases: Dataset,
    policy: Policy,
    *,
    metrics: Sequence[Metric] = (),
    today: date,
    comparisons: int = 1,
    spread: float = TYPICAL_SPREAD,
) -> GatePlan:
    """
    Say how a check of these cases would go, without asking a model.

    `spread`: standard deviation of one case's difference; the default is that of right or wrong
    answers of which 4 in 5 are right, moderately alike on both sides.
    """
    trial = Trial.of(cases, metrics, policy, order_seed="", today=today, comparisons=comparisons)
    counted, groups = len(trial.counted), len(trial.order)
    per_group = counted / groups if groups else 1.0
    for_pass = cases_needed(policy.margin, spread, kind=Kind.PASS_FAIL, alpha=policy.alpha)
    needed = None if for_pass is None else ceil(for_pass * trial.different_per_unit)
    is_suite = policy.scope == "suite"
    found = GatePlan(
        counted,
        len(trial.quarantine.cases),
        groups,
        tuple(min(counted, round(size * per_group)) for size in trial.rule.looks),
        tuple(measure for measure in trial.measures if measure.gated),
        policy.alpha,
        trial.drop_alpha,
        1 if is_suite else policy.repeats,
        policy.scope,
        spread,
        None if is_suite else _smallest(trial, spread),
        1 if is_suite else needed,
        (),
    )
    told = (repeating(trial.repeats, counted),) if trial.repeats else ()
    return replace(found, warnings=(*trial.quarantine.faults, *told, *_warnings(found, policy)))


def _smallest(trial: Trial, spread: float) -> float:
    return smallest_drop(
        max(1, len(trial.order)),
        spread,
        kind=Kind.PASS_FAIL,
        alpha=trial.drop_alpha,
        margin=trial.policy.margin,
        confirmed=trial.policy.confirmed_drops_only,
    )


def _warnings(plan: GatePlan, policy: Policy) -> list[str]:
    if plan.scope == "suite":
        return []
    found = []
    margin = f"{100 * policy.margin:.3g}"
    if plan.cases < FEWEST:
        found.append(f"{plan.cases} cases can never pass; {FEWEST} is the least")
    elif plan.cases_for_pass is None or plan.cases < plan.cases_for_pass:
        wanted = "more" if plan.cases_for_pass is None else f"about {plan.cases_for_pass:,}"
        found.append(
            f"{plan.cases} cases will often not settle a margin of {margin} points: "
            f"equal prompts need {wanted} cases to pass"
        )
    if plan.groups < plan.cases and plan.groups < FEW_GROUPS:
        found.append(f"{plan.groups} groups are few: the range will be uncertain")
    if len(plan.gated) > MANY:
        found.append(
            f"{len(plan.gated)} things are gated, and all of them must hold: "
            "gate fewer, and report the rest"
        )
    return found
