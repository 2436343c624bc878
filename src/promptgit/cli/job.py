"""All that one `improve` works with, built before the first call."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from promptgit import metaprompts
from promptgit.cli.asking import Asked, strategy_of
from promptgit.cli.bench import Bench
from promptgit.cli.evaluating import now
from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.journal import Event, paid_answers, written
from promptgit.core.ports import Answer, Model, Notebook, Request
from promptgit.core.prompt import Prompt
from promptgit.core.run import Spend
from promptgit.core.verdict import Policy
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.delivery import recover
from promptgit.edges.runs import RunJournal, latest_run, new_run_id
from promptgit.edges.workspace import Base, preflight
from promptgit.errors import UserError
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.estimate import estimate
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.suite import Suite
from promptgit.improve.guard import Limits, guard
from promptgit.improve.improve import Strategy
from promptgit.improve.improvement import Halves, Plan
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor


@dataclass(frozen=True)
class Job:
    """One run of improve, from its inputs by digest to the models that share its budget."""

    asked: Asked
    run: str
    started: str  # ISO 8601, UTC; also the date of the commits on the run's own ref
    repository: Repository
    base: Base
    prompt: Prompt
    halves: Halves
    suite: Suite
    policy: Policy
    model: Model
    mentor: Mentor
    strategy: Strategy
    budget: Budget
    store: SqliteAnswers
    journal: RunJournal
    plan: Plan
    earlier: tuple[Event, ...] = ()  # what the journal held before, when this is a resumed run

    @property
    def start_commit(self) -> str:
        """What the run's own ref is built upon: HEAD as it was when the run began."""
        start = next((event for event in self.earlier if event["kind"] == "start"), None)
        return start["commit"] if start else self.base.commit

    @property
    def notebook(self) -> Notebook:
        return Written(self.journal)

    @property
    def title(self) -> str:
        return f"improve {self.base.path}  ({self.model.identity}, run {self.run})"

    @property
    def inputs(self) -> dict[str, Any]:
        """What the run depends on, by digest: a resumed run must find the same."""
        return {
            "base": self.base.blob,
            "prompt": self.prompt.identity,
            "cases": {"search": self.halves.search.digest, "sealed": self.halves.sealed.digest},
            "suite": self.suite.digest,
            "model": str(self.model.identity),
            "model_digest": self.model.identity.digest,
            "mentor": str(self.mentor.model.identity),
            "seed": self.asked.seed,
        }

    def evaluate(self, prompt: Prompt, cases: Dataset) -> Evaluation:
        concurrency = self.repository.config.concurrency
        return evaluate(prompt, cases, self.model, self.suite, concurrency=concurrency)

    def lab(self, notebook: Notebook) -> Lab:
        """The lab of this run: blind to the sealed half, and leaving enough to confirm with."""
        reserve = 2 * len(self.halves.sealed)
        most = self.repository.config.improve.max_changed_lines
        limits = Limits(max_changed_lines=most) if most else Limits()
        cases = (*self.halves.search, *self.halves.sealed)
        return Lab(
            search=self.halves.search,
            evaluator=self.evaluate,
            mentor=self.mentor,
            guard=lambda patch, prompt: guard(patch, prompt, cases, limits),
            rng=random.Random(self.asked.seed),  # noqa: S311  (reproducible, not secret)
            notebook=notebook,
            affordable=lambda calls: affordable(self.budget, calls + reserve),
        )

    def check_resumable(self) -> None:
        """Raise UserError when what the run depended on is not what is here now."""
        start = next((event for event in self.earlier if event["kind"] == "start"), None)
        if start is None:
            return
        for name, was in start["inputs"].items():
            if self.inputs.get(name) != was:
                raise UserError(
                    f"run {self.run} cannot go on: its {_SAID[name]} changed since",
                    hint=f"put it back, or start anew: promptgit improve {self.base.path}",
                )


@dataclass(frozen=True)
class Written:
    """A notebook that puts what it is given into JSON's terms, for the journal on disk."""

    journal: RunJournal

    def note(self, kind: str, **facts: Any) -> None:
        self.journal.note(kind, **written(facts))


_SAID: Mapping[str, str] = {
    "base": "prompt",
    "prompt": "prompt (or a file that it includes)",
    "cases": "cases",
    "suite": "assertions",
    "model": "model",
    "model_digest": "model's endpoint",
    "mentor": "mentor",
    "seed": "seed",
}


def prepare(asked: Asked) -> Job:
    """
    Find everything that would make the run fail, and build it, before the first call.

    Raises UserError for what the user has to mend (reference: git, R6).
    """
    repository = Repository.open(model=asked.model)
    git = repository.git
    recover(git)
    run, earlier = new_run_id(), tuple[Event, ...]()
    if asked.run is not None:
        run = _latest(repository, asked.prompt) if asked.run == "latest" else asked.run
        earlier = tuple(RunJournal(git, run).events())
        asked = asked.resumed(_start(run, earlier)["asked"], run)
    if asked.model and not repository.model_was_typed:
        repository = Repository.open(model=asked.model)
    assert asked.prompt is not None
    path = repository.prompt_path(asked.prompt)
    base = preflight(git, _typed(repository, path), branch=asked.branch)
    config = asked.applied(repository.config)
    repository = replace(repository, config=config)

    eval_file = repository.eval_file(path)
    prompt = repository.prompt(path, base.commit)
    cases = repository.cases(path, eval_file, file=asked.file)
    journal = RunJournal(git, run)
    store = repository.store()
    budget = Budget(Cap.read(asked.budget) if asked.budget else config.budget)
    _restore(store, budget, earlier)
    bench = Bench(config, store, budget, partial(_note_paid, journal))
    model = bench.model(repository.model_choice(eval_file), "model")
    mentor = bench.model(config.mentor, "mentor")
    halves = Halves.of(cases)
    job = Job(
        asked=replace(asked, prompt=path),
        run=run,
        started=_start(run, earlier)["started"] if earlier else now(),
        repository=repository,
        base=base,
        prompt=prompt,
        halves=halves,
        suite=bench.suite(repository, eval_file, cases, allow_code=asked.allow_code),
        policy=config.policy(eval_file.must_pass),
        model=model,
        mentor=Mentor(mentor, {name: metaprompts.text(name) for name in metaprompts.NAMES}, path),
        strategy=strategy_of(config),
        budget=budget,
        store=store,
        journal=journal,
        earlier=earlier,
        plan=Plan(
            path=path,
            target=base.ref.removeprefix("refs/heads/"),
            model=str(model.identity),
            mentor=str(mentor.identity),
            strategy=config.improve.strategy,
            halves=halves,
            seed_estimate=estimate(
                prompt, cases, model.identity, price=bench.price(model), store=store
            ),
            cap=budget.cap,
        ),
    )
    job.check_resumable()
    return job


def affordable(budget: Budget, calls: int) -> bool:
    """Say whether so many calls, at the average price so far, stay within what is left."""
    spend, cap = budget.spend, budget.cap
    model = budget.by_purpose.get("model", Spend())
    so_far = max(1, model.calls)
    return (
        (cap.calls is None or spend.calls + calls <= cap.calls)
        and (cap.usd is None or spend.usd + calls * model.usd / so_far <= cap.usd)
        and (cap.tokens is None or spend.tokens + calls * model.tokens / so_far <= cap.tokens)
    )


def _note_paid(
    journal: RunJournal, purpose: str, key: str, _request: Request, answer: Answer
) -> None:
    journal.note("paid", key=key, purpose=purpose, **written({"answer": answer}))


def _restore(store: SqliteAnswers, budget: Budget, earlier: tuple[Event, ...]) -> None:
    """Put back what the run paid for: it may have died between journal and cache."""
    paid = dict(paid_answers(earlier))
    for key, answer in paid.items():
        if store.get(key) is None:
            store.put(key, answer)
    budget.already_paid(paid)


def _latest(repository: Repository, prompt: str | None) -> str:
    typed = _typed(repository, repository.prompt_path(prompt)) if prompt else None
    return latest_run(repository.git, typed)


def _start(run: str, events: tuple[Event, ...]) -> Event:
    start = next((event for event in events if event["kind"] == "start"), None)
    if start is None:
        raise UserError(f"there is no run {run!r}", hint="`promptgit runs` lists them")
    return start


def _typed(repository: Repository, path: str) -> str:
    """A path from the top, as seen from where the user stands."""
    up = "../" * repository.git.prefix.count("/")
    return up + path
