"""
Where the parts of the plot of a lineup lie: quality upwards, cost to the right, latency by size.

Costs that span more than a factor of `SPREAD` go on a logarithmic axis; what is free then has a
slot of its own at the left, and a price that nobody knows always has one at the right.  Names are
set in a fixed-width font, so that their widths are known here, and are placed where they cover
neither each other nor a point; one for which there is no place is left to the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, log10, pi, sin
from unicodedata import east_asian_width

from promptgit.core.lineup import Entrant, Lineup
from promptgit.report import suite_words as words
from promptgit.report.text import printable

WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 58, 20, 18, 52  # of the frame
SLOT = 100  # width of the slots for what is free and for unknown prices
GAP = 26  # between a slot and the axis
STRETCH = 4.0  # slowest over fastest, below which not all sizes are used
SPREAD = 8.0  # dearest over cheapest, from which on the axis is logarithmic
AIR = 1.6  # factor by which a logarithmic axis goes on beyond its points
SMALLEST, LARGEST = 6.0, 15.0  # radius of the fastest and the slowest
RING = 3.5  # around the current model's point
LETTER = 7.0  # width of a character at 11.5 px, 0.6 em and a little air
LINE = 14.0  # height of a name
LONGEST = 34  # characters of a name
RINGS = 14  # distances at which a place for a name is tried
TONES = ("fast", "medium", "slow")


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    x: float  # left end of the baseline
    y: float
    line: tuple[float, float, float, float] | None  # to its point, where it is far away


@dataclass(frozen=True, slots=True)
class Point:
    entrant: Entrant
    x: float
    y: float
    radius: float
    tone: str  # one of TONES
    low: float  # y of the interval's ends
    high: float
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing of WIDTH by HEIGHT."""

    points: tuple[Point, ...]
    across: tuple[Tick, ...]  # the costs
    upwards: tuple[Tick, ...]  # the scores
    free: tuple[float, float] | None  # left and right end of the slot
    unknown: tuple[float, float] | None
    logarithmic: bool
    waits: tuple[float, float]  # p50 of the fastest and of the slowest, seconds


def plot(lineup: Lineup) -> Plot | None:
    """Lay the plot out; None when no model has a score."""
    entrants = lineup.ranked
    if not entrants:
        return None
    upright = _Upright.over(entrants)
    level = _Level.over(entrants)
    known = [each.p50_s for each in entrants if each.p50_s is not None]
    waits = [max(each.p50_s or 0.0, 0.001) for each in entrants]
    slowest = log10(max(max(waits), STRETCH * min(waits)))
    bare = []
    for entrant, wait in zip(entrants, waits, strict=True):
        share = _share(log10(wait), log10(min(waits)), slowest)
        bare.append(
            Point(
                entrant,
                round(level.at(entrant), 1),
                round(upright.at(entrant.mean or 0.0), 1),
                round(SMALLEST + share * (LARGEST - SMALLEST), 1),
                TONES[min(2, int(3 * share))],
                round(upright.at(entrant.low), 1),
                round(upright.at(entrant.high), 1),
            )
        )
    return Plot(
        tuple(_labelled(bare)),
        tuple(level.ticks()),
        tuple(upright.ticks()),
        level.free,
        level.unknown,
        level.logarithmic,
        (min(known, default=0.0), max(known, default=0.0)),
    )


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.0


@dataclass(frozen=True, slots=True)
class _Upright:
    """The axis of scores."""

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, entrants: Sequence[Entrant]) -> _Upright:
        low, high = min(each.low for each in entrants), max(each.high for each in entrants)
        step = next(
            step for step in (0.02, 0.05, 0.1, 0.2) if high - low <= 7 * step or step == 0.2
        )
        bottom = max(0.0, step * floor(low / step))
        top = min(1.0, step * ceil(high / step - 1e-9))
        return cls(bottom, max(top, bottom + step), step)

    def at(self, score: float) -> float:
        return HEIGHT - BOTTOM - _share(score, self.low, self.high) * (HEIGHT - TOP - BOTTOM)

    def ticks(self) -> Iterator[Tick]:
        for number in range(round((self.high - self.low) / self.step) + 1):
            score = self.low + number * self.step
            yield Tick(round(self.at(score), 1), f"{score:.2f}")


@dataclass(frozen=True, slots=True)
class _Level:
    """The axis of costs, with its slots."""

    low: float
    high: float
    logarithmic: bool
    left: float  # of the axis itself, between the slots
    right: float
    free: tuple[float, float] | None
    unknown: tuple[float, float] | None
    strangers: tuple[str, ...]  # names of those in the slot for unknown prices
    guests: tuple[str, ...]  # and in the one for what is free
    paid: bool  # whether anything has a price above 0

    @classmethod
    def over(cls, entrants: Sequence[Entrant]) -> _Level:
        costs = [each.usd_per_1000 for each in entrants if each.usd_per_1000 is not None]
        paid = [cost for cost in costs if cost > 0]
        strangers = tuple(each.name for each in entrants if each.usd_per_1000 is None)
        logarithmic = bool(paid) and max(paid) >= SPREAD * min(paid)
        guests = tuple(each.name for each in entrants if each.usd_per_1000 == 0)
        slot_free = bool(guests) and (logarithmic or not paid)
        left = LEFT + (SLOT + GAP if slot_free else 0.0)
        right = WIDTH - RIGHT - (SLOT + GAP if strangers else 0.0)
        low, high = 0.0, _round_up(max(paid, default=0.0)) or 1.0
        if logarithmic:
            low, high = min(paid) / AIR, max(paid) * AIR
        return cls(
            low,
            high,
            logarithmic,
            left,
            right,
            (LEFT, LEFT + SLOT) if slot_free else None,
            (WIDTH - RIGHT - SLOT, WIDTH - RIGHT) if strangers else None,
            strangers,
            guests if slot_free else (),
            bool(paid),
        )

    def at(self, entrant: Entrant) -> float:
        for names, slot in ((self.strangers, self.unknown), (self.guests, self.free)):
            if slot and entrant.name in names:
                place = (names.index(entrant.name) + 1) / (len(names) + 1)
                return slot[0] + place * (slot[1] - slot[0])
        return self.place(entrant.usd_per_1000 or 0.0)

    def place(self, cost: float) -> float:
        share = _share(cost, self.low, self.high)
        if self.logarithmic:
            share = _share(log10(cost), log10(self.low), log10(self.high))
        return self.left + share * (self.right - self.left)

    def ticks(self) -> Iterator[Tick]:
        if self.logarithmic:
            for cost in _decades(self.low, self.high):
                yield Tick(round(self.place(cost), 1), _dollars(cost))
            return
        if not self.paid:  # an axis of nothing but what is free
            return
        for number in range(6):
            cost = self.low + (self.high - self.low) * number / 5
            yield Tick(round(self.place(cost), 1), _dollars(cost))


def _decades(low: float, high: float) -> list[float]:
    """
    Return the round numbers of a logarithmic axis.

    >>> _decades(0.007, 0.14), _decades(0.5, 3_000.0)
    ([0.01, 0.02, 0.05, 0.1], [1.0, 10.0, 100.0, 1000.0])
    """
    powers = [10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1)]
    steps = (1, 2, 5) if high < 100 * low else (1,)
    every = (round(step * power, 12) for power in powers for step in steps)
    return [cost for cost in every if low <= cost <= high]


def _round_up(value: float) -> float:
    """
    Return the next number that is easy to divide by five.

    >>> _round_up(0.083), _round_up(7.2), _round_up(0.0)
    (0.1, 10.0, 0.0)
    """
    if value <= 0:
        return 0.0
    power = 10.0 ** floor(log10(value))
    return next(
        round(step * power, 12) for step in (1, 1.5, 2, 2.5, 5, 10) if step * power >= value
    )


def _dollars(cost: float) -> str:
    """
    >>> _dollars(0.0), _dollars(0.02), _dollars(10.0)
    ('0', '0.02', '10')
    """
    return f"{cost:.6f}".rstrip("0").rstrip(".") or "0"


def _labelled(points: Sequence[Point]) -> Iterator[Point]:
    """Place the names, those of the best models first."""
    taken = [box for point in points for box in (_disc(point), _bar(point))]
    frame = Box(LEFT + 2, 2, WIDTH - 4, HEIGHT - BOTTOM - 2)
    for point in points:
        text = shortened(point.entrant.name)
        label, box = _placed(point, text, taken, frame)
        if box:
            taken.append(box)
        yield Point(
            point.entrant,
            point.x,
            point.y,
            point.radius,
            point.tone,
            point.low,
            point.high,
            label,
        )


def _placed(
    point: Point, text: str, taken: Sequence[Box], frame: Box
) -> tuple[Label | None, Box | None]:
    width = LETTER * columns(text)
    for ring in range(RINGS):
        for turn in range(16):
            box = _beside(point, width, ring, turn)
            inside = (
                box.left >= frame.left
                and box.right <= frame.right
                and box.top >= frame.top
                and box.bottom <= frame.bottom
            )
            if inside and not any(box.meets(other) for other in taken):
                line = _leader(point, box) if ring > 1 else None
                return Label(text, round(box.left, 1), round(box.bottom - 4, 1), line), box
    return None, None


def _beside(point: Point, width: float, ring: int, turn: int) -> Box:
    """Return the box of a name in this direction of its point: 0 is right, 8 is left."""
    angle = pi / 8 * (turn // 2 if turn % 2 == 0 else -(turn // 2 + 1))
    reach = point.radius + (8 if point.entrant.current else 5) + 11 * ring
    x, y = point.x + reach * cos(angle), point.y + reach * sin(angle)
    side = cos(angle)
    left = x if side > 0.3 else x - width if side < -0.3 else x - width / 2
    middle = y if abs(side) > 0.3 else y + (LINE / 2 if sin(angle) > 0 else -LINE / 2)
    return Box(left, middle - LINE / 2, left + width, middle + LINE / 2)


def _leader(point: Point, box: Box) -> tuple[float, float, float, float]:
    x = min(max(point.x, box.left), box.right)
    y = min(max(point.y, box.top), box.bottom)
    return round(point.x, 1), round(point.y, 1), round(x, 1), round(y, 1)


def _disc(point: Point) -> Box:
    reach = point.radius + (RING + 1 if point.entrant.current else 2)
    return Box(point.x - reach, point.y - reach, point.x + reach, point.y + reach)


def _bar(point: Point) -> Box:
    return Box(point.x - 2, point.high, point.x + 2, point.low)


def shortened(name: str) -> str:
    """
    Cut a name that is too long at its start: what tells models apart stands at the end.

    >>> shortened("openrouter/meta-llama/llama-3.3-70b-instruct")
    '…meta-llama/llama-3.3-70b-instruct'
    """
    name = printable(name, 1_000)
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def columns(text: str) -> int:
    """How many columns a text takes in a fixed-width font."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def told(point: Point) -> str:
    """What a point says to who cannot see it, and on being pointed at."""
    entrant = point.entrant
    return (
        f"{printable(entrant.name, 120)}: score {words.score(entrant)} "
        f"({words.own_range(entrant)}), p50 {words.wait(entrant.p50_s)}, "
        f"1,000 cases {words.cost(entrant)}"
    )
