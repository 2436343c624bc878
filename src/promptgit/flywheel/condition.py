"""What has to hold for something to happen: comparisons of metrics, and drifts, combined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from promptgit.flywheel.cube import Unit

Operator = Literal["<", "<=", ">", ">="]
Demand = Literal["", "proven", "seen"]  # of the number: not said, its bound, its value alone

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


class Place(NamedTuple):
    """Where something stands in the text: from the character `begin` up to `end`."""

    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric of the window, or how it changed since the window before, against a number."""

    metric: str
    operator: Operator
    number: float
    unit: str = ""  # as it was written: `%`, `ms`, …
    changed: bool = False  # the number is the relative change, in percent
    demand: Demand = ""
    place: Place = field(default=Place(), compare=False)

    @property
    def below(self) -> bool:
        return self.operator in ("<", "<=")

    def limit(self, unit: Unit) -> float:
        """
        Turn the number into the unit of the metric; of a change, into a share.

        >>> Comparison("latency_ms", ">", 2.0, "s").limit("ms")
        2000.0
        >>> Comparison("upsell_rate", "<", 20.0, "%").limit("share")
        0.2
        """
        if self.unit == "%":
            return self.number / 100
        if self.unit in SECONDS and unit in ("ms", "s"):
            return self.number * SECONDS[self.unit] * (1_000 if unit == "ms" else 1)
        return self.number

    def __str__(self) -> str:
        subject = f"change({self.metric})" if self.changed else self.metric
        text = f"{subject} {self.operator} {plain(self.number)}{self.unit}"
        return f"{self.demand}({text})" if self.demand else text


@dataclass(frozen=True, slots=True)
class Drifting:
    """The metric fell, or rose, to what is worse, and stayed there."""

    metric: str
    place: Place = field(default=Place(), compare=False)

    def __str__(self) -> str:
        return f"drift({self.metric})"


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition

    def __str__(self) -> str:
        return f"not {_bracketed(self.part, (All, Any))}"


@dataclass(frozen=True, slots=True)
class All:
    """`and`: two parts or more, none of them an `All`."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(_bracketed(part, (Any,)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """`or`: two parts or more, none of them an `Any`."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


Condition = Comparison | Drifting | Not | All | Any


def leaves(condition: Condition) -> Iterator[Comparison | Drifting]:
    """Yield comparisons and drifts, from left to right."""
    if isinstance(condition, Not):
        yield from leaves(condition.part)
    elif isinstance(condition, All | Any):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def metrics_of(condition: Condition) -> tuple[str, ...]:
    """Name the metrics that are looked at, each once."""
    return tuple(dict.fromkeys(leaf.metric for leaf in leaves(condition)))


def drifts_of(condition: Condition) -> tuple[str, ...]:
    """Name the metrics whose drift has to be known."""
    found = (leaf.metric for leaf in leaves(condition) if isinstance(leaf, Drifting))
    return tuple(dict.fromkeys(found))


def plain(number: float) -> str:
    """
    Write a number without an exponent, in the fewest digits that read back as the same.

    >>> plain(7.0), plain(0.00001), plain(-2.5)
    ('7', '0.00001', '-2.5')
    """
    from decimal import Decimal

    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _bracketed(part: Condition, kinds: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)
