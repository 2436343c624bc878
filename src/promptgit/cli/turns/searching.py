"""One `improve` on the branch of a turn, with the answers of production as material."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from promptgit.cli.asking import Asked
from promptgit.cli.live import ImproveView
from promptgit.cli.wiring import Repository
from promptgit.errors import BudgetSpent, UserError
from promptgit.flywheel.plan import Improve
from promptgit.improve.performers import Performer

NOT_SEARCHED = "not searched"
LEARN_FROM_ANSWERS = ("mixture", "patterns")  # strategies


@dataclass(frozen=True, slots=True)
class Searched:
    """How a search ended, in JSON's terms."""

    state: str  # of `improve`, or `not searched`
    sentence: str
    run: str = ""
    commits: tuple[str, ...] = ()
    prompt_blob: str = ""  # of what was found, if it was confirmed

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "sentence": self.sentence,
            "run": self.run,
            "commits": list(self.commits),
            "blob": self.prompt_blob,
        }


def search(
    repository: Repository,
    path: str,
    plan: Improve,
    performers: Sequence[Performer],
    *,
    branch: str,
    run: str,
    begun: Callable[[str], None],
    quiet: bool,
) -> Searched:
    """
    Improve the prompt at `path` on `branch`; go on with `run` where one was begun.

    The run's id goes to `begun` before the first call, so that a turn that is killed finds it.
    What keeps a prompt from being searched (no cases, a text that is not committed) is said and
    no error: the drafts are worth their pull request all the same.
    """
    from promptgit.cli import improving
    from promptgit.cli.job import enter, prepare

    place = str(repository.git.cwd / path)
    try:
        if run:
            door = enter(Asked(prompt=place, run=run))
            ended = door.earlier.ending() if door.earlier else None
            if ended is not None:
                return _of_ending(ended)
        else:
            budget = plan.budget.replace(" ", "") or None
            door = enter(Asked(place, strategy=plan.strategy, budget=budget, branch=branch))
        job = prepare(door)
    except UserError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Searched(NOT_SEARCHED, f"{error.message}{hint}")
    if performers and job.plan.strategy in LEARN_FROM_ANSWERS:
        sealed = {value.strip() for case in job.halves.sealed for value in case.inputs.values()}
        seen = [each for each in performers if each.input.strip() not in sealed]
        strategy: Callable[..., Any] = job.strategy
        job = replace(job, strategy=partial(strategy, performers=seen))
    begun(job.run)
    view = ImproveView(job.title, lambda: job.budget.spend, quiet=quiet)
    try:
        with view.watching():
            outcome = improving.perform(job, view)
    except BudgetSpent as error:
        return Searched(NOT_SEARCHED, f"{error.message} ({error.hint})", job.run)
    blob = outcome.best.prompt.blob if outcome.commits else ""
    return Searched(outcome.state, outcome.sentence, job.run, tuple(outcome.commits), blob)


def _of_ending(ended: Mapping[str, Any]) -> Searched:
    commits = tuple(ended.get("commits") or ())
    blob = str(ended["blob"]["after"]) if commits else ""
    return Searched(ended["state"], str(ended.get("sentence", "")), ended["run"], commits, blob)
