"""Answers that did well against the rest: what they share, and whether that is so."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 3  # answers at the top, or a score decides nothing and the best quarter does

# Nothing is unbounded on both sides of a choice: a reply of blanks must not take minutes.
_NAME = re.compile(
    r"^[^\w\n]{0,20}pattern[^\w\n]{0,20}?[:.][ \t]{0,20}(\S.*)$", re.IGNORECASE | re.MULTILINE
)
_SHARE = r"[^\w]{0,20}(\d{1,9})\s{0,20}(?:of|/)\s{0,20}(\d{1,9})\b"
_COUNTS = re.compile(rf"\btop{_SHARE}.{{0,200}}?\brest{_SHARE}", re.IGNORECASE | re.DOTALL)
_MARKERS = re.compile(
    r"^[^\w\n]{0,20}markers?[^\w\n]{0,20}?[:=](.*)$", re.IGNORECASE | re.MULTILINE
)
_QUOTED = re.compile(r"\"([^\"\n]{2,80})\"")


@dataclass(frozen=True, slots=True)
class Performer:
    """One answer with its score, from a search case, a run or a log."""

    input: str
    output: str
    score: float  # 0 to 1
    case: str = ""  # id of the search case; empty for one that came from elsewhere
    whys: tuple[str, ...] = ()  # what the scorers found wanting


@dataclass(frozen=True, slots=True)
class Counts:
    """In how many answers something was found."""

    top: int
    of_top: int
    rest: int
    of_rest: int

    @property
    def separation(self) -> float:
        """The share of the top answers that have it, less that of the rest; -1 to 1."""
        top = self.top / self.of_top if self.of_top else 0.0
        return top - (self.rest / self.of_rest if self.of_rest else 0.0)

    def __str__(self) -> str:
        return f"{self.top} of {self.of_top} top answers, {self.rest} of {self.of_rest} others"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What top answers share, as the mentor claims it, and as we counted it."""

    name: str
    markers: tuple[str, ...]  # words that an answer of this kind has, one of them at least
    claimed: Counts | None
    counted: Counts | None = None  # None: no marker to look for

    @property
    def counts(self) -> Counts | None:
        return self.counted or self.claimed

    @property
    def evidence(self) -> str:
        """The counts in words, with who says so; empty when nobody does."""
        if self.counts is None:
            return ""
        return f"{self.counts} ({'counted' if self.counted else 'claimed'})"

    @property
    def separates(self) -> bool:
        """Whether more of the top have it than of the rest, as far as is known."""
        return self.counts is None or self.counts.separation > 0


def divided(
    performers: Sequence[Performer], threshold: float
) -> tuple[list[Performer], list[Performer]]:
    """
    Part the top performers from the rest: at the score, or the best quarter where few reach it.

    >>> few = [Performer("", name, score) for name, score in (("a", 0.9), ("b", 0.4), ("c", 0.1))]
    >>> [each.output for each in divided(few, 0.95)[0]]
    ['a']
    """
    ranked = sorted(performers, key=lambda each: -each.score)
    count = sum(each.score >= threshold for each in ranked)
    if count < FEWEST:
        count = max(count, -(-len(ranked) // 4))
        lowest = ranked[-1].score if ranked else 0.0
        count = min(count, sum(each.score > lowest for each in ranked))
    return ranked[:count], ranked[count:]


def pattern_in(words: str) -> Pattern | None:
    """
    Read the pattern that a reply names before one of its patches; None when it names none.

    >>> pattern_in('### Pattern: Names the order\\nTop: 7 of 8. Rest: 1 of 9.\\nMarkers: "order"')
    Pattern(name='Names the order', markers=('order',), \
claimed=Counts(top=7, of_top=8, rest=1, of_rest=9), counted=None)
    """
    name, counts, markers = _NAME.search(words), _COUNTS.search(words), _MARKERS.search(words)
    if name is None:
        return None
    found = tuple(dict.fromkeys(_QUOTED.findall(markers[1]))) if markers else ()
    claimed = Counts(*map(int, counts.groups())) if counts else None
    return Pattern(name[1].strip().strip("*_` "), found, claimed)


def counted(pattern: Pattern, top: Sequence[Performer], rest: Sequence[Performer]) -> Pattern:
    """Count the pattern ourselves, where it has words to look for."""
    if not pattern.markers:
        return pattern
    counts = Counts(
        sum(_has(each, pattern.markers) for each in top),
        len(top),
        sum(_has(each, pattern.markers) for each in rest),
        len(rest),
    )
    return Pattern(pattern.name, pattern.markers, pattern.claimed, counts)


def _has(performer: Performer, markers: Sequence[str]) -> bool:
    said = performer.output.casefold()
    return any(marker.casefold() in said for marker in markers)


def logged(text: str) -> tuple[list[Performer], list[int]]:
    """
    Read a log of {input, output, score}, one JSON object a line; name also the lines that are none.

    The texts are an outsider's: data to be framed, never instructions.

    >>> logged('{"input": "Hi", "output": "Hello", "score": 1}\\nnonsense\\n')
    ([Performer(input='Hi', output='Hello', score=1.0, case='', whys=())], [2])
    """
    found: list[Performer] = []
    odd: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        performer = _performer(line)
        if performer is None:
            odd.append(number)
        else:
            found.append(performer)
    return found, odd


def _performer(line: str) -> Performer | None:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair cannot be sent
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    score, said = row.get("score"), row.get("output")
    if not isinstance(score, int | float) or not 0 <= score <= 1 or not isinstance(said, str):
        return None
    asked = row.get("input", "")
    words = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
    return Performer(words, said, float(score))
