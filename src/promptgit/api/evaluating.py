"""`promptgit.evaluate`: a prompt on its cases, as files name them or as the caller gives them."""

from __future__ import annotations

from contextlib import closing

from promptgit.api.footing import Footing, Place
from promptgit.api.own import Cases, ModelLike, Scorers
from promptgit.api.progress import Progress, Tell
from promptgit.api.values import Evaluation, shown_as
from promptgit.cli.evaluating import now
from promptgit.core import evaluation
from promptgit.core import prompt as prompts
from promptgit.core.evaluation import Result
from promptgit.core.evidence import evaluation_record, joins
from promptgit.errors import UserError
from promptgit.evaluate.budget import Budget
from promptgit.evaluate.evaluate import collected, run


def evaluate(
    prompt: str | prompts.Prompt,
    *,
    cases: Cases | None = None,
    scorers: Scorers | None = None,
    model: ModelLike | None = None,
    ref: str | None = None,
    repeats: int = 1,
    limit: int | None = None,
    budget: str | Budget | None = None,
    concurrency: int | None = None,
    allow_code: bool = False,
    record: bool = False,
    repo: Place | None = None,
    progress: Tell | None = None,
) -> Evaluation:
    """
    Run a prompt on its cases and score the answers.

    prompt: its name or path in the repository, or a Prompt.  cases: a file, rows such as
    {"input": …, "expected": …}, Cases or a Dataset; else those beside the prompt.  scorers: as an
    eval file has them, {"type": "contains", "value": …}, or functions of (case, output) that
    return a bool, a number from 0 to 1 or a Score; else those of the eval file.  model: a name,
    a Model, or a function of messages that returns text.  ref: the revision to take the prompt
    from; else its file as Git would store it now.  limit: only the first so many cases.  budget:
    2usd, 500calls, 100000tokens, or a Budget that several calls share.  record: keep the evidence
    in the repository, as `promptgit eval` does.  repo: a folder in the repository; else where the
    process stands.  progress: is told of each answer.

    Raises UserError for what the caller has to mend, BudgetSpent when the budget ends before the
    cases do, and WorldError when nothing at all could be scored.
    """
    _refuse_odd_counts(repeats=repeats, limit=limit, concurrency=concurrency)
    footing = Footing.at(
        repo, model=model, budget=budget, needs_repository=isinstance(prompt, str) or record
    )
    alone = cases is not None and scorers is not None and not record
    subject = footing.subject(prompt, ref, alone=alone)
    found_cases = footing.cases(subject, cases)
    found_cases = found_cases.first(limit) if limit else found_cases
    asked = footing.model(subject, model, allow_code=allow_code)
    suite = footing.suite(subject, found_cases, scorers, allow_code=allow_code)
    results: list[Result] = []
    total = len(found_cases) * repeats
    running = run(
        subject.prompt,
        found_cases,
        asked,
        suite,
        repeats=repeats,
        concurrency=concurrency or footing.config.concurrency,
    )
    with closing(running):  # whoever leaves early must not leave callers behind
        for result in running:
            results.append(result)
            if progress:
                progress(Progress(len(results), total, "evaluating", footing.budget.spend))
    found = collected(subject.prompt, found_cases, asked, suite, results)
    if record:
        _keep(footing, subject.path, suite.digest, found)
    return shown_as(Evaluation, found)


def _keep(footing: Footing, path: str, suite: str, found: evaluation.Evaluation) -> None:
    from promptgit.edges.records import Records

    if footing.repository is None or not path:
        raise UserError(
            f"no file of this repository is called {found.prompt.name!r}: it has no evidence",
            hint="leave `record` out",
        )
    written = evaluation_record(found, path=path, suite=suite, half="all", when=now())
    Records(footing.repository.git).put(written, joins(written))


def _refuse_odd_counts(**counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and count < 1:
            raise UserError(f"`{name}` is {count}, and must be 1 or more")
