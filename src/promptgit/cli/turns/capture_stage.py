"""The first stage: close the logs of the days that are over, and drop what is too old."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges.git import GitFailed
from promptgit.edges.logs import LogFolder, logs_folder
from promptgit.edges.logs.keeping import keep


def capture(turn: Turn) -> Facts:
    """
    Close and drop files, as of today or of the day on which the window ends.

    A turn that looks at an earlier week drops nothing that it, or the week before it, needs.
    """
    folder = logs_folder(turn.repository.git, turn.plan)
    retention = turn.plan.capture.retention
    today = min(datetime.now(UTC).date(), date.fromisoformat(turn.day))
    kept = keep(folder, today, retention, dry_run=turn.journal is None)
    files = len(LogFolder(folder).files(turn.window))
    days = "for ever" if retention is None else f"{retention.days} days"
    would = "would be " if turn.journal is None else ""
    return {
        "folder": str(folder),
        "files": files,
        "closed": kept.closed,
        "deleted": kept.deleted,
        "sentence": f"{files} files in the window; {len(kept.closed)} {would}closed, "
        f"{len(kept.deleted)} {would}deleted (kept: {days}){_unignored(turn, folder)}",
    }


def _unignored(turn: Turn, folder: Path) -> str:
    """Say so where the next `git add` would take the logs along."""
    git, named = turn.repository.git, turn.plan.capture.folder
    if git.bare or not named or folder != git.cwd / named:
        return ""
    plainly = {"GIT_LITERAL_PATHSPECS": "0"}  # this command of Git refuses to be told
    try:
        git.read("check-ignore", "--quiet", "--", f"{named}/a.jsonl", environment=plainly)
    except GitFailed:
        return f"; add {named}/ to .gitignore"
    return ""
