"""All that one `improve` works with, built before the first call."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from promptgit import metaprompts
from promptgit.check.dependents import harmed
from promptgit.cli.asking import Asked, patience_of, rounds_of, strategy_of, texts_a_round
from promptgit.cli.bench import Bench
from promptgit.cli.evaluating import now
from promptgit.cli.performers import with_performers
from promptgit.cli.remembering import as_told, refused_before
from promptgit.cli.resuming import Earlier, find_run
from promptgit.cli.targets import Surroundings, concerned, edited, refuse_hopeless, target_of
from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.journal import FailedCall, failures, losses, paid_answers, written
from promptgit.core.patch import Patch, Refusal
from promptgit.core.ports import Answer, Notebook, Request, Usage, canonical
from promptgit.core.price import Price
from promptgit.core.prompt import Prompt
from promptgit.core.spend import Spend
from promptgit.core.verdict import Policy
from promptgit.edges.apply import applies_exactly
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.delivery import recover
from promptgit.edges.merging import merged
from promptgit.edges.runs import RunJournal, new_run_id
from promptgit.edges.workspace import Base, ahead_of_head, preflight
from promptgit.errors import UserError
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.estimate import CHARACTERS_PER_TOKEN
from promptgit.evaluate.steady import Failures, Steady
from promptgit.improve.bounded import BoundedLab
from promptgit.improve.guard import Limits, guard
from promptgit.improve.improve import Strategy
from promptgit.improve.improvement import Halves, Plan
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import SHOWN_CHARACTERS, Mentor, Tried
from promptgit.improve.objectives import Objectives
from promptgit.improve.shared import watched
from promptgit.improve.target import Target

SHORTEN = "shorten"  # the strategy whose prompts need not be better, only not worse
MISSES_READ = 16  # by the mentor, each time; for the estimate only


@dataclass(frozen=True)
class Job:
    """One run of improve, from its inputs by digest to the models that share its budget."""

    asked: Asked
    run: str
    started: str  # ISO 8601, UTC; also the date of the commits on the run's own ref
    repository: Repository
    base: Base
    target: Target
    mentor: Mentor
    strategy: Strategy
    budget: Budget
    store: SqliteAnswers
    journal: RunJournal
    plan: Plan
    earlier: Earlier | None = None  # when this is a resumed run
    remembered: tuple[Tried, ...] = ()  # refused by earlier runs on the same prompt

    @property
    def start_commit(self) -> str:
        """What the run's own ref is built upon: HEAD as it was when the run began."""
        return str(self.earlier.start["commit"]) if self.earlier else self.base.commit

    @property
    def start_ref(self) -> str:
        """The branch that the run was begun for."""
        return str(self.earlier.start["ref"]) if self.earlier else self.base.ref

    @property
    def prompt(self) -> Prompt:
        """The text to improve, as it is committed."""
        return self.target.prompt

    @property
    def halves(self) -> Halves:
        return self.target.halves

    @property
    def policy(self) -> Policy:
        return self.target.policy

    @property
    def notebook(self) -> Notebook:
        return Written(self.journal)

    @property
    def title(self) -> str:
        return f"improve {self.base.path}  ({self.target.use.model}, run {self.run})"

    @property
    def inputs(self) -> dict[str, Any]:
        """What the run depends on, by digest: a resumed run must find the same."""
        return {
            "base": self.base.blob,
            "prompt": self.prompt.identity,
            "cases": {"search": self.halves.search.digest, "sealed": self.halves.sealed.digest},
            "suite": self.target.use.suite,
            "model": str(self.target.use.model),
            "model_digest": self.target.use.model.digest,
            "mentor": str(self.mentor.model.identity),
            "mentor_digest": self.mentor.model.identity.digest,
            "settings": _digest(self._settings),
            "metaprompts": _digest(self.mentor.templates),
            "seed": self.asked.seed,
            **self._dependents,
        }

    @property
    def _dependents(self) -> dict[str, Any]:
        """Who uses the file, by digest; nothing where nobody but itself is asked."""
        every = {one.name: one.digest for one in self.target.dependents}
        return {"dependents": every} if every else {}

    def question(self, finalist: Prompt) -> str:
        """Name what the sealed half is asked about a text: the same name is the same test."""
        inputs = self.inputs
        same = ("prompt", "suite", "model", "model_digest", "seed")
        asked = {name: inputs[name] for name in same} | self._dependents
        asked |= {"sealed": self.halves.sealed.digest, "policy": asdict(self.policy)}
        if self.repository.config.improve.strategy == SHORTEN:
            asked["goal"] = "not worse"
        return _digest({**asked, "finalist": finalist.identity})

    @property
    def _settings(self) -> dict[str, Any]:
        """What else decides what the run does, and the words of its commits."""
        config = self.repository.config
        return {
            "strategy": config.improve.strategy,
            "options": config.improve.options,
            "max_changed_lines": config.improve.max_changed_lines,
            **({"limits": self._limits} if self._limits else {}),
            "policy": asdict(self.policy),
            "commit_type": config.commit_type,
        }

    @property
    def _limits(self) -> dict[str, Any]:
        """What a prompt may cost, as far as the config says."""
        return dict(self.repository.config.improve.limits)

    @property
    def day(self) -> date:
        """The day on which the run began, in UTC: a quarantine ends on a day."""
        return day_of(self.started)

    @property
    def sealed_order(self) -> str:
        """The seed of the order in which the sealed cases are asked."""
        return f"{self.asked.seed} {self.halves.sealed.digest}"

    def evaluate(self, prompt: Prompt, cases: Dataset) -> Evaluation:
        return self.target.use.evaluate(prompt, cases)

    def lab(self, notebook: Notebook) -> Lab:
        """The lab of this run: blind to the sealed half, and leaving enough to confirm with."""
        reserve, each = self.target.sealed_calls, self.target.use.calls_per_case
        return BoundedLab(
            search=self.halves.search,
            evaluator=self.evaluate,
            mentor=self.mentor,
            guard=self.refuse,
            rng=random.Random(self.asked.seed),  # noqa: S311  (reproducible, not secret)
            notebook=notebook,
            affordable=lambda answers: affordable(self.budget, answers * each + reserve),
            vital=self.target.vital,
            tried=list(self.remembered),
            merge=merged,
            watched=watched(self.target.dependents, self.halves.search),
            harms=partial(harmed, self.target.dependents),
            objectives=Objectives(**self._limits),
        )

    def refuse(self, patch: Patch, prompt: Prompt) -> Refusal | None:
        """Say why a patch may not be tried: the guard's reasons, and Git's opinion of its diff."""
        most = self.repository.config.improve.max_changed_lines
        limits = Limits(max_changed_lines=most) if most else Limits()
        cases = (*self.halves.search, *self.halves.sealed)
        refusal = guard(patch, prompt, cases, limits)
        if refusal is None and not applies_exactly(self.repository.git, patch):
            return Refusal("`git apply` does not make the same text of the diff")
        return refusal

    def refuse_stale(self) -> None:
        """Raise UserError when another process took the run further since its journal was read."""
        held = tuple(self.journal.events())
        if held != (self.earlier.events if self.earlier else ()):
            raise UserError(
                f"run {self.run} went on meanwhile", hint="run the command again to see how far"
            )


@dataclass(frozen=True)
class Written:
    """A notebook that puts what it is given into JSON's terms, for the journal on disk."""

    journal: RunJournal

    def note(self, kind: str, **facts: Any) -> None:
        self.journal.note(kind, **written(facts))


@dataclass(frozen=True)
class Door:
    """What is known as soon as the command has looked around; no model exists yet."""

    asked: Asked
    repository: Repository
    earlier: Earlier | None  # the run to resume
    notices: tuple[str, ...]  # of deliveries that were cut short, and are whole or undone now


def enter(asked: Asked) -> Door:
    """
    Find the repository, mend what a killed delivery left, and find the run to resume.

    Raises UserError for what the user has to mend (reference: git, R6).
    """
    repository = Repository.open(model=asked.model)
    if asked.prompt is None and asked.run is None:
        raise repository.which("improve")
    notices = recover(repository.git)
    earlier = None
    if asked.run is not None:
        path = repository.prompt_path(asked.prompt) if asked.prompt else None
        earlier = find_run(repository, asked.run, path)
        top = str(repository.git.cwd)
        asked = asked.resumed(earlier.asked, earlier.run, top=top)
        if asked.model and not repository.model_was_typed:
            repository = Repository.open(model=asked.model)
    return Door(asked, repository, earlier, notices)


def prepare(door: Door, *, dry_run: bool = False) -> Job:
    """
    Find everything that would make the run fail, and build it, before the first call.

    A `dry_run` makes none, so it needs no key.  Raises UserError as `enter`, also when a run
    cannot be resumed.
    """
    asked, repository, earlier = door.asked, door.repository, door.earlier
    git = repository.git
    assert asked.prompt is not None
    what = edited(repository, asked)
    base = preflight(git, _from_here(repository, what.path), branch=asked.branch)
    if earlier:
        earlier.check_branch(base.ref, named=asked.branch is not None)
    config = asked.applied(repository.config)
    repository = replace(repository, config=config)

    journal = earlier.journal if earlier else RunJournal(git, new_run_id())
    store = repository.store()
    budget = Budget(Cap.read(asked.budget) if asked.budget else config.budget)
    if earlier:
        _restore(store, budget, earlier)
    before = failures(earlier.events) if earlier else ()
    known = Failures(before, budget, tell=partial(_note_failed, journal))
    bench = Bench(
        config,
        store,
        budget,
        on_paid=partial(_note_paid, journal, budget),
        outermost=partial(Steady, failures=known),
        estimates_only=dry_run,
    )
    around = Surroundings(repository, bench, base.commit, asked.allow_code)
    target = target_of(around, what, asked)
    started = earlier.start["started"] if earlier else now()
    mentor = bench.model(config.mentor, "mentor")
    job = Job(
        asked=asked.placed(what.pipeline or what.path, top=str(git.cwd)),
        run=journal.run,
        started=started,
        repository=repository,
        base=base,
        target=target,
        mentor=Mentor(
            mentor, {name: metaprompts.text(name) for name in metaprompts.NAMES}, what.path
        ),
        strategy=with_performers(strategy_of(config), repository, target.halves),
        budget=budget,
        store=store,
        journal=journal,
        earlier=earlier,
        remembered=as_told(earlier.start)
        if earlier
        else refused_before(git, what.path, journal.run),
        plan=Plan(
            path=what.path,
            target=base.ref.removeprefix("refs/heads/"),
            model=str(target.use.model),
            mentor=str(mentor.identity),
            strategy=config.improve.strategy,
            halves=target.halves,
            seed_estimate=target.use.estimate(target.prompt, target.cases),
            cap=budget.cap,
            rounds=rounds_of(config),
            patience=patience_of(config),
            usd_per_call=_usd_per_call(target),
            usd_per_round=_usd_per_round(target.cases, bench.price(mentor)),
            ahead=ahead_of_head(git, base.commit),
            concerned=tuple(concerned(target, day_of(started))),
            unasked=target.unasked,
            calls_per_case=target.use.calls_per_case,
            sealed_calls=target.sealed_calls,
            texts_a_round=texts_a_round(config),
            least_calls=target.least_calls,
        ),
    )
    if earlier:
        earlier.check(job.inputs)
    target.halves.check()
    if not dry_run:
        refuse_hopeless(target)
    return job


def _usd_per_call(target: Target) -> float | None:
    whole = target.use.estimate(target.prompt, target.cases, anew=True)
    return None if whole.usd is None else whole.usd / max(1, whole.calls)


def _usd_per_round(cases: Dataset, price: Price | None) -> float | None:
    """Guess: a request and one more to mend its reply read the misses, and write a page each."""
    if price is None:
        return None
    characters = sum(len(value) for case in cases for value in case.inputs.values())
    a_miss = min(4 * SHOWN_CHARACTERS, 3 * characters // max(1, len(cases)))
    read = 2 * (MISSES_READ * a_miss // CHARACTERS_PER_TOKEN + 1_500)
    return price.of(Usage(read, 1_000))


def day_of(when: str) -> date:
    """
    >>> day_of("2026-11-21T17:42:40Z")
    datetime.date(2026, 11, 21)
    """
    return date.fromisoformat(when[:10])


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
    journal: RunJournal, budget: Budget, purpose: str, key: str, _request: Request, answer: Answer
) -> None:
    lost = {"lost": count} if (count := budget.losses(key)) else {}
    journal.note("paid", key=key, purpose=purpose, **written({"answer": answer}), **lost)


def _note_failed(journal: RunJournal, call: FailedCall) -> None:
    journal.note("failed", call=asdict(call))


def _restore(store: SqliteAnswers, budget: Budget, earlier: Earlier) -> None:
    """Put back what the run paid for: it may have died between journal and cache."""
    paid = dict(paid_answers(earlier.events))
    for key, answer in paid.items():
        if store.get(key) is None:
            store.put(key, answer)
    budget.already_paid(paid, losses(earlier.events))


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(dict(facts))).hexdigest()


def _from_here(repository: Repository, path: str) -> str:
    """A path from the top level, as seen from where the user stands."""
    return "../" * repository.git.prefix.count("/") + path
