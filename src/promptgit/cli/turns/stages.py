"""The first stages of a turn: close the logs, analyse them, and say which triggers fire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promptgit.cli.analyzing import trying
from promptgit.cli.turns.looking import Active, Version, active
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.flywheel.condition import Condition, drifts_of, metrics_of
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.cube_facts import facts
from promptgit.flywheel.drift import MOST, Drift, watch
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.plan import Rule
from promptgit.flywheel.trigger import Fired, judged, rests_until
from promptgit.flywheel.window import Window, later
from promptgit.report.metric_words import span, value
from promptgit.report.trigger_text import why

if TYPE_CHECKING:
    from promptgit.flywheel.insights import Analysis

HISTORY = timedelta(days=28)  # that drift is looked for in, or four windows


def look(turn: Turn) -> Facts:
    """Look at the window and the one before, and find the prompts in use."""
    from promptgit.flywheel.analyze import analyze
    from promptgit.flywheel.insights import Options

    limits = turn.logs.opened.limits
    options = Options(trying=trying(turn.repository, turn.plan.environment))
    found = analyze(turn.logs, turn.rulebook, turn.window, options, limits=limits)
    graded, notices = _graded(turn, found)
    return {
        "engine": found.limits or found.engine,
        "calls": found.now.calls,
        "conversations": found.now.conversations,
        "prompts": [one.facts for one in active(turn.repository, found.now)],
        "cube": facts(found.now),
        "before": facts(found.before),
        "opportunities": [
            {"prompt": one.prompt, "said": one.said, "basis": one.basis, "command": one.command}
            for one in found.opportunities
        ],
        "patterns": [
            {"prompt": one.prompt, "conversations": one.conversations, "words": list(one.words)}
            for one in found.patterns
        ],
        "graded": graded,
        "notices": [*found.notices, *notices],
    }


def _graded(turn: Turn, found: Analysis) -> tuple[list[Facts], Sequence[str]]:
    """What the judge says of the sample that flywheel.yaml asks for; a dry run asks nobody."""
    if not turn.plan.analyze.judge.sample or turn.journal is None:
        return [], ()
    from promptgit.cli.judging import Sampling, sampled
    from promptgit.flywheel.analyze import MOST_PROMPTS

    prompts = [name for name in found.prompts if name][:MOST_PROMPTS]
    told, notices = sampled(
        turn.repository,
        turn.plan,
        turn.logs,
        turn.rulebook,
        turn.window,
        found.now,
        prompts,
        Sampling(),
    )
    graded: list[Facts] = [
        {
            "prompt": one.prompt,
            "title": one.metric.title or one.metric.name,
            "value": value(one.metric, one.tally),
            "range": span(one.metric, one.tally),
            "asked": one.asked,
            "of": one.of,
            "by": one.by,
        }
        for one in told
    ]
    return graded, notices


def in_use(turn: Turn) -> tuple[Active, ...]:
    """The prompts that `analyze` found."""
    return tuple(
        Active(one["name"], one["path"], tuple(Version(**each) for each in one["versions"]))
        for one in turn.done["analyze"]["prompts"]
    )


def insights(turn: Turn) -> Facts:
    """Hold every trigger against every prompt; one that fired lately rests."""
    fired: list[Facts] = []
    resting: list[Facts] = []
    quiet: list[Facts] = []
    history = list(earlier(turn))
    drifts: dict[tuple[str, str], tuple[bool | None, tuple[Drift, ...]]] = {}
    here = {one.name for one in in_use(turn) if one.path}
    for rule, prompt, condition in _asked(turn):
        cube, before = turn.cube.only(prompt=prompt), turn.before.only(prompt=prompt)
        for metric in drifts_of(condition):
            if (prompt, metric) not in drifts:
                drifts[prompt, metric] = _drifted(turn, metric, prompt)
        judgement = judged(
            condition,
            cube,
            before,
            {name: drifts[prompt, name][0] for name in drifts_of(condition)},
        )
        told: Facts = {
            "when": str(condition),
            "prompt": prompt,
            "do": rule.do if prompt in here else "alarm",  # what is not here cannot be improved
            "why": why(judgement),
            "metrics": list(metrics_of(condition)),
        }
        until = rests_until(str(condition), prompt, history, rule.cooldown, turn.window.until)
        if not judgement.holds:
            quiet.append({**told, "holds": judgement.holds})
        elif until:
            resting.append({**told, "until": until})
        else:
            values = {f.metric.name: f.value for f in judgement.findings if f.value is not None}
            fired.append({**told, "at": turn.window.until, "evidence": values})
    found = [drift for _, several in drifts.values() for drift in several if drift.standing]
    return {
        "fired": fired,
        "resting": resting,
        "quiet": quiet,
        "drifts": [_drift_facts(drift) for drift in found],
    }


def earlier(turn: Turn) -> Iterator[Fired]:
    """Every trigger of an earlier turn that did what it fired for; of one cut short, none."""
    for name in turn_ids(turn.repository.git):
        if turn.journal and name == turn.journal.turn:
            continue
        journal = TurnJournal(turn.repository.git, name)
        held = journal.load("insights") if journal.load("improve") else None
        for one in (held or {}).get("fired", ()):
            yield Fired(one["at"], one["when"], one["prompt"], one["evidence"])


def _asked(turn: Turn) -> Iterator[tuple[Rule, str, Condition]]:
    """Every trigger with every prompt that it is about."""
    metrics = {name: one.metric for name, one in turn.rulebook.metrics.items()}
    metrics |= turn.cube.metrics
    names = [one.name for one in in_use(turn) if one.path]
    for rule in turn.plan.triggers:
        condition = parse(rule.when, metrics)
        for name in [rule.prompt] if rule.prompt else names:
            yield rule, name, condition


def _drifted(turn: Turn, metric: str, prompt: str) -> tuple[bool | None, tuple[Drift, ...]]:
    """Look for a drift of a metric that lasts to the end of the window."""
    length = max(HISTORY, 4 * turn.window.length)
    window = Window(later(turn.window.until, -length), turn.window.until)
    streams = {
        name: turn.logs.series(metric, window, prompt=name, limit=MOST)
        for name in _alike(turn.cube, prompt)
    }
    watched = watch(turn.cube.metrics[metric], streams)
    own = next(one for one in watched if one.prompt == prompt)
    return own.drifted, own.drifts


def _alike(cube: Cube, prompt: str) -> tuple[str, ...]:
    """All prompts: what drops everywhere at once is not the prompt's doing."""
    return tuple(dict.fromkeys((prompt, *cube.values("prompt"))))


def _drift_facts(drift: Drift) -> dict[str, Any]:
    return {
        "prompt": drift.prompt,
        "metric": drift.metric.name,
        "began": drift.began,
        "before": drift.before,
        "after": drift.after,
        "unit": drift.metric.unit,
        "causes": [list(cause) for cause in drift.causes],
    }
