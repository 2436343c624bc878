"""
Confirmation: is the final prompt better than the first, on cases that chose nothing?

The gate's question with the sides swapped, on the same engine (`sequential`): a drop of -d that
is shown and estimated at `min_effect` or more is an improvement; ruling such a drop out means
that there is no improvement worth having.  Sealed cases are asked for batch by batch, and no
more of them than the answer needs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import ceil, nan

from promptgit.check.bounds import Plan, p_value
from promptgit.check.needed import cases_to_settle
from promptgit.check.pairs import Comparison, Scores, Unit, compared, grouping, units
from promptgit.check.sequential import FEWEST, Finding, decide, interval, z_above
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Outcome, Policy, Verdict

Compare = Callable[[Dataset], tuple[Evaluation, Evaluation]]  # first and final prompt, on these
Confirmation = Generator[Dataset, tuple[Evaluation, Evaluation], Verdict]

OUTCOMES = {
    Finding.DROP: Outcome.PASS,  # of the mirrored differences
    Finding.NO_DROP: Outcome.NOT_BETTER,
    Finding.UNDECIDED: Outcome.INCONCLUSIVE,
}


def confirm(
    cases: Dataset, compare: Compare, policy: Policy, *, alpha: float, order_seed: str
) -> Verdict:
    """
    Say whether the candidate is better than the baseline on the sealed `cases`.

    `compare` evaluates both on the cases that it is given, which are new each time.  PASS: better
    than 0 shown, and by `policy.min_effect` or more as best guess.  NOT BETTER: an effect of
    `policy.min_effect` is ruled out, or a must-pass case got worse.  INCONCLUSIVE: neither, with
    the number of cases that would settle it.  INVALID: too many pairs have no score.  Each of
    the first two is wrong with chance `alpha` (0 to 0.5) at most, however early it stops.
    """
    steps = confirmation(cases, policy, alpha=alpha, order_seed=order_seed)
    answers: tuple[Evaluation, Evaluation] | None = None
    while True:
        try:
            batch = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict
        answers = compare(batch)


def confirmation(cases: Dataset, policy: Policy, *, alpha: float, order_seed: str) -> Confirmation:
    """Yield the cases to compare next, be sent both evaluations of them, return the verdict."""
    order = units(cases, order_seed)
    if not order:
        return nothing_to_compare(alpha)
    trial = Trial(cases, order, policy, Plan.of(len(order), alpha))
    scores = Scores()
    for look, size in enumerate(trial.plan.looks):
        drawn = {case.id for unit in order[:size] for case in unit.cases}
        batch = cases.only((drawn | trial.vital) - scores.asked)
        if len(batch):
            baseline, candidate = yield batch
            scores = scores.plus(batch, baseline, candidate)
        verdict = trial.verdict(scores, look)
        if verdict is not None:
            return verdict
    raise AssertionError("the last look always concludes")


@dataclass(frozen=True)
class Trial:
    """The rules of one confirmation: what each look concludes from the scores so far."""

    cases: Dataset
    order: tuple[Unit, ...]
    policy: Policy
    plan: Plan

    @property
    def vital(self) -> frozenset[str]:
        """Ids of the cases that may never get worse: compared first, in whatever order."""
        names = set(self.policy.must_pass)
        return frozenset(case.id for case in self.cases if names & {case.id, *case.tags})

    def verdict(self, scores: Scores, look: int) -> Verdict | None:
        """Conclude from this look, or return None to go on to the next."""
        heaviest = max(unit.weight for unit in self.order)
        seen = compared(self.order[: self.plan.looks[look]], scores, heaviest)
        worse = scores.got_worse(self.vital)
        if worse:
            reasons = [
                f"the must-pass case {case!r} got worse: "
                f"{scores.before[case]:.4f} -> {scores.after[case]:.4f}"
                for case in worse
            ]
            return self._conclude(Outcome.NOT_BETTER, seen, scores, look, reasons)
        gaps = self._gaps(scores)
        if gaps:
            return self._conclude(Outcome.INVALID, seen, scores, look, gaps)
        finding = self._finding(seen, look)
        if finding is Finding.OPEN:
            return None
        spotty = len(scores.lost) > self.policy.max_unscored * len(scores.asked)
        if spotty and finding is not Finding.UNDECIDED:
            return None  # later looks dilute the failures, or the verdict is INVALID
        reason = self._reason(finding, seen, look)
        return self._conclude(OUTCOMES[finding], seen, scores, look, [reason])

    def _finding(self, seen: Comparison, look: int) -> Finding:
        margin = self.policy.min_effect * seen.scale
        return decide(seen.tally.mirrored, self.plan, look, kind=seen.kind, margin=margin)

    def _gaps(self, scores: Scores) -> list[str]:
        """Say why failures leave no ground for a verdict, if they do."""
        lost, of = len(scores.lost), len(self.cases)
        silent = sorted(scores.lost & self.vital)
        reasons = [f"the must-pass case {case!r} has no score" for case in silent]
        if lost > self.policy.max_unscored * of:
            allowed = f"{100 * self.policy.max_unscored:g} %"
            reasons.append(f"{lost} of {of} pairs have no score, more than the {allowed} allowed")
        return reasons

    def _reason(self, finding: Finding, seen: Comparison, look: int) -> str:
        wanted = f"{self.policy.min_effect:g}"
        if finding is Finding.DROP:
            return f"no gain at all is ruled out, and the estimate reaches the {wanted} asked for"
        if finding is Finding.NO_DROP:
            return f"a gain of {wanted} or more is ruled out"
        if look < self.plan.last:
            of = len(self.cases)
            return f"stopped after {seen.pairs} of {of} cases: the others would hardly settle it"
        if seen.tally.squares == 0:
            return "no case changed its score"
        return f"the {seen.pairs} cases do not settle it"

    def _warnings(self) -> list[str]:
        found = grouping(self.order)
        if len(self.cases) < FEWEST:
            found.append(f"{len(self.cases)} cases are too few to rule anything out")
        return found

    def _conclude(
        self, outcome: Outcome, seen: Comparison, scores: Scores, look: int, reasons: list[str]
    ) -> Verdict:
        drawn = {case.id for unit in self.order[: self.plan.looks[look]] for case in unit.cases}
        worse = set(scores.got_worse(self.vital))
        low, high = seen.in_points(interval(seen.tally, self.plan.bounds[look], seen.kind))
        return Verdict(
            outcome=outcome,
            effect=seen.effect,
            low=low,
            high=high,
            n=seen.pairs,
            of=len(self.cases),
            baseline=seen.baseline,
            candidate=seen.candidate,
            p_value=p_value(self.plan, look, z_above(seen.tally, 0.0, seen.kind)),
            alpha=self.plan.alpha,
            reasons=(*reasons, *self._warnings()),
            flips=tuple(f for f in scores.flips if f.case_id in drawn | worse),
            unscored=tuple(sorted(scores.lost)),
            aside=tuple(sorted(scores.paired - drawn)),
            needed=self._needed(seen) if outcome is Outcome.INCONCLUSIVE else None,
            looks=look + 1,
        )

    def _needed(self, seen: Comparison) -> int | None:
        found = cases_to_settle(
            seen.tally.mirrored,
            kind=seen.kind,
            margin=self.policy.min_effect * seen.scale,
            alpha=self.plan.alpha,
        )
        if found is None:
            return None
        per_unit = len(self.cases) / len(self.order)
        return max(ceil(found * per_unit), len(self.cases) + 1)


def nothing_to_compare(alpha: float) -> Verdict:
    return Verdict(
        Outcome.INCONCLUSIVE,
        effect=0.0,
        low=-1.0,
        high=1.0,
        n=0,
        of=0,
        baseline=nan,
        candidate=nan,
        p_value=1.0,
        alpha=alpha,
        reasons=("there is no sealed case",),
        looks=0,
    )
