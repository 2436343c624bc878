"""A run that looks for a shorter prompt: what it asks of the sealed cases, and how it tells it."""

from __future__ import annotations

from promptgit.check.confirm import Compare, confirm
from promptgit.check.not_worse import not_worse
from promptgit.cli.job import SHORTEN, Job
from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Evaluation
from promptgit.core.verdict import Outcome, Verdict
from promptgit.improve.improvement import DRAFT, ENOUGH_CASES, NOT_BETTER, state_of
from promptgit.improve.size import sizes_of
from promptgit.report import shorter


def shortens(job: Job) -> bool:
    return job.repository.config.improve.strategy == SHORTEN


def tested(job: Job, compare: Compare, alpha: float) -> Verdict:
    """Ask the sealed cases what the run is about: is it better, or is it not worse?"""
    cases, order = job.halves.sealed, job.sealed_order
    if not shortens(job):
        return confirm(cases, compare, job.policy, alpha=alpha, order_seed=order)
    metrics = job.target.use.metrics
    return not_worse(cases, metrics, compare, job.policy, alpha=alpha, order_seed=order)


def sentence(
    job: Job,
    ends: tuple[Candidate, Candidate],
    verdict: Verdict | None,
    pair: tuple[Evaluation, Evaluation] | None,
    *,
    state: str,
    proposals: int,
    look: int,
    wanted: str,
) -> str:
    """
    Tell how a run ended.

    `ends`: its first and last prompt.  `pair`: what sealed cases said.  `wanted`: a budget that
    is enough, where the search ended for want of one.
    """
    seed, best = ends
    before, after = sizes_of(pair or (seed.evaluation, best.evaluation.on(seed.evaluation.cases)))
    if state == DRAFT:
        search, sealed = len(job.halves.search), len(job.halves.sealed)
        return shorter.draft(search, sealed, ENOUGH_CASES, (before, after))
    if verdict is None:
        return shorter.nothing_shorter(proposals, before, wanted=wanted)
    return shorter.confirmation(
        verdict,
        job.policy,
        (before, after),
        than=f"the text of {job.plan.target}",
        proposals=proposals,
        calls=job.budget.spend.calls,
        look=look,
    )


def told_whole(job: Job, why: str, pair: tuple[Evaluation, Evaluation]) -> str:
    """
    Add to the reason of the last commit what the whole run saved; nothing in another run.

    Where it is the only commit, that comes first.
    """
    if not shortens(job):
        return why
    before, after = sizes_of(pair)
    saved = round(before.tokens - after.tokens)
    if job.asked.squash:
        return f"Shorten by {saved} tokens a call. {shorter.tokens(before, after)}.\n\n{why}"
    return f"{why}\n\nThe whole run: shorter by {saved} tokens, {shorter.tokens(before, after)}."


def ended(job: Job, verdict: Verdict) -> str:
    """Return the state that the verdict on the sealed cases leaves the run in."""
    worse = shortens(job) and verdict.outcome is Outcome.REGRESSION
    return NOT_BETTER if worse else state_of(verdict)
