"""
The simulated mentor: reads any request for a better prompt, and knows only what it is shown.

It finds the prompt by its first line, and the failures by what the task model said.  It picks
what to propose by chance, mostly the remedy of one failure, and writes it in the form that the
request asks for.  It never reads the cases, the rules or the true score from anywhere else.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field

from search.world import (
    LINE,
    PREAMBLE,
    Meter,
    Terrain,
    harm_line,
    leak_line,
    read,
    rule_line,
    settle_line,
)

WRONG = re.compile(r"wrong answer to #(\d{4})")
RIGHT = re.compile(r"right answer to #(\d{4})")
TRIED = re.compile(r"^\s*([+-])(- .+)$", re.MULTILINE)  # lines of a refused edit
MEANT = re.compile(r"^> ([+-])(- .+)$", re.MULTILINE)  # what a malformed reply was about
COUNT = re.compile(r"(?:up to|at most|exactly) (\d+) (?:\w+ )?(?:patches|edits|diffs)")
HEEDS = 0.9  # chance that the mentor leaves out what the request says was refused
MENDS = 0.85  # chance that a malformed edit is well formed when asked for again


@dataclass(frozen=True, slots=True)
class Edit:
    """One line more, or one line less."""

    line: str
    removes: bool = False
    malformed: bool = False

    def applied(self, text: str) -> str:
        if self.removes:
            return text.replace(f"{self.line}\n", "")
        return f"{text}{self.line}\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the mentor makes of a request."""

    text: str  # the prompt as it stands
    failed: tuple[str, ...]  # ids of tickets that were answered wrong, or shown as lessons
    refused: frozenset[str]  # lines of edits that the request says were refused
    count: int  # edits that are asked for


@dataclass
class SimulatedMentor:
    """Proposes; every reply is counted as one call."""

    meter: Meter
    asked_before: Counter[str] = field(default_factory=Counter)

    @property
    def terrain(self) -> Terrain:
        return self.meter.terrain

    def reply(self, request: str) -> str:
        """Answer a request of ours, or of a peer that wants the whole instruction in a fence."""
        self.meter.asked()
        if request.startswith("# Retry a patch"):
            return self._mended(request)
        if request.startswith(("# Critique", "# Write the whole prompt")):
            return "- The prompt does not say what these tickets need."
        asked = asked_in(request)
        edits = self.edits(asked)
        if "```diff" in request:
            return "\n\n".join(as_diff(edit, asked.text) for edit in edits)
        return as_whole(edits[0], asked.text)

    def instruction(self, request: str) -> str:
        """Answer with the new instruction alone, for a peer that has fields instead of fences."""
        self.meter.asked()
        asked = asked_in(request)
        edit = self.edits(asked)[0]
        return prose(edit) if edit.malformed else edit.applied(asked.text)

    def edits(self, asked: Asked) -> list[Edit]:
        """Draw the edits, no line twice in one reply."""
        rng = self._rng(asked)
        taken: set[str] = set()
        edits = []
        for _ in range(asked.count):
            heeded = asked.refused if rng.random() < HEEDS else frozenset()
            edits.append(self._edit(asked, taken | heeded, rng))
            taken.add(edits[-1].line)
        return edits

    def _edit(self, asked: Asked, avoided: set[str] | frozenset[str], rng: random.Random) -> Edit:
        world, draw = self.terrain.world, rng.random()
        remedies = [
            (line, removes)
            for case in asked.failed
            for line, removes in self.remedies(asked.text, case)
            if line not in avoided
        ]
        if draw < world.malformed:
            line, removes = rng.choice(remedies) if remedies else (idle_line(rng), False)
            return Edit(line, removes, malformed=True)
        draw -= world.malformed
        if draw < world.harmful:
            return Edit(harm_line(rng.choice(sorted(self.terrain.victims))))
        draw -= world.harmful
        if draw < world.leaking and asked.failed:
            return Edit(leak_line(set(asked.failed)))
        draw -= world.leaking
        if draw < world.right and remedies:
            return Edit(*rng.choice(remedies))
        return Edit(idle_line(rng))

    def remedies(self, text: str, case: str) -> list[tuple[str, bool]]:
        """Name the lines to add, or to remove, that this ticket is in need of."""
        if not self.terrain.world.right:
            return []
        stated, topics = read(text), set(self.terrain.kind_of(case).topics)
        found = [(rule_line(topic), False) for topic in sorted(topics - stated.rules)]
        found += [
            (settle_line(pair), False)
            for pair in self.terrain.rivals
            if pair & topics and pair <= stated.rules and pair not in stated.settled
        ]
        harmed = self.terrain.victims
        return found + [(harm_line(n), True) for n in sorted(stated.harms) if harmed[n] & topics]

    def _mended(self, request: str) -> str:
        asked = asked_in(request)
        meant = MEANT.search(request)
        if meant is None or self._rng(asked).random() > MENDS:
            return "I have nothing to add."
        return as_diff(Edit(meant[2], meant[1] == "-"), asked.text)

    def _rng(self, asked: Asked) -> random.Random:
        """Draw by what was asked, and how often it was: the order of other calls is no matter."""
        key = "\n".join([asked.text, *asked.failed, *sorted(asked.refused), str(asked.count)])
        self.asked_before[key] += 1
        return random.Random(f"{self.terrain.world.name} {self.terrain.seed} "
                             f"{self.asked_before[key]} {key}")  # fmt: skip


def asked_in(request: str) -> Asked:
    """
    Read a request: tickets answered wrong are failures; without any, those answered are lessons.
    """
    failed = dict.fromkeys(WRONG.findall(request)) or dict.fromkeys(RIGHT.findall(request))
    refused = frozenset(line for _, line in TRIED.findall(request))
    count = COUNT.search(request)
    return Asked(prompt_in(request), tuple(failed), refused, int(count[1]) if count else 1)


def prompt_in(request: str) -> str:
    """
    Find the prompt: its first line, and the instructions that follow it.

    >>> prompt_in("Mend this:\\n\\nYou answer tickets.\\n- Be kind.\\n\\nIt failed.")
    'You answer tickets.\\n- Be kind.\\n'
    """
    lines = iter(request.splitlines())
    for line in lines:
        if PREAMBLE in line:
            break
    kept = [PREAMBLE]
    for line in lines:
        if not LINE.match(line.strip()):
            break
        kept.append(line.strip())
    return "".join(f"{line}\n" for line in kept)


def as_diff(edit: Edit, text: str) -> str:
    if edit.malformed:
        return prose(edit)
    last = text.splitlines()[-1]
    hunk = f"-{edit.line}" if edit.removes else f" {last}\n+{edit.line}"
    return f"State the rule.\n\n```diff\n@@\n{hunk}\n```"


def as_whole(edit: Edit, text: str) -> str:
    return prose(edit) if edit.malformed else f"```\n{edit.applied(text)}```"


def prose(edit: Edit) -> str:
    """Say what the edit would be, in no form that anybody asked for."""
    return f"I would change this:\n> {'-' if edit.removes else '+'}{edit.line}"


def idle_line(rng: random.Random) -> str:
    return f"- Style note {rng.randrange(10_000):04}: stay friendly."
