"""Before an edit of shared text is delivered, all who use the text are asked one by one."""

from __future__ import annotations

from promptgit.check.dependents import retested
from promptgit.cli.job import Job
from promptgit.cli.keeping import Keeper
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import verdict_entry
from promptgit.core.ports import Notebook
from promptgit.core.prompt import Prompt
from promptgit.improve.improvement import Retested
from promptgit.improve.target import Dependent


def retests(
    job: Job, keeper: Keeper, final: Prompt, alpha: float, notebook: Notebook
) -> tuple[Retested, ...]:
    """
    Say of everybody who uses the edited file whether it got worse for them; record the answers.

    `alpha` is what the ledger allows this look at the sealed cases.
    """
    every = job.target.dependents
    return tuple(_retest(job, keeper, one, final, alpha, notebook) for one in every)


def _retest(
    job: Job, keeper: Keeper, one: Dependent, final: Prompt, alpha: float, notebook: Notebook
) -> Retested:
    notebook.note("retesting", name=one.name, cases=len(one.halves.sealed), alpha=alpha)
    seen: list[tuple[Evaluation, Evaluation]] = []

    def compare(batch: Dataset) -> tuple[Evaluation, Evaluation]:
        seen.append((one.use.evaluate(job.prompt, batch), one.use.evaluate(final, batch)))
        return seen[-1]

    found = retested(
        one,
        compare,
        alpha=alpha,
        of=len(job.target.dependents),
        today=job.day,
        order_seed=f"{job.sealed_order} {one.name}",
    )
    record = keeper.held(one, found.verdict, seen).digest if seen else ""
    entry = verdict_entry(found.verdict)
    notebook.note("retested", name=one.name, verdict=entry, record=record)
    return found
