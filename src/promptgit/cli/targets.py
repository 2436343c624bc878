"""What a run of improve works on, as the files of a repository tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from posixpath import splitext
from typing import TYPE_CHECKING

from promptgit.check.plan import plan
from promptgit.cli.asking import Asked
from promptgit.cli.graphing import graph_of
from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core.graph import Graph
from promptgit.errors import UserError
from promptgit.improve.improvement import Concerned, Halves
from promptgit.improve.shared import Included, Together, common_policy, union
from promptgit.improve.target import Alone, Dependent, Target

if TYPE_CHECKING:
    from promptgit.cli.bench import Bench
    from promptgit.config import EvalFile
    from promptgit.core.dataset import Dataset

SHOWN = 5  # names in a sentence


@dataclass(frozen=True)
class Surroundings:
    """Where a target stands: in a repository, in whose graph, with which models at hand."""

    repository: Repository
    bench: Bench
    commit: str  # that is built upon: its texts count, and the rules of the work tree
    allow_code: bool

    @cached_property
    def graph(self) -> Graph:
        return graph_of(replace(self.repository, revision=self.commit))

    def has_cases(self, path: str) -> bool:
        """Say whether a prompt has cases of its own, in its eval file or beside it."""
        asked, there = self.repository.eval_file(path), self.repository.tree.is_file
        return bool(asked.inline or asked.cases or places.case_file(path, there))

    def run(self, asked: EvalFile, cases: Dataset) -> Alone:
        """Run a prompt as its eval file asks."""
        repository, bench = self.repository, self.bench
        model = bench.model(repository.model_choice(asked), "model")
        suite = bench.suite(repository, asked, cases, allow_code=self.allow_code)
        return Alone(model, suite, repository.config.concurrency, bench.price(model), bench.store)


def target_of(around: Surroundings, path: str, asked: Asked) -> Target:
    """
    Say what improving the file at `path` is judged by.

    A file with cases of its own is judged by them.  One that has none, or is asked about
    `for_all`, is judged by the cases of all prompts that include it.  Raises UserError for what
    the user has to mend.
    """
    if asked.for_all and asked.file:
        raise UserError(
            "--for-all takes the cases of the prompts that include the file, and --cases others",
            hint="leave one of them out",
        )
    own = asked.file is not None or around.has_cases(path)
    if own and not asked.for_all:
        return alone(around, path, asked.file)
    users = [user for user in around.graph.all_users(path) if around.has_cases(user)]
    if not users and not asked.for_all:
        return alone(around, path, asked.file)  # which says that there are no cases
    if not users:
        raise UserError(f"nothing that has cases includes {path}", hint="leave --for-all out")
    return shared(around, path, [*([path] if own else []), *users])


def alone(around: Surroundings, path: str, file: str | None) -> Target:
    """The file is a prompt with cases of its own."""
    repository = around.repository
    eval_file = repository.eval_file(path)
    prompt = repository.prompt(path, around.commit)
    cases = repository.cases(path, eval_file, file=file)
    policy = repository.config.policy(eval_file.must_pass)
    return Target(path, prompt, Halves.of(cases), around.run(eval_file, cases), policy)


def shared(around: Surroundings, path: str, users: Sequence[str]) -> Target:
    """The file is text of several prompts: each of `users` (paths) is asked its own cases."""
    repository = around.repository
    names = short_names(users)
    prompt = repository.prompt(path, around.commit, template="jinja")
    dependents = tuple(filter(None, (_user(around, path, user, names[user]) for user in users)))
    return Target(
        path,
        prompt,
        union(dependents, f"the cases of {', '.join(one.name for one in dependents)}"),
        Together(dependents),
        common_policy(repository.config.policy(), dependents),
        dependents,
    )


def _user(around: Surroundings, path: str, user: str, name: str) -> Dependent | None:
    """One prompt that uses the file at `path`; None when its text does not take it in."""
    repository = around.repository
    asked = repository.eval_file(user)
    prompt = repository.prompt(user, around.commit)
    names = tuple(n for n in around.graph.names(user, path) if n in prompt.includes)
    if not names and user != path:
        return None
    cases = repository.cases(user, asked)
    runs = around.run(asked, cases)
    return Dependent(
        name,
        user,
        Halves.of(cases),
        runs if user == path else Included(prompt, names, runs),
        repository.config.policy(asked.must_pass, asked.quarantine, asked.check),
        prompt.identity,
        asked.weight,
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
            gate.cases_for_pass,
            2 * len(sealed) * one.use.calls_per_case,
        )
