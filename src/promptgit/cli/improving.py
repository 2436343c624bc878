"""One run of `improve`: search, confirm, record, deliver.  Its command parses and prints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from promptgit.check.dependents import state_after
from promptgit.cli.job import Job
from promptgit.cli.keeping import Keeper
from promptgit.cli.live import ImproveView, Notebooks
from promptgit.cli.remembering import told as remembered
from promptgit.cli.retesting import retests
from promptgit.cli.shortening import ended, sentence, shortens, tested, told_whole
from promptgit.core.candidate import Candidate, Fate, Proposal, proposed
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, merged
from promptgit.core.evidence import verdict_entry
from promptgit.core.patch import derive
from promptgit.core.ports import Notebook
from promptgit.core.spend import Spend
from promptgit.core.verdict import Verdict
from promptgit.edges.delivery import deliver
from promptgit.edges.lock import lock
from promptgit.edges.plumbing import Commit
from promptgit.errors import BudgetSpent, WorldError
from promptgit.improve.improve import improve
from promptgit.improve.improvement import (
    CONFIRMED,
    DRAFT,
    ENOUGH_CASES,
    NOTHING,
    Improvement,
    Retested,
)
from promptgit.improve.lab import lineage
from promptgit.improve.weighing import weighed
from promptgit.report import sentences
from promptgit.report.dependents_text import undelivered
from promptgit.report.improvement_text import facts as told
from promptgit.report.improvement_text import wanted


@dataclass
class Found:
    """The line of descent of a search: the seed, and what improved on it."""

    candidates: list[Candidate] = field(default_factory=list)

    @property
    def seed(self) -> Candidate:
        return self.candidates[0]

    @property
    def best(self) -> Candidate:
        return self.candidates[-1]

    @property
    def chain(self) -> tuple[Candidate, ...]:
        """The candidates from the first patch to the best, in order."""
        return tuple(lineage(self.best))

    @property
    def weighed(self) -> bool:
        """Whether all of them were asked about the same cases."""
        asked = [{r.case_id for r in one.evaluation.results} for one in self.candidates]
        return all(cases == asked[0] for cases in asked)

    @property
    def gain(self) -> float:
        """The best's mean above the seed's, in score points, on the cases that both were asked."""
        both = {result.case_id for result in self.seed.evaluation.results}
        cases = self.best.evaluation.cases.only(both)
        return self.best.evaluation.on(cases).mean - self.seed.evaluation.on(cases).mean


def perform(job: Job, view: ImproveView, *, deliver: bool = True) -> Improvement:
    """
    Run the job to its end; everything is in the journal before it is acted on.

    Unless it is to `deliver`, no branch moves: what is confirmed is kept on the run's own ref.
    Raises Held when somebody else is improving the same prompt, BudgetSpent when not even the
    prompt as it is could be evaluated.
    """
    locks = job.repository.git.state_dir / "locks"
    name = f"prompt-{hashlib.sha256(job.base.path.encode()).hexdigest()[:16]}"
    with lock(locks, name, doing=f"improve {job.base.path}"):
        job.refuse_stale()
        notebook = Notebooks([job.notebook, view])
        notebook.note(
            "start",
            command="improve",
            path=job.base.path,
            commit=job.start_commit,
            ref=job.start_ref,
            started=job.started,
            asked=job.asked.facts,
            inputs=job.inputs,
            remembered=remembered(job.remembered),
        )
        keeper = Keeper(job)
        found = search(job, keeper, view, notebook)
        outcome = concluded(job, keeper, found, view, notebook, delivering=deliver)
        notebook.note("end", state=outcome.state, sentence=outcome.sentence, outcome=told(outcome))
    return outcome


def search(job: Job, keeper: Keeper, view: ImproveView, notebook: Notebook) -> Found:
    """Run the strategy to its end; each survivor is a commit on the run's own ref at once."""
    found, lab = Found(), job.lab(notebook)
    for candidate in improve(job.prompt, job.strategy, lab):
        view.found(candidate)
        if candidate.parents:
            commit = keeper.screen(candidate)
            notebook.note("screened", commit=commit, blob=candidate.prompt.blob)
        found.candidates.append(candidate)
    if not found.candidates:
        raise BudgetSpent(
            "the budget does not reach for a first evaluation and a confirmation",
            hint=f"allow {job.target.least_calls} calls at least, as in "
            f"--budget {job.target.least_calls}calls",
        )
    _refuse_if_the_mentor_was_silent(view.progress.proposals, job.budget.spend)
    line = weighed([found.seed, *found.chain], lab)
    if line != [found.seed, *found.chain]:
        view.progress.weighed([candidate.evaluation.mean for candidate in line])
    found = Found(line)
    keeper.weigh(found.chain)
    return found


def _refuse_if_the_mentor_was_silent(rounds: Sequence[Proposal], spend: Spend) -> None:
    proposals = proposed(rounds)
    paid = spend.usd or spend.unpriced_calls
    if proposals and all(proposal.fate is Fate.FAILED for proposal in proposals):
        raise WorldError(
            f"the mentor answered none of {len(proposals)} times: {proposals[-1].reason}",
            hint="what was paid for is kept" if paid else "nothing was paid",
        )


def concluded(
    job: Job,
    keeper: Keeper,
    found: Found,
    view: ImproveView,
    notebook: Notebook,
    *,
    delivering: bool = True,
) -> Improvement:
    """
    Ask the sealed cases about the best prompt, and deliver it if they confirm it.

    Where there are too few cases to prove anything they are not asked: a look that can accept
    nothing would still make the next one dearer.
    """
    verdict: Verdict | None = None
    pair: tuple[Evaluation, Evaluation] | None = None
    others: tuple[Retested, ...] = ()
    state, chain = DRAFT if found.chain else NOTHING, tuple[Commit, ...]()
    if found.chain and job.halves.enough:
        verdict, baseline, candidate = sealed(job, keeper, found, notebook)
        state, pair = ended(job, verdict), (baseline, candidate)
        if state == CONFIRMED:
            others = retests(job, keeper, found.best.prompt, verdict.alpha, notebook)
            state = state_after(others, state)
        proof = keeper.judged(verdict, baseline, candidate, confirmed=state == CONFIRMED)
        notebook.note("verdict", verdict=verdict_entry(verdict), record=proof.digest)
        if state == CONFIRMED and delivering:
            *steps, tip = found.chain
            tip = replace(tip, why=told_whole(job, tip.why, pair))
            chain = keeper.delivery((*steps, tip), proof)
    outcome = Improvement(
        run=job.run,
        path=job.base.path,
        state=state,
        sentence=undelivered(verdict, others)
        or _sentence(job, found, view, state, verdict, keeper, pair),
        seed=found.seed,
        best=found.best,
        verdict=verdict,
        diff=derive(job.base.path, job.prompt.text, found.best.prompt.text).diff,
        ref=keeper.ref if found.chain else "",
        branch=job.plan.target,
        here=job.base.attached,
        commits=(),
        curve=tuple(view.progress.points),
        spend=job.budget.spend,
        retested=others,
        weighed=found.weighed,
    )
    return delivered(job, outcome, chain, notebook) if chain else outcome


def delivered(
    job: Job, outcome: Improvement, chain: Sequence[Commit], notebook: Notebook
) -> Improvement:
    """Bring the chain to the branch; the journal says beforehand what is to be found there."""
    blob = outcome.best.prompt.blob
    notebook.note("delivering", ref=job.base.ref, blob=blob, outcome=told(outcome))
    commits = deliver(job.repository.git, job.base, chain)
    notebook.note("delivered", commits=list(commits))
    return replace(outcome, commits=commits)


def sealed(
    job: Job, keeper: Keeper, found: Found, notebook: Notebook
) -> tuple[Verdict, Evaluation, Evaluation]:
    """One sequential paired test of the first prompt against the last, on the sealed cases."""
    cases = job.halves.sealed
    alpha = keeper.earlier_look(found.best)
    if alpha is None or not told_before(job, found, alpha):
        alpha = keeper.look(found.best)
    notebook.note("confirming", cases=len(cases), alpha=alpha, look=keeper.looks)
    seen: list[tuple[Evaluation, Evaluation]] = []

    def compare(batch: Dataset) -> tuple[Evaluation, Evaluation]:
        pair = job.evaluate(job.prompt, batch), job.evaluate(found.best.prompt, batch)
        seen.append(pair)
        notebook.note("compared", cases=sum(len(before.cases) for before, _ in seen))
        return pair

    verdict = tested(job, compare, alpha)
    return verdict, merged([b for b, _ in seen]), merged([c for _, c in seen])


class _New(Exception):
    """An answer that nobody has paid for yet."""


def told_before(job: Job, found: Found, alpha: float) -> bool:
    """Say whether the whole test, as it goes at `alpha`, can be read from answers at hand."""

    def compare(batch: Dataset) -> tuple[Evaluation, Evaluation]:
        if not all(job.target.knows(text, batch) for text in (job.prompt, found.best.prompt)):
            raise _New
        return job.evaluate(job.prompt, batch), job.evaluate(found.best.prompt, batch)

    try:
        tested(job, compare, alpha)
    except _New:
        return False
    return True


def _sentence(
    job: Job,
    found: Found,
    view: ImproveView,
    state: str,
    verdict: Verdict | None,
    keeper: Keeper,
    pair: tuple[Evaluation, Evaluation] | None,
) -> str:
    tried = len(proposed(view.progress.proposals))
    more = wanted(job.plan) if view.progress.stopped else ""
    if shortens(job):
        return sentence(
            job,
            (found.seed, found.best),
            verdict,
            pair,
            state=state,
            proposals=tried,
            look=keeper.looks,
            wanted=more,
        )
    gain = found.gain
    if state == DRAFT:
        search, sealed = len(job.halves.search), len(job.halves.sealed)
        return sentences.draft(search, sealed, ENOUGH_CASES, gain)
    if verdict is None:
        seed = found.seed.evaluation
        asked, of = len(seed.results), len(job.halves.search)
        return sentences.nothing_found(tried, seed.mean, asked, of, wanted=more)
    return sentences.confirmation(
        verdict,
        job.policy,
        search_gain=gain,
        proposals=tried,
        calls=job.budget.spend.calls,
        look=keeper.looks,
    )
