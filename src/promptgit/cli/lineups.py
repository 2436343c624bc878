"""One `promptgit suite`, from what was typed to a Lineup that is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from promptgit.check.standings import ALPHA, standings
from promptgit.cli.bench import FREE, Bench, provider_of
from promptgit.cli.evaluating import now
from promptgit.cli.live import counted
from promptgit.cli.pipeline_files import model_for
from promptgit.cli.wiring import Repository
from promptgit.config import EvalFile, ModelChoice
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import evaluation_record, joins
from promptgit.core.journal import last, written
from promptgit.core.lineup import BestPrompt, Lineup, facts, lineup_of
from promptgit.core.ports import Answer, Model, Request
from promptgit.core.prompt import Prompt
from promptgit.core.spend import Spend
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.runs import RunJournal, new_run_id, run_ids
from promptgit.errors import BudgetSpent, KeyMissing, UserError
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.evaluate.in_turns import Spared, Turn, sorted_out, turns
from promptgit.evaluate.suite import Suite
from promptgit.report.suite_words import ranking

COMMAND = "suite"  # as the journal of a run calls it


@dataclass(frozen=True)
class Contestant:
    """A model that is to be asked."""

    name: str  # as it was asked for, with its options
    typed: str | None  # what --models said; None: the current model
    model: Model
    estimate: Estimate


@dataclass(frozen=True)
class Task:
    """All that is known before the first call."""

    path: str
    prompt: Prompt
    cases: Dataset
    contestants: tuple[Contestant, ...]  # the current model first
    suite: Suite
    budget: Budget
    concurrency: int
    store: SqliteAnswers
    journal: RunJournal
    started: str  # ISO 8601, UTC
    notices: tuple[str, ...]  # of names that mean the same model

    @property
    def answers(self) -> int:
        """How many it is to be."""
        return len(self.cases) * len(self.contestants)


@dataclass(frozen=True)
class Compared:
    """What came of it: half of it, where the budget ended."""

    evaluations: Mapping[str, Evaluation]  # by the contestant's name
    stopped: BudgetSpent | None = None


def prepare(
    repository: Repository,
    name: str,
    models: Sequence[str],
    *,
    file: str | None,
    limit: int | None,
    budget: str | None,
    concurrency: int | None,
    allow_code: bool,
    dry_run: bool = False,
) -> Task:
    """Read everything, build everything, call nothing; for a `dry_run` without a key."""
    config = repository.config
    path = repository.prompt_path(name)
    asked = repository.eval_file(path)
    prompt = repository.prompt(path)
    cases = repository.cases(path, asked, file=file)
    cases = cases.first(limit) if limit else cases
    store = repository.store()
    purse = Budget(Cap.read(budget) if budget else config.budget)
    journal = RunJournal(repository.git, new_run_id())
    paid = None if dry_run else partial(_note_paid, journal)
    bench = Bench(config, store, purse, on_paid=paid, estimates_only=dry_run)
    makes = partial(_model, repository, prompt, allow_code=allow_code)
    contestants, notices = _contestants(repository, bench, asked, models, prompt, cases, makes)
    return Task(
        path=path,
        prompt=prompt,
        cases=cases,
        contestants=contestants,
        suite=bench.suite(repository, asked, cases, allow_code=allow_code),
        budget=purse,
        concurrency=concurrency or config.concurrency,
        store=store,
        journal=journal,
        started=now(),
        notices=notices,
    )


def _contestants(
    repository: Repository,
    bench: Bench,
    asked: EvalFile,
    typed: Sequence[str],
    prompt: Prompt,
    cases: Dataset,
    makes: Callable[[Bench, str | None, ModelChoice], Model],
) -> tuple[tuple[Contestant, ...], tuple[str, ...]]:
    """
    Build the models, each once, the current one first; and say which names were too many.

    One that lacks its key is built all the same: what it answered before is in the cache.  Raises
    KeyMissing when all of them do.
    """
    current = repository.model_choice(asked)
    others = [name for name in dict.fromkeys(typed) if name != current.name]
    wanted: list[tuple[str | None, ModelChoice]] = [(None, current)]
    wanted += [(name, repository.config.with_model(name).model) for name in others]
    notices = [f"{name} was named twice; it is asked once" for name in _twice(typed)]
    found: dict[str, Contestant] = {}
    missing: list[KeyMissing] = []
    for as_typed, choice in wanted:
        has_key = True
        try:
            bare = makes(bench, as_typed, choice)
        except KeyMissing as error:
            has_key = False
            missing.append(error)
            how = error.hint.partition(",")[0]
            notices.append(f"{choice} is not run: {error.message} ({how})")
            bare = makes(replace(bench, spares_keyless=True), as_typed, choice)
        key = choice.name if provider_of(choice.name)[0] in FREE else bare.identity.digest
        if key in found:
            notices.append(f"{choice} is the same model as {found[key].name}; it is asked once")
            continue
        guess = estimate(prompt, cases, bare.identity, price=bench.price(bare), store=bench.store)
        if not has_key:
            guess = replace(guess, calls=0, input_tokens=0, output_tokens=0, usd=0.0)
        found[key] = Contestant(str(choice), as_typed, Spared(bare, bench.store), guess)
    if len(missing) == len(wanted):
        raise missing[0]
    return tuple(found.values()), tuple(notices)


def _model(
    repository: Repository,
    prompt: Prompt,
    bench: Bench,
    typed: str | None,
    choice: ModelChoice,
    *,
    allow_code: bool,
) -> Model:
    """Make a model; one that was typed answers all steps of a pipeline."""
    repository = replace(repository, model_was_typed=typed is not None)
    return model_for(bench, repository, prompt, choice, allow_code=allow_code)


def _twice(names: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def names_of(typed: Sequence[str]) -> tuple[str, ...]:
    """
    Split what --models was given: commas, or the option several times.

    >>> names_of(["gpt-5-mini, ollama/llama3.2", "offline"])
    ('gpt-5-mini', 'ollama/llama3.2', 'offline')
    """
    names = tuple(name.strip() for part in typed for name in part.split(","))
    if "" in names:
        raise UserError(
            f"--models {','.join(typed)!r} names an empty model", hint="is a comma too many?"
        )
    return names


def compare(task: Task, *, quiet: bool) -> Compared:
    """Ask every model about every case, showing progress; every answer is kept as it comes."""
    models = [contestant.model for contestant in task.contestants]
    task.journal.note(
        "start",
        command=COMMAND,
        path=task.path,
        started=task.started,
        asked=[each.typed for each in task.contestants if each.typed],
        inputs={
            "base": task.prompt.blob,
            "prompt": task.prompt.identity,
            "cases": {"all": task.cases.digest},
            "suite": task.suite.digest,
            "models": {each.name: str(each.model.identity) for each in task.contestants},
        },
    )
    running = turns(task.prompt, task.cases, models, task.suite, concurrency=task.concurrency)
    found: list[Turn] = []
    stopped: BudgetSpent | None = None
    try:
        with closing(running):  # Ctrl-C while drawing must not leave callers behind
            for turn in counted(running, task.answers, lambda: task.budget.spend, quiet=quiet):
                found.append(turn)  # noqa: PERF402  (what came before an error is kept)
    except BudgetSpent as error:
        stopped = error
    evaluations = sorted_out(task.prompt, task.cases, models, task.suite, found)
    names = (contestant.name for contestant in task.contestants)
    return Compared(dict(zip(names, evaluations, strict=True)), stopped)


def lineup(task: Task, found: Compared) -> Lineup:
    """Compare what was found."""
    told = standings(found.evaluations, task.contestants[0].name, alpha=ALPHA)
    return Lineup(
        run=task.journal.run,
        path=task.path,
        blob=task.prompt.blob,
        dataset=task.cases.name,
        digest=task.cases.digest,
        cases=len(task.cases),
        when=task.started,
        entrants=told.entrants,
        pairs=told.pairs,
        tiers=told.tiers,
        alpha=told.alpha,
        spend=task.budget.spend,
        ended=found.stopped.message if found.stopped else "",
    )


def keep_records(repository: Repository, task: Task, found: Compared) -> None:
    """
    Write whole evaluations down where `log` and `check` find them.

    The current model's is the newest, by a second at least: between equals that one speaks for
    the text.
    """
    others = [name for name in found.evaluations if name != task.contestants[0].name]
    kept = []
    for name in (*others, task.contestants[0].name):
        evaluation = found.evaluations[name]
        if not evaluation.scores:
            continue
        record = evaluation_record(
            evaluation,
            path=task.path,
            suite=task.suite.digest,
            half="all",
            when=task.started if name in others else _later(task.started),
            run=task.journal.run,
        )
        kept.append((record, joins(record)))
    if kept:
        Records(repository.git).put_many(kept)


def _later(started: str) -> str:
    """Return the time, a second after `started` at least."""
    after = datetime.fromisoformat(started) + timedelta(seconds=1)
    return max(now(), after.strftime("%Y-%m-%dT%H:%M:%SZ"))


def keep(journal: RunJournal, found: Lineup) -> None:
    """Note the lineup in its journal; what is noted last is what is shown again."""
    journal.note("lineup", lineup=facts(found))


def conclude(journal: RunJournal, found: Lineup) -> None:
    journal.note("end", state="partial" if found.ended else "compared", sentence=ranking(found))


def with_best(found: Lineup, best: Sequence[BestPrompt], spend: Spend) -> Lineup:
    """The lineup with what searching found, and what that took."""
    return replace(found, best=tuple(best), spend=found.spend + spend)


def kept_lineup(git: Git, name: str = "latest") -> Lineup:
    """Read the lineup of a suite again: by the id of its run, its beginning, or the latest."""
    suites = [run for run in run_ids(git) if name == "latest" or run.startswith(name)]
    for run in suites:
        events = tuple(RunJournal(git, run).events())
        start = next((event for event in events if event["kind"] == "start"), {})
        if start.get("command") != COMMAND:
            continue
        noted = last(events, "lineup")
        if noted is not None:
            return lineup_of(noted["lineup"])
        if name != "latest":
            raise UserError(
                f"suite {run} was interrupted before it had anything to show",
                hint=f"promptgit suite {start['path']} --models {','.join(start['asked'])} "
                "pays only for what is missing",
            )
    what = "no suite was run here yet" if name == "latest" else f"there is no suite {name!r}"
    raise UserError(what, hint="`promptgit suite PROMPT --models A,B` makes one")


def _note_paid(
    journal: RunJournal, purpose: str, key: str, _request: Request, answer: Answer
) -> None:
    journal.note("paid", key=key, purpose=purpose, **written({"answer": answer}))


def share(cap: Cap, spent: Spend, parts: int) -> Cap:
    """Divide what is left of a budget evenly."""
    return Cap(
        None if cap.usd is None else max(0.0, cap.usd - spent.usd) / parts,
        None if cap.calls is None else max(0, cap.calls - spent.calls) // parts,
        None if cap.tokens is None else max(0, cap.tokens - spent.tokens) // parts,
    )


def total(estimates: Sequence[Estimate]) -> Estimate:
    """Add up what the models take; a price that is unknown makes the sum unknown."""
    prices = [each.usd if each.calls else 0.0 for each in estimates]
    known = [usd for usd in prices if usd is not None]
    return Estimate(
        sum(each.calls for each in estimates),
        sum(each.cached_calls for each in estimates),
        sum(each.input_tokens for each in estimates),
        sum(each.output_tokens for each in estimates),
        sum(known) if len(known) == len(prices) else None,
    )


def cap_as_typed(cap: Cap) -> str:
    """
    Write a cap as `--budget` reads it; empty for none.

    >>> cap_as_typed(Cap(usd=0.5, calls=7))
    '0.500000usd,7calls'
    """
    parts = {f"{name}": value for name, value in asdict(cap).items() if value is not None}
    return ",".join(
        f"{value:.6f}{name}" if name == "usd" else f"{value}{name}" for name, value in parts.items()
    )
