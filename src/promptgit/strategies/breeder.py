"""
Breeder: a population of prompts, and of the instructions by which they are changed.

Fernando et al., "Promptbreeder: Self-Referential Self-Improvement via Prompt Evolution", 2023,
https://arxiv.org/abs/2309.16797.  A unit is a task prompt with a mutation prompt and a thinking
style.  Two units meet in a binary tournament, and the loser gives way to a mutated copy of the
winner, made by one of the operators of section 3.2.  Mutation prompts are bred as well.

What differs: everybody starts from the prompt as it stands, for it is to be improved and not
invented; a mutation is a patch; the mentor sees what the winner gets wrong; a child has to mend
some of that, and to race the best (`promptgit.improve.pool`), before it takes the loser's place;
crossover merges two prompts hunk by hunk instead of swapping them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.evaluation import Result
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft, shown_text
from promptgit.improve.pool import Pool
from promptgit.improve.several import parts_of
from promptgit.improve.trials import ask, known

ZERO, FIRST, EDA, RANK, LINEAGE = "zero-order", "first-order", "eda", "eda-rank", "lineage"
HYPER_ZERO, HYPER_FIRST = "zero-order hypermutation", "first-order hypermutation"
LAMARCK, CROSSOVER, SHUFFLING = "lamarckian", "crossover", "context shuffling"
OPERATORS = (ZERO, FIRST, EDA, RANK, LINEAGE, HYPER_ZERO, HYPER_FIRST, LAMARCK, CROSSOVER)
FROM_LESSONS = (ZERO, LAMARCK)  # these see what is right, not what the prompt made of it
MEMBERS_SHOWN = 6  # of the population, or of the ancestors
LONGEST_INSTRUCTION = 400  # characters

_BULLET = re.compile(r"^- (.+)$", re.MULTILINE)
_SCORE = re.compile(
    r"^[^\w\n]{0,20}(?:patch )?(\d{1,4})[^\w\n]{0,20}?[:.)][^\w\n]{0,20}(\d{1,4}(?:\.\d+)?)",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One member of the population."""

    candidate: Candidate
    instruction: str  # its mutation prompt: how its children are made
    style: str  # its thinking style
    shown: frozenset[str] = frozenset()  # cases that its text may be fitted to: they prove nothing


def breeder(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 80,
    patience: int = 30,
    target: float = 1.0,
    miss_threshold: float = 0.95,
    population: int = 8,
    batch: int = 10,
    misses_shown: int = 3,
    children: int = 3,
    first_look: int = 20,
    next_look: int = 10,
    longest: int = 20,
    min_improvement: float = 0.005,
    exemplars: int = 0,
    prescreen: bool = False,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that beats the best one before it.

    rounds: tournaments at most.  patience: tournaments in a row without a gain before giving up.
    target: a mean search score (0 to 1) that is good enough.  miss_threshold: a score (0 to 1)
    below which a case is a miss.  population: units.  batch: cases that decide a tournament.
    misses_shown: to one request.  children: that one request asks for.  first_look, next_look:
    cases to ask the seed about, and any prompt whenever too few of its misses are known.
    longest: cases after which a child that leads has won.  min_improvement: gain in the mean
    that it must show by then, in score points (0 to 1).  exemplars: worked examples that context
    shuffling puts into a prompt, 0 for none.  prescreen: let the mentor judge the children, and
    run only the one that it thinks most of.
    """
    pool = Pool(lab, miss_threshold)
    yield pool.begin(seed, first_look)

    tribe = Tribe(pool, first_generation(pool.best, lab, population))
    operators = (*OPERATORS, SHUFFLING) if exemplars else OPERATORS
    fruitless = 0
    while lab.round < rounds and fruitless < patience and not pool.reached(target, next_look):
        lab.round += 1
        fruitless += 1
        winner, loser = tribe.tournament(batch)
        misses = pool.misses(tribe.units[winner].candidate.prompt, misses_shown, next_look)
        if not misses and tribe.is_best(winner):
            lab.skip(
                pool.best, f"none of the {len(lab.search)} cases scores below {miss_threshold:g}"
            )
            return
        shown = lab.rng.sample(misses, min(misses_shown, len(misses)))
        operator = lab.rng.choice(operators)
        unit, drafts = tribe.mutations(winner, operator, shown, children, exemplars)
        if prescreen and len(drafts) > 1:
            drafts = [judged_best(lab, unit.candidate, shown, drafts)]
        for draft in drafts:
            tribe.note(unit, operator, draft)
            if operator not in (CROSSOVER, SHUFFLING) and not pool.passes(unit.candidate, draft):
                continue
            child = pool.challenge(
                unit.candidate,
                draft,
                longest=longest,
                min_improvement=min_improvement,
                aside=unit.shown,
            )
            tribe.settle(unit, loser, draft, child)
            if child is not None:
                fruitless = 0
                yield child


def first_generation(seed: Candidate, lab: Lab, size: int) -> list[Unit]:
    """Give each unit the prompt as it stands, a mutation prompt and a thinking style by chance."""
    instructions, styles = (_bullets(lab, n) for n in ("mutation-prompts", "thinking-styles"))
    pairs = ((lab.rng.choice(instructions), lab.rng.choice(styles)) for _ in range(max(2, size)))
    return [Unit(seed, instruction, style) for instruction, style in pairs]


def _bullets(lab: Lab, name: str) -> list[str]:
    return _BULLET.findall(lab.mentor.templates[name])


@dataclass
class Tribe:
    """The population, and how its members are compared and changed."""

    pool: Pool
    units: list[Unit]

    @property
    def lab(self) -> Lab:
        return self.pool.lab

    def is_best(self, place: int) -> bool:
        return self.units[place].candidate.prompt == self.pool.best.prompt

    def fitness(self, unit: Unit) -> float:
        """The mean score over what a unit was asked about."""
        scores = known(self.lab, unit.candidate.prompt)
        return sum(scores.values()) / max(1, len(scores))

    def tournament(self, batch: int) -> tuple[int, int]:
        """Let two units meet on the same cases; return the places of the winner and the loser."""
        one, other = self.lab.rng.sample(range(len(self.units)), 2)
        lead = self._lead(self.units[one], self.units[other], batch)
        return (one, other) if lead >= 0 else (other, one)

    def _lead(self, one: Unit, other: Unit, batch: int) -> float:
        a, b = one.candidate.prompt, other.candidate.prompt
        if a == b:
            return 0.0
        fitted = one.shown | other.shown
        both = (set(known(self.lab, a)) & set(known(self.lab, b))) - fitted
        fair = [name for name in self.pool.order if name not in both | fitted]
        for prompt in (a, b):
            ask(self.lab, prompt, fair[: max(0, batch - len(both))])
        return self._ahead(a, b, fitted)

    def _ahead(self, one: Prompt, other: Prompt, aside: frozenset[str]) -> float:
        """By how much one prompt's scores are higher, on what both were asked, in sum."""
        mine, yours = known(self.lab, one), known(self.lab, other)
        return sum(mine[name] - yours[name] for name in sorted((set(mine) & set(yours)) - aside))

    def mutations(
        self, place: int, operator: str, shown: Sequence[Result], count: int, exemplars: int
    ) -> tuple[Unit, list[Draft]]:
        """Make children of a unit by one operator; return it, its instruction mutated or not."""
        unit, lab = self.units[place], self.lab
        now = replace(unit.candidate, evaluation=lab.so_far(unit.candidate.prompt))
        unit = replace(unit, candidate=now)
        if operator == CROSSOVER:
            return unit, self._crossed(unit)
        if operator == SHUFFLING:
            draft = lab.exemplify(now, shown, exemplars)
            return unit, [draft] if draft else []
        if operator in (HYPER_ZERO, HYPER_FIRST):
            unit = self._hypermutated(unit, operator)
        lab.notebook.note("asking", round=lab.round, misses=len(shown))
        told = lab.mentor.facts(now, shown, (), "")["misses"]
        facts: dict[str, Any] = {
            "operator": operator,
            "instruction": unit.instruction,
            "style": unit.style,
            "count": count,
            "lessons": told if operator in FROM_LESSONS else (),
            "misses": () if operator in FROM_LESSONS else told,
            "others": self._others(unit, operator),
        }
        answer = lab.ask(now, "breed", facts)
        if answer is None:
            return unit, []
        parts = parts_of(answer.text)[:count]
        drafts = [lab.drafted(now, replace(answer, text=part), shown) for part in parts]
        return unit, [draft for draft in drafts if draft is not None]

    def _others(self, unit: Unit, operator: str) -> list[dict[str, Any]]:
        """The texts that an operator wants to see: members by chance or by rank, or ancestors."""
        prompt = unit.candidate.prompt
        if operator == LINEAGE:
            line = [one.prompt for one in self.pool.candidates][-MEMBERS_SHOWN:]
            return [{"text": one.text, "score": self.lab.so_far(one).mean} for one in line]
        if operator not in (EDA, RANK):
            return []
        members = {one.candidate.prompt.text: self.fitness(one) for one in self.units}
        members.pop(prompt.text, None)
        texts = sorted(members, key=lambda text: (members[text], text))[-MEMBERS_SHOWN:]
        if operator == EDA:
            self.lab.rng.shuffle(texts)
        return [{"text": text, "score": members[text]} for text in texts]

    def _hypermutated(self, unit: Unit, operator: str) -> Unit:
        """Breed a unit's mutation prompt: anew from its thinking style, or from what it was."""
        was = unit.instruction if operator == HYPER_FIRST else ""
        facts = {"instruction": was, "style": unit.style}
        answer = self.lab.ask(unit.candidate, "hypermutate", facts)
        found = instruction_in(answer.text) if answer else ""
        return replace(unit, instruction=found) if found else unit

    def _crossed(self, unit: Unit) -> list[Draft]:
        """Merge into a unit what another one, drawn in proportion to fitness, has learnt."""
        mates = [one for one in self.units if one.candidate.prompt != unit.candidate.prompt]
        if not mates:
            return []
        weights = [self.fitness(mate) + 1e-6 for mate in mates]
        (mate,) = self.lab.rng.choices(mates, weights=weights)
        text, other = unit.candidate.prompt.text, mate.candidate.prompt.text
        both = self.lab.merge(common(unit.candidate, mate.candidate).text, text, other)
        if both is None or both == text:
            return []
        why = mate.candidate.why or "Take over what another member of the population has learnt."
        patch = derive(self.lab.mentor.path, text, both)
        shown = tuple(sorted(unit.shown | mate.shown))
        vetted = self.lab.vetted(unit.candidate, Draft("", (why,), shown, patch))
        return [vetted] if vetted else []

    def note(self, unit: Unit, operator: str, draft: Draft) -> None:
        """Write down how a child came about, for the lineage."""
        assert draft.patch is not None
        child = unit.candidate.prompt.edited(draft.patch.after)
        how = {"instruction": unit.instruction, "style": unit.style}
        self.pool.note(child, operator, unit.candidate.prompt, **how)

    def settle(self, unit: Unit, loser: int, draft: Draft, won: Candidate | None) -> None:
        """Give a child the loser's place: if it is the best now, or no worse than the loser."""
        if won is not None:
            self.units[loser] = replace(unit, candidate=won, shown=frozenset())
            return
        child, out = self.pool.lost_last, self.units[loser]
        if child is None:
            return
        fitted = unit.shown | frozenset(draft.shown)
        if self._ahead(child.prompt, out.candidate.prompt, fitted | out.shown) >= 0:
            self.units[loser] = replace(unit, candidate=child, shown=fitted)


def common(one: Candidate, other: Candidate) -> Prompt:
    """Find the nearest text that two candidates descend from, by their first parents."""
    mine = [candidate.prompt for candidate in _ancestors(one)]
    theirs = {candidate.prompt.blob for candidate in _ancestors(other)}
    return next((prompt for prompt in mine if prompt.blob in theirs), mine[-1])


def _ancestors(tip: Candidate) -> Iterator[Candidate]:
    at: Candidate | None = tip
    while at is not None:
        yield at
        at = at.parents[0] if at.parents else None


def judged_best(
    lab: Lab, parent: Candidate, shown: Sequence[Result], drafts: Sequence[Draft]
) -> Draft:
    """Ask the mentor which child to run; the first one where it does not say."""
    told = lab.mentor.facts(parent, shown, (), "")["misses"]
    answer = lab.ask(parent, "prescreen", {"misses": told, "patches": [d.summary for d in drafts]})
    scores = scores_in(answer.text, len(drafts)) if answer else {}
    chosen = max(range(len(drafts)), key=lambda place: (scores.get(place, 0.0), -place))
    for place, draft in enumerate(drafts):
        if place != chosen and draft.patch is not None:
            reason = (
                f"judged less promising than another, before any call: {scores.get(place, 0):g}"
            )
            lab.refuse(parent, draft, Fate.DROPPED, reason)
    return drafts[chosen]


def scores_in(reply: str, count: int) -> dict[int, float]:
    """
    Read a score from 0 to 10 for each patch, by its place; those without one are absent.

    >>> scores_in("1: 7\\n- Patch 2: 3.5, it copies a case\\n9: 10", 2)
    {0: 7.0, 1: 3.5}
    """
    found = {int(number) - 1: min(10.0, float(score)) for number, score in _SCORE.findall(reply)}
    return {place: score for place, score in found.items() if 0 <= place < count}


def instruction_in(reply: str) -> str:
    """
    Take the instruction out of a reply: its first line of prose, cleaned and cut.

    >>> instruction_in("```\\n\\\"Name the reader first.\\\"\\n```")
    'Name the reader first.'
    """
    lines = (line.strip().lstrip("-*#> ").strip("\"' ") for line in shown_text(reply).splitlines())
    prose = (line for line in lines if line and not line.startswith(("`", "<", "~~~")))
    return next(prose, "")[:LONGEST_INSTRUCTION]
