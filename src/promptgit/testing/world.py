"""
A toy world to try strategies in: each case is about a topic, and a prompt knows it or does not.

It keeps watch: which cases were asked for, through whom, and with which texts.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptgit import metaprompts
from promptgit.core.candidate import Fate, Proposal
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.patch import Patch, Refusal
from promptgit.core.ports import Answer, ModelIdentity, Request
from promptgit.core.prompt import Prompt
from promptgit.core.spend import Spend
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor
from promptgit.testing.scripted import Line, ScriptedModel

TOPICS = ("apples", "bread", "cheese", "dates", "eggs", "figs")
SEED = Prompt.of("You answer questions about food.\nYou know some things.\n", name="toy")
PATH = "prompts/toy.md"
MODEL = ModelIdentity("toy", "toy")
PATIENCE = 200  # refusals of a spent budget, or failed calls in a row, before it is no accident
LONGEST = 20_000  # mentor calls of one run

Says = Callable[[Request, int], Line]  # what the mentor answers: the request, and which call it is


class Runaway(BaseException):
    """Ends a strategy that does not end by itself; it cannot be taken for a failed call."""


def cases(per_topic: int = 10) -> Dataset:
    """The search cases of the world; each has an answer that only a prompt who knows gives."""
    return Dataset(
        tuple(
            Case(f"{topic}-{number}", {"question": f"What of {topic}, {number}?"}, "right")
            for number in range(per_topic)
            for topic in TOPICS
        ),
        "toy.csv",
    )


def knows(prompt: Prompt, case: Case) -> bool:
    """Whether the prompt's text lets a model answer this case."""
    return f"know {case.id.split('-')[0]}" in prompt.text


def helpful(request: Request, number: int) -> Line:
    """Name a topic that the request is about, and patch the prompt to know it; sometimes harm."""
    words = "\n".join(message.text for message in request.messages)
    topics = list(dict.fromkeys(re.findall(r"What of (\w+)", words))) or ["nothing"]
    topic = topics[number % len(topics)]
    line = "You know nothing more." if number % 5 == 4 else f"You know {topic}."
    return (
        f"The prompt does not know {topic}.\n\n```diff\n@@\n You know some things.\n+{line}\n```\n"
    )


@dataclass
class Watched:
    """A notebook that remembers the proposals."""

    proposals: list[Proposal] = field(default_factory=list)

    def note(self, kind: str, **facts: Any) -> None:
        if kind == "proposal":
            self.proposals.append(facts["proposal"])

    def accepted(self, text: str) -> bool:
        """Whether a proposal with this text survived its race."""
        return any(
            one.fate is Fate.ACCEPTED and one.patch is not None and one.patch.after == text
            for one in self.proposals
        )


class World:
    """One run: a lab, its mentor and its budget, and what was seen of the strategy."""

    def __init__(
        self, says: Says = helpful, *, calls: int = 1_500, seed: int = 0, reserve: int = 0
    ) -> None:
        self.search = cases()
        self.reserve = reserve  # calls that are kept for a confirmation
        self.budget = Budget(Cap(calls=calls))
        self.notes = Watched()
        self.breaches: list[str] = []  # each a law and what to mend
        self.refused: set[str] = set()  # texts that the guard refused
        self._asked: set[tuple[str, str]] = set()  # (blob, case id), paid for once
        self._refusals = 0
        self._failures = 0
        self._lock = threading.Lock()
        self._known = {case.id: case for case in self.search}
        self.mentor = ScriptedModel(lambda request: self._answer(says, request))
        self.lab = Lab(
            search=self.search,
            evaluator=self._evaluated,
            mentor=Mentor(_Mentor(self), templates(), PATH),
            guard=self._guard,
            rng=random.Random(seed),  # noqa: S311  (reproducible, not secret)
            notebook=self.notes,
            affordable=lambda wanted: self._affordable(wanted, calls - reserve),
        )

    def truth(self, prompt: Prompt, case_id: str) -> float:
        """What the prompt scores on this case."""
        return float(knows(prompt, self._known[case_id]))

    def refusal(self) -> None:
        """Count a call that was asked for although the budget is spent."""
        with self._lock:
            self._refusals += 1
            if self._refusals > PATIENCE:
                self.breaches.append(
                    "it goes on asking when the budget is spent: let BudgetSpent end the loop"
                )
                raise Runaway

    def failure(self) -> None:
        """Count a call of the mentor that failed."""
        with self._lock:
            self._failures += 1
            if self._failures > PATIENCE:
                self.breaches.append(
                    "it never gives up on a mentor that does not answer: count fruitless rounds"
                )
                raise Runaway

    def _affordable(self, wanted: int, most: int) -> bool:
        enough = self.budget.spend.calls + wanted <= most
        if not enough:
            self.refusal()
        return enough

    def _answer(self, says: Says, request: Request) -> Line:
        number = self.mentor.calls - 1
        if number > LONGEST:
            self.breaches.append("it asks the mentor without end: count its rounds")
            raise Runaway
        return says(request, number)

    def _evaluated(self, prompt: Prompt, asked: Dataset) -> Evaluation:
        self._watch(prompt, asked)
        return Evaluation(
            prompt, asked, MODEL, (Metric("right"),), tuple(_result(prompt, c) for c in asked)
        )

    def _watch(self, prompt: Prompt, asked: Dataset) -> None:
        strange = [case.id for case in asked if self._known.get(case.id) != case]
        if strange:
            self.breaches.append(
                f"it evaluates {strange[0]!r}, which is no search case: take cases from "
                "`lab.search` and `lab.begin_round` only"
            )
        if not {(prompt.blob, case.id) for case in asked} <= self.lab.ran:
            self.breaches.append(
                "it calls `lab.evaluator`, so that nothing is kept for the confirmation: "
                "call `lab.evaluate`"
            )
        if prompt.text in self.refused:
            self.breaches.append(
                "it evaluates a text that the guard refused: take drafts from `lab.propose` or "
                "`lab.vetted`, and leave out those that are None"
            )
        for case in asked:
            with self._lock:
                new = (prompt.blob, case.id) not in self._asked
                self._asked.add((prompt.blob, case.id))
            if new:
                self._pay()

    def _pay(self) -> None:
        try:
            self.budget.reserve()
        except BudgetSpent:
            self.refusal()
            raise
        self.budget.settle(Spend(calls=1), "model")

    def _guard(self, patch: Patch, prompt: Prompt) -> Refusal | None:
        """Refuse every patch that brings a forbidden word, as the real guard refuses a secret."""
        if "nothing more" not in patch.after:
            return None
        self.refused.add(patch.after)
        return Refusal("the patch says `nothing more`")


class _Mentor:
    """The mentor as a strategy meets it: metered, and watched."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._metered = Metered(world.mentor, world.budget, purpose="mentor")

    @property
    def identity(self) -> ModelIdentity:
        return self._metered.identity

    def complete(self, request: Request) -> Answer:
        try:
            return self._metered.complete(request)
        except BudgetSpent:
            self._world.refusal()
            raise
        except CallFailed:
            self._world.failure()
            raise


def templates() -> Mapping[str, str]:
    """All meta-prompts, as a run has them."""
    return {name: metaprompts.text(name) for name in metaprompts.NAMES}


def _result(prompt: Prompt, case: Case) -> Result:
    right = float(knows(prompt, case))
    why = "" if right else f"it does not know {case.id.split('-')[0]}"
    said = "right" if right else "wrong"
    return Result(case.id, 0, output=said, scores={"right": Score(right, why)}, score=right)
