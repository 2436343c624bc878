"""An analysis of the logs as JSON: complete, with keys that stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from promptgit.flywheel.cube import DIMENSIONS, Cell, Cube, Metric
from promptgit.flywheel.insights import Analysis, Example
from promptgit.flywheel.tally import Tally

SCHEMA = 1


def analysis(found: Analysis) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "schema": SCHEMA,
        "window": {"since": found.window.since, "until": found.window.until},
        "before": {"since": found.window.before.since, "until": found.window.before.until},
        "engine": found.engine,
        "limits": found.limits,
        "prompt": found.prompt or None,
        "calls": found.now.calls,
        "conversations": found.now.conversations,
        "metrics": {name: _metric(metric) for name, metric in found.now.metrics.items()},
        "cells": _cells(found.now),
        "cells_before": _cells(found.before),
        "by": {
            dimension: [
                {dimension: getattr(cell, dimension), "prompt": cell.prompt}
                | {"metrics": _tallies(row, found.now.metrics)}
                for cell, row in found.now.by("prompt", dimension).items()
            ]
            for dimension in ("prompt", "version", "variant", "model", "day")
        },
        "changes": [
            {
                "prompt": one.prompt,
                "metric": one.metric.name,
                "before": tally(one.metric, one.before),
                "after": tally(one.metric, one.after),
                "difference": _number(one.difference.value),
                "low": _number(one.difference.low),
                "high": _number(one.difference.high),
                "p": one.p,
                "proven": one.proven,
                "direction": one.direction,
            }
            for one in found.changes
        ],
        "performers": [
            {
                "prompt": one.prompt,
                "score": one.score,
                "threshold": one.threshold,
                "top": one.top,
                "rest": one.rest,
                "traits": [asdict(trait) for trait in one.traits],
                "examples": [example(each) for each in one.examples],
            }
            for one in found.performers
        ],
        "suspicious": found.looked_at,
        "patterns": [
            {
                "prompt": one.prompt,
                "inputs": one.size,
                "conversations": one.conversations,
                "words": list(one.words),
                "examples": [example(each) for each in one.examples],
            }
            for one in found.patterns
        ],
        "opportunities": [
            {
                "prompt": one.prompt,
                "metric": one.metric.name,
                "detector": one.detector or None,
                "gain": one.gain,
                "worth": one.worth,
                "rank": one.rank,
                "said": one.said,
                "basis": one.basis,
                "command": one.command,
                "examples": [example(each) for each in one.examples],
            }
            for one in found.opportunities
        ],
        "sampled": [
            {
                "prompt": one.prompt,
                "metric": one.metric.name,
                **tally(one.metric, one.tally),
                "asked": one.asked,
                "failed": one.failed,
                "of": one.of,
                "by": one.by,
                "seed": one.seed,
            }
            for one in found.sampled
        ],
        "notices": list(found.notices),
    }


def tally(metric: Metric, counted: Tally) -> dict[str, Any]:
    """
    A number with its interval; x and n are the sums that it is made of.

    >>> tally(Metric("leaks", unit="count"), Tally.of([(1, 2), (0, 3)]))["value"] == 1
    True
    """
    share = metric.unit in ("share", "count")
    low, high = counted.interval(share=share, top=metric.top)
    return {
        "value": _number(metric.value(counted)),
        "low": _number(low) if metric.unit != "count" else None,
        "high": _number(high) if metric.unit != "count" else None,
        "x": counted.x,
        "n": counted.n,
        "conversations": counted.clusters,
    }


def example(one: Example) -> dict[str, str]:
    return {
        "conversation": one.conversation, "at": one.at, "input": one.input, "output": one.output,
    }  # fmt: skip


def _metric(metric: Metric) -> dict[str, str]:
    return {
        "title": metric.title, "unit": metric.unit, "better": metric.better, "group": metric.group,
    }  # fmt: skip


def _cells(cube: Cube) -> list[dict[str, Any]]:
    return [
        {**_cell(cell), "metrics": _tallies(row, cube.metrics)} for cell, row in cube.rows.items()
    ]


def _cell(cell: Cell) -> dict[str, str]:
    return {name: getattr(cell, name) for name in DIMENSIONS}


def _tallies(row: Mapping[str, Tally], metrics: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: tally(metrics[name], found) for name, found in row.items() if found.n}


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
