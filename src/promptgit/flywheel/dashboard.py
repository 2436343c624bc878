"""What a dashboard shows: the state of every active prompt, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptgit.flywheel.cube import Cube
from promptgit.flywheel.tally import Difference
from promptgit.flywheel.window import Window


@dataclass(frozen=True, slots=True)
class Alarm:
    """A trigger that fired, or a drift that was found."""

    at: str  # when it was found: an instant in UTC
    prompt: str  # empty: all of them
    metric: str
    said: str  # one sentence
    began: str = ""  # when what it tells of began, as far as is known


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two variants or two versions of a prompt, compared on one metric."""

    prompt: str
    metric: str
    compared: str  # `candidate 4be1 against stable 0c2f`
    difference: Difference | None
    said: str  # one sentence


@dataclass(frozen=True, slots=True)
class Live:
    """What an environment serves of a prompt."""

    environment: str
    prompt: str
    stable: str  # blob ids
    candidate: str = ""
    percent: float = 0.0  # of the units that get the candidate
    since: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Turned:
    """One turn of the flywheel, and whether it made things better."""

    id: str
    at: str
    did: str  # one sentence
    outcome: str  # `better`, `worse`, `not proven`, `nothing to do`, …


@dataclass(frozen=True, slots=True)
class Dashboard:
    made: str  # an instant in UTC
    window: Window
    now: Cube
    before: Cube  # the window before; without rows where there was none
    history: Cube | None = None  # of a longer time, for the plots; None: `now`
    alarms: Sequence[Alarm] = ()
    experiments: Sequence[Experiment] = ()
    rollouts: Sequence[Live] = ()
    turns: Sequence[Turned] = ()
    engine: str = ""
    notices: Sequence[str] = ()  # what a reader must know to read it rightly
