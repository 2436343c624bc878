"""What a run of improve works on, as the files of a repository tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from posixpath import splitext
from typing import TYPE_CHECKING

from promptgit.check.plan import plan
from promptgit.check.sequential import FEWEST
from promptgit.cli.asking import Asked
from promptgit.cli.graphing import graph_of
from promptgit.cli.pipeline_files import model_for
from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core.graph import Graph
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.pipeline import pipeline_of
from promptgit.core.pipeline_file import near, parse_steps
from promptgit.errors import UserError
from promptgit.improve.improvement import Concerned, Halves
from promptgit.improve.shared import Included, Together, common_policy, union
from promptgit.improve.target import Alone, Dependent, Target
from promptgit.report.sentences import listed

if TYPE_CHECKING:
    from promptgit.cli.bench import Bench
    from promptgit.config import EvalFile
    from promptgit.core.dataset import Dataset
    from promptgit.core.prompt import Prompt


@dataclass(frozen=True)
class Surroundings:
    """Where a target stands: in a repository, in whose graph, with which models at hand."""

    repository: Repository
    bench: Bench
    commit: str  # that is built upon: its texts count, and the rules of the work tree
    allow_code: bool

    @cached_property
    def committed(self) -> Repository:
        """The repository as the commit has it, with what was read of it at hand."""
        return replace(self.repository, revision=self.commit)

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.committed)

    def tested_users(self, path: str) -> tuple[list[str], list[str]]:
        """The paths of all with cases that use a file: the pipelines, and the prompts."""
        users = list(filter(self.has_cases, self.graph.all_users(path)))
        pipelines = list(filter(self.repository.is_pipeline, users))
        return pipelines, [user for user in users if user not in pipelines]

    def users(
        self, path: str, text: str, users: Sequence[str], aside: Sequence[str]
    ) -> tuple[Dependent, ...]:
        """Those whose cases count, then those `aside`; who does not take `text` in is no user."""
        names = short_names([*users, *aside])
        found = (self.user(path, text, user, names[user], user in users) for user in names)
        return tuple(filter(None, found))

    def user(self, path: str, text: str, user: str, name: str, counts: bool) -> Dependent | None:
        """One prompt or pipeline that uses the file at `path`; None when its text is not in it."""
        repository = self.repository
        asked = repository.eval_file(user)
        kind = asked.template or repository.config.template
        prompt = self.committed.prompt(user, template=kind)
        steps: tuple[str, ...] = ()
        names = self.graph.names(user, path)
        if prompt.form == PIPELINE:
            names = (path,)
            steps = tuple(s.name for s in pipeline_of(prompt).asking if s.prompt == path)
        names = tuple(name for name in names if prompt.includes.get(name) == text)
        if not names and user != path:
            return None
        cases = repository.cases(user, asked)
        runs = self.run(prompt, asked, cases)
        return Dependent(
            name,
            user,
            Halves.of(cases, asked.must_pass),
            runs if user == path else Included(prompt, names, runs, steps),
            repository.config.policy(asked.must_pass, asked.quarantine, asked.check),
            prompt.identity,
            asked.weight,
            counts,
        )

    def has_cases(self, path: str) -> bool:
        """Say whether a prompt has cases of its own, in its eval file or beside it."""
        asked, there = self.repository.eval_file(path), self.repository.tree.is_file
        return bool(asked.inline or asked.cases or places.case_file(path, there))

    def run(self, prompt: Prompt, asked: EvalFile, cases: Dataset) -> Alone:
        """Run a prompt, or a pipeline, as its eval file asks."""
        repository, bench, may = self.repository, self.bench, self.allow_code
        choice = repository.model_choice(asked)
        model = model_for(bench, repository, prompt, choice, allow_code=may)
        suite = bench.suite(repository, asked, cases, allow_code=may)
        calls = len(pipeline_of(prompt).asking) if prompt.form == PIPELINE else 1
        price, at_once = bench.price(model), repository.config.concurrency
        return Alone(model, suite, at_once, price, bench.store, calls)


@dataclass(frozen=True, slots=True)
class Edited:
    """What is to be edited, and for whom."""

    path: str  # of the file, from the top level
    pipeline: str = ""  # path of the one that a step of is improved for


def edited(repository: Repository, asked: Asked) -> Edited:
    """
    Find the file that a command line means: a prompt's own, or that of a pipeline's step.

    Raises UserError where it is not said which step.
    """
    path = repository.prompt_path(asked.prompt or "")
    if not repository.is_pipeline(path):
        if asked.step:
            raise UserError(
                f"{path} is one prompt, and has no step {asked.step!r}",
                hint="--step is for a pipeline, pipelines/NAME.yaml",
            )
        return Edited(path)
    text, _ = repository.source(path, None)
    steps = {step.name: step for step in parse_steps(text, path).steps}
    asking = [step.name for step in steps.values() if step.prompt]
    if asked.step is None and len(asking) != 1:
        raise UserError(
            f"which step of {path}?",
            hint=f"--step {' or '.join(asking)}; `promptgit eval {path} --attribute` says which "
            "of them the failures come from",
        )
    wanted = asked.step or asking[0]
    if wanted not in asking:
        what = "is a function, and no prompt" if wanted in steps else "is no step"
        raise UserError(f"{path}: {wanted!r} {what}", hint=near(wanted, asking))
    return Edited(steps[wanted].prompt, path)


def target_of(around: Surroundings, what: Edited, asked: Asked) -> Target:
    """
    Say what improving a file is judged by.

    A step is judged by the cases of its pipeline.  A file with cases of its own is judged by
    them.  One that has none, or is asked about `for_all`, is judged by the cases of all that use
    it.  Raises UserError for what the user has to mend.
    """
    path = what.path
    if asked.for_all and asked.file:
        raise UserError(
            "--for-all takes the cases of the prompts that include the file, and --cases others",
            hint="leave one of them out",
        )
    own = around.has_cases(path)
    if not (what.pipeline or asked.for_all) and (asked.file is not None or own):
        return alone(around, path, asked.file)
    pipelines, prompts = around.tested_users(path)
    users = [*pipelines, *prompts]
    if what.pipeline and not asked.for_all:
        aside = [user for user in users if user != what.pipeline]
        return shared(around, path, [what.pipeline], [*aside, *([path] if own else [])])
    if not users and asked.for_all:
        raise UserError(f"nothing that has cases includes {path}", hint="leave --for-all out")
    if not users:
        return alone(around, path, asked.file)  # which says that there are no cases
    return shared(around, path, sorted({*users, *([path] if own else [])}))


def alone(around: Surroundings, path: str, file: str | None) -> Target:
    """The file is a prompt with cases of its own; pipelines that play it may not lose."""
    repository = around.repository
    eval_file = repository.eval_file(path)
    prompt = repository.prompt(path, around.commit)
    cases = repository.cases(path, eval_file, file=file)
    policy = repository.config.policy(eval_file.must_pass)
    runs = around.run(prompt, eval_file, cases)
    pipelines, prompts = around.tested_users(path)
    asked = around.users(path, prompt.text, (), pipelines)
    return Target(
        path, prompt, Halves.of(cases, policy.must_pass), runs, policy, asked, tuple(prompts)
    )


def shared(
    around: Surroundings, path: str, users: Sequence[str], aside: Sequence[str] = ()
) -> Target:
    """
    The file is text of several: each of `users` (paths) is asked its own cases.

    Those `aside` are asked at confirmation only.
    """
    repository = around.repository
    prompt = repository.prompt(path, around.commit, template="jinja")
    dependents = around.users(path, prompt.text, users, aside)
    counting = tuple(one for one in dependents if one.counts)
    if not counting:
        raise UserError(f"{path} is in no text of those that name it", hint="`promptgit graph`")
    return Target(
        path,
        prompt,
        union(counting, f"the cases of {listed([one.name for one in counting])}"),
        Together(counting),
        common_policy(repository.config.policy(), counting),
        dependents,
    )


def refuse_hopeless(target: Target) -> None:
    """Raise UserError where a user of the file has too few cases ever to let an edit through."""
    if not target.halves.enough:
        return  # a draft, which nobody has to clear
    for one in target.dependents:
        sealed = len(one.halves.sealed)
        if sealed < (1 if one.policy.scope == "suite" else FEWEST):
            raise UserError(
                f"{one.path} uses {target.path} and has {sealed} sealed cases: fewer than "
                f"{FEWEST} can never show that it does not lose by an edit",
                hint="give it cases; or let these very cases decide: `check: {scope: suite}` in "
                f"{splitext(one.path)[0]}.eval.yaml",
            )


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """
    Call each file by as much of the end of its path as tells it from the others.

    >>> list(short_names(["p/de/reply.md", "p/en/reply.md", "p/sort.md"]).values())
    ['de/reply', 'en/reply', 'sort']
    """
    bare = {path: splitext(path)[0].split("/") for path in paths}
    found = {}
    for path, parts in bare.items():
        ends = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
        others = [other for other in paths if other != path]
        alike = (
            e for e in ends if not any(f"/{'/'.join(bare[o])}".endswith(f"/{e}") for o in others)
        )
        found[path] = next(alike, path)
    return found


def concerned(target: Target, today: date) -> Iterator[Concerned]:
    """Say, for a plan, whom an edit concerns, and what their confirmation asks for."""
    counting = sum(one.weight for one in target.dependents if one.counts)
    for one in target.dependents:
        sealed = one.halves.sealed
        gate = plan(sealed, replace(one.policy, repeats=1), metrics=one.use.metrics, today=today)
        yield Concerned(
            one.name,
            one.path,
            len(one.halves.search) if one.counts else 0,
            len(sealed),
            one.weight / counting if one.counts else 0.0,
            one.policy.margin,
            gate.warnings,
            2 * len(sealed) * one.use.calls_per_case,
        )
