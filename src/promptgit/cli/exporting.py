"""Gathers what `promptgit export` hands over: a prompt, its cases, its checks, its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import relpath
from typing import Any

from promptgit.cli import past
from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.errors import UserError
from promptgit.evaluate.suite import Assertion, default_assertions
from promptgit.history.finding import Finding, read
from promptgit.report.exported import Exported


def exported(repository: Repository, path: str, revision: str | None) -> Exported:
    """Read a prompt as Git stores it now, or as of a revision; raise UserError."""
    asked = repository.eval_file(path)
    prompt = repository.prompt(path, revision)
    has_cases = asked.cases or asked.inline or places.case_file(path, repository.tree.is_file)
    cases = repository.cases(path, asked) if has_cases else None
    assertions: tuple[Assertion, ...] = asked.assertions or repository.config.assertions
    if not assertions and cases is not None and any(case.expected for case in cases):
        assertions = default_assertions(cases)
    choice = repository.model_choice(asked)
    commit, subject = _written_by(repository, path, prompt.blob, revision)
    return Exported(
        path,
        prompt,
        cases,
        assertions,
        "" if choice.name == "offline" else choice.name,
        dict(choice.options),
        commit,
        subject,
        _widest(prompt.blob),
    )


def chosen(repository: Repository, names: Sequence[str]) -> list[str]:
    """Return the paths of the prompts that were typed, or of all; raise UserError."""
    if names:
        return list(dict.fromkeys(repository.prompt_path(name) for name in names))
    found = [path for path in repository.prompts if not repository.is_pipeline(path)]
    if not found:
        raise UserError("there is no prompt here", hint="`promptgit init` says where to put one")
    return found


def beside(eval_file: str, path: str, folder: str) -> str:
    """
    Turn what an eval file names into what a file in `folder` has to name.

    >>> beside("prompts/reply.eval.yaml", "grade.py:tone", "out")
    '../prompts/grade.py:tone'
    """
    name, colon, function = path.partition(":")
    return f"{relpath(places.inside(eval_file, name) or name, folder or '.')}{colon}{function}"


def _written_by(
    repository: Repository, path: str, blob: str, revision: str | None
) -> tuple[str, str]:
    """Return the last commit that wrote this very text, and its subject; empty when none did."""
    git = repository.git
    tip = revision or "HEAD"
    try:
        if git.blob_at(git.resolve(tip), path) != blob:
            return "", ""
    except UserError:  # no commit yet
        return "", ""
    found = git.text("log", "-1", "--format=%H %s", git.resolve(tip), "--", path)
    commit, _, subject = found.partition(" ")
    return commit, subject


def _widest(blob: str) -> Finding | None:
    """Return the evaluation of this text over the most cases; of several, the newest."""
    with past.here() as here:
        archive: Any = here.judge.archive
        found = [read(record, blob) for record in archive.find(blob)]
    evaluations = [one for one in found if one and one.stage == "evaluation"]
    return max(evaluations, key=lambda one: one.n or 0, default=None)
