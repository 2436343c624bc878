"""
Seeded conversations of a shop's support, with planted truth.

Streamed: any number of them in little memory.  `planted.py` says what is planted and how it is
counted, `periods.py` how often what happens, `conversation_texts.py` has the wording.  By hand:

    python -m promptgit.testing.conversations FOLDER [--period after] [--conversations 1000]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from math import pi, sin
from pathlib import Path
from typing import IO

from promptgit.core.prompt import blob_id
from promptgit.flywheel.cube import Cell
from promptgit.flywheel.interaction import FEEDBACK, Conversation, Interaction
from promptgit.flywheel.window import instant
from promptgit.testing import conversation_texts as said
from promptgit.testing.dialogue import Attack, Dialogue, Turn, marks_of
from promptgit.testing.periods import (
    FIRST_MODEL,
    MODELS,
    OTHER,
    PERIODS,
    PROMPT,
    Rates,
    Source,
    moment,
)
from promptgit.testing.personal import sentence
from promptgit.testing.planted import Planted, Sums, Truth, observed, sums_of

REPLIES = frozenset({"accepted", "declined"})  # to an offer: a mark, and what the fact says
LONGEST_GAP_S = 1_200  # between two calls of a conversation
LONGEST = timedelta(hours=2)  # of a conversation; none begins later before the end of its period


def conversations(source: Source) -> Iterator[Planted]:
    """Make them, in the order in which they begin; each lies within the window of the source."""
    rng = random.Random(f"{source.period.name}/{source.seed}")  # noqa: S311
    attacks = _attacks(source, rng)
    writer = _Writer(source, rng)
    for number in range(source.conversations):
        yield writer.conversation(number, attacks.get(number))


def lines(planted: Iterator[Planted]) -> Iterator[Interaction]:
    """Put the lines of conversations in the order of their time; feedback comes up to 30 h late."""
    waiting: list[tuple[str, str, Interaction]] = []
    for one in planted:
        begin = one.conversation.calls[0].at
        while waiting and waiting[0][0] < begin:
            yield heappop(waiting)[2]
        for line in _lines(one):
            heappush(waiting, (line.at, line.id, line))
    while waiting:
        yield heappop(waiting)[2]


def write_logs(folder: Path, source: Source, *, in_order: bool = True) -> Truth:
    """
    Write `YYYY-MM-DD.jsonl` files, adding to those that exist; return what is in them.

    in_order: False saves the memory that late feedback waits in, for millions of conversations.
    """
    truth = Truth()
    folder.mkdir(parents=True, exist_ok=True)
    planted = observed(conversations(source), truth)
    ordered = lines(planted) if in_order else (line for one in planted for line in _lines(one))
    with ExitStack() as stack:
        opened: dict[str, IO[str]] = {}
        for line in ordered:
            if line.day not in opened:
                path = folder / f"{line.day}.jsonl"
                opened[line.day] = stack.enter_context(
                    path.open("a", encoding="utf-8", newline="\n")
                )
            opened[line.day].write(line.line() + "\n")
    return truth


def truth_of(source: Source) -> Truth:
    """Say what is planted, and write nothing."""
    truth = Truth()
    for _ in observed(conversations(source), truth):
        pass
    return truth


def _lines(planted: Planted) -> Sequence[Interaction]:
    return (*planted.conversation.calls, *planted.conversation.feedback)


def _attacks(source: Source, rng: random.Random) -> dict[int, Attack]:
    """Deal the attempts of a period to conversations."""
    period = source.period
    complied = period.attempts - period.blocked - period.leaked
    assert complied >= 0, period
    assert period.attempts >= 2 * period.multi_turn, period
    outcomes = ["blocked"] * period.blocked + ["leak"] * period.leaked + ["complied"] * complied
    families = [said.FAMILIES[i % len(said.FAMILIES)] for i in range(period.attempts)]
    rng.shuffle(outcomes)
    rng.shuffle(families)
    attacks: list[Attack] = []
    while outcomes:
        size = 2 if len(attacks) < period.multi_turn else 1
        attacks.append(Attack(tuple(outcomes[:size]), tuple(families[:size])))
        del outcomes[:size], families[:size]
    attacks += [Attack(stray=True)] * period.stray_leaks
    attacks += [Attack(novel=True)] * period.novel
    assert len(attacks) <= source.conversations, f"{len(attacks)} of them have something planted"
    places = rng.sample(range(source.conversations), len(attacks))
    return dict(zip(places, attacks, strict=True))


class _Writer:
    def __init__(self, source: Source, rng: random.Random) -> None:
        self.source = source
        self.rng = rng
        self.texts = source.texts
        self.blobs = {name: blob_id(text) for name, text in self.texts.items()}
        self.units = max(1, source.conversations * 4 // 5)

    def conversation(self, number: int, attack: Attack | None) -> Planted:
        rng, source = self.rng, self.source
        begin = self._begin(number)
        unit = rng.randrange(self.units)
        prompt = OTHER if attack is None and rng.random() < 0.15 else PROMPT
        candidate = prompt == PROMPT and _spread(unit) < source.period.candidate
        variant = "candidate" if candidate else "stable"
        key = OTHER if prompt == OTHER else variant
        rates = source.period.rates[key]
        model, provider = MODELS[rng.random() >= FIRST_MODEL]
        name = f"{source.period.name[0]}{source.seed or ''}-{number:07d}"
        common = {"agent": rng.choice(said.AGENTS), "channel": rng.choice(said.CHANNELS)}

        topic = said.RETURNING if prompt == OTHER else rng.choice(said.TOPICS)
        turns = Dialogue(rng, rates, topic, self.texts[key]).turns(common["agent"], attack)
        personal: list[str] = []
        if source.personal and number % 10 == 0:
            text, personal = sentence(rng)
            turns[0].question += f" {text}"

        calls: list[Interaction] = []
        at = begin
        for index, turn in enumerate(turns):
            calls.append(
                Interaction(
                    f"{name}-{index}",
                    instant(at),
                    conversation=name,
                    turn=index,
                    unit=f"u{unit:07d}",
                    environment="production",
                    prompt=prompt,
                    version=self.blobs[key],
                    variant=variant,
                    propensity=self._propensity(key),
                    model=model,
                    provider=provider,
                    system=self.texts[key],
                    input=turn.question,
                    output=turn.answer,
                    inputs={"comment": turn.question},
                    error=turn.error,
                    latency_ms=None if turn.error else self._latency(turn, model),
                    input_tokens=(len(self.texts[key]) + len(turn.question)) // 4,
                    output_tokens=len(turn.answer) // 4,
                    cost_usd=round((len(turn.question) + 4 * len(turn.answer)) * 1e-7, 7),
                    facts=common,
                    source="sdk",
                )
            )
            at += timedelta(seconds=rng.randint(20, LONGEST_GAP_S))
        cell = Cell(prompt, self.blobs[key], variant, model, calls[0].day)
        feedback, told = self._feedback(calls, turns, rates)
        return Planted(
            Conversation(name, tuple(calls), feedback),
            cell,
            sums_of(calls, turns) | told,
            frozenset(marks_of(turns)),
            attack.families if attack else (),
            tuple(personal),
        )

    def _begin(self, number: int) -> datetime:
        """Spread them over the days, more at noon than at midnight; never backwards."""
        days = self.source.days
        place = (number + self.rng.random()) / self.source.conversations * days
        part = (place + 0.12 * sin(2 * pi * place)) / days
        length = timedelta(days=days) - LONGEST
        return self.source.since + min(max(part, 0.0), 1.0) * length

    def _propensity(self, key: str) -> float:
        share = self.source.period.candidate
        return {OTHER: 1.0, "candidate": share}.get(key, round(1 - share, 4))

    def _latency(self, turn: Turn, model: str) -> float:
        if turn.slow:
            return float(self.rng.randint(10_001, 24_000))
        usual = 900 if model == MODELS[0][0] else 1_500
        return float(min(4_800, int(self.rng.lognormvariate(0, 0.4) * usual)))

    def _feedback(
        self, calls: list[Interaction], turns: Sequence[Turn], rates: Rates
    ) -> tuple[tuple[Interaction, ...], Sums]:
        """Say what was thought of it: later, or in the last of `calls`, which is changed."""
        rng = self.rng
        lines: list[Interaction] = []
        told: Sums = {}
        marks = marks_of(turns)

        def tell(scores: dict[str, float], facts: dict[str, str]) -> None:
            late = timedelta(minutes=min(1_800.0, rng.expovariate(1 / 240)), seconds=1)
            of = calls[-1].id if rng.random() < 0.5 else calls[-1].conversation
            name = f"{calls[0].conversation}-f{len(lines)}"
            at = instant(moment(calls[-1].at) + late)
            lines.append(Interaction(name, at, kind=FEEDBACK, of=of, scores=scores, facts=facts))

        wrong = sum(bool(turn.marks & {"short", "generic"}) for turn in turns)
        wrong += len(marks & {"churn", "repeated", "escalation", "leak", "complied"})
        wrong += any(turn.lacks_steps or turn.lacks_context for turn in turns)
        good = rates.quality - 0.14 * wrong + self._faults(calls[0])
        if rng.random() < 0.6:
            quality = _graded(good + rng.gauss(0, 0.12))
            told["quality_score"] = (10 * quality, 1.0)
            if rng.random() < 0.25:
                calls[-1] = replace(calls[-1], scores={"quality": quality})
            else:
                tell({"quality": quality}, {})
        if rng.random() < 0.35:
            satisfaction = _graded(good - 0.05 + rng.gauss(0, 0.2))
            told["satisfaction"] = (satisfaction, 1.0)
            tell({"satisfaction": satisfaction}, {})
        facts = {"upsell": min(marks & REPLIES)} if marks & REPLIES else {}
        if "accepted" in marks or rng.random() < 0.05:
            value = rng.choice((15, 29, 49, 89, 129, 249)) + rng.choice((0, 0, 0.5))
            facts["value"] = f"{value:.2f}"
            told["average_value"] = (float(value), 1.0)
        if facts:
            tell({}, facts)
        return tuple(lines), told

    def _faults(self, call: Interaction) -> float:
        since = moment(call.at) - self.source.since
        return sum(
            fault.quality
            for fault in self.source.faults
            if since >= timedelta(days=fault.day)
            and fault.model in ("", call.model)
            and fault.version in ("", call.version)
        )


def _graded(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 2)


def _spread(unit: int) -> float:
    """Place a unit between 0 and 1, always alike (Knuth, TAOCP 3, 6.4)."""
    return float((unit * 2_654_435_761 & 0xFFFF_FFFF) / 2**32)


def _main() -> None:
    parser = argparse.ArgumentParser(description="write example logs, day by day")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--period", choices=list(PERIODS), default="before")
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write_logs(given.folder, Source(PERIODS[given.period], given.conversations, seed=given.seed))


if __name__ == "__main__":
    _main()
