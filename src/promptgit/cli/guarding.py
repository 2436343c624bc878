"""Whether the guards of a rollout hold on what its candidate did so far."""

from __future__ import annotations

from promptgit.cli.wiring import Repository
from promptgit.errors import UserError
from promptgit.flywheel.rollout import Rollout


def refuse_unguarded(repository: Repository, one: Rollout, *, force: bool) -> None:
    """Raise UserError where a guard does not hold, or nobody can tell; with `force`, never."""
    if not one.guards or force:
        return
    raise UserError(
        f"nobody looked at the guards of {one.prompt} in {one.environment} ({repository.git.cwd})",
        hint="--force promotes all the same",
    )
