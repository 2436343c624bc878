"""What the commands on logs share: where the logs are, and how they are redacted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptgit.edges.git import Git, GitFailed
from promptgit.edges.logs import LOGS, LogFolder, Reading, logs_folder
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.window import Window, duration

if TYPE_CHECKING:
    from promptgit.flywheel.redaction import Redactor


@dataclass(frozen=True)
class LogPlace:
    """The logs of this repository, or of PROMPTGIT_LOGS where there is no repository."""

    folder: Path
    plan: Plan
    git: Git | None

    @classmethod
    def here(cls) -> LogPlace:
        """Find them.  Raises UserError outside of a repository without PROMPTGIT_LOGS."""
        from promptgit.cli.flywheel_plan import flywheel_plan
        from promptgit.cli.wiring import Repository

        try:
            git = Git.discover(Path.cwd())
        except (UserError, WorldError):
            if not os.environ.get(LOGS):
                raise
            return cls(Path(os.environ[LOGS]).absolute(), Plan(), None)
        plan = flywheel_plan(Repository.at(git, ""))
        return cls(logs_folder(git, plan), plan, git)

    @property
    def logs(self) -> LogFolder:
        """The folder, after what processes that ended left in their spools was brought home."""
        from promptgit.edges.spool import recover

        try:
            found = recover(self.folder)
        except OSError as error:
            raise WorldError(
                f"{self.folder} cannot be written: {error.strerror}",
                hint="lines of processes that were killed wait there to be brought home",
            ) from error
        if found.damaged_bytes:
            lost = f"{found.damaged_bytes:,} captured bytes were lost in a crash of the machine"
            click.echo(f"note: {lost}", err=True)
        return LogFolder(self.folder)

    def redactor(self) -> Redactor:
        from promptgit.edges.redacting import redactor

        return redactor(self.plan.capture.redact, self.git.state_dir if self.git else None)

    @property
    def is_in_git(self) -> bool:
        """Whether a `git add` would take the logs along."""
        if self.git is None or self.git.bare:
            return False
        folder = self.folder.resolve()
        top = self.git.cwd.resolve()
        if not folder.is_relative_to(top) or folder.is_relative_to(self.git.common_dir.resolve()):
            return False
        asked = ("check-ignore", "-q", str(folder / "2026-01-01.jsonl"))
        try:
            self.git.read(*asked, environment={"GIT_LITERAL_PATHSPECS": "0"})  # it knows none
        except GitFailed:
            return True
        return False


def window_of(since: str | None) -> Window | None:
    """The window of `--since 7d`; None for all there is."""
    if not since:
        return None
    return Window(Window.last(duration(since), datetime.now(UTC)).since, "9999")


def show_json(value: Any) -> None:
    """Print JSON in ASCII: what logs hold cannot act on a terminal."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


@contextmanager
def told() -> Iterator[Reading]:
    """Read with this; what could not be read is said at the end, on standard error."""
    reading = Reading()
    yield reading
    if reading.malformed:
        places = "; ".join(reading.places)
        click.echo(f"note: {reading.malformed} lines could not be read: {places}", err=True)
    for damage in reading.damaged:
        click.echo(f"note: {damage}", err=True)
