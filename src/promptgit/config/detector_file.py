"""Read files of detectors: the package's own, and the user's beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pkgutil import get_data
from types import MappingProxyType
from typing import Any

from promptgit.config.mistakes import checked
from promptgit.core.located import Located, Path, parse_yaml
from promptgit.errors import UserError
from promptgit.flywheel.cube import Metric, Unit
from promptgit.flywheel.detectors.detector import (
    Code,
    Compared,
    Detector,
    Expression,
    InTurn,
    Leaks,
    Length,
    Level,
    Often,
    OneOf,
    Patterns,
    Repeated,
    Rubric,
    Rule,
    Together,
)
from promptgit.flywheel.detectors.measured import CALLS, CONVERSATIONS, How, Measured, Rulebook

SHIPPED = ("security", "quality", "business")
FOLDER = "detectors"  # of the user's own files, at the top level of the repository
DEFAULT_BELOW = 0.5  # of a judge's grade


def shipped(name: str) -> bytes:
    """The text of one of the package's own files, for reading and copying."""
    data = get_data("promptgit.flywheel.detectors", f"{name}.yaml")
    assert data is not None, name
    return data


def rulebook(own: Mapping[str, bytes] = MappingProxyType({})) -> Rulebook:
    """
    Put the package's files and the user's `own` (path → text) together.

    A name that the user's files say again replaces the package's; one that two of the user's
    files say is a mistake.  Raises UserError with file, line and "did you mean".
    """
    detectors: dict[str, Detector] = {}
    metrics: dict[str, Measured] = {}
    overridden: list[str] = []
    places: dict[tuple[str, str], tuple[Located, Path]] = {}
    ours = {f"{name}.yaml": shipped(name) for name in SHIPPED}
    for file, data in (*ours.items(), *own.items()):
        located = parse_yaml(data, file)
        shape = checked(located, "detectors")
        group = shape.group or file.rpartition("/")[2].partition(".")[0]
        known: set[tuple[str, str]] = {("detectors", name) for name in detectors}
        known |= {("metrics", name) for name in metrics}
        for kind in ("detectors", "metrics"):
            for name in getattr(shape, kind) or {}:
                if (kind, name) in known:
                    before = places[kind, name][0].file
                    if before not in ours:
                        raise UserError(
                            f"{located.at((kind, name), key=True)}: {name!r} is also in {before}",
                            hint="keep one of them",
                        )
                    overridden.append(name)
                places[kind, name] = (located, (kind, name))
        for name, written in (shape.detectors or {}).items():
            detectors[name] = Detector(name, _rule(written), written.title or "", file)
        for name, written in (shape.metrics or {}).items():
            metrics[name] = _measured(name, written, group)
    detectors = _levelled(detectors)
    _refuse_unknown(detectors, metrics, places)
    return Rulebook(
        MappingProxyType(detectors), MappingProxyType(metrics), tuple(dict.fromkeys(overridden))
    )


def _rule(written: Any) -> Rule:
    field = written.field or ""
    if written.patterns:
        return Patterns(field, tuple(written.patterns))
    if written.is_ is not None:
        return OneOf(field, tuple(text.lower() for text in written.is_))
    if written.shorter_than or written.longer_than is not None:
        return Length(field, written.shorter_than, written.longer_than)
    for how in ("all", "any", "none"):
        parts = getattr(written, how)
        if parts:
            return Together(how, tuple(parts), written.within or "call")
    if written.fires:
        return Often(written.fires, written.times or 2)
    if written.first:
        return InTurn(written.first, written.then)
    if written.repeated:
        return Repeated(written.repeated)
    if written.leaks:
        return Leaks(written.leaks, written.lines or 1)
    if written.sql:
        return Expression(written.sql)
    if written.python:
        file, _, function = written.python.removeprefix("file://").rpartition(":")
        return Code(file, function)
    if written.rubric:
        below = written.below
        return Rubric(written.rubric, DEFAULT_BELOW if below is None else below)
    return Compared(field, written.at_least, written.at_most, written.above, written.below)


def _measured(name: str, written: Any, group: str) -> Measured:
    hows: tuple[How, ...] = ("count", "share", "mean", "sum")
    how = next(each for each in hows if getattr(written, each))
    units: Mapping[How, Unit] = {
        "count": "count", "share": "share", "mean": "number", "sum": "count",
    }  # fmt: skip
    metric = Metric(
        name,
        written.title or name.replace("_", " "),
        written.unit or units[how],
        written.better or "",
        group,
        (written.scale or 1.0) if (written.mean or "").startswith("scores.") else 0.0,
    )
    of = written.of or (CONVERSATIONS if how == "share" else CALLS)
    what = getattr(written, how)
    failure = written.failure or (
        what if how in ("count", "share") and metric.better == "lower" else ""
    )
    worth = 1.0 if written.worth is None else written.worth
    return Measured(
        metric, how, what, of, written.where or "", written.scale or 1.0, failure, worth
    )


def _levelled(detectors: Mapping[str, Detector]) -> dict[str, Detector]:
    """A detector that has a part about whole conversations is about whole conversations too."""

    def level(name: str, seen: tuple[str, ...] = ()) -> Level:
        one = detectors.get(name)
        if one is None or name in seen or not isinstance(one.rule, Together):
            return one.level if one else "call"
        parts = [level(part, (*seen, name)) for part in one.rule.parts]
        return "conversation" if "conversation" in (*parts, one.rule.level) else "call"

    return {
        name: replace(one, rule=replace(one.rule, level=level(name)))
        if isinstance(one.rule, Together)
        else one
        for name, one in detectors.items()
    }


def _refuse_unknown(
    detectors: Mapping[str, Detector],
    metrics: Mapping[str, Measured],
    places: Mapping[tuple[str, str], tuple[Located, Path]],
) -> None:
    for name, detector in detectors.items():
        where = _at(places, ("detectors", name))
        for part in detector.parts:
            _refuse_missing(part, detectors, where)
            if detectors[part].is_sampled:
                raise UserError(
                    f"{where}: {part!r} is asked about a sample, and cannot be part of {name}",
                    hint="count it in a metric of its own: `share:` with its name",
                )
            counts_calls = isinstance(detector.rule, Often | InTurn)
            if counts_calls and detectors[part].level == "conversation":
                raise UserError(
                    f"{where}: {name} counts calls, and {part!r} is about conversations",
                    hint="name a detector of single calls",
                )
        _refuse_circle(name, detectors, where)
    for name, measured in metrics.items():
        where = _at(places, ("metrics", name))
        for part in filter(None, (*measured.detectors, measured.failure)):
            _refuse_missing(part, detectors, where)
        sampled = [part for part in measured.detectors if detectors[part].is_sampled]
        alone = measured.how == "share" and measured.of == CONVERSATIONS and not measured.where
        if sampled and not alone:
            raise UserError(
                f"{where}: {sampled[0]!r} is asked about a sample: {name} cannot rest on it so",
                hint=f"write `share: {sampled[0]}` alone",
            )


def _refuse_missing(name: str, detectors: Mapping[str, Detector], where: str) -> None:
    if name not in detectors:
        close = get_close_matches(name, detectors, n=1)
        raise UserError(
            f"{where}: there is no detector {name!r}",
            hint=f"did you mean {close[0]!r}?" if close else f"there are {', '.join(detectors)}",
        )


def _refuse_circle(name: str, detectors: Mapping[str, Detector], where: str) -> None:
    waiting, seen = list(detectors[name].parts), set[str]()
    while waiting:
        part = waiting.pop()
        if part == name:
            raise UserError(f"{where}: {name} is made of itself", hint="take it out of its parts")
        if part not in seen and part in detectors:
            seen.add(part)
            waiting += detectors[part].parts


def _at(places: Mapping[tuple[str, str], tuple[Located, Path]], which: tuple[str, str]) -> str:
    located, path = places[which]
    return located.at(path, key=True)
