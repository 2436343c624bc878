"""The last stage: whether the texts that earlier turns found made things better."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.flywheel.cube_facts import cube_of
from promptgit.flywheel.measure import Measurement, before_and_after

ENOUGH = 20  # conversations with the new text; fewer say nothing yet


def measure(turn: Turn) -> Facts:
    """Compare each text that an earlier turn found with the window in which it was found."""
    effects = list(_effects(turn))
    return {"effects": effects, "aborted": []}


def _effects(turn: Turn) -> Iterator[Facts]:
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
    if seen < ENOUGH:
        return
    earlier = journal.load("analyze")
    assert earlier is not None, journal.turn
    before = cube_of(earlier["cube"]).only(prompt=one["prompt"])
    found = before_and_after(before, after)
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
                "verdict": each.verdict,
                "before": each.before,
                "after": each.after,
            }
            for each in found.proven
        ],
    }


def _verdict(found: Measurement) -> str:
    """One word for a turn: what is proven of all its metrics together."""
    if found.better and found.worse:
        return "mixed"
    return "better" if found.better else "worse" if found.worse else "nothing proven"
