"""What `flywheel measure` does, from what was typed to a measurement and what follows from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from promptgit.cli.guarding import LOOKED_BACK, guarded
from promptgit.cli.wiring import Repository
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.measure import USUAL, Margins, Measurement, before_and_after, side_by_side
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.proposal import (
    Compared,
    Guarded,
    Proposal,
    measurement_record,
    proposed,
)
from promptgit.flywheel.rollout import ROLLOUT_FILE, Rollout, Rollouts
from promptgit.flywheel.window import Window, instant

SHORTEST = 4  # digits of a version


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed; None where configuration and rollout say."""

    prompt: str
    environment: str | None = None
    since: str | None = None
    until: str | None = None
    before: str | None = None  # a version: digits of a blob id, or a revision
    after: str | None = None
    engine: str | None = None
    table: str = ""
    margins: Margins = field(default_factory=lambda: USUAL)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement, of what, and what follows."""

    found: Measurement
    of: Compared
    engine: str
    rollout: Rollout | None = None  # that has a candidate; else nothing is proposed
    guards: tuple[Guarded, ...] = ()
    proposal: Proposal | None = None


def measured(asked: Asked, repository: Repository, *, now: datetime | None = None) -> Measured:
    """
    Compare two texts of a prompt, or two periods, by the logs.

    With a candidate in the environment: side by side.  With versions: those.  Else the window
    against the one before.  Raises UserError where there is nothing to compare.
    """
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan

    plan = flywheel_plan(repository)
    path = repository.prompt_path(asked.prompt)
    rollout = None if asked.before or asked.after else trying(repository, path, asked, plan)
    looked = LOOKED_BACK if rollout or asked.before else plan.analyze.window
    plan = replace(plan, analyze=replace(plan.analyze, window=looked))
    window = window_of(asked.since, asked.until, plan, now or datetime.now(UTC))
    if asked.environment:
        plan = replace(plan, environment=asked.environment)
    logs = opened_logs(repository, plan, engine=asked.engine, table=asked.table)
    cube = logs.cube(window)
    name = name_of(path)
    if rollout:
        wanted = plan.measure.metrics
        return side(rollout, path, cube, window, logs.engine, asked.margins, wanted)
    mine = _measures(plan.measure.metrics, cube.only(prompt=name))
    environment = plan.environment
    if asked.before or asked.after:
        old, new = _versions(repository, path, asked, mine)
        found = before_and_after(
            mine.only(version=old), mine.only(version=new), margins=asked.margins
        )
        of = Compared(name, path, old, new, environment, window)
        return Measured(found, of, logs.engine)
    earlier = _measures(plan.measure.metrics, logs.cube(window.before).only(prompt=name))
    found = before_and_after(earlier, mine, margins=asked.margins)
    texts = _only_version(earlier), _only_version(mine)
    of = Compared(name, path, *texts, environment, window, window.before)
    return Measured(found, of, logs.engine)


def side(
    rollout: Rollout,
    path: str,
    cube: Cube,
    window: Window,
    engine: str,
    margins: Margins = USUAL,
    wanted: Collection[str] = (),
) -> Measured:
    """
    Compare candidate and stable of a rollout, and say what follows.

    wanted: metrics to compare; empty: all.  Guards are held against any.
    """
    assert rollout.candidate, rollout
    name = name_of(path)
    mine = _measures(wanted, cube.only(prompt=name))
    old, new = rollout.stable.blob, rollout.candidate.blob
    found = side_by_side(mine, old, new, margins)
    guards = guarded(rollout, cube)
    of = Compared(name, path, old, new, rollout.environment, window)
    return Measured(found, of, engine, rollout, guards, proposed(found, guards))


def trying(repository: Repository, path: str, asked: Asked, plan: Plan) -> Rollout | None:
    """The rollout of this prompt that has a candidate; None where there is none."""
    rollouts = rollouts_here(repository)
    environment = asked.environment or plan.target
    found = rollouts.get(environment, name_of_entry(repository, path))
    return found if found and found.candidate else None


def rollouts_here(repository: Repository) -> Rollouts:
    from promptgit.config.rollout_file import parse_rollouts

    return parse_rollouts(repository.tree.read(ROLLOUT_FILE) or b"")


def name_of_entry(repository: Repository, path: str) -> str:
    from promptgit.cli.rollouts import name_of as entry_name

    return entry_name(repository, path)


def keep(repository: Repository, told: Measured, *, now: datetime | None = None) -> str:
    """Keep a measurement among the records, found by either text; return its digest."""
    from promptgit.edges.records import Records

    of = told.of
    if not (of.before and of.after) or of.before == of.after:
        raise UserError(
            "this compares no two texts, so that no commit can be told of it",
            hint="name them: --before REV --after REV",
        )
    when = instant(now or datetime.now(UTC))[:19] + "Z"
    record = measurement_record(told.found, of, engine=told.engine, when=when)
    return Records(repository.git).put(record, (of.after, of.before))


def abort(repository: Repository, told: Measured) -> str:
    """Commit the abort that was proposed, as what nobody asked for by hand; return the commit."""
    from promptgit.cli.rollouts import Committed, now, proof
    from promptgit.flywheel.rollout import aborted
    from promptgit.flywheel.rollout_message import Step

    assert told.rollout
    assert told.proposal
    assert told.proposal.move == "abort"
    committed = Committed.at(repository.git)
    entry = committed.rollouts.get(told.rollout.environment, told.rollout.prompt)
    if entry is None or entry.candidate != told.rollout.candidate:
        raise UserError(
            f"{told.rollout.prompt} has another candidate meanwhile", hint="measure again"
        )
    words = proof(told.of.path, entry.stable).words
    after = aborted(entry, at=now())
    step = Step("abort", told.of.path, entry, after, words, f"{told.proposal.why}.", True)
    return committed.commit(repository.git, step)


def _measures(wanted: Collection[str], cube: Cube) -> Cube:
    """Leave the metrics that are asked for; all where none is named."""
    if not wanted:
        return cube
    kept = {name: metric for name, metric in cube.metrics.items() if name in wanted}
    return Cube(kept, cube.rows, cube.calls, cube.conversations)


def _versions(repository: Repository, path: str, asked: Asked, cube: Cube) -> tuple[str, str]:
    """The blob ids that were named; the one that was not is that of HEAD."""
    git = repository.git
    if asked.before is None:
        raise UserError("--after needs --before", hint="name the version to compare with")
    named = (asked.before, asked.after or "HEAD")
    found = []
    for word in named:
        alike = [blob for blob in cube.values("version") if blob and blob.startswith(word.lower())]
        if len(alike) == 1 and len(word) >= SHORTEST:
            found.append(alike[0])
            continue
        blob = git.blob_at(git.resolve(word), path)
        if blob is None:
            raise UserError(
                f"there is no {path} in {word}", hint=f"`promptgit log {path}` lists commits"
            )
        found.append(blob)
    for word, blob in zip(named, found, strict=True):
        if blob not in cube.values("version"):
            seen = ", ".join(one[:10] for one in cube.values("version") if one) or "none"
            raise UserError(
                f"no call in the logs used {word} ({blob[:10]})",
                hint=f"versions in this window: {seen}; --since looks further back",
            )
    return found[0], found[1]


def _only_version(cube: Cube) -> str:
    """The version of a period, where it has just one."""
    known = [blob for blob in cube.values("version") if blob]
    return known[0] if len(known) == 1 else ""


def margins_of(typed: tuple[str, ...]) -> Margins:
    """
    Read `METRIC=NUMBER`, of a share in points.

    >>> margins_of(("error_rate=0.5%", "quality_score=0.2"))["error_rate"]
    0.005
    """
    found = dict(USUAL)
    for word in typed:
        name, sign, text = word.partition("=")
        number = text.strip().removesuffix("%")
        try:
            value = float(number) / (100 if text.strip().endswith("%") else 1)
        except ValueError:
            value = -1.0
        if not sign or not 0 < value < 1e12:
            raise UserError(
                f"{word!r} is no margin", hint="write --margin error_rate=0.5% or quality_score=0.2"
            )
        found[name.strip()] = value
    return found
