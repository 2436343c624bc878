"""What `flywheel analyze` does, from what was typed to an Analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.cli.wiring import Repository
from promptgit.core.naming import name_of
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.insights import Analysis, Options
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.window import Window, duration, instant

if TYPE_CHECKING:
    from promptgit.edges.engines.ibis_logs import IbisLogs

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed; None where the configuration says."""

    since: str | None = None
    until: str | None = None
    engine: str | None = None
    table: str = ""
    prompt: str = ""
    judged: int | None = None
    budget: str | None = None
    allow_code: bool = False
    seed: int = 0


def analyzed(asked: Asked, *, now: datetime | None = None) -> Analysis:
    """
    Analyse the logs of the repository where the user stands.

    Raises UserError where there are no logs in the window, or what was asked cannot be.
    """
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.edges.logs import logs_folder
    from promptgit.flywheel.analyze import analyze

    repository = Repository.open()
    plan = flywheel_plan(repository)
    window = window_of(asked.since, asked.until, plan, now or datetime.now(UTC))
    logs = opened_logs(repository, plan, engine=asked.engine, table=asked.table)
    options = Options(
        prompt=asked.prompt, seed=asked.seed, trying=trying(repository, plan.environment)
    )
    found = analyze(logs, logs.rulebook, window, options, limits=logs.opened.limits)
    if not found.now.rows:
        where = (
            f"the table {asked.table}" if asked.table else str(logs_folder(repository.git, plan))
        )
        of = f" of {asked.prompt}" if asked.prompt else ""
        raise UserError(
            f"no call{of} from {window.since[:16]} to {window.until[:16]} in {where}",
            hint="`promptgit logs import FILE` brings some; --since 30d looks further back",
        )
    found = _with_sample(found, repository, plan, logs, asked)
    overridden = logs.rulebook.overridden
    if overridden:
        note = f"your own files replace {', '.join(overridden)} of the package"
        found = replace(found, notices=[*found.notices, note])
    return found


def trying(repository: Repository, environment: str) -> frozenset[str]:
    """The prompts, as logs name them, that have a candidate in an environment; or in any."""
    from promptgit.cli.measuring import rollouts_here

    return frozenset(
        name_of(one.prompt)
        for one in rollouts_here(repository).entries.values()
        if one.candidate and environment in ("", one.environment)
    )


def _with_sample(
    found: Analysis, repository: Repository, plan: Plan, logs: IbisLogs, asked: Asked
) -> Analysis:
    """Add what a judge or a function says of a sample."""
    from promptgit.cli.judging import Sampling, sampled
    from promptgit.flywheel.analyze import MOST_PROMPTS

    sampling = Sampling(asked.judged, asked.budget, asked.allow_code, asked.seed)
    prompts = [name for name in found.prompts if name][:MOST_PROMPTS]
    told, notices = sampled(
        repository, plan, logs, logs.rulebook, found.window, found.now, prompts, sampling
    )
    return replace(found, sampled=told, notices=[*found.notices, *notices])


def window_of(since: str | None, until: str | None, plan: Plan, now: datetime) -> Window:
    """
    Read the ends of a window: a day, an instant, or how long ago.

    >>> window_of("2026-11-02", "2026-11-09", Plan(), datetime(2026, 11, 20, tzinfo=UTC)).since
    '2026-11-02T00:00:00.000Z'
    """
    end = moment(until, now) if until else now
    begin = moment(since, now) if since else end - plan.analyze.window
    if since and not DAY.match(since) and until:
        begin = end - duration(since)
    if begin >= end:
        raise UserError(
            f"the window ends before it begins: {instant(begin)} to {instant(end)}",
            hint="--since is the earlier one",
        )
    return Window(instant(begin), instant(end))


def moment(text: str, now: datetime) -> datetime:
    """Read `7d` (so long ago), `2026-11-02` (midnight in UTC) or an instant."""
    if not DAY.match(text):
        return now - duration(text)
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise UserError(f"{text!r} is no time", hint="write 7d or 2026-11-02") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def write_markdown(file: str, found: Analysis) -> None:
    from promptgit.report.analysis_markdown import analysis

    try:
        Path(file).write_text(analysis(found), encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorldError(f"{file} cannot be written: {error.strerror}") from error
