"""Where captured lines go and what is taken out of them: found once, without Git if need be."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.flywheel.interaction import Interaction
    from promptgit.flywheel.plan import Plan

Redact = Callable[["Interaction"], "Interaction"]
LOGS = "PROMPTGIT_LOGS"
ENVIRONMENT = "PROMPTGIT_ENVIRONMENT"
PLAN = "flywheel.yaml"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a process that captures has to know."""

    folder: Path
    redact: Redact
    environment: str = ""  # of calls and prompts that name none


def settled(
    folder: str | os.PathLike[str] | None = None,
    *,
    redact: Redact | None = None,
    environment: str | None = None,
) -> Settled:
    """
    Settle what is not given: from the environment, from `flywheel.yaml`, from the repository.

    Raises UserError where there is no folder to write to, or `flywheel.yaml` cannot be read: then
    nobody knows what has to be taken out.
    """
    top = _top(Path.cwd())
    plan = _plan(top)
    if environment is None:
        environment = os.environ.get(ENVIRONMENT) or plan.environment
    found = Path(folder) if folder else _folder(top, plan)
    found = found.absolute()
    return Settled(found, redact or _redactor(top, plan), environment)


def _top(where: Path) -> Path | None:
    """The folder that holds `flywheel.yaml` or a work tree's `.git`, at or above `where`."""
    for place in (where, *where.parents):
        if (place / PLAN).is_file() or (place / ".git").exists():
            return place
    return None


def _plan(top: Path | None) -> Plan:
    file = top / PLAN if top else None
    if file is None or not file.is_file():
        from promptgit.flywheel.plan import Plan

        return Plan()
    from promptgit.config.flywheel_file import parse_flywheel

    return parse_flywheel(file.read_bytes(), str(file))


def _folder(top: Path | None, plan: Plan) -> Path:
    named = os.environ.get(LOGS)
    if named:
        return Path(named)
    if top and plan.capture.folder:
        from promptgit.edges.logs.place import inside

        return inside(top, plan.capture.folder)
    common = _common_dir(top / ".git") if top else None
    if common is None:
        raise UserError(
            f"no folder for logs: {LOGS} is not set, and {Path.cwd()} is in no repository",
            hint=f"set {LOGS}=/a/folder, or call promptgit.capture_to(folder)",
        )
    return common / "promptgit" / "logs"


def _common_dir(git: Path) -> Path | None:
    """
    What `git rev-parse --git-common-dir` says, without the program: a container may have none.

    Layout: gitrepository-layout(5), "commondir" and "gitdir".
    """
    if git.is_file():
        said = git.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
        git = git.parent / said
    if not git.is_dir():
        return None
    shared = git / "commondir"
    return git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git


def _redactor(top: Path | None, plan: Plan) -> Redact:
    from promptgit.edges.redacting import redactor

    common = _common_dir(top / ".git") if top else None
    return redactor(plan.capture.redact, common / "promptgit" if common else None).interaction
