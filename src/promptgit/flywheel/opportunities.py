"""
What is worth doing next: gaps that were measured, and failures that could be fewer.

A gap to a version, a variant or a model that is proven better is worth what the rest of the traffic
would gain by it.  Without one, half of the failures are counted: nothing shows yet how many can be
avoided, and the sentence says so.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from promptgit.flywheel.changes import FEWEST, is_share
from promptgit.flywheel.cube import Cube, Dimension, Metric
from promptgit.flywheel.detectors.measured import CALLS, CONVERSATIONS, Measured
from promptgit.flywheel.insights import Opportunity
from promptgit.flywheel.tally import Tally, difference

HALF = 0.5  # of the failures, where nothing better was measured
CONFIDENCE = 0.99  # of one gap among many
SIDES: tuple[Dimension, ...] = ("variant", "version", "model")


@dataclass(frozen=True, slots=True)
class Gap:
    """One side of a prompt's traffic that does better than the rest of it."""

    dimension: Dimension
    best: str
    there: Tally
    rest: Tally
    won: float  # conversations or calls, if the rest did as well


def opportunities(
    cube: Cube,
    measured: Mapping[str, Measured],
    prompts: Sequence[str],
    most: int,
    *,
    trying: Collection[str] = (),
) -> list[Opportunity]:
    """
    Rank what could be won in this window, the most first; no two of one prompt's metric.

    A metric takes part that says what is better, and what one is worth.  trying: prompts with a
    candidate, which alone can be promoted or aborted.
    """
    found = []
    for prompt in prompts:
        part = cube.only(prompt=prompt)
        for name, metric in part.metrics.items():
            if metric.better and measured[name].worth > 0:
                one = _of(prompt, part, measured[name], prompt in trying)
                if one is not None:
                    found.append(one)
    found.sort(key=lambda one: (-one.rank, one.prompt, one.metric.name))
    return found[:most]


def _of(prompt: str, cube: Cube, measured: Measured, is_tried: bool) -> Opportunity | None:
    metric = measured.metric
    tally = cube.total(metric.name)
    gap = _widest(cube, measured)
    failures = 0.0
    if measured.failure == measured.what and metric.better == "lower" and is_share(metric):
        failures = tally.x
    if gap is not None and gap.won >= HALF * failures:
        return _by_gap(prompt, measured, gap, is_tried)
    if failures < 1:
        return None
    value = tally.value or 0.0
    of = "" if metric.unit == "count" else f", {100 * value:.1f} % of {tally.n:,.0f}"
    said = f"{metric.title}: {failures:,.0f} in this window{of}"
    basis = f"half of the {failures:,.0f} counted: nothing measured shows how many can be avoided"
    return Opportunity(
        prompt,
        metric,
        measured.failure,
        HALF * failures,
        measured.worth,
        said,
        basis,
        _improving(prompt, metric),
    )


def _by_gap(prompt: str, measured: Measured, gap: Gap, is_tried: bool) -> Opportunity:
    metric = measured.metric
    best = gap.best[:8] if gap.dimension == "version" else gap.best
    name = f"{gap.dimension} {best}"
    said = (
        f"{metric.title}: {_written(metric, gap.there)} with {name}, "
        f"{_written(metric, gap.rest)} with the rest"
    )
    basis = (
        f"the {gap.rest.n:,.0f} {_what(measured)} of the rest, had they done as those with {name}"
    )
    command = _improving(prompt, metric)
    if gap.dimension == "variant" and gap.best in ("candidate", "stable") and is_tried:
        verb = "promote" if gap.best == "candidate" else "abort"
        command = f"promptgit {verb} {shlex.quote(prompt)}"
    elif gap.dimension == "version":
        command = f"git log --all --find-object={gap.best}"
    elif gap.dimension == "model":
        command = f"promptgit suite {shlex.quote(prompt)} --models {shlex.quote(gap.best)}"
    return Opportunity(
        prompt, metric, measured.failure, gap.won, measured.worth, said, basis, command
    )


def _improving(prompt: str, metric: Metric) -> str:
    """The command that drafts cases from what this metric counts, and searches."""
    return f"promptgit flywheel improve {shlex.quote(prompt)} --metric {metric.name}"


def _widest(cube: Cube, measured: Measured) -> Gap | None:
    """The side that is proven better than the rest, and whose lead is worth the most."""
    found: list[Gap] = []
    name = measured.metric.name
    total = cube.total(name)
    for dimension in SIDES:
        tables = cube.by(dimension)
        for cell, row in tables.items():
            there = row.get(name, Tally())
            rest = _less(total, there)
            lead = _lead(measured.metric, there, rest)
            if lead > 0:
                # A score from 0 to 10 is 10 to the conversation that it is won in whole.
                won = lead / measured.scale * rest.n
                found.append(Gap(dimension, getattr(cell, dimension), there, rest, won))
    return max(found, key=lambda gap: gap.won, default=None)


def _lead(metric: Metric, there: Tally, rest: Tally) -> float:
    """By how much one side is better, per conversation or call; 0 where that is not proven."""
    if min(there.clusters, rest.clusters) < FEWEST:
        return 0.0
    found = difference(rest, there, share=is_share(metric), confidence=CONFIDENCE)
    if found is None or not found.proven:
        return 0.0
    lead = found.value if metric.better == "higher" else -found.value
    return max(0.0, lead)


def _less(total: Tally, part: Tally) -> Tally:
    return Tally(
        total.clusters - part.clusters,
        total.x - part.x,
        total.n - part.n,
        total.xx - part.xx,
        total.xn - part.xn,
        total.nn - part.nn,
    )


def _written(metric: Metric, tally: Tally) -> str:
    value = tally.value or 0.0
    return f"{100 * value:.1f} %" if is_share(metric) else f"{value:.2f}"


def _what(measured: Measured) -> str:
    """What n counts, in a word."""
    if measured.how == "mean":
        return "graded conversations"
    return measured.of if measured.of in (CALLS, CONVERSATIONS) else "cases"
