"""
Questions one by one, with what was seen before each answer: what a prediction is learned from.

What is known when a question is asked (the question, who asks) counts up to this question; what
only the answer shows counts up to the one before.  Feedback comes later, and is no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from promptgit.edges.engines.columns import (
    Secrets,
    column,
    conditions,
    fields_of,
    may_come_later,
    with_flags,
)
from promptgit.edges.engines.scan import calls_in, with_names
from promptgit.edges.engines.tables import Engine
from promptgit.errors import UserError
from promptgit.flywheel.detectors.detector import Detector, Expression, Together, with_parts
from promptgit.flywheel.logs import Step
from promptgit.flywheel.window import Window

# What is known of a call before it is answered.
ASKED = frozenset(
    {"input", "turn", "unit", "environment", "prompt", "version", "variant", "model", "provider",
     "system", "inputs", "input_tokens", "conversation", "at"}
)  # fmt: skip


def steps(
    opened: Engine,
    logs: Any,
    known: Mapping[str, Detector],
    outcome: str,
    window: Window,
    *,
    prompt: str,
    limit: int,
    secrets: Secrets,
) -> list[Step]:
    """Ask an engine; see the port `flywheel.logs.Logs.steps`."""
    ending = _of_calls(outcome, known)
    features = {
        name: _is_asked(name, known) for name in known if _is_feature(name, known, set(ending))
    }
    names = with_parts((*features, *ending), known)
    logs = opened.with_conditions(logs, conditions(names, known, opened.dialect))
    calls = with_names(logs.filter(calls_in(logs, window, prompt)))
    calls = with_flags(calls, names, known, secrets)
    narrow = calls.select(
        "talk",
        "sorted_by",
        happened=reduce(or_, (calls[column(name)] for name in ending)).cast("int8"),
        **{name: calls[column(name)].cast("int8") for name in features},
    )
    with opened.kept(narrow) as kept:
        return [
            Step(
                row["sorted_by"].partition(" ")[0],
                row["talk"],
                int(row["before"]),
                bool(row["happened"]),
                {name: float(row[name]) for name in features},
            )
            for row in opened.rows(_questions(kept, features, limit))
        ]


def _questions(kept: Any, features: Mapping[str, bool], limit: int) -> Any:
    """Add up what fired so far, and leave the questions after the first outcome out."""
    import ibis

    order: dict[str, Any] = {"group_by": "talk", "order_by": "sorted_by"}
    so_far = ibis.window(**order, rows=(None, 0))
    earlier = ibis.window(**order, rows=(None, -1))
    columns = {
        name: kept[name].max().over(so_far if asked else earlier).fill_null(0)
        for name, asked in features.items()
    }
    found = kept.select(
        "talk",
        "sorted_by",
        "happened",
        **columns,
        before=ibis.row_number().over(ibis.window(**order)),
        over=kept.happened.max().over(earlier).fill_null(0),
        drawn=kept.talk.hexdigest("md5"),
    )
    found = found.filter(found.over == 0)
    return found.order_by(["drawn", "talk", "sorted_by"]).limit(limit).drop("drawn", "over")


def _of_calls(outcome: str, known: Mapping[str, Detector]) -> tuple[str, ...]:
    """The detectors of single calls that decide an outcome: any of them."""
    detector = known[outcome]
    if detector.level == "call":
        return (outcome,)
    rule = detector.rule
    if isinstance(rule, Together) and rule.how == "any":
        return tuple(name for part in rule.parts for name in _of_calls(part, known))
    raise UserError(
        f"{outcome} is said of a whole conversation, not of one of its answers",
        hint="choose a detector of single calls, or `any` of such",
    )


def _is_feature(name: str, known: Mapping[str, Detector], ending: set[str]) -> bool:
    parts = with_parts((name,), known)
    return not any(
        part in ending
        or known[part].is_sampled
        or known[part].level != "call"
        or _told_later(known[part])
        for part in parts
    )


def _told_later(detector: Detector) -> bool:
    if isinstance(detector.rule, Expression):
        return "facts" in detector.rule.sql or "scores" in detector.rule.sql
    return any(map(may_come_later, fields_of(detector)))


def _is_asked(name: str, known: Mapping[str, Detector]) -> bool:
    """Whether a detector looks only at what is known before the answer."""
    leaves = [known[part] for part in with_parts((name,), known) if not known[part].parts]
    fields = [fields_of(leaf) for leaf in leaves]
    return all(found and found[0].partition(".")[0] in ASKED for found in fields)
