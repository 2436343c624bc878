"""One evaluation, from what was typed to an Evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from promptgit.cli import telling
from promptgit.cli.bench import Bench
from promptgit.cli.live import counted
from promptgit.cli.pipeline_files import model_for
from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.evidence import evaluation_record, joins
from promptgit.core.ports import Model
from promptgit.core.prompt import Prompt
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.records import Records
from promptgit.errors import BudgetSpent
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.evaluate.evaluate import collected, run
from promptgit.evaluate.suite import Suite


@dataclass(frozen=True)
class Task:
    """All that is known before the first call."""

    path: str
    prompt: Prompt
    cases: Dataset
    model: Model
    suite: Suite
    budget: Budget
    repeats: int
    concurrency: int
    estimate: Estimate
    store: SqliteAnswers

    @property
    def answers(self) -> int:
        """How many it is to be."""
        return len(self.cases) * self.repeats


class Stopped(Exception):
    """The budget ended an evaluation half-way; what was paid for is in `evaluation`."""

    def __init__(self, evaluation: Evaluation, cause: BudgetSpent) -> None:
        super().__init__(cause.message)
        self.evaluation = evaluation
        self.cause = cause


def prepare(
    repository: Repository,
    name: str,
    *,
    revision: str | None,
    file: str | None,
    limit: int | None,
    repeats: int,
    budget: str | None,
    concurrency: int | None,
    allow_code: bool,
    dry_run: bool = False,
) -> Task:
    """Read everything, build everything, call nothing; for a `dry_run` without a key."""
    config = repository.config
    path = repository.prompt_path(name)
    asked = repository.eval_file(path)
    prompt = repository.prompt(path, revision)
    cases = repository.cases(path, asked, file=file)
    cases = cases.first(limit) if limit else cases
    store = repository.store()
    purse = Budget(Cap.read(budget) if budget else config.budget)
    bench = Bench(config, store, purse, estimates_only=dry_run)
    choice = repository.model_choice(asked)
    model = model_for(bench, repository, prompt, choice, allow_code=allow_code)
    return Task(
        path=path,
        prompt=prompt,
        cases=cases,
        model=model,
        suite=bench.suite(repository, asked, cases, allow_code=allow_code),
        budget=purse,
        repeats=repeats,
        concurrency=concurrency or config.concurrency,
        estimate=estimate(
            prompt, cases, model.identity, repeats=repeats, price=bench.price(model), store=store
        ),
        store=store,
    )


def evaluate(task: Task, *, quiet: bool) -> Evaluation:
    """Run it, showing progress; raise Stopped when the budget ends before the cases do."""
    results: list[Result] = []
    running = run(
        task.prompt,
        task.cases,
        task.model,
        task.suite,
        repeats=task.repeats,
        concurrency=task.concurrency,
    )
    try:
        with closing(running):  # Ctrl-C while drawing must not leave callers behind
            for result in counted(running, task.answers, lambda: task.budget.spend, quiet=quiet):
                results.append(result)  # noqa: PERF402  (what came before an error is kept)
    except BudgetSpent as error:
        raise Stopped(_evaluation(task, results), error) from error
    return _evaluation(task, results)


def keep(repository: Repository, task: Task, found: Evaluation) -> str:
    """Write the evidence down where `log` and `check` find it; return its digest."""
    record = evaluation_record(
        found, path=task.path, suite=task.suite.digest, half="all", when=now()
    )
    digest = Records(repository.git).put(record, joins(record))
    telling.fact(f"record: sha256:{digest}")
    return digest


def now() -> str:
    """The time as records have it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _evaluation(task: Task, results: Sequence[Result]) -> Evaluation:
    return collected(task.prompt, task.cases, task.model, task.suite, results)
