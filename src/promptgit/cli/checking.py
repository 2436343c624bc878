"""One check, from two commits to a Report."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.check.ask import Ask
from promptgit.check.check import checking
from promptgit.cli import check_evidence, check_lint
from promptgit.cli.bench import Bench
from promptgit.cli.gates import Gate, Gates, Permissions, gates_for
from promptgit.cli.live import counted
from promptgit.cli.pipeline_flips import attributions, told
from promptgit.cli.subjects import Subject, subjects
from promptgit.cli.wiring import Repository
from promptgit.core.evaluation import Evaluation, merged
from promptgit.core.gate import GateFinding, PromptFinding, Report, Spent
from promptgit.core.verdict import Outcome
from promptgit.edges.ends import Ends, ends
from promptgit.edges.git import Git
from promptgit.edges.github_event import in_actions, read_event
from promptgit.errors import PromptgitError, WorldError
from promptgit.evaluate.budget import Budget, Cap
from promptgit.evaluate.side_by_side import Turn, evaluations, turns

if TYPE_CHECKING:
    from promptgit.edges.cache import SqliteAnswers

Pair = tuple[Evaluation, Evaluation]
NOT_REACHED = "not run: the check ended before its turn came"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    prompts: tuple[str, ...] = ()  # as typed; none: all that the change concerns
    margin: float | None = None
    budget: str | None = None
    model: str | None = None
    concurrency: int | None = None
    permissions: Permissions = field(default_factory=Permissions)


@dataclass(frozen=True)
class Checking:
    """Everything read and bound; no model has been asked."""

    ends: Ends
    base: Repository
    head: Repository
    found: tuple[Gates, ...]
    notices: tuple[str, ...]
    budget: Budget
    store: SqliteAnswers
    concurrency: int
    bench: Bench

    @property
    def comparisons(self) -> int:
        """How many comparisons share the error."""
        return sum(len(one.gates) for one in self.found)

    @property
    def most_answers(self) -> int:
        """Answers if no comparison ends early, of both prompts together, with all repeats."""
        gates = (gate for one in self.found for gate in one.gates)
        return sum(2 * len(gate.cases) * max(1, gate.policy.repeats) for gate in gates)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A comparison by base's rules, with both evaluations: the first answers, no repeats."""

    subject: Subject
    gate: Gate
    finding: GateFinding
    pair: Pair


@dataclass
class Tally:
    """What the check took, counted while it runs."""

    reused: int = 0
    started: float = field(default_factory=time.monotonic)


def between(base: str | None, head: str | None, *, work_tree: bool = False) -> tuple[Git, Ends]:
    """Find the repository and the two states of it: as typed, as GitHub's event says, or usual."""
    git = Git.discover(Path.cwd())
    if base is None and not work_tree and in_actions(os.environ):
        event = read_event(git, os.environ)
        return git, Ends(event.base, event.head, event.subject, event.merge)
    return git, ends(git, base, head, work_tree=work_tree)


def prepare(git: Git, ends: Ends, wanted: Wanted) -> Checking:
    """Read both sides, and bind what is to be run; call nothing."""
    base = Repository.at(git, ends.base, model=wanted.model)
    head = Repository.at(git, ends.tree, model=wanted.model)
    concerned, notices = subjects(base, head, wanted.prompts)
    config, store = base.config, base.store()
    budget = Budget(Cap.read(wanted.budget) if wanted.budget else config.budget)
    bench = Bench(config, store, budget)
    found = tuple(
        gates_for(subject, bench, wanted.margin, wanted.permissions)
        for subject in _without_shared_texts(concerned, chosen=bool(wanted.prompts))
    )
    own = (notice for one in found for notice in one.notices)
    return Checking(
        ends,
        base,
        head,
        found,
        (*ends.notices, *notices, *dict.fromkeys(own)),
        budget,
        store,
        wanted.concurrency or config.concurrency,
        bench,
    )


class Running:
    """Iterate for the turns as they come; then `report` is there."""

    def __init__(self, checking: Checking, *, today: date) -> None:
        self._checking = checking
        self._today = today
        self._tally = Tally()
        self._found: list[PromptFinding] = []
        self.evidence: list[Evidence] = []

    def __iter__(self) -> Generator[Turn, None, None]:
        stopped = ""
        for gates in self._checking.found:
            if stopped and gates.gates:
                self._found.append(_finding(gates, decided=Outcome.INVALID, note=stopped))
                continue
            try:
                found = yield from self._prompt(gates)
            except WorldError as error:  # a spent budget, a provider that is down
                found = _finding(gates, decided=Outcome.INVALID, note=_said(error))
                stopped = NOT_REACHED
            except PromptgitError as error:
                found = _finding(gates, decided=Outcome.INVALID, note=_said(error))
            self._found.append(found)

    @property
    def report(self) -> Report:
        """All that was found so far."""
        checking = self._checking
        spend = checking.budget.spend
        saved = sum(_saved(prompt) for prompt in self._found)
        return Report(
            base=checking.ends.base,
            head=checking.ends.head,
            merge=checking.ends.merge,
            prompts=tuple(self._found),
            notices=checking.notices,
            spent=Spent(
                calls=spend.calls,
                reused=self._tally.reused,
                saved=saved,
                tokens=spend.tokens,
                usd=None if spend.unpriced_calls else spend.usd,
                seconds=time.monotonic() - self._tally.started,
            ),
            on_inconclusive=checking.base.config.check.on_inconclusive,
        )

    def _prompt(self, gates: Gates) -> Generator[Turn, None, PromptFinding]:
        if not gates.gates:
            return _finding(gates, decided=Outcome.INVALID if gates.broken else None)
        found = []
        for gate in gates.gates:
            mended_in_head = gate is not gates.gates[-1]
            finding, pair = yield from self._gate(gate, judge_quarantine=not mended_in_head)
            found.append(finding)
            if gate.rules == "base":
                self.evidence.append(Evidence(gates.subject, gate, finding, pair))
        return _finding(gates, found)

    def _gate(
        self, gate: Gate, *, judge_quarantine: bool
    ) -> Generator[Turn, None, tuple[GateFinding, Pair]]:
        """Answer what the gate asks for until it has found its answer."""
        steps = checking(
            gate.cases,
            gate.suite.metrics,
            gate.policy,
            rules=gate.rules,
            order_seed=gate.order_seed,
            today=self._today,
            comparisons=self._checking.comparisons,
            origins=gate.origins,
            judge_quarantine=judge_quarantine,
            flaky=check_evidence.flaky(self._checking, gate),
        )
        parts: list[Pair] = []
        answer: Pair | None = None
        while True:
            try:
                ask = next(steps) if answer is None else steps.send(answer)
            except StopIteration as end:
                finding: GateFinding = end.value
                return finding, _joined(parts)
            answer = yield from self._answer(gate, ask)
            if ask.repeat == 0:
                parts.append(answer)

    def _answer(self, gate: Gate, ask: Ask) -> Generator[Turn, None, Pair]:
        contenders = gate.on(ask.cases)
        done: list[Turn] = []
        concurrency = self._checking.concurrency
        with closing(
            turns(contenders, gate.suite, repeat=ask.repeat, concurrency=concurrency)
        ) as running:
            for turn in running:
                done.append(turn)
                self._tally.reused += turn[1].cached_calls
                yield turn
        return evaluations(contenders, gate.suite, done)


def run(checking: Checking, *, quiet: bool, keep: bool, trust_records: bool) -> Report:
    """
    Run all comparisons, showing progress.

    `keep`: leave the evidence in the records.  `trust_records`: take over the answers that they
    hold.  Whoever can push a record can forge an answer, so in CI nobody should by default.
    """
    if trust_records:
        check_evidence.take_over(checking)
    running = Running(checking, today=today())
    most, spend = checking.most_answers, lambda: checking.budget.spend
    for _ in counted(iter(running), most, spend, quiet=quiet, at_most="answers"):
        pass
    found = attributions(checking, running.evidence, quiet=quiet)
    report = running.report
    report = replace(report, prompts=told(report.prompts, found))
    return check_evidence.keep(checking, running.evidence, report) if keep else report


def today() -> date:
    """The day by which a quarantine ends: in UTC, as CI has it."""
    return datetime.now(UTC).date()


def _finding(
    gates: Gates,
    found: Sequence[GateFinding] = (),
    *,
    decided: Outcome | None = None,
    note: str = "",
) -> PromptFinding:
    subject = gates.subject
    before, after = subject.before, subject.after
    texts = (before.prompt.text if before else "", after.prompt.text if after else "")
    model = gates.gates[0].contenders[1].model.identity if gates.gates else ""
    return PromptFinding(
        path=subject.path,
        standing="unchecked" if subject.standing == "changed" and not found else subject.standing,
        why=subject.why,
        gates=tuple(found),
        changes=subject.changes,
        lint=check_lint.findings(subject),
        old_path=subject.old_path,
        blobs=(before.prompt.blob if before else "", after.prompt.blob if after else ""),
        texts=texts,
        model=str(model),
        note=note or gates.note or gates.unproven,
        first_changed_line=_first_difference(*texts),
        decided=decided or (Outcome.INCONCLUSIVE if gates.unproven else None),
    )


def _without_shared_texts(found: Iterable[Subject], *, chosen: bool) -> Iterator[Subject]:
    """Leave out texts that others include and that have no cases: they are checked there."""
    listed = tuple(found)
    included = {
        name
        for subject in listed
        for stand in (subject.before, subject.after)
        if stand
        for name in stand.included
    }
    for subject in listed:
        stands = (stand for stand in (subject.before, subject.after) if stand)
        without_cases = all(stand.rules.cases is None for stand in stands)
        if chosen or not (without_cases and subject.path in included):
            yield subject


def _joined(parts: Sequence[Pair]) -> Pair:
    baselines, candidates = zip(*parts, strict=True)
    return merged(baselines), merged(candidates)


def _saved(prompt: PromptFinding) -> int:
    """Answers that base's rules could have asked for, and did not need."""
    if not prompt.gates:
        return 0
    return sum((case.before is None) + (case.after is None) for case in prompt.gates[0].cases)


def _first_difference(before: str, after: str) -> int:
    """
    >>> _first_difference("a\\nb\\nc\\n", "a\\nB\\nc\\n")
    2
    """
    pairs = enumerate(zip(before.splitlines(), after.splitlines(), strict=False), 1)
    found = next((number for number, (was, now) in pairs if was != now), 0)
    shorter = min(len(before.splitlines()), len(after.splitlines()))
    return max(1, found or min(shorter + 1, len(after.splitlines())))


def _said(error: PromptgitError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
