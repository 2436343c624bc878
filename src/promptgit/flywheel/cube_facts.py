"""A cube in JSON's terms and back: what a stage of a turn found, for the stages after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple
from typing import Any

from promptgit.flywheel.cube import DIMENSIONS, Cell, Cube, Metric
from promptgit.flywheel.tally import Tally


def facts(cube: Cube) -> dict[str, Any]:
    """
    >>> one = Cube({"leaks": Metric("leaks")}, {Cell("reply"): {"leaks": Tally(2, 1.0, 2.0)}})
    >>> cube_of(facts(one)) == one
    True
    """
    return {
        "metrics": [asdict(metric) for metric in cube.metrics.values()],
        "cells": [
            {
                "of": list(astuple(cell)),
                "sums": {name: list(astuple(tally)) for name, tally in row.items()},
            }
            for cell, row in cube.rows.items()
        ],
        "calls": cube.calls,
        "conversations": cube.conversations,
    }


def cube_of(found: Mapping[str, Any]) -> Cube:
    metrics = {one["name"]: Metric(**one) for one in found["metrics"]}
    rows = {
        Cell(**dict(zip(DIMENSIONS, one["of"], strict=True))): {
            name: Tally(*sums) for name, sums in one["sums"].items()
        }
        for one in found["cells"]
    }
    return Cube(metrics, rows, found["calls"], found["conversations"])
