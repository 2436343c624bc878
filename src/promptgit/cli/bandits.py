"""What `flywheel bandit` does: the state of a rollout from the logs, and a share as a commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from promptgit.cli import guarding, measuring
from promptgit.cli.measuring import Asked
from promptgit.cli.wiring import Repository
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.flywheel.bandit import FORGETTING, OUT_OF_SIGHT
from promptgit.flywheel.bandit_standing import Standing, stand
from promptgit.flywheel.measure import side_by_side


def standing(
    asked: Asked,
    repository: Repository,
    metric: str,
    *,
    forget: bool = False,
    seed: int = 0,
    now: datetime | None = None,
) -> Standing:
    """Ask the logs; raise UserError where there is no candidate, or the metric is no reward."""
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_logs import opened_logs
    from promptgit.cli.flywheel_plan import flywheel_plan

    moment = now or datetime.now(UTC)
    plan = flywheel_plan(repository)
    path = repository.prompt_path(asked.prompt)
    rollout = measuring.trying(repository, path, asked, plan)
    if rollout is None or rollout.candidate is None:
        where = asked.environment or plan.target
        raise UserError(
            f"{name_of(path)} has no candidate in {where}",
            hint=f"`promptgit deploy {name_of(path)} --to {where}` brings one",
        )
    plan = replace(
        plan,
        environment=rollout.environment,
        analyze=replace(plan.analyze, window=guarding.LOOKED_BACK),
    )
    window = window_of(asked.since, asked.until, plan, moment)
    logs = opened_logs(repository, plan, engine=asked.engine, table=asked.table)
    name = name_of(path)
    points = logs.series(metric, window, prompt=name, limit=OUT_OF_SIGHT)
    alone = replace(logs, rulebook=logs.rulebook.only((metric,)))
    cube = alone.cube(window).only(prompt=name)
    found = side_by_side(cube, rollout.stable.blob, rollout.candidate.blob)
    effect = next(one for one in found.effects if one.metric.name == metric)
    lead = effect.difference.value if effect.difference else None
    if lead is not None and effect.metric.better == "lower":
        lead = -lead
    discount = FORGETTING if forget else 1.0
    return stand(
        rollout, effect.metric, points, now=moment, lead=lead, discount=discount, seed=seed
    )


def apply(repository: Repository, found: Standing) -> str | None:
    """
    Commit the proposed share; None where nothing is to be done.

    Never promotes.  Raises UserError where the share would rise and a guard does not hold.
    """
    from promptgit.cli.rollouts import Committed, now, proof
    from promptgit.flywheel.rollout import shared
    from promptgit.flywheel.rollout_message import Step

    if found.move != "share":
        return None
    path = repository.prompt_path(found.rollout.prompt)
    committed = Committed.at(repository.git)
    entry = committed.rollouts.get(found.rollout.environment, found.rollout.prompt)
    if entry != found.rollout or entry.candidate is None:
        raise UserError("the rollout changed meanwhile", hint="run the command again")
    if found.proposed > entry.share:
        guarding.refuse_unguarded(repository, entry, force=False)
    after = shared(entry, found.proposed, at=now())
    words = proof(path, entry.candidate).words
    step = Step("share", path, entry, after, words, f"Thompson sampling: {found.why}.", True)
    return committed.commit(repository.git, step)
