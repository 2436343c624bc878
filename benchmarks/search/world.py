"""
A world of hidden rules: a model that does what its prompt says, tickets that need it said.

Each ticket is about one topic or two, and each topic has a rule.  The task model follows a rule
that its prompt states, and otherwise rarely gets the ticket right.  How good a prompt truly is
can be computed, over all tickets there could be and all luck; no search ever sees that number.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

from promptgit.core.dataset import Case, Dataset

WORDS = (
    "amber agate basalt beryl chalk cobalt copper coral flint garnet granite iron jade jasper "
    "lead lime marble mica nickel onyx opal pearl quartz ruby salt silver slate steel tin topaz"
)
TOPICS = tuple(WORDS.split())
PREAMBLE = "You answer tickets."
START = f"{PREAMBLE}\n- Read the ticket.\n"
EXAMPLE = 0.8  # how much of a stated rule a worked example is worth
FREE_LINES = 3  # instructions that cost nothing where a long prompt is worse

RULE = re.compile(r"^- When a ticket is about (\w+), add its note\.$", re.MULTILINE)
SETTLE = re.compile(r"^- When (\w+) and (\w+) disagree, add both notes\.$", re.MULTILINE)
HARM = re.compile(r"^- Keep every answer below (\d+) words\.$", re.MULTILINE)
LEAK = re.compile(r"^- Remember tickets? ((?:\d{4})(?: \d{4})*)\.$", re.MULTILINE)
LINE = re.compile(r"^- ", re.MULTILINE)
SHOWN = re.compile(r"right answer to #(\d{4})")  # in a prompt: a worked example


@dataclass(frozen=True, slots=True)
class World:
    """What one world is like; chances and shares are 0 to 1."""

    name: str
    rules: int = 8
    skew: float = 0.5  # Zipf's exponent: how much more often the first topic comes than the last
    pairs: float = 0.2  # share of tickets about two topics
    follow: float = 0.95  # chance that a stated rule is followed
    guess: float = 0.1  # chance that the model gets a rule right that nobody stated
    churn: float = 0.1  # share of tickets whose luck any edit of the prompt draws anew
    conflicts: int = 0  # pairs of rules that get in each other's way until a line settles it
    planted: int = 0  # harmful lines that the prompt starts with
    toll: float = 0.0  # of the score, for each instruction beyond FREE_LINES
    right: float = 0.7  # what the mentor proposes: the remedy of a failure it was shown,
    harmful: float = 0.08  # a line that harms,
    malformed: float = 0.08  # something that is no edit,
    leaking: float = 0.05  # a line that helps the shown failures and nothing else; or else
    cases: int = 200  # a line without any effect
    named: bool = True  # whether the words of a ticket name its topics


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of ticket: the topics it is about, and its share of all tickets."""

    topics: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Stated:
    """What the task model finds in a prompt."""

    rules: frozenset[str] = frozenset()
    settled: frozenset[frozenset[str]] = frozenset()
    harms: frozenset[int] = frozenset()
    leaked: frozenset[str] = frozenset()  # ids of tickets
    lines: int = 0
    shown: frozenset[str] = frozenset()  # ids of the tickets that are worked examples
    seen: frozenset[str] = frozenset()  # topics that these are about


@dataclass(frozen=True)
class Terrain:
    """One world, drawn by a seed."""

    world: World
    seed: int

    @cached_property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._rng("topics").sample(TOPICS, self.world.rules))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        weight = {t: (n + 1.0) ** -self.world.skew for n, t in enumerate(self.topics)}
        total = sum(weight.values())
        single, both = 1.0 - self.world.pairs, self.world.pairs
        rng = self._rng("pairs")
        couples = rng.sample(list(combinations(self.topics, 2)), self.world.rules)
        joint = sum(weight[a] * weight[b] for a, b in couples)
        kinds = [Kind((t,), single * weight[t] / total) for t in self.topics]
        kinds += [Kind((a, b), both * weight[a] * weight[b] / joint) for a, b in couples]
        return tuple(kinds)

    @cached_property
    def rivals(self) -> tuple[frozenset[str], ...]:
        """Rules that get in each other's way, two by two."""
        order = self._rng("rivals").sample(self.topics, 2 * self.world.conflicts)
        return tuple(frozenset(order[n : n + 2]) for n in range(0, len(order), 2))

    @cached_property
    def victims(self) -> dict[int, frozenset[str]]:
        """For each harmful line, by its number, the topics that it harms."""
        rng, some = self._rng("harm"), max(1, round(0.4 * self.world.rules))
        return {number: frozenset(rng.sample(self.topics, some)) for number in range(10, 30)}

    @cached_property
    def start(self) -> str:
        """The prompt that every search begins with."""
        return START + "".join(f"{harm_line(n)}\n" for n in range(10, 10 + self.world.planted))

    @cached_property
    def best(self) -> str:
        """A prompt that states all that helps, and nothing else."""
        lines = [rule_line(topic) for topic in self.topics]
        lines += [settle_line(pair) for pair in self.rivals]
        return START + "".join(f"{line}\n" for line in lines)

    @cached_property
    def _drawn(self) -> dict[str, Kind]:
        rng = self._rng("cases")
        kinds = rng.choices(self.kinds, [k.share for k in self.kinds], k=self.world.cases)
        return {f"{number:04}": kind for number, kind in enumerate(kinds)}

    @cached_property
    def cases(self) -> Dataset:
        return Dataset(tuple(self._case(name, kind) for name, kind in self._drawn.items()))

    @cached_property
    def halves(self) -> tuple[Dataset, Dataset]:
        """Cases to search with, and those that confirm: the split that ships."""
        return self.cases.split()

    def kind_of(self, case: str) -> Kind:
        return self._drawn[case]

    def chance(self, stated: Stated, kind: Kind) -> float:
        """Say how likely a prompt gets a ticket of this kind right."""
        chance = 1.0
        for topic in kind.topics:
            chance *= self._followed(stated, topic)
        for number in stated.harms:
            if self.victims.get(number, frozenset()) & set(kind.topics):
                chance *= 0.6
        return chance * max(0.0, 1.0 - self.world.toll * max(0, stated.lines - FREE_LINES))

    def _followed(self, stated: Stated, topic: str) -> float:
        if topic not in stated.rules:
            shown = topic in stated.seen
            return max(EXAMPLE * self.world.follow, self.world.guess) if shown else self.world.guess
        for pair in self.rivals:
            if topic in pair and pair <= stated.rules and pair not in stated.settled:
                return 0.7 * self.world.follow
        return self.world.follow

    def true_score(self, text: str, examples: Iterable[str] = ()) -> float:
        """Compute the expected score over all tickets there could be; a leak is worth nothing."""
        stated = self.stated(text, examples)
        return sum(kind.share * self.chance(stated, kind) for kind in self.kinds)

    def gain(self, text: str, examples: Iterable[str] = ()) -> float:
        """Return the share of the reachable gain; 0 where there is none to be had."""
        low, high = self.true_score(self.start), self.true_score(self.best)
        if high - low < 1e-9 or not self.world.right:
            return 0.0
        return (self.true_score(text, examples) - low) / (high - low)

    def stated(self, text: str, examples: Iterable[str] = ()) -> Stated:
        """Find what a prompt states, and what the tickets among its worked examples show."""
        shown = {*SHOWN.findall(text), *examples}
        topics = (topic for case in shown for topic in self.kind_of(case).topics)
        return replace(read(text), shown=frozenset(shown), seen=frozenset(topics))

    def right(self, text: str, case: str, examples: Sequence[str] = ()) -> bool:
        """
        Answer one ticket: the same prompt gets the same answer, an edit changes some by chance.

        The ticket itself among the examples is an answer to copy.
        """
        stated = self.stated(text, examples)
        luck = self._luck(case, " ".join([text, *sorted(examples)]))
        if case in stated.leaked or case in stated.shown:
            return luck < self.world.follow
        return luck < self.chance(stated, self.kind_of(case))

    def _luck(self, case: str, text: str) -> float:
        if unit(self.seed, self.world.name, case, text, "moves") < self.world.churn:
            return unit(self.seed, self.world.name, case, text)
        return unit(self.seed, self.world.name, case)

    def _case(self, name: str, kind: Kind) -> Case:
        about = f" about {' and '.join(kind.topics)}" if self.world.named else ""
        return Case(name, {"ticket": f"Ticket #{name}{about}."}, expected=right_answer(name))

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self.world.name} {self.seed} {what}")


@dataclass
class Meter:
    """Every call of a run, counted here and nowhere else, and the best prompt at each moment."""

    terrain: Terrain
    task_limit: int = 2_000  # a run ends when it has made these many task calls
    cost_limit: int = 4_000  # and has cost this much
    mentor_price: int = 10  # task calls that one mentor call counts for
    task_calls: int = 0
    mentor_calls: int = 0
    mentor_calls_in_time: int = 0  # those of them before the task limit was reached
    marks: list[Mark] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return self.task_calls + self.mentor_price * self.mentor_calls

    @property
    def spent(self) -> bool:
        enough = self.task_calls >= self.task_limit and self.cost >= self.cost_limit
        return enough or self.cost >= 2 * self.cost_limit  # a search that only ever asks

    def answer(self, text: str, case: str, examples: Sequence[str] = ()) -> bool:
        self.task_calls += 1
        return self.terrain.right(text, case, examples)

    def asked(self) -> None:
        self.mentor_calls += 1
        self.mentor_calls_in_time += self.task_calls < self.task_limit

    def mark(self, text: str, examples: Sequence[str] = ()) -> None:
        """Note that `text` is what the search would return if it were stopped now."""
        self.marks.append(Mark(self.task_calls, self.cost, text, tuple(examples)))

    def at(self, *, task_calls: int | None = None, cost: int | None = None) -> Mark:
        """Return the best prompt that the search had when it had spent this much."""
        found = self.marks[0]
        for mark in self.marks:
            within = task_calls is None or mark.task_calls <= task_calls
            if within and (cost is None or mark.cost <= cost):
                found = mark
        return found

    def gain(self, mark: Mark) -> float:
        return self.terrain.gain(mark.text, mark.examples)


@dataclass(frozen=True, slots=True)
class Mark:
    """The best prompt from a moment on."""

    task_calls: int
    cost: int
    text: str
    examples: tuple[str, ...] = ()  # ids of the tickets that it shows with their answers


def read(text: str) -> Stated:
    """
    Find what the task model recognises in a prompt.

    >>> sorted(read(START + rule_line("jade") + "\\n" + rule_line("opal") + "\\n").rules)
    ['jade', 'opal']
    """
    return Stated(
        frozenset(RULE.findall(text)),
        frozenset(frozenset(pair) for pair in SETTLE.findall(text)),
        frozenset(int(number) for number in HARM.findall(text)),
        frozenset(name for names in LEAK.findall(text) for name in names.split()),
        len(LINE.findall(text)),
    )


def rule_line(topic: str) -> str:
    return f"- When a ticket is about {topic}, add its note."


def settle_line(pair: Iterable[str]) -> str:
    one, two = sorted(pair)
    return f"- When {one} and {two} disagree, add both notes."


def harm_line(number: int) -> str:
    return f"- Keep every answer below {number} words."


def leak_line(cases: Iterable[str]) -> str:
    names = sorted(cases)
    return f"- Remember {'ticket' if len(names) == 1 else 'tickets'} {' '.join(names)}."


def right_answer(case: str) -> str:
    return f"right answer to #{case}"


def wrong_answer(case: str) -> str:
    return f"wrong answer to #{case}"


def unit(*parts: object) -> float:
    """Return a number from 0 to 1 that only `parts` decide."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
