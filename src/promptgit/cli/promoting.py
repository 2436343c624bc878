"""What `promote` says of a candidate that no guard of its rollout speaks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from promptgit.cli.guarding import LOOKED_BACK
from promptgit.cli.wiring import Repository
from promptgit.errors import UserError
from promptgit.flywheel.rollout import Rollout
from promptgit.flywheel.window import Window


def unproven(repository: Repository, one: Rollout, path: str) -> str:
    """
    Say in a sentence what the logs lack for a promotion; empty where they propose it.

    Never refuses: a person typed the command.  Without logs no engine is opened.
    """
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.measuring import side
    from promptgit.edges.logs import LogFolder, logs_folder

    if one.candidate is None:
        return ""
    plan = replace(flywheel_plan(repository), environment=one.environment)
    window = Window.last(LOOKED_BACK, datetime.now(UTC))
    none = f"no conversation with the candidate in the logs of the last {LOOKED_BACK.days} days"
    if not any(LogFolder(logs_folder(repository.git, plan)).files(window)):
        return none
    try:
        logs = opened_logs(repository, plan)
        told = side(one, path, logs.cube(window), window, logs.engine)
    except UserError as error:
        return f"nobody looked at the logs: {error}"
    stable, candidate = told.found.conversations
    if not candidate:
        return none
    if told.proposal is None or told.proposal.move == "promote":
        return ""
    return (
        f"`promptgit flywheel measure` proposes to {told.proposal.move}: {told.proposal.why} "
        f"({candidate:,} conversations with the candidate, {stable:,} with the stable text)"
    )
