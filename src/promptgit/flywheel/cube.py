"""Every metric, per prompt, version, variant, model and day: what all of insights is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self

from promptgit.flywheel.tally import Tally

Dimension = Literal["prompt", "version", "variant", "model", "day"]
Unit = Literal["share", "number", "count", "ms", "s", "usd"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number is called, and what is good."""

    name: str
    title: str = ""  # for a person; `block_rate` is "attacks blocked"
    unit: Unit = "share"  # a `count` is Σx, everything else Σx / Σn
    better: Literal["higher", "lower", ""] = ""  # empty: neither is
    group: str = ""  # security, quality, business, or the name of the user's own file
    top: float = 0.0  # of a scale that begins at 0, as that of grades; 0: none is known

    def value(self, tally: Tally) -> float | None:
        """What is shown, and what triggers compare: a count of nothing is 0."""
        return tally.x if self.unit == "count" else tally.value


@dataclass(frozen=True, slots=True)
class Cell:
    """What a conversation belongs to, by its first call of this prompt."""

    prompt: str = ""
    version: str = ""
    variant: str = ""
    model: str = ""
    day: str = ""  # in UTC


DIMENSIONS = tuple(field.name for field in fields(Cell))


@dataclass(frozen=True, slots=True)
class Cube:
    """
    Tallies by cell and metric; they add up, so every other table is a sum of rows of this one.

    A conversation with calls of two prompts is in two cells: its prompts are looked at apart.
    """

    metrics: Mapping[str, Metric]
    rows: Mapping[Cell, Mapping[str, Tally]]
    calls: int = 0
    conversations: int = 0  # with calls of several prompts: one for each

    def total(self, metric: str) -> Tally:
        """Of all cells; raise KeyError for a metric that is not in `metrics`."""
        assert metric in self.metrics, metric
        return sum((row[metric] for row in self.rows.values() if metric in row), Tally())

    def by(self, *dimensions: Dimension) -> dict[Cell, dict[str, Tally]]:
        """Add up all but these dimensions; cells in order, with the others empty."""
        sums: dict[Cell, dict[str, Tally]] = defaultdict(dict)
        for cell, row in self.rows.items():
            kept = Cell(**{name: getattr(cell, name) for name in dimensions})
            into = sums[kept]
            for metric, tally in row.items():
                into[metric] = into.get(metric, Tally()) + tally
        return {cell: sums[cell] for cell in sorted(sums, key=_in_order)}

    def only(self, **wanted: str) -> Self:
        """
        Leave the cells that have these values, e.g. `only(prompt="support-reply")`.

        `calls` and `conversations` stay those of the whole window.
        """
        rows = {
            cell: row
            for cell, row in self.rows.items()
            if all(getattr(cell, name) == value for name, value in wanted.items())
        }
        return type(self)(self.metrics, rows, self.calls, self.conversations)

    def values(self, dimension: Dimension) -> tuple[str, ...]:
        """What occurs along a dimension, in order."""
        return tuple(sorted({getattr(cell, dimension) for cell in self.rows}))


def _in_order(cell: Cell) -> tuple[str, ...]:
    return tuple(getattr(cell, name) for name in DIMENSIONS)


def joined(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Name metrics; a name that comes twice is the caller's mistake."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        assert metric.name not in found, metric.name
        found[metric.name] = metric
    return found
