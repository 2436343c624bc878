"""Whether the guards of a rollout hold on what its candidate did so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from promptgit.cli.wiring import Repository
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.proposal import Guarded
from promptgit.flywheel.rollout import CANDIDATE, STABLE, Rollout
from promptgit.flywheel.window import Window

LOOKED_BACK = timedelta(days=30)


def guarded(one: Rollout, cube: Cube) -> tuple[Guarded, ...]:
    """
    Hold each guard against the traffic of the candidate, of its very text.

    `change(…)` is the change against the stable text.  Raises UserError for a metric that nobody
    measures.
    """
    from promptgit.flywheel.grammar import parse
    from promptgit.flywheel.trigger import judged
    from promptgit.report.trigger_text import why

    if one.candidate is None:
        return ()
    name = name_of(one.prompt)
    tried = cube.only(prompt=name, variant=CANDIDATE, version=one.candidate.blob)
    stable = cube.only(prompt=name, variant=STABLE, version=one.stable.blob)
    found = []
    for guard in one.guards:
        judgement = judged(parse(guard, cube.metrics), tried, stable)
        found.append(Guarded(guard, judgement.holds, why(judgement)))
    return tuple(found)


def hold_guards(repository: Repository, plan: Plan, guards: Sequence[str]) -> None:
    """Raise UserError for a guard over what nobody measures, or in a unit that is not its own."""
    from promptgit.cli.flywheel_logs import rules_of
    from promptgit.flywheel.grammar import parse

    if not guards:
        return
    rules = rules_of(repository, plan)
    known = {name: one.metric for name, one in rules.metrics.items() if not rules.is_sampled(name)}
    for guard in guards:
        parse(guard, known)


def refuse_unguarded(repository: Repository, one: Rollout, *, force: bool) -> None:
    """Raise UserError where a guard does not hold, or nobody can tell; with `force`, never."""
    if not one.guards or force:
        return
    refuse_broken(one, guarded(one, recent(repository)))


def recent(repository: Repository) -> Cube:
    """What the logs of the last weeks show."""
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan

    window = Window.last(LOOKED_BACK, datetime.now(UTC))
    return opened_logs(repository, flywheel_plan(repository)).cube(window)


def refuse_broken(one: Rollout, guards: Sequence[Guarded]) -> None:
    """Raise UserError unless every guard is known not to have come true."""
    wrong = [guard for guard in guards if guard.holds is not False]
    if not wrong:
        return
    lines = [
        f"{'came true' if guard.holds else 'nobody knows'}: {guard.condition} ({guard.figures})"
        for guard in wrong
    ]
    broken = any(guard.holds for guard in wrong)
    raise UserError(
        f"the guards of {one.prompt} in {one.environment} do not hold\n  " + "\n  ".join(lines),
        hint=f"`promptgit abort {one.prompt} --to {one.environment}`, or --force"
        if broken
        else "wait for more conversations with the candidate, or --force",
    )
