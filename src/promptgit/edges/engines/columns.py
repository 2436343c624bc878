"""
Detectors as columns: what a detector says of a call, as an expression of an engine.

Texts are compared in lower case; a text that is not there is empty, a number that is not there
makes no detector fire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from promptgit.errors import UserError
from promptgit.flywheel.detectors.detector import (
    Compared,
    Detector,
    Expression,
    Leaks,
    Length,
    OneOf,
    Patterns,
    Together,
)
from promptgit.flywheel.detectors.pattern import joined
from promptgit.flywheel.interaction import FORMS

Column = Any  # of Ibis, which is not typed
Table = Any

NUMBER = r"^-?[0-9]{1,15}([.][0-9]{1,9})?$"  # what of a fact's text is read as a number


@dataclass(frozen=True, slots=True)
class Secrets:
    """Lines of the prompts' texts that may not stand in an answer, by prompt."""

    lines: Mapping[str, Sequence[str]]


def column(name: str) -> str:
    """Name the column of a detector: no field of a log line begins like this."""
    return f"fires_{name}"


def taken(field: str) -> str:
    """
    Name the column into which a value of a mapping is taken, so that feedback can change it.

    >>> taken("facts.my agent"), taken("latency_ms")
    ('taken_facts_2e_my_20_agent', 'latency_ms')
    """
    if "." not in field:
        return field
    return "taken_" + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", field)


def raw(logs: Table, field: str) -> Column:
    """A field as it is: null where there is nothing."""
    if field == "turn":
        return logs["turn"].fill_null(0)  # what is 0 or 1 by default is left out of a line
    if taken(field) in logs.columns:
        return logs[taken(field)]
    first, _, rest = field.partition(".")
    found = logs[first]
    if found.type().is_json():  # in a warehouse that knows no maps
        return found[rest].str if FORMS[first] == "texts" else found[rest].float
    return found.get(rest)


def text(logs: Table, field: str) -> Column:
    """A field as text, "" where there is nothing."""
    return raw(logs, field).cast("string").fill_null("")


def number(logs: Table, field: str) -> Column:
    """A field as a number, null where there is none; a fact is one when its text reads as one."""
    found = raw(logs, field)
    if FORMS[field.partition(".")[0]] in ("text", "texts"):
        import ibis

        found = ibis.ifelse(found.re_search(NUMBER), found, ibis.null("string"))
    return found.cast("float64")


def fields_of(detector: Detector) -> tuple[str, ...]:
    """The field that a detector looks at itself."""
    match detector.rule:
        case Patterns(field=field) | Compared(field=field) | Length(field=field):
            return (field,)
        case OneOf(field=field):
            return (field,)
    return ()


def may_come_later(field: str) -> bool:
    """Whether feedback can bring a field."""
    return field.startswith(("facts.", "scores."))


def with_flags(
    logs: Table, names: Iterable[str], known: Mapping[str, Detector], secrets: Secrets
) -> Table:
    """
    Add a column for each of these detectors of single calls; their parts are among the names.

    A column that is there stays, so that of `conditions`.
    """
    wanted = [
        known[name]
        for name in names
        if known[name].level == "call"
        and not known[name].is_sampled
        and column(name) not in logs.columns
    ]
    waiting = wanted
    while waiting:
        there = {name for name in known if column(name) in logs.columns}
        ready = [one for one in waiting if there.issuperset(one.parts)]
        assert ready, waiting
        logs = logs.mutate(**{column(one.name): flag_of(logs, one, secrets) for one in ready})
        waiting = [one for one in waiting if one not in ready]
    return logs


def flag_of(logs: Table, detector: Detector, secrets: Secrets) -> Column:
    """What one detector of single calls says; those that it is made of are columns already."""
    import ibis

    match detector.rule:
        case Patterns(field=field, patterns=patterns):
            found = text(logs, field).lower().re_search(joined(patterns))
        case Length(field=field, shorter_than=shorter, longer_than=longer):
            size = text(logs, field).strip().length()
            bounds = [size < shorter] if shorter is not None else []
            bounds += [size > longer] if longer is not None else []
            found = reduce(and_, bounds)
        case OneOf(field=field, values=values):
            found = text(logs, field).lower().isin(values)
        case Compared() as compared:
            found = reduce(and_, _bounds(number(logs, compared.field), compared))
        case Together(how=how, parts=parts):
            flags = [logs[column(part)] for part in parts]
            found = reduce(and_, flags) if how == "all" else reduce(or_, flags)
            found = ~found if how == "none" else found
        case Leaks() as leaks:
            found = _leaks(logs, leaks, secrets)
        case other:
            raise AssertionError(other)
    return ibis.coalesce(found, False)


def _bounds(value: Column, wanted: Compared) -> list[Column]:
    bounds = []
    if wanted.above is not None:
        bounds.append(value > wanted.above)
    if wanted.below is not None:
        bounds.append(value < wanted.below)
    if wanted.least is not None:
        bounds.append(value >= wanted.least)
    if wanted.most is not None:
        bounds.append(value <= wanted.most)
    return bounds


def _leaks(logs: Table, leaks: Leaks, secrets: Secrets) -> Column:
    """Count the lines of the prompt, as Git has it or as it was sent, that stand in the answer."""
    import ibis

    answer = text(logs, "output")
    by_prompt = []
    for prompt, lines in secrets.lines.items():
        long = [line for line in lines if len(line) >= leaks.characters]
        if long:
            count = sum((answer.contains(line).cast("int64") for line in long), ibis.literal(0))
            by_prompt.append((logs.prompt == prompt) & (count >= leaks.lines))
    sent = (
        text(logs, "system")
        .split("\n")
        .map(lambda line: line.strip())
        .filter(lambda line: (line.length() >= leaks.characters) & answer.contains(line))
    )
    in_system = (text(logs, "system") != "") & (sent.unique().length() >= leaks.lines)
    return reduce(or_, by_prompt, in_system)


def conditions(names: Iterable[str], known: Mapping[str, Detector], dialect: str) -> dict[str, str]:
    """The user's own SQL by the column it makes, in the dialect of an engine."""
    return {
        column(name): f"COALESCE(CAST(({_checked(known[name], dialect)}) AS BOOLEAN), FALSE)"
        for name in names
        if isinstance(known[name].rule, Expression)
    }


def _checked(detector: Detector, dialect: str) -> str:
    """Return the condition as SQL; raise UserError for what is none, or asks another table."""
    import sqlglot
    from sqlglot import expressions as sql
    from sqlglot.errors import SqlglotError

    assert isinstance(detector.rule, Expression)
    hint = "write one condition, such as `sql: latency_ms > 2000`"
    try:
        found = sqlglot.parse(detector.rule.sql, read="duckdb")
    except SqlglotError as error:
        raise UserError(
            f"{detector.file}: the SQL of {detector.name} cannot be read", hint=hint
        ) from error
    if len(found) != 1 or found[0] is None or not isinstance(found[0], sql.Condition):
        raise UserError(f"{detector.file}: the SQL of {detector.name} is no condition", hint=hint)
    if found[0].find(sql.Query, sql.Table, sql.Command) is not None:
        raise UserError(
            f"{detector.file}: the SQL of {detector.name} reads another table", hint=hint
        )
    return found[0].sql(dialect=dialect, comments=False)
