"""
From calls to conversations: what every conversation adds to every metric.

One row for each conversation and prompt that it used; from it come the tallies, the observations
over time, and the conversations in which a detector fired.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Any

from promptgit.edges.engines.columns import column, number
from promptgit.edges.engines.scan import FIRST
from promptgit.edges.engines.wanted import Wanted
from promptgit.flywheel.detectors.detector import Detector, InTurn, Often, Repeated, Together
from promptgit.flywheel.detectors.measured import CALLS, CONVERSATIONS, Measured

Table = Any
Column = Any


def conversations(calls: Table, feedback: Table | None, wanted: Wanted) -> Table:
    """
    Sum calls up to conversations, add feedback about conversations, and flag them.

    Columns: talk, prompt, calls, began (instant and id of the first call), version, variant, model,
    a flag for each detector that was asked for by name, and x_METRIC and n_METRIC.
    """
    said = calls["sorted_by"]
    sums: dict[str, Column] = {
        "calls": calls.count(),
        "began": said.min(),
        "named": calls.named.max(),
        **{name: calls[name].argmin(said) for name in (*FIRST, "propensity")},
    }
    for name in wanted.summed:
        sums[f"sum_{name}"] = calls[column(name)].cast("int64").sum()
    for place, field in enumerate(wanted.numbers):
        value = number(calls, field)
        sums[f"total_{place}"] = value.sum()
        sums[f"count_{place}"] = value.count()
    for place, (one, other) in enumerate(wanted.pairs):
        sums[f"pair_{place}"] = (calls[column(one)] & calls[column(other)]).cast("int64").sum()
    for name in wanted.flags:
        match wanted.known[name].rule:
            case InTurn(first=first, then=then):
                sums[f"first_{name}"] = said.min(where=calls[column(first)])
                sums[f"then_{name}"] = said.max(where=calls[column(then)])
            case Repeated():
                sums[f"texts_{name}"] = calls[f"text_{name}"].count()
                sums[f"different_{name}"] = calls[f"text_{name}"].nunique()
    if wanted.needs_duration:
        sums["duration_s"] = (calls.moment.max() - calls.moment.min()).cast("float64")
    found = calls.group_by(["talk", "prompt"]).agg(**sums)
    found = found.mutate(
        **{f"total_{place}": found[f"total_{place}"].fill_null(0.0) for place in _places(wanted)}
    )
    if feedback is not None:
        found = _with_feedback(found, feedback, wanted)
    found = _with_flags(found, wanted)
    return _with_tallies(found, wanted)


def _places(wanted: Wanted) -> range:
    return range(len(wanted.numbers))


def _with_feedback(found: Table, feedback: Table, wanted: Wanted) -> Table:
    """Add feedback that names a conversation; one for each of its prompts."""
    added: dict[str, Column] = {"about": feedback["of"]}
    for name in wanted.summed:
        if name in wanted.later:
            added[f"more_{name}"] = feedback[column(name)].cast("int64")
    for place, field in enumerate(wanted.numbers):
        if "." in field:
            added[f"more_{place}"] = number(feedback, field)
    said = feedback.select(**added)
    found = found.left_join(said, (found.named == said.about) & (found.named != ""))
    more: dict[str, Column] = {
        f"sum_{name}": found[f"sum_{name}"] + found[f"more_{name}"].fill_null(0)
        for name in wanted.summed
        if name in wanted.later
    }
    for place, field in enumerate(wanted.numbers):
        if "." in field:
            value = found[f"more_{place}"]
            more[f"total_{place}"] = found[f"total_{place}"] + value.fill_null(0.0)
            more[f"count_{place}"] = found[f"count_{place}"] + value.notnull().cast("int64")
    return found.mutate(**more)


def _with_flags(found: Table, wanted: Wanted) -> Table:
    """Add whether each detector fired in the conversation."""
    once = {column(name): found[f"sum_{name}"] > 0 for name in wanted.summed}
    found = found.mutate(**once) if once else found
    for name in wanted.flags:
        detector = wanted.known[name]
        if detector.level == "conversation" and not detector.is_sampled:
            found = found.mutate(**{column(name): _flag(found, detector)})
    return found


def _flag(found: Table, detector: Detector) -> Column:
    import ibis

    name = detector.name
    match detector.rule:
        case Together(how=how, parts=parts):
            flags = [found[column(part)] for part in parts]
            flag = reduce(and_, flags) if how == "all" else reduce(or_, flags)
            return ~flag if how == "none" else flag
        case Often(of=of, times=times):
            return found[f"sum_{of}"] >= times
        case InTurn():
            return ibis.coalesce(found[f"first_{name}"] < found[f"then_{name}"], False)
        case Repeated():
            return found[f"texts_{name}"] > found[f"different_{name}"]
    raise AssertionError(detector)


def _with_tallies(found: Table, wanted: Wanted) -> Table:
    """Add x and n of every metric."""
    import ibis

    columns: dict[str, Column] = {}
    for measured in wanted.measured:
        x, n = _x_and_n(found, measured, wanted)
        if measured.where:
            n = ibis.ifelse(found[column(measured.where)], n, 0.0)
        name = measured.metric.name
        columns[f"x_{name}"] = ibis.ifelse(n > 0, x.cast("float64") * measured.scale, 0.0)
        columns[f"n_{name}"] = n.cast("float64")
    return found.mutate(**columns) if columns else found


def _x_and_n(found: Table, measured: Measured, wanted: Wanted) -> tuple[Column, Column]:
    import ibis

    one = ibis.literal(1.0)
    what, of = measured.what, measured.of
    if measured.how in ("mean", "sum"):
        if what == "duration_s":
            return found["duration_s"].fill_null(0.0), one
        if what == "calls":
            return found["calls"], one
        place = wanted.numbers.index(what)
        total, count = found[f"total_{place}"], found[f"count_{place}"].cast("float64")
        return total, count if measured.how == "mean" else one
    by_call = wanted.known[what].level == "call"
    fired = found[column(what)].cast("int64")
    if of == CALLS and by_call:
        return found[f"sum_{what}"], found["calls"].cast("float64")
    if of in (CALLS, CONVERSATIONS):
        return fired, one
    if (what, of) in wanted.pairs:
        together = found[f"pair_{wanted.pairs.index((what, of))}"]
        return together, found[f"sum_{of}"].cast("float64")
    both = (found[column(what)] & found[column(of)]).cast("int64")
    return both, found[column(of)].cast("float64")
