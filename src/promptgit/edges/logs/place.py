"""Where the logs are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.edges.git import Git
    from promptgit.flywheel.plan import Plan

LOGS = "PROMPTGIT_LOGS"


def logs_folder(git: Git, plan: Plan, environment: Mapping[str, str] = os.environ) -> Path:
    """PROMPTGIT_LOGS, else `capture.folder` of `flywheel.yaml`, else below the state folder."""
    if named := environment.get(LOGS):
        return Path(named).absolute()
    if plan.capture.folder and not git.bare:
        return inside(git.cwd, plan.capture.folder)
    return git.state_dir / "logs"


def inside(top: Path, folder: str) -> Path:
    """
    The folder of logs that a repository's own file names.

    Raises UserError where a symbolic link leads out of the repository: whoever can commit one
    could have the lines of others written, or read, anywhere.
    """
    place = top / folder
    if not place.resolve().is_relative_to(top.resolve()):
        raise UserError(
            f"flywheel.yaml: capture.folder: {folder} leads out of the repository",
            hint=f"take the link away; only you may name a folder elsewhere: {LOGS}=/that/folder",
        )
    return place
