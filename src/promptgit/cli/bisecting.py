"""One bisect: the yardstick, the texts, and a trial of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from promptgit.cli import evaluating, past
from promptgit.cli.bench import Bench
from promptgit.cli.pipeline_files import model_for
from promptgit.cli.wiring import Repository
from promptgit.config import EvalFile
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import evaluation_record
from promptgit.core.ports import Model
from promptgit.core.prompt import Prompt
from promptgit.edges.bisect import Since, suspects
from promptgit.edges.cache import SqliteAnswers
from promptgit.errors import UserError, WorldError
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.evaluate.suite import Suite
from promptgit.history.bisect import Hunt, Mark, Rule, Suspect, Trial
from promptgit.history.diff import Measured, measure
from promptgit.history.finding import Finding, read
from promptgit.history.log import follow

MOST_ROUNDS = 20  # of looking for what is included by what is included


@dataclass(frozen=True)
class Trail:
    """The way from the good end to the bad one."""

    names: tuple[str, ...]  # of the prompt, newest first
    included: tuple[str, ...]  # every file that it included, at some time
    graph: tuple[Suspect, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.names, *self.included)


def trail(here: past.Here, bad: str, good: str, path: str) -> Trail:
    """
    Find the commits between that touched the prompt at `path`, under any name, or an include.

    What is included may differ from commit to commit, and a file that was included for a while
    counts: so it is looked for until nothing new is found.
    """
    history = Since(here.git, here.commits.reader, good)
    names, included = [path], here.included(bad, path)
    for _ in range(MOST_ROUNDS):
        found = [(one.id, change) for one, change in follow(history, bad, path, included)]
        older = [change.old_path for _, change in found if change.old_path]
        names = list(dict.fromkeys((path, *older)))
        then = [name for commit, change in found for name in here.included(commit, change.path)]
        every = tuple(name for name in dict.fromkeys((*included, *then)) if name not in names)
        if every == included:
            break
        included = every
    paths = (*names, *included)
    return Trail(tuple(names), included, suspects(here.git, bad, good, paths))


@dataclass(frozen=True)
class Yardstick:
    """What every text is held against: cases, assertions and model, all as of one commit."""

    repository: Repository
    asked: EvalFile
    path: str
    cases: Dataset
    model: Model
    suite: Suite
    budget: Budget
    store: SqliteAnswers
    bench: Bench
    repeats: int

    def estimate(self, prompt: Prompt, *, cached: bool = True) -> Estimate:
        """What evaluating it takes; raise UserError where a case cannot be rendered."""
        return estimate(
            prompt,
            self.cases,
            self.model.identity,
            repeats=self.repeats,
            price=self.bench.price(self.model),
            store=self.store if cached else None,
        )

    def task(self, prompt: Prompt, path: str, found: Estimate) -> evaluating.Task:
        return evaluating.Task(
            path=path,
            prompt=prompt,
            cases=self.cases,
            model=self.model,
            suite=self.suite,
            budget=self.budget,
            repeats=self.repeats,
            concurrency=self.repository.config.concurrency,
            estimate=found,
            store=self.store,
        )


def yardstick(
    repository: Repository,
    path: str,
    rule: Rule,
    *,
    budget: str | None,
    repeats: int,
    allow_code: bool,
) -> Yardstick:
    """Read cases and assertions; raise UserError for a case or a metric that is not among them."""
    asked = repository.eval_file(path)
    cases = repository.cases(path, asked)
    store = repository.store()
    purse = Budget(Cap.read(budget) if budget else repository.config.budget)
    bench = Bench(repository.config, store, purse)
    suite = bench.suite(repository, asked, cases, allow_code=allow_code)
    _refuse_unknown("case", rule.case, [case.id for case in cases], cases.name)
    _refuse_unknown("metric", rule.metric, [m.name for m in suite.metrics], asked.file or path)
    model = bench.model(repository.model_choice(asked), "model")
    if repository.is_pipeline(path):
        model = model_for(
            bench,
            repository,
            repository.prompt(path),
            repository.model_choice(asked),
            allow_code=allow_code,
        )
    decisive = tuple(case for case in cases if case.id == rule.case)
    return Yardstick(
        repository=repository,
        asked=asked,
        path=path,
        cases=replace(cases, cases=decisive) if rule.case else cases,
        model=model,
        suite=suite,
        budget=purse,
        store=store,
        bench=bench,
        repeats=repeats,
    )


def _refuse_unknown(kind: str, asked: str, known: list[str], where: str) -> None:
    if not asked or asked in known:
        return
    from difflib import get_close_matches

    close = get_close_matches(asked, known, n=1)
    there_are = f"there are: {', '.join(known[:8])}{', …' if len(known) > 8 else ''}"
    raise UserError(
        f"{where} has no {kind} {asked!r}",
        hint=f"did you mean {close[0]!r}?" if close else there_are,
    )


@dataclass(frozen=True)
class Lineup:
    """Tries commits; a text that was tried before is not tried again."""

    here: past.Here
    yardstick: Yardstick
    rule: Rule
    way: Trail
    quiet: bool
    keep: bool  # write evaluations down as evidence
    _known: dict[str, Evaluation] = field(default_factory=dict)  # by the prompt's identity

    def path(self, commit: str) -> str | None:
        """What the prompt is called in a commit; None where it is not there."""
        return next(
            (name for name in self.way.names if self.here.commits.blob_at(commit, name)), None
        )

    def prompt(self, commit: str) -> Prompt:
        """Read a text and what it includes; raise UserError where that is broken."""
        path = self.path(commit)
        if path is None:
            raise UserError(
                f"{self.way.names[0]} is not in {commit[:12]}",
                hint=f"`promptgit log {self.way.names[0]}` lists the commits that hold it",
            )
        measure = self.yardstick
        template = measure.asked.template or measure.repository.config.template
        return measure.repository.prompt(path, commit, template=template)

    def measured(self, found: Hunt) -> Measured | None:
        """The culprit's cases and metrics beside those of the text before it."""
        sides = [found.before, found.trial_of(found.search.culprit)]
        findings = [self._findings(one.evaluation) for one in sides if one and one.evaluation]
        return measure(self.here.judge.archive, *findings) if len(findings) == 2 else None

    def _findings(self, found: Evaluation) -> list[Finding]:
        suite = self.yardstick.suite.digest
        record = evaluation_record(found, path=self.way.names[0], suite=suite, half="all", when="")
        one = read(record, found.prompt.blob)
        return [one] if one else []

    def is_free(self, commit: str) -> bool:
        """Say whether all its answers are in the cache."""
        try:
            return not self.yardstick.estimate(self.prompt(commit)).calls
        except UserError:
            return False

    def evaluation(self, commit: str) -> tuple[Evaluation, int]:
        """Evaluate a text, and say how many calls that takes; raise UserError if it is broken."""
        prompt = self.prompt(commit)
        if prompt.identity in self._known:
            return self._known[prompt.identity], 0
        needed = self.yardstick.estimate(prompt)
        task = self.yardstick.task(prompt, self.path(commit) or "", needed)
        found = evaluating.evaluate(task, quiet=self.quiet)
        if self.keep:
            evaluating.keep(self.yardstick.repository, task, found)
        self._known[prompt.identity] = found
        return found, needed.calls

    def good_end(self, commit: str) -> Trial:
        """Evaluate the good end; raise an error where it cannot serve as one."""
        found, calls = self.evaluation(commit)
        value = self.rule.value(found)
        if value is None:
            raise WorldError(
                f"--good {commit[:12]}: {why_unknown(found)}",
                hint="the same command again pays only for what is missing",
            )
        if self.rule.is_bad(value, value) or not self.rule.is_bad(0.0, value):
            raise UserError(
                f"--good {commit[:12]} is bad already: {self.rule.what} is {value:.4f} there",
                hint=f"bad is {self.rule.bar(value)}; name another commit, or a --threshold",
            )
        return Trial(commit, Mark.GOOD, value, "", calls, found)

    def trial(self, commit: str, good: float) -> Trial:
        """Hold one commit against the good end's value."""
        try:
            found, calls = self.evaluation(commit)
        except UserError as error:
            return Trial(commit, Mark.SKIPPED, why=error.message)
        value = self.rule.value(found)
        if value is None:
            return Trial(commit, Mark.SKIPPED, None, why_unknown(found), calls, found)
        mark = Mark.BAD if self.rule.is_bad(value, good) else Mark.GOOD
        return Trial(commit, mark, value, "", calls, found)


def why_unknown(found: Evaluation) -> str:
    """Why an evaluation has no value: the failures of the world."""
    count = f"{len(found.unscored)} of {len(found.cases)} cases could not be scored"
    first = next((result.failure for result in found.results if result.failure), None)
    return f"{count}: {first.message}" if first else count


def hunt(lineup: Lineup, begun: Hunt) -> Iterator[Hunt]:
    """
    Search until there is one culprit, or nothing left to try; yield the hunt after each trial.

    The good end is tried first: it says what the others are held against.  Then the bad end, if
    it is known already that it is not bad; or else when its turn comes, see `history.bisect`.
    One that is known to be bad waits too: the same search again has to ask what was paid for.
    """
    begun = begun.tried(lineup.good_end(begun.good))
    yield begun
    last = begun.search.graph[-1].commit
    commit = begun.search.next
    if lineup.is_free(last) and lineup.trial(last, begun.was).mark is Mark.GOOD:
        commit = last
    while commit:
        begun = begun.tried(lineup.trial(commit, begun.was))
        yield begun
        commit = begun.search.next
