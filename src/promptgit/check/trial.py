"""One comparison of two prompts: its cases, its rules, and where it stands after each look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from promptgit.check.answers import Answers
from promptgit.check.bounds import Plan
from promptgit.check.flips import Known
from promptgit.check.measures import Measure, measures
from promptgit.check.pairs import Comparison, Scores, Unit, compared, units
from promptgit.check.quarantine import Quarantine, quarantine
from promptgit.check.rules import ByPlan, BySuite, Rule, Standing
from promptgit.check.sequential import Finding
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Metric
from promptgit.core.gate import Origin
from promptgit.core.verdict import Outcome, Policy

KEPT = 0.4  # of alpha, for repeats, where the policy allows them


@dataclass(frozen=True)
class Trial:
    """What is compared, and by which rules; the same from the first case to the last."""

    cases: Dataset
    order: tuple[Unit, ...]  # of the cases that count
    measures: tuple[Measure, ...]  # the score first
    policy: Policy
    rule: Rule
    rules: Literal["base", "head"] = "base"
    drop_alpha: float = 0.05
    quarantine: Quarantine = field(default_factory=Quarantine)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    flaky: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        cases: Dataset,
        metrics: Sequence[Metric],
        policy: Policy,
        *,
        order_seed: str,
        today: date,
        comparisons: int = 1,
        at_once: bool = False,
    ) -> Trial:
        """`at_once`: all answers are there, so that one look is enough."""
        held = quarantine(cases, policy, today)
        counted = cases.only({case.id for case in cases} - held.cases.keys())
        order = units(counted, order_seed)
        all_measures = measures(metrics, policy)
        gated = sum(measure.gated for measure in all_measures)
        drop_alpha = policy.alpha / (gated * comparisons)
        size = max(1, len(order))
        rule: Rule
        if policy.scope == "suite":
            rule = BySuite(size, policy.alpha, drop_alpha, at_once=at_once)
        elif at_once:
            rule = ByPlan(
                Plan.once(size, policy.alpha),
                Plan.once(size, drop_alpha),
                policy.confirmed_drops_only,
            )
        else:
            kept = KEPT if policy.repeats > 1 else 0.0
            rule = ByPlan(
                Plan.of(size, policy.alpha, kept=kept),
                Plan.of(size, drop_alpha, kept=kept),
                policy.confirmed_drops_only,
                may_give_up=policy.repeats == 1,
            )
        return cls(
            cases,
            order,
            all_measures,
            policy,
            rule,
            drop_alpha=drop_alpha,
            quarantine=held,
        )

    @property
    def last(self) -> int:
        return len(self.rule.looks) - 1

    @cached_property
    def counted(self) -> frozenset[str]:
        """Ids of the cases that the verdict is about."""
        return frozenset(case.id for unit in self.order for case in unit.cases)

    @property
    def repeats(self) -> int:
        """How many of the cases that count only say what another one says."""
        return sum(unit.repeats for unit in self.order)

    @property
    def different_per_unit(self) -> float:
        """How many cases that say different things a unit of evidence takes."""
        return (len(self.counted) - self.repeats) / max(1, len(self.order))

    @cached_property
    def vital(self) -> frozenset[str]:
        """Ids of the cases that may never get worse."""
        names = set(self.policy.must_pass)
        return frozenset(case.id for case in self.cases if names & {case.id, *case.tags})

    @cached_property
    def heaviest(self) -> float:
        return max((unit.weight for unit in self.order), default=1.0)

    @property
    def known(self) -> Known:
        return Known(self.vital, self.quarantine.cases, self.origins, self.flaky)

    def drawn(self, look: int) -> frozenset[str]:
        """Ids of the cases whose turn has come by this look."""
        last_look = min(look, self.last)  # later ones ask the same cases again
        size = self.rule.looks[last_look]
        return frozenset(case.id for unit in self.order[:size] for case in unit.cases)

    def due(self, look: int) -> frozenset[str]:
        """Ids of the cases to have been run by this look; what decides alone is run first."""
        return self.drawn(look) | self.vital | self.quarantine.cases.keys()

    def scores(self, measure: Measure, answers: Answers) -> Scores:
        return answers.scores(measure, self.counted)

    def standing(
        self, measure: Measure, answers: Answers, look: int, rule: Rule | None = None
    ) -> Standing:
        """Compare the cases whose turn has come, by one measure."""
        rule = rule or self.rule
        scores = self.scores(measure, answers)
        seen = self.compared(measure, scores, self.rule.looks[min(look, self.last)])
        finding = rule.finding(seen, measure.line, look) if self.order else Finding.UNDECIDED
        return Standing(measure, rule, look, seen, finding, scores.lost)

    def compared(self, measure: Measure, scores: Scores, size: int | None = None) -> Comparison:
        return compared(self.order[:size], scores, self.heaviest, measure.difference)

    def state(self, answers: Answers, look: int, before: State | None = None) -> State:
        """Say where every gated measure stands; one that is settled stays as it was."""
        settled = {} if before is None or before.is_spotty else before.settled
        without_cost = "cost" in self.policy.guards and bool(answers.why_no_cost)
        standings = tuple(
            settled.get(measure.name_and_kind) or self.standing(measure, answers, look)
            for measure in self.measures
            if measure.gated and not self.is_absent(measure, without_cost=without_cost)
        )
        return State(self, answers, look, standings)

    def is_absent(self, measure: Measure, *, without_cost: bool) -> bool:
        """Say whether there is nothing to measure."""
        return without_cost and measure.name_and_kind == ("cost", "guard")


@dataclass(frozen=True)
class State:
    """Where a trial stands after a look."""

    trial: Trial
    answers: Answers
    look: int
    standings: tuple[Standing, ...]  # of the gated measures, the score first

    @property
    def settled(self) -> dict[tuple[str, str], Standing]:
        return {one.measure.name_and_kind: one for one in self.standings if one.is_settled}

    @property
    def unsettled(self) -> tuple[Standing, ...]:
        return tuple(one for one in self.standings if not one.is_settled)

    @cached_property
    def worse(self) -> tuple[str, ...]:
        """Ids of the must-pass cases that got worse."""
        if not self.trial.vital:
            return ()
        score = self.trial.measures[0]
        return self.trial.scores(score, self.answers).got_worse(self.trial.vital)

    @property
    def lost(self) -> frozenset[str]:
        """Ids of the cases that some gated measure has no pair of."""
        return frozenset().union(*(standing.lost for standing in self.standings))

    @property
    def is_spotty(self) -> bool:
        """Too many of the pairs so far are lost; cases to come may make up for them."""
        asked = self.answers.asked & self.trial.counted
        return len(self.lost) > self.trial.policy.max_unscored * len(asked)

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """Why there is no ground for a verdict, each a sentence."""
        trial = self.trial
        silent = sorted(self.standings[0].lost & trial.vital)
        reasons = [f"the must-pass case {case!r} has no score" for case in silent]
        lost, of = len(self.lost), len(trial.counted)
        if lost > trial.policy.max_unscored * of:
            allowed = f"{100 * trial.policy.max_unscored:g} %"
            reasons.append(f"{lost} of {of} pairs have no score, more than the {allowed} allowed")
        return tuple(reasons)

    @property
    def outcome(self) -> Outcome | None:
        """What the answers so far settle; None: go on."""
        if self.worse:
            return Outcome.REGRESSION
        if self.gaps:
            return Outcome.INVALID
        findings = {standing.finding for standing in self.standings}
        if self.is_spotty:
            return None
        if Finding.DROP in findings:
            return Outcome.REGRESSION
        if findings == {Finding.NO_DROP}:
            return Outcome.PASS
        return None if Finding.OPEN in findings else Outcome.INCONCLUSIVE
