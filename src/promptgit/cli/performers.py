"""Where the strategy `patterns` learns from, other than the search cases: a run, or a log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from promptgit.cli.resuming import find_run
from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Dataset
from promptgit.core.journal import iterations
from promptgit.errors import UserError
from promptgit.improve.improve import Strategy
from promptgit.improve.improvement import Halves
from promptgit.improve.performers import Performer, logged


def with_performers(
    strategy: Callable[..., Any], repository: Repository, halves: Halves
) -> Strategy:
    """
    Give the strategy the answers that its options name; any other strategy stays as it is.

    Raises UserError for a run or a file that is not there, or holds no scored answer.
    """
    improve = repository.config.improve
    if "performers" in improve.options:
        raise UserError(
            "the option `performers` is filled in by promptgit",
            hint="strategy `patterns`: name a run with `from_run`, or a file with `from_logs`",
        )
    if improve.strategy != "patterns":
        return strategy
    run, file = (str(improve.options.get(name) or "") for name in ("from_run", "from_logs"))
    if run and file:
        raise UserError("`from_run` and `from_logs` are two sources", hint="leave one of them out")
    if not run and not file:
        return strategy
    if run:
        return partial(strategy, performers=of_run(repository, run, halves.search))
    return partial(strategy, performers=of_log(repository, file, halves))


def of_run(repository: Repository, name: str, search: Dataset) -> list[Performer]:
    """All answers of a run to cases that are searched with now; the sealed ones stay unread."""
    earlier = find_run(repository, name, None)
    asked = {case.id: "\n".join(case.inputs.values()) for case in search}
    found: dict[tuple[str, str], Performer] = {}
    for iteration in iterations(earlier.events):
        for entry in iteration.results:
            case, output, score = (entry.get(key) for key in ("case", "output", "score"))
            if case in asked and isinstance(output, str) and score is not None:
                found[case, output] = Performer(asked[case], output, float(score), case)
    if not found:
        raise UserError(
            f"run {earlier.run} holds no scored answer to a case that is searched with",
            hint="was it a run of another prompt, or with --no-outputs?",
        )
    return list(found.values())


def of_log(repository: Repository, file: str, halves: Halves) -> list[Performer]:
    """
    The answers of a JSONL file of this repository, without those to sealed cases.

    What Git ignores is not read: it would be sent to a model.
    """
    data = repository.tree.read(file) if _is_inside(file) else None
    if data is None:
        raise UserError(
            f"`from_logs`: there is no file {file} in this repository",
            hint="the path starts from the repository's top",
        )
    repository.refuse_ignored(file, f"`from_logs` names {file!r}")
    found, odd = logged(data.decode("utf-8", "replace"))
    if odd:
        raise UserError(
            f"{file}:{odd[0]}: this line is no answer ({len(odd)} such lines)",
            hint='each line is like {"input": "…", "output": "…", "score": 0.8}, the score 0 to 1',
        )
    sealed = {value.strip() for case in halves.sealed for value in case.inputs.values()}
    kept = [performer for performer in found if performer.input.strip() not in sealed]
    if not kept:
        raise UserError(f"{file} holds no answer to learn from")
    return kept


def _is_inside(file: str) -> bool:
    return not file.startswith("/") and ".." not in file.split("/")
