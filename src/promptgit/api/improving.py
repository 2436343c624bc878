"""`promptgit.improve`: search for a better prompt; the branch stays where it is unless asked."""

from __future__ import annotations

import os
from typing import Any

from promptgit.api.footing import Place, options_given, repository_at
from promptgit.api.progress import Progress, Tell
from promptgit.api.values import Candidate, Evaluation, Improvement, Prompt, Verdict, shown_as
from promptgit.cli.asking import Asked
from promptgit.cli.improving import perform
from promptgit.cli.job import Door, Job, prepare
from promptgit.cli.live import ImproveView
from promptgit.core import candidate
from promptgit.edges.delivery import recover


def improve(
    prompt: str,
    *,
    budget: str | None = None,
    deliver: bool = False,
    model: str | None = None,
    mentor: str | None = None,
    strategy: str | None = None,
    rounds: int | None = None,
    patience: int | None = None,
    target: float | None = None,
    min_effect: float | None = None,
    cases: Place | None = None,
    step: str | None = None,
    for_all: bool = False,
    branch: str | None = None,
    squash: bool = False,
    seed: int = 0,
    allow_code: bool = False,
    outputs: bool = True,
    repo: Place | None = None,
    progress: Tell | None = None,
) -> Improvement:
    """
    Search for a better prompt, and confirm it on cases that chose nothing.

    deliver: commit what is confirmed to the branch, as `promptgit improve` does; else no branch
    moves, and the work is kept on the ref that the result names.  model, mentor: by name.
    cases: the path of a case file.  step: which one of a pipeline.  for_all: improve a text for all
    prompts that include it, by their cases.  outputs: keep the model's answers in the records.
    progress: is told of each round.  The others are the options of `promptgit improve`; None is
    what promptgit.yaml says.

    A run that is cut short is gone on with by `promptgit improve --resume`.  Raises UserError for
    what would make the run fail, before anything is spent.
    """
    repository = repository_at(repo, model=model)
    asked = Asked(
        prompt=str(repository.git.cwd / repository.prompt_path(prompt)),
        squash=squash,
        seed=seed,
        allow_code=allow_code,
        no_outputs=not outputs,
        for_all=for_all,
        **options_given(
            budget=budget,
            model=model,
            mentor=mentor,
            strategy=strategy,
            rounds=rounds,
            patience=patience,
            target=target,
            min_effect=min_effect,
            branch=branch,
            step=step,
            file=None if cases is None else os.path.abspath(cases),
        ),
    )
    job = prepare(Door(asked, repository, None, recover(repository.git)))
    outcome = perform(job, _Told(job, progress), deliver=deliver)
    facts = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    verdict = None if outcome.verdict is None else shown_as(Verdict, outcome.verdict)
    ends = {"seed": _shown(outcome.seed), "best": _shown(outcome.best), "verdict": verdict}
    return Improvement(**{**facts, **ends})


class _Told(ImproveView):
    """Draws nothing, and tells a function of each round."""

    def __init__(self, job: Job, tell: Tell | None) -> None:
        super().__init__(job.title, lambda: job.budget.spend, quiet=True)
        self._tell = tell
        self._rounds = job.plan.rounds
        self._job = job

    def note(self, kind: str, **facts: Any) -> None:
        super().note(kind, **facts)
        if self._tell is None or kind not in ("asking", "racing", "proposal", "confirming"):
            return
        done = len(self.progress.proposals)
        doing = f"{facts['proposal'].fate.value}" if kind == "proposal" else self.progress.doing
        self._tell(Progress(done, self._rounds, doing, self._job.budget.spend))


def _shown(found: candidate.Candidate) -> Candidate:
    """The candidate and its ancestors, each with a face."""
    return Candidate(
        shown_as(Prompt, found.prompt),
        shown_as(Evaluation, found.evaluation),
        tuple(_shown(parent) for parent in found.parents),
        found.why,
        found.patch,
    )
