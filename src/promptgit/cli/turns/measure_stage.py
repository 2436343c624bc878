"""The last stage: what rollouts did, and whether the texts of earlier turns made things better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from promptgit.cli import measuring
from promptgit.cli.turns.promotion import promotion
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.errors import UserError
from promptgit.flywheel.condition import metrics_of
from promptgit.flywheel.cube_facts import cube_of
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.measure import Measurement, before_and_after
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.rollout import ROLLOUT_FILE, Rollout

ENOUGH = 20  # conversations with the new text; fewer say nothing yet
Kind = Literal["rollouts", "aborted", "broken"]  # a measurement; taken back; a guard is none


def measure(turn: Turn) -> Facts:
    """
    Compare side by side where a rollout is under way, and before and after where one is over.

    A rollout whose guard came true is taken back; the next step of one that is proven better is
    proposed on a branch; nothing else is done.
    """
    told: dict[str, list[str]] = {"rollouts": [], "aborted": [], "broken": []}
    requests: list[Facts] = []
    for kind, sentence in _rollouts(turn, requests):
        told[kind].append(sentence)
    return {**told, "requests": requests, "effects": list(_effects(turn))}


def _rollouts(turn: Turn, requests: list[Facts]) -> Iterator[tuple[Kind, str]]:
    """
    For each candidate: what follows from its measurement, and the commit that took it back.

    What is measured is kept as a record of both texts; promotions are added to `requests`.
    """
    repository, target = turn.repository, turn.plan.target
    for one in measuring.rollouts_here(repository).entries.values():
        if one.candidate is None or one.environment != target:
            continue
        where = f"{one.prompt} in {target}, {one.share:g} % of the units"
        if fault := _broken_guard(turn, one):
            yield "broken", f"{where}: {fault}"
            continue
        path = repository.find_prompt(one.prompt)
        cube = turn.cube.only(prompt=one.prompt.rpartition("/")[2])
        if path is None or not cube.rows:
            yield "rollouts", f"{where}: nothing of it is in these logs"
            continue
        try:
            told = measuring.side(one, path, cube, turn.window, turn.engine)
        except UserError as error:
            yield "rollouts", f"{where}: {error.message}"
            continue
        if told.proposal is None:
            continue
        commit, did = "", f"proposed: {told.proposal.move}"
        if turn.journal is not None:
            measuring.keep(repository, told)
            if told.proposal.move == "abort":
                commit = measuring.abort(repository, told)
                did = f"taken back in {commit[:10]}"
            elif told.proposal.move == "promote":
                place, request = promotion(turn, one, told)
                did = f"{did} ({place})"
                requests += [request] if request else []
        yield "aborted" if commit else "rollouts", f"{where}: {did}: {told.proposal.why}"


def _broken_guard(turn: Turn, one: Rollout) -> str:
    """Say which guard nobody can hold, and what to do; empty: all can be held."""
    metrics = {name: measured.metric for name, measured in turn.rulebook.metrics.items()}
    for guard in one.guards:
        try:
            parse(guard, metrics)
        except UserError as error:
            said = error.message.partition(" (column ")[0]
            return (
                f"its guard `{guard}` guards nothing: {said} ({error.hint}); correct it in "
                f"{ROLLOUT_FILE}, or: promptgit abort {one.prompt} --to {one.environment}"
            )
    return ""


def _effects(turn: Turn) -> Iterator[Facts]:
    """For each text that an earlier turn found and that is in use now: what is proven of it."""
    git = turn.repository.git
    for name in turn_ids(git):
        journal = TurnJournal(git, name)
        found = (journal.load("improve") or {}).get("improvements", ())
        for one in found:
            if one.get("blob") and (turn.journal is None or name != turn.journal.turn):
                yield from _effect(turn, journal, one)


def _effect(turn: Turn, journal: TurnJournal, one: Facts) -> Iterator[Facts]:
    after = turn.cube.only(prompt=one["prompt"], version=one["blob"])
    seen = max((tally.clusters for row in after.rows.values() for tally in row.values()), default=0)
    earlier = journal.load("analyze")
    if seen < ENOUGH or earlier is None:
        return
    before = cube_of(earlier["cube"]).only(prompt=one["prompt"])
    wanted = wanted_metrics(turn.plan)
    metrics = {name: metric for name, metric in after.metrics.items() if name in wanted}
    found = before_and_after(before, replace(after, metrics=metrics))
    yield {
        "turn": journal.turn,
        "prompt": one["prompt"],
        "blob": one["blob"],
        "conversations": list(found.conversations),
        "verdict": _verdict(found),
        "proven": [
            {
                "metric": each.metric.name,
                "title": each.metric.title or each.metric.name,
                "unit": each.metric.unit,
                "per": _per(turn, each.metric.name),
                "verdict": each.verdict,
                "before": each.before,
                "after": each.after,
            }
            for each in found.proven
        ],
    }


def _per(turn: Turn, metric: str) -> str:
    """What a count is counted among: calls, conversations, or those where a detector fired."""
    measured = turn.rulebook.metrics.get(metric)
    return "" if measured is None else measured.of


def wanted_metrics(plan: Plan) -> tuple[str, ...]:
    """
    What says whether a turn made things better: as flywheel.yaml says, else what triggers watch.

    >>> wanted_metrics(Plan())
    ('security_incidents', 'quality_score', 'satisfaction')
    """
    if plan.measure.metrics:
        return plan.measure.metrics
    watched = [name for rule in plan.triggers for name in metrics_of(parse(rule.when))]
    return tuple(dict.fromkeys((*watched, "satisfaction")))


def _verdict(found: Measurement) -> str:
    """One word for a turn: what is proven of all its metrics together."""
    if found.better and found.worse:
        return "mixed"
    return "better" if found.better else "worse" if found.worse else "nothing proven"
