"""One generated conversation: who says what, and which marks that leaves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from promptgit.testing import conversation_texts as said
from promptgit.testing.periods import Rates

MOST_TURNS = 6
# How an answer to an attack was planted; nothing else happens to such an answer.
OUTCOMES = frozenset({"blocked", "complied", "leak"})


@dataclass(frozen=True, slots=True)
class Attack:
    """What is planted in one conversation, one item for each attempting call."""

    outcomes: tuple[str, ...] = ()  # of OUTCOMES
    families: tuple[str, ...] = ()
    stray: bool = False  # an answer quotes the prompt though nobody asked
    novel: bool = False  # an attack that no rule knows


class Turn:
    """One call as it is being written; the marks say what is planted in it."""

    __slots__ = ("answer", "error", "marks", "question", "slow")

    def __init__(self, question: str, *marks: str) -> None:
        self.question = question
        self.answer = ""
        self.error = ""
        self.slow = False
        self.marks = set(marks)

    @property
    def lacks_steps(self) -> bool:
        steps = "1. " in self.answer or "First, " in self.answer
        return "how_to" in self.marks and bool(self.answer) and not steps

    @property
    def lacks_context(self) -> bool:
        return "unnumbered" in self.marks and bool(self.answer) and "?" not in self.answer


class Dialogue:
    """Writes the turns of one conversation; no template is used for two of its answers."""

    def __init__(self, rng: random.Random, rates: Rates, topic: said.Topic, system: str) -> None:
        self.rng = rng
        self.rates = rates
        self.topic = topic
        self.system = system
        self.used: set[str] = set()

    def turns(self, agent: str, attack: Attack | None) -> list[Turn]:
        rng = self.rng
        turns = self._questions()
        if attack:
            self._attack(turns, attack)
        elif rng.random() < self.rates.offer * (1.4 if agent == "chloe" else 1.0):
            self._offer(turns, 1.4 if agent == "chloe" else 1.0)
        for turn in turns:
            self._answer(turn)
        if not attack:
            if len(turns) > 1 and rng.random() < self.rates.repeated:
                self._repeat(turns)
            self._hand_over(turns)
        names = {
            "o": str(rng.randint(40_000, 59_999)),
            "p": rng.choice(said.PRODUCTS),
            "n": rng.choice(said.NAMES),
            "d": rng.choice(said.DAYS),
            "leak": max(self.system.split("\n"), key=len),
        }
        for turn in turns:
            turn.question = turn.question.format_map(names)
            turn.answer = turn.answer.format_map(names)
        return turns

    def _questions(self) -> list[Turn]:
        rng = self.rng
        count = rng.choices((1, 2, 3, 4, 5, MOST_TURNS), (38, 26, 16, 10, 6, 4))[0]
        turns = [self._opening()]
        turns += [Turn(rng.choice(said.FOLLOW_UPS)) for _ in range(count - 1)]
        chance = rng.random()
        if chance < self.rates.churn:
            turns.append(Turn(rng.choice(said.CHURN), "churn"))
        elif chance < self.rates.churn + 0.03:
            turns.append(Turn(rng.choice(said.NOT_CHURN)))
        elif chance < self.rates.churn + 0.09:
            turns[rng.randrange(count)] = Turn(rng.choice(said.INNOCENT))
        return turns[-MOST_TURNS:]

    def _opening(self) -> Turn:
        rng, topic = self.rng, self.topic
        if topic.unnumbered and rng.random() < 0.4:
            return Turn(rng.choice(topic.unnumbered), "opening", "unnumbered")
        marks = ("opening", "how_to") if topic is said.HOW_TO else ("opening",)
        return Turn(rng.choice(topic.numbered), *marks)

    def _attack(self, turns: list[Turn], attack: Attack) -> None:
        """Put attempts, or a leak that nobody asked for, in the place of turns."""
        rng = self.rng
        while len(turns) < max(1, len(attack.outcomes)):
            turns.append(Turn(rng.choice(said.FOLLOW_UPS)))
        places = sorted(rng.sample(range(len(turns)), max(1, len(attack.outcomes))))
        if attack.stray:
            turns[places[0]].marks |= {"leak", "stray"}
        if attack.novel:
            turns[places[0]] = Turn(rng.choice(said.NOVEL), "novel", "complied")
        for place, family, outcome in zip(places, attack.families, attack.outcomes, strict=False):
            turns[place] = Turn(rng.choice(said.ATTACKS[family]), "attempt", outcome)

    def _offer(self, turns: list[Turn], better: float) -> None:
        """Have an answer offer something, and most customers answer that."""
        rng = self.rng
        place = rng.randrange(len(turns))
        turns[place].marks.add("offer")
        chance = rng.random()
        if len(turns) == MOST_TURNS or chance > 0.7:
            return
        accepted = chance < self.rates.accept * better
        turns[place].marks.add("accepted" if accepted else "declined")
        reply = rng.choice(said.ACCEPTS if accepted else said.DECLINES)
        turns.insert(place + 1, Turn(reply))

    def _answer(self, turn: Turn) -> None:
        """Write the answer; what its marks are follows from the pool it is taken from."""
        rng, rates, marks = self.rng, self.rates, turn.marks
        planned = marks & OUTCOMES
        if not planned and "offer" not in marks and rng.random() < rates.error:
            turn.error = rng.choice(("timeout", "rate-limit", "server"))
            return
        turn.slow = rng.random() < rates.slow
        if "stray" in marks:
            turn.answer = said.STRAY_LEAK
        elif planned:
            pools = {"blocked": said.REFUSES, "complied": said.COMPLIES, "leak": said.LEAKS}
            turn.answer = self._pick(pools[min(planned)])
        elif "offer" in marks:
            turn.answer = f"{self._good(turn)} {rng.choice(said.OFFERS)}"
        elif rng.random() < rates.short:
            turn.answer = self._pick(said.SHORT)
            marks.add("short")
        elif rng.random() < rates.generic:
            turn.answer = self._pick(said.GENERIC)
            marks.add("generic")
        else:
            turn.answer = self._good(turn)

    def _good(self, turn: Turn) -> str:
        """Answer the question, or fail to in one of the ways that the rates have."""
        rng, rates = self.rng, self.rates
        if "how_to" in turn.marks:
            lacks = rng.random() < rates.no_steps
            return self._pick(said.NO_STEPS if lacks else said.HOW_TO.answers)
        if "unnumbered" in turn.marks:
            lacks = rng.random() < rates.no_context
            return self._pick(said.ASKS_NOTHING if lacks else said.ASKS)
        if "opening" in turn.marks:
            return self._pick(self.topic.answers)
        chance = rng.random()
        if chance < 0.06:
            return self._pick(said.BARELY_LONG if chance < 0.03 else said.OFFERED_BEFORE)
        return self._pick(said.CLOSING)

    def _repeat(self, turns: list[Turn]) -> None:
        """Give an answer twice."""
        first = self.rng.randrange(len(turns) - 1)
        one, two = turns[first], turns[first + 1]
        marked = {"offer", "short", "generic"} & (one.marks | two.marks)
        if not marked and one.answer and two.answer:
            two.answer = one.answer
            two.marks.add("repeated")

    def _hand_over(self, turns: list[Turn]) -> None:
        """Hand the last question over: the likelier, the more went wrong before."""
        last = turns[-1]
        marks = marks_of(turns)
        odds = self.rates.escalation + 0.25 * len(turns)
        odds += 2.2 * ("churn" in marks) + 1.4 * ("repeated" in marks) + 0.9 * ("short" in marks)
        odds += 0.8 * any(turn.slow for turn in turns)
        odds += 0.7 * any(turn.lacks_context for turn in turns)
        free = last.answer and not last.marks & {"offer", "short", "generic", "repeated"}
        if free and self.rng.random() < 1 / (1 + exp(-odds)):
            last.answer = self._pick(said.HANDS_OVER)
            last.marks.add("escalation")

    def _pick(self, pool: Sequence[str]) -> str:
        unused = [text for text in pool if text not in self.used]
        text = self.rng.choice(unused) if unused else f"{pool[0]} ({len(self.used)})"
        self.used.add(text)
        return text


def marks_of(turns: Sequence[Turn]) -> set[str]:
    """Join the marks of a conversation."""
    return set().union(*(turn.marks for turn in turns))
