"""`promptgit.check`: may a change land?  Of a repository, or of two prompts or evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import overload

from promptgit.api.evaluating import evaluate
from promptgit.api.footing import Footing, Place, purse
from promptgit.api.own import Cases, ModelLike, Scorers
from promptgit.api.progress import Progress, Tell
from promptgit.api.values import Report, Verdict, shown_as
from promptgit.check import check as pairs
from promptgit.cli import check_evidence, checking
from promptgit.cli.gates import Permissions
from promptgit.core import evaluation
from promptgit.core import prompt as prompts
from promptgit.core.verdict import Policy
from promptgit.edges.ends import ends
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.evaluate.budget import Budget

Judged = str | prompts.Prompt | evaluation.Evaluation


@overload
def check(
    before: Judged,
    after: Judged,
    *,
    cases: Cases | None = None,
    scorers: Scorers | None = None,
    model: ModelLike | None = None,
    policy: Policy | None = None,
    margin: float | None = None,
    budget: str | Budget | None = None,
    concurrency: int | None = None,
    allow_code: bool = False,
    repo: Place | None = None,
    progress: Tell | None = None,
) -> Verdict: ...


@overload
def check(
    *,
    base: str | None = None,
    head: str | None = None,
    worktree: bool = False,
    prompts: Sequence[str] = (),
    model: str | None = None,
    margin: float | None = None,
    budget: str | None = None,
    concurrency: int | None = None,
    allow_code: bool = False,
    record: bool = False,
    repo: Place | None = None,
    progress: Tell | None = None,
) -> Report: ...


def check(
    before: Judged | None = None,
    after: Judged | None = None,
    *,
    base: str | None = None,
    head: str | None = None,
    worktree: bool = False,
    prompts: Sequence[str] = (),
    cases: Cases | None = None,
    scorers: Scorers | None = None,
    model: ModelLike | None = None,
    policy: Policy | None = None,
    margin: float | None = None,
    budget: str | Budget | None = None,
    concurrency: int | None = None,
    allow_code: bool = False,
    record: bool = False,
    repo: Place | None = None,
    progress: Tell | None = None,
) -> Verdict | Report:
    """
    Say whether a change makes a prompt worse; the answer is truthy when it may land.

    `check(before, after)` compares two evaluations, or runs two prompts (names or Prompts) on the
    same cases, and returns a Verdict.  policy: the rules; else those of the repository, or the
    usual ones.

    `check(base="main", head="HEAD")` runs the gate of the repository, as `promptgit check` does,
    and returns a Report.  base: else where head left the default branch.  worktree: take the files
    as they are now for head.  prompts: only these.  record: keep the evidence in the repository.

    margin: tolerate a drop below it.  The others are as in `evaluate`.
    """
    if before is None and after is None:
        return _gate(
            base,
            head,
            worktree=worktree,
            wanted=checking.Wanted(
                prompts=(prompts,) if isinstance(prompts, str) else tuple(prompts),
                margin=margin,
                budget=_by_word("budget", budget),
                model=_by_word("model", model),
                concurrency=concurrency,
                permissions=Permissions(allow_code, False),
            ),
            repo=repo,
            record=record,
            progress=progress,
        )
    if before is None or after is None:
        raise UserError(
            "one side is missing", hint="check(before, after), or check(base=…, head=…)"
        )
    footing = Footing.at(repo, model=model, budget=budget)
    if policy is None:
        text = before.prompt if isinstance(before, evaluation.Evaluation) else before
        known = footing.repository is not None
        policy = footing.policy(footing.subject(text, None, alone=False)) if known else Policy()
    policy = policy if margin is None else replace(policy, margin=margin)
    sides = [before, after]
    if not all(isinstance(side, evaluation.Evaluation) for side in sides):
        shared = purse(budget, footing.config)
        sides = [
            evaluate(
                _unrun(side),
                cases=cases,
                scorers=scorers,
                model=model,
                budget=shared,
                concurrency=concurrency,
                allow_code=allow_code,
                repo=repo,
                progress=progress,
            )
            for side in sides
        ]
    baseline, candidate = (side for side in sides if isinstance(side, evaluation.Evaluation))
    return shown_as(Verdict, pairs.check(baseline, candidate, policy))


def _unrun(side: Judged) -> str | prompts.Prompt:
    if isinstance(side, evaluation.Evaluation):
        raise UserError(
            "one side is an evaluation, and the other is not run yet",
            hint="give two evaluations, or two prompts",
        )
    return side


def _by_word(name: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise UserError(
        f"the gate of a repository takes its `{name}` as a word, not {given!r}",
        hint="check(before, after, …) takes objects",
    )


def _gate(
    base: str | None,
    head: str | None,
    *,
    worktree: bool,
    wanted: checking.Wanted,
    repo: Place | None,
    record: bool,
    progress: Tell | None,
) -> Report:
    git = Git.discover(Path(repo or Path.cwd()).absolute())
    prepared = checking.prepare(git, ends(git, base, head, work_tree=worktree), wanted)
    running = checking.Running(prepared, today=checking.today())
    with closing(iter(running)) as turns:
        for done, _ in enumerate(turns, 1):
            if progress:
                most, spend = prepared.most_answers, prepared.budget.spend
                progress(Progress(done, most, "checking", spend))
    report = running.report
    if record:
        report = check_evidence.keep(prepared, running.evidence, report)
    return shown_as(Report, report)
