"""Where the logs are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.edges.git import Git
    from promptgit.flywheel.plan import Plan

LOGS = "PROMPTGIT_LOGS"
PRIVATE = ("spool", "quarantine", "locks")  # folders among the logs


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
    for inner in (place, *(place / name for name in PRIVATE)):
        link = next((one for one in _within(inner) if one.is_symlink()), None)
        if link:
            raise UserError(
                f"{link.relative_to(top)} is a symbolic link among the logs",
                hint="take it away: lines would be written, or read, where it leads",
            )
    return place


def _within(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
