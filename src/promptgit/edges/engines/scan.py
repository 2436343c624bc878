"""
The one look at the log lines: what is needed of each, as a narrow table that the engine keeps.

What a text says becomes a flag here, so that no text is carried on.  Feedback about a call is put
into the call; feedback about a conversation stays apart.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

from promptgit.edges.engines.columns import (
    Secrets,
    column,
    fields_of,
    flag_of,
    may_come_later,
    number,
    raw,
    taken,
    text,
    with_flags,
)
from promptgit.edges.engines.wanted import Wanted
from promptgit.flywheel.detectors.detector import Repeated, Together
from promptgit.flywheel.interaction import CALL, FEEDBACK
from promptgit.flywheel.window import Window, later

Table = Any

FIRST = ("version", "variant", "model")  # of the first call of a prompt in its conversation
GRACE = timedelta(days=30)  # after a window, in which feedback about its calls counts


def with_feedback_time(window: Window) -> Window:
    """The window whose files may hold a line that counts."""
    return Window(window.since, later(window.until, GRACE))


def calls_in(logs: Table, window: Window, prompt: str = "") -> Any:
    """The condition of a line that is a call of the window."""
    found = (
        (logs.kind.fill_null(CALL) == CALL)
        & logs.id.notnull()
        & (logs["at"] >= window.since)
        & (logs["at"] < window.until)
    )
    return found & (logs.prompt == prompt) if prompt else found


def with_names(logs: Table) -> Table:
    """Add the name of the conversation (a call without one stands alone) and a key that sorts."""
    import ibis

    named = logs.conversation.fill_null("")
    return logs.mutate(
        named=named,
        talk=ibis.ifelse(named == "", logs.id, named),
        prompt=logs.prompt.fill_null(""),
        sorted_by=logs["at"] + " " + logs.id,
    )


def scanned(logs: Table, window: Window, wanted: Wanted, secrets: Secrets, prompt: str) -> Table:
    """Say what is needed of each line; an engine looks once, and keeps it."""
    is_call = calls_in(logs, window, prompt)
    lines = logs.filter(
        is_call | ((logs.kind == FEEDBACK) & logs.id.notnull() & (logs["at"] >= window.since))
        if wanted.may_change_later
        else is_call
    )
    lines = with_names(lines)
    alone = [
        name
        for name in wanted.flags
        if not wanted.known[name].parts
        and not any(map(may_come_later, fields_of(wanted.known[name])))
    ]
    lines = with_flags(lines, alone, wanted.known, secrets)
    kept = ["id", "kind", "of", "named", "talk", "prompt", "sorted_by", *FIRST]
    columns = {name: lines[name] for name in kept if name not in FIRST}
    columns |= {name: text(lines, name) for name in FIRST}
    columns["propensity"] = lines.propensity.fill_null(1.0)
    columns |= {taken(field): raw(lines, field) for field in wanted.fields if "." in field}
    columns |= {field: number(lines, field) for field in wanted.fields if "." not in field}
    columns |= {
        column(name): lines[column(name)] for name in alone if column(name) in lines.columns
    }
    for name in wanted.flags:
        if isinstance(rule := wanted.known[name].rule, Repeated):
            written = text(lines, rule.field)
            columns[f"text_{name}"] = written.nullif("").hexdigest("md5")
    if wanted.needs_duration:
        columns["moment"] = lines["at"].substr(0, 19).try_cast("timestamp").epoch_seconds()
    return lines.select(**columns)


def split(lines: Table, wanted: Wanted, secrets: Secrets) -> tuple[Table, Table | None]:
    """
    Return the calls, with all their flags, and the feedback that there is, by what it is about.

    The newest word counts.  Feedback whose name is that of a call and of its conversation is
    about the conversation.
    """
    import ibis

    if not wanted.may_change_later:
        return with_flags(lines, wanted.flags, wanted.known, secrets), None
    calls = lines.filter(lines.kind.fill_null(CALL) == CALL)
    said = lines.filter((lines.kind == FEEDBACK) & (lines["of"] != ""))
    later_fields = [field for field in wanted.fields if may_come_later(field)]
    feedback = said.group_by("of").agg(
        **{
            taken(field): said[taken(field)].argmax(
                said["sorted_by"], where=said[taken(field)].notnull()
            )
            for field in later_fields
        }
    )
    about = feedback.rename({f"said_{name}": name for name in feedback.columns})
    own = ibis.ifelse(calls.id == calls.named, ibis.null("string"), calls.id)
    calls = calls.mutate(asked_of=own)
    calls = calls.left_join(about, calls.asked_of == about.said_of)
    calls = calls.mutate(
        **{
            taken(field): ibis.coalesce(calls[f"said_{taken(field)}"], calls[taken(field)])
            for field in later_fields
        }
    )
    calls = with_flags(calls, wanted.flags, wanted.known, secrets)
    return calls, _flagged(feedback, wanted, secrets)


def _flagged(feedback: Table, wanted: Wanted, secrets: Secrets) -> Table:
    """Add what detectors say of feedback alone: those over facts and scores, and any of them."""
    for name in wanted.flags:
        detector = wanted.known[name]
        if name not in wanted.later or detector.level != "call":
            continue
        if isinstance(detector.rule, Together):
            parts = [feedback[column(one)] for one in detector.parts if one in wanted.later]
            together = reduce(or_, parts)
            if detector.rule.how == "all":
                together = reduce(and_, parts)
            feedback = feedback.mutate(**{column(name): together})
        else:
            feedback = feedback.mutate(**{column(name): flag_of(feedback, detector, secrets)})
    return feedback
