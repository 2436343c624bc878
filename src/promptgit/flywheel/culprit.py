"""
Whose drop it is: one version's, one prompt's, one model's, or everybody's.

Conversations fall into cells of prompt, version and model.  Each explanation says which cells
dropped, all by the same amount, while the others stayed; each is held against the cells' own
differences by weighted least squares.  All explanations have one free number, so the one that
fits best is the likeliest; those that fit nearly as well are named with it.  A version or a model
that came when the drop began is told apart first: its cells have no before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from promptgit.flywheel.logs import Point
from promptgit.flywheel.tally import Tally

ENOUGH = 10  # conversations on each side, for a cell to tell anything
NEARLY = 5.0  # of squared standard errors; a likelihood ratio of about 12
MOSTLY = 0.8  # of all conversations after, and of none to speak of before: it came then
FLOOR = 0.02  # the least standard deviation of a value: alike is not certain

Kind = Literal["version", "prompt", "model", "everything", "new version", "new model"]


class Cause(NamedTuple):
    """What dropped; `name` is a blob id, a prompt or a model, and empty for `everything`."""

    kind: Kind
    name: str = ""


class Cell(NamedTuple):
    prompt: str
    version: str
    model: str


@dataclass(frozen=True, slots=True)
class Sides:
    """The observations of one prompt before and after something changed, scaled to 0 to 1."""

    before: Sequence[Point]
    after: Sequence[Point]


def causes(prompt: str, sides: Mapping[str, Sides]) -> tuple[Cause, ...]:
    """
    Name what explains the drop of `prompt`, likeliest first; nothing if too little is known.

    sides: of every prompt that was looked at in these hours.
    """
    came = _came(sides[prompt])
    if came:
        return came
    drops = _drops(sides)
    if not any(cell.prompt == prompt for cell in drops):
        return ()
    explanations = _explanations(prompt, drops)
    fits = sorted((_misfit(drops, cells), place) for place, (_, cells) in enumerate(explanations))
    best = fits[0][0]
    chosen = [explanations[place][0] for misfit, place in fits if misfit <= best + NEARLY]
    return tuple(dict.fromkeys(chosen))


def _came(side: Sides) -> tuple[Cause, ...]:
    found: list[Cause] = []
    kinds: tuple[tuple[Kind, Callable[[Point], str]], ...] = (
        ("new version", lambda point: point.version),
        ("new model", lambda point: point.model),
    )
    for kind, of in kinds:
        names, earlier = Counter(map(of, side.after)), Counter(map(of, side.before))
        if not names:
            continue
        name, count = names.most_common(1)[0]
        seldom = earlier[name] <= (1 - MOSTLY) * len(side.before)
        if count >= MOSTLY * len(side.after) and seldom and side.before:
            found.append(Cause(kind, name))
    return tuple(found)


def _drops(sides: Mapping[str, Sides]) -> dict[Cell, tuple[float, float]]:
    """Of each cell that has both sides: by how much it changed, and the variance of that."""
    values: dict[Cell, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for prompt, side in sides.items():
        for place, points in enumerate((side.before, side.after)):
            for point in points:
                values[Cell(prompt, point.version, point.model)][place].append(point.value)
    return {
        cell: _difference(before, after)
        for cell, (before, after) in sorted(values.items())
        if min(len(before), len(after)) >= ENOUGH
    }


def _difference(before: list[float], after: list[float]) -> tuple[float, float]:
    one, two = (Tally.of([(value, 1) for value in side]) for side in (before, after))
    variance = sum(max(t.variance, FLOOR**2 / t.clusters) for t in (one, two))
    return (two.value or 0.0) - (one.value or 0.0), variance


def _explanations(prompt: str, drops: Mapping[Cell, object]) -> list[tuple[Cause, frozenset[Cell]]]:
    """Every explanation that has the prompt in it, the narrowest first."""
    own = [cell for cell in drops if cell.prompt == prompt]
    found: list[tuple[Cause, frozenset[Cell]]] = [
        (Cause("version", version), frozenset(c for c in own if c.version == version))
        for version in dict.fromkeys(cell.version for cell in own)
    ]
    found.append((Cause("prompt", prompt), frozenset(own)))
    found += [
        (Cause("model", model), frozenset(cell for cell in drops if cell.model == model))
        for model in dict.fromkeys(cell.model for cell in own)
    ]
    found.append((Cause("everything"), frozenset(drops)))
    return found


def _misfit(drops: Mapping[Cell, tuple[float, float]], dropped: frozenset[Cell]) -> float:
    """Squared standard errors that are left if these dropped alike, and the others not at all."""
    weight = sum(1 / drops[cell][1] for cell in dropped)
    common = sum(drops[cell][0] / drops[cell][1] for cell in dropped) / weight
    return sum(
        (drop - (common if cell in dropped else 0.0)) ** 2 / variance
        for cell, (drop, variance) in drops.items()
    )
