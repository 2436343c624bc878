"""Put together what a dashboard shows: the logs as they are now, rollouts, and earlier turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from promptgit.cli.analyzing import window_of
from promptgit.cli.flywheel.drift import USUAL
from promptgit.cli.flywheel_plan import flywheel_plan
from promptgit.cli.rollouts import live as rollouts_here
from promptgit.cli.turns.looking import active, engine_of
from promptgit.cli.turns.stages import insights
from promptgit.cli.turns.turn import Turn
from promptgit.cli.wiring import Repository
from promptgit.edges.turns import END, TurnJournal, begun_at, turn_ids
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.cube_facts import facts
from promptgit.flywheel.dashboard import Alarm, Dashboard, Experiment, Live, Turned
from promptgit.flywheel.drift import MOST, Drift, watch
from promptgit.flywheel.measure import side_by_side
from promptgit.flywheel.rollout import Rollout
from promptgit.flywheel.window import Window, instant, later
from promptgit.report import drift_text, measure_text

WINDOWS = 4  # that plots go back
TURNS = 20  # that are listed
EFFECTS = 5  # of one experiment: what is proven, then what matters most
SHORT = 10  # digits of a blob id


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed; None: as flywheel.yaml says."""

    since: str | None = None
    until: str | None = None
    engine: str | None = None
    table: str = ""


def dashboard(repository: Repository, asked: Asked) -> Dashboard:
    """Ask the logs, and read what the repository knows."""
    plan = flywheel_plan(repository)
    now = datetime.now(UTC)
    window = window_of(asked.since, asked.until, plan, now)
    engine = engine_of(asked.engine, plan.analyze.engine)
    turn = Turn(repository, plan, window, engine, asked.table)
    cube, before = turn.logs.cube(window), turn.logs.cube(window.before)
    longer = Window(later(window.until, -WINDOWS * window.length), window.until)
    history = turn.logs.cube(longer)
    turn.done["analyze"] = {
        "cube": facts(cube),
        "before": facts(before),
        "prompts": [one.facts for one in active(repository, cube)],
    }
    found, _, dirty = rollouts_here(repository, None, None)
    rollouts = [one.rollout for one in found]
    return Dashboard(
        made=instant(now),
        window=window,
        now=cube,
        before=before,
        history=history,
        alarms=tuple(_alarms(insights(turn), tuple(_drifts(turn, longer, history)))),
        experiments=tuple(e for one in rollouts for e in _experiments(one, history)),
        rollouts=tuple(map(_live, rollouts)),
        turns=tuple(_turns(repository)),
        engine=turn.logs.opened.limits or engine,
        notices=("prompts/rollout.yaml has changes that are not committed",) if dirty else (),
    )


def _alarms(found: dict[str, Any], drifts: Sequence[Drift]) -> Iterator[Alarm]:
    """Triggers that hold, resting or not, and drifts that no such trigger asks about."""
    told = set()
    for one in (*found["fired"], *found["resting"]):
        told |= {(one["prompt"], name) for name in one["metrics"]}
        rests = f" (acted on lately; rests until {one['until'][:10]})" if "until" in one else ""
        at = one.get("at", "")
        yield Alarm(at, one["prompt"], ", ".join(one["metrics"]), f"{one['why']}{rests}")
    for drift in drifts:
        if (drift.prompt, drift.metric.name) not in told:
            said = drift_text.said(drift)
            yield Alarm(drift.found, drift.prompt, drift.metric.name, said, drift.began)


def _drifts(turn: Turn, window: Window, cube: Cube) -> Iterator[Drift]:
    """What drifted in the time of the plots and stays so, as `flywheel drift` says it."""
    prompts = [name for name in cube.values("prompt") if name]
    for name in USUAL:
        metric = cube.metrics.get(name)
        if metric is None or not prompts:
            continue
        streams = {
            prompt: turn.logs.series(name, window, prompt=prompt, limit=MOST) for prompt in prompts
        }
        for one in watch(metric, streams):
            if one.drifted:
                yield one.drifts[-1]


def _experiments(rollout: Rollout, cube: Cube) -> Iterator[Experiment]:
    """A candidate against what is stable, within days."""
    if rollout.candidate is None:
        return
    stable, candidate = rollout.stable.blob, rollout.candidate.blob
    found = side_by_side(cube.only(prompt=rollout.prompt), stable, candidate)
    known = [one for one in found.effects if one.difference]
    first = sorted(known, key=lambda one: (not one.verdict, not one.leans, not one.matters))
    compared = f"{candidate[:SHORT]} against {stable[:SHORT]} in {rollout.environment}"
    for one in first[:EFFECTS]:
        said = measure_text.sentence(one)
        yield Experiment(rollout.prompt, one.metric.name, compared, one.difference, said)


def _live(rollout: Rollout) -> Live:
    step = rollout.next_step
    following = "" if rollout.candidate is None else "all, as the stable text"
    if rollout.candidate is not None and step is not None:
        following = f"{step:g} %" + (", once the guards hold" if rollout.guards else "")
    return Live(
        rollout.environment,
        rollout.prompt,
        rollout.stable.blob,
        rollout.candidate.blob if rollout.candidate else "",
        rollout.share,
        rollout.since,
        following,
    )


def _turns(repository: Repository) -> Iterator[Turned]:
    """The newest turns, with what later ones measured of them."""
    names = turn_ids(repository.git)
    outcomes: dict[str, str] = {}
    for name in names:
        measured = TurnJournal(repository.git, name).load("measure") or {}
        for effect in measured.get("effects", ()):
            outcomes.setdefault(effect["turn"], effect["verdict"])
    for name in names[:TURNS]:
        journal = TurnJournal(repository.git, name)
        end = journal.load(END)
        aborted = (journal.load("measure") or {}).get("aborted", ())
        fired = (journal.load("insights") or {}).get("fired", ())
        found = (journal.load("improve") or {}).get("improvements", ())
        proven = [one for one in found if one.get("blob")]
        did = f"{_count(fired, 'trigger')} fired; {_count(proven, 'improvement')} proven"
        did += f"; {_count(aborted, 'rollout')} taken back" if aborted else ""
        unmeasured = "none found" if fired else "nothing to do"
        if proven or aborted:
            unmeasured = "taken back" if aborted else "not measured yet"
        outcome = outcomes.get(name, unmeasured) if end else "cut short"
        yield Turned(name, begun_at(name), did, outcome)


def _count(found: Any, noun: str) -> str:
    return f"{len(found)} {noun}{'' if len(found) == 1 else 's'}"
