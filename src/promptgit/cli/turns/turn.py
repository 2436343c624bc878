"""A turn: what every stage is given, and the order in which they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from promptgit.cli.wiring import Repository
from promptgit.edges.turns import TurnJournal
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.cube_facts import cube_of
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.window import Window

if TYPE_CHECKING:
    from promptgit.edges.engines.ibis_logs import IbisLogs
    from promptgit.flywheel.detectors.measured import Rulebook

Facts = dict[str, Any]  # in JSON's terms
Stage = Callable[["Turn"], Facts]


@dataclass
class Turn:
    """One turn while it runs; `done` has the results of its stages so far."""

    repository: Repository
    plan: Plan
    window: Window
    engine: str
    table: str = ""  # of a warehouse
    journal: TurnJournal | None = None  # None: a dry run, which leaves nothing behind
    quiet: bool = False
    done: dict[str, Facts] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.journal.turn if self.journal else "dry run"

    @property
    def day(self) -> str:
        """The day on which the window ends, for names."""
        return self.window.until[:10]

    @cached_property
    def logs(self) -> IbisLogs:
        """The logs on the engine of this turn; opened when somebody asks."""
        from promptgit.cli.flywheel_logs import opened_logs

        return opened_logs(self.repository, self.plan, engine=self.engine, table=self.table)

    def open_logs(self) -> None:
        """Open the logs now; raise UserError where the engine or its extra is missing."""
        assert self.logs is not None

    @property
    def rulebook(self) -> Rulebook:
        return self.logs.rulebook

    @property
    def cube(self) -> Cube:
        """What `analyze` found."""
        return cube_of(self.done["analyze"]["cube"])

    @property
    def before(self) -> Cube:
        return cube_of(self.done["analyze"]["before"])

    def note(self, name: str, facts: Mapping[str, Any]) -> None:
        """Keep something within a stage, before what rests on it is done."""
        if self.journal:
            self.journal.save(name, facts)

    def noted(self, name: str) -> Facts:
        return (self.journal.load(name) if self.journal else None) or {}


def turned(
    turn: Turn, stages: Sequence[tuple[str, Stage]], told: Callable[[str, bool], None]
) -> None:
    """
    Run the stages in order; one whose result is in the journal is not run again.

    told: hears of each stage when it has ended, and whether it had ended before.
    """
    for name, stage in stages:
        held = turn.noted(name)
        if held:
            turn.done[name] = held
        else:
            turn.done[name] = stage(turn)
            turn.note(name, turn.done[name])
        told(name, bool(held))
