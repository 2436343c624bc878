"""
The cases of a report as data for a page, in bounded size.

The page draws them with a script.  Short keys, and nothing that is empty: 10,000 cases are
a lot of keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from promptgit.core.gate import CaseFinding, Report, Side
from promptgit.core.secrets import redact
from promptgit.report.gate_words import LONGEST_SECRET, marks, rules, shown_order, visible

MOST_BYTES = 16_000_000  # of all cases together, in UTF-8
# How much of a text is kept, by what became of its case: more of what flipped.  The first pair
# under which the page is small enough is taken.
LENGTHS = ((20_000, 20_000), (10_000, 4_000), (4_000, 1_000), (1_500, 300), (500, 100), (150, 40))
LEAST_OF_A_CASE = len('{"gate":0,"id":"","flip":"same"},\n')  # bytes
OFTEN = 60  # characters; texts that are no longer tend to come again
SIGN, SIGN_END = "\ue000", "\ue001"  # around a character's name; `visible` names these two as well

Row = dict[str, Any]
Text = str | list[Any]  # [the beginning, how many characters were cut off]


@dataclass(frozen=True, slots=True)
class Rows:
    """Cases in JSON, and what had to be left out of them."""

    json: str
    count: int
    kept: int  # characters of a text of a case that flipped
    cut: bool  # whether any text was
    left_out: int = 0  # cases


def rows(report: Report, most_bytes: int = MOST_BYTES) -> Rows:
    """Write the cases of all prompts, with as much of each text as `most_bytes` allows."""
    every = list(_cases(report))
    lengths = [(_flipped(found), [*map(len, _texts(found))]) for _, found in every]
    for flipped, rest in LENGTHS:
        if (flipped, rest) != LENGTHS[-1] and _at_least(lengths, flipped, rest) > most_bytes:
            continue  # sure not to fit: not worth writing
        cutter = _Cutter(flipped, rest)
        written = _fitting(every, cutter, most_bytes)
        if len(written) == len(every):
            break
    return Rows(
        _whole(_gates(report), written),
        count=len(written),
        kept=flipped,
        cut=cutter.cut,
        left_out=len(every) - len(written),
    )


def _fitting(
    every: Sequence[tuple[int, CaseFinding]], cutter: _Cutter, most_bytes: int
) -> list[str]:
    """Write as many cases, from the first on, as fit."""
    written, size = [], 0
    for gate, found in every:
        line = _json(cutter.row(gate, found))
        size += len(line.encode()) + 2
        if size > most_bytes:
            break
        written.append(line)
    return written


def _at_least(lengths: Sequence[tuple[bool, list[int]]], flipped: int, rest: int) -> int:
    """
    Count the bytes that cases surely take with texts of at most so many characters: their keys,
    and a byte a character.  Only where secrets are blotted out it may be fewer.
    """
    return sum(
        LEAST_OF_A_CASE + sum(min(length, flipped if did_flip else rest) for length in texts)
        for did_flip, texts in lengths
    )


def _texts(found: CaseFinding) -> Iterator[str]:
    """The texts of a case that may be long; an answer that did not change is written once."""
    case = found.case
    yield from case.inputs.values()
    yield case.expected or ""
    outputs = [side.output for side in (found.before, found.after) if side]
    yield from dict.fromkeys(outputs)


def _cases(report: Report) -> Iterator[tuple[int, CaseFinding]]:
    """Every case with the number of its gate, what flipped before all that did not."""
    gates = [gate for prompt in report.prompts for gate in prompt.gates]
    found = [(number, case) for number, gate in enumerate(gates) for case in shown_order(gate)]
    yield from (pair for pair in found if _flipped(pair[1]))
    yield from (pair for pair in found if not _flipped(pair[1]))


def _gates(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "path": visible(prompt.path, SIGN, SIGN_END),
            "rules": rules(gate, prompt),
            "metrics": [
                visible(metric.name, SIGN, SIGN_END)
                for metric in gate.metrics
                if metric.kind == "metric"
            ],
        }
        for prompt in report.prompts
        for gate in prompt.gates
    ]


def _flipped(found: CaseFinding) -> bool:
    return found.flip in ("broke", "fixed", "unscored")


class _Cutter:
    """Writes cases with at most so many characters a text, and remembers whether it cut."""

    def __init__(self, flipped: int, rest: int) -> None:
        self.flipped = flipped
        self.rest = rest
        self.cut = False

    def row(self, gate: int, found: CaseFinding) -> Row:
        limit = self.flipped if _flipped(found) else self.rest
        case = found.case
        row: Row = {
            "gate": gate,
            "id": self.text(case.id, min(limit, 200)),
            "flip": found.flip.value,
            "inputs": [
                [self.text(name, 100), self.text(value, limit)]
                for name, value in case.inputs.items()
            ],
            "expected": None if case.expected is None else self.text(case.expected, limit),
            "tags": [self.text(tag, 100) for tag in case.tags],
            "marks": [self.text(mark, 300) for mark in marks(found)],
            "before": self.side(found.before, limit),
            "after": self.side(found.after, limit),
        }
        if found.before and found.after and found.before.output == found.after.output:
            row["after"].pop("output", None)
            row["alike"] = True
        return {key: value for key, value in row.items() if value not in (None, [])}

    def side(self, side: Side | None, limit: int) -> Row | None:
        if side is None:
            return None
        row: Row = {
            "score": side.score,
            "output": self.text(side.output, limit),
            "scores": [
                [self.text(name, 100), score.value, self.text(score.why, min(limit, 2_000))]
                for name, score in side.scores.items()
            ],
            "failure": self.text(side.failure, min(limit, 2_000)),
            "flags": [self.text(flag, 100) for flag in side.flags],
            "repeats": side.repeats if side.repeats > 1 else None,
            "wobble": round(side.wobble, 3) or None,
        }
        return {key: value for key, value in row.items() if value not in (None, [], "")}

    def text(self, text: str, limit: int) -> Text:
        """
        Name what is invisible and blot out secrets; keep the beginning, and how much there was
        besides.
        """
        if len(text) <= min(limit, OFTEN):
            return _short(text)
        start = redact(text[: limit + LONGEST_SECRET])
        if len(text) <= limit:
            return visible(start, SIGN, SIGN_END)
        self.cut = True
        return [visible(start[:limit], SIGN, SIGN_END), len(text) - limit]


@lru_cache(maxsize=10_000)
def _short(text: str) -> str:
    """Do the same for a whole text that is likely to come again: a name, a tag, a label."""
    return visible(redact(text), SIGN, SIGN_END)


def _json(value: Any) -> str:
    """Write JSON that HTML reads as text, whatever a model said in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _whole(gates: list[Row], written: list[str]) -> str:
    lines = ",\n".join(written)
    return f'{{"gates":{_json(gates)},\n"rows":[\n{lines}\n]}}'
