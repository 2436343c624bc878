"""`--attribute`: from an evaluation of a pipeline to the steps that its failures come from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from promptgit.check.attribution import Known, blame_failures
from promptgit.check.flips import line_of
from promptgit.cli.evaluating import Task
from promptgit.cli.live import counted
from promptgit.cli.wiring import Repository
from promptgit.core.attribution import Attribution
from promptgit.core.evaluation import Evaluation
from promptgit.core.pipeline import FORM
from promptgit.core.record import Record
from promptgit.edges.records import Records
from promptgit.errors import UserError
from promptgit.report.attribution_text import attribution, attribution_facts

if TYPE_CHECKING:
    from rich.console import Group


def refuse_prompt(task: Task) -> None:
    """Raise UserError where there are no steps to tell apart."""
    if task.prompt.form != FORM:
        raise UserError(
            f"{task.path} is one prompt, and has no steps that could be to blame",
            hint="--attribute is for a pipeline, pipelines/NAME.yaml",
        )


def attribute(repository: Repository, task: Task, found: Evaluation, *, quiet: bool) -> Attribution:
    """Replay the failed cases; what passed in the records on the same cases is known as right."""
    replay = blame_failures(
        found,
        task.model,
        task.suite,
        known=on_record(Records(repository.git), task),
        concurrency=task.concurrency,
    )
    with closing(iter(replay)) as running:
        for _ in counted(running, len(replay), lambda: task.budget.spend, quiet=quiet):
            pass
    return replay.attribution


def facts(found: Attribution) -> dict[str, Any]:
    """What is added to the JSON of the evaluation."""
    return {"attribution": attribution_facts(found)}


def shown(found: Attribution, worst: int) -> Group:
    """What is shown below the evaluation."""
    return attribution(found, worst=worst)


def on_record(records: Records, task: Task) -> Known:
    """What the steps gave where a case passed, in evaluations of this pipeline on these cases."""
    found: dict[str, dict[str, str]] = {}
    for record in records.find(task.prompt.blob):
        if not _is_alike(record, task):
            continue
        results = [entry for entry in record.body.get("results") or () if isinstance(entry, dict)]
        line = line_of(entry.get("score") for entry in results)
        for entry in results:
            score, steps = entry.get("score"), _steps(entry)
            if steps and isinstance(score, int | float) and score >= line:
                found.setdefault(str(entry.get("case")), steps)
    return found


def _is_alike(record: Record, task: Task) -> bool:
    """Say whether a record is an evaluation of the same cases by the same assertions."""
    body = record.body
    cases, suite = _part(body, "cases"), _part(body, "suite")
    same = cases.get("digest") == task.cases.digest and suite.get("digest") == task.suite.digest
    return body.get("kind") == "evaluation" and same


def _steps(entry: Mapping[str, Any]) -> dict[str, str]:
    steps = [step for step in entry.get("steps") or () if isinstance(step, dict)]
    return {str(step.get("step")): step["output"] for step in steps if "output" in step}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}
