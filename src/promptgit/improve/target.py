"""
What a run of improve works on: the file that it edits, and all that the edit is judged by.

A prompt by itself is the simplest target.  The file may as well be text that several prompts
include, or a step of a pipeline: then what is scored is not the file, but what uses it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Metric
from promptgit.core.ports import AnswerStore, Model, ModelIdentity
from promptgit.core.price import Price
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.suite import Suite
from promptgit.improve.improvement import Halves


class Use(Protocol):
    """How the edited file is put to work: its text goes in, scores of what uses it come out."""

    @property
    def model(self) -> ModelIdentity:
        """Who answers."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]: ...

    @property
    def suite(self) -> str:
        """The digest (hex) of what scores the answers."""
        ...

    @property
    def calls_per_case(self) -> int: ...

    def evaluate(self, text: Prompt, cases: Dataset) -> Evaluation:
        """Score what uses the file, were this its text; raises as `evaluate.evaluate`."""
        ...

    def estimate(self, text: Prompt, cases: Dataset, *, anew: bool = False) -> Estimate:
        """Say what that would take; `anew`: as if no answer were at hand."""
        ...


@dataclass(frozen=True)
class Alone:
    """The file is a prompt, and is run as it stands."""

    runs: Model
    scored_by: Suite
    concurrency: int = 16
    price: Price | None = None
    store: AnswerStore | None = None
    calls_per_case: int = 1

    @property
    def model(self) -> ModelIdentity:
        return self.runs.identity

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.scored_by.metrics

    @property
    def suite(self) -> str:
        return self.scored_by.digest

    def evaluate(self, text: Prompt, cases: Dataset) -> Evaluation:
        return evaluate(text, cases, self.runs, self.scored_by, concurrency=self.concurrency)

    def estimate(self, text: Prompt, cases: Dataset, *, anew: bool = False) -> Estimate:
        store = None if anew else self.store
        return estimate(text, cases, self.model, price=self.price, store=store)


@dataclass(frozen=True)
class Dependent:
    """A prompt or a pipeline that uses the edited file, with cases of its own: it may not lose."""

    name: str  # no two of a target have the same
    path: str  # from the repository's top
    halves: Halves  # of its own cases, under their own ids
    use: Use
    policy: Policy  # its own rules, as the gate reads them
    identity: str  # digest of its own text, and of all that it includes
    weight: float = 1.0  # against the others
    counts: bool = True  # its cases are the target's; if not, they are asked at confirmation only

    @property
    def digest(self) -> str:
        """A sha256 (hex) of all that its scores, and what they count for, depend on."""
        halves = [self.halves.search.digest, self.halves.sealed.digest]
        facts = [self.path, self.identity, self.use.suite, self.use.model.digest, *halves]
        content = [*facts, asdict(self.policy), self.weight, self.counts]
        text = json.dumps(content, sort_keys=True, default=str)  # a quarantine holds a day
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Target:
    """What is edited, what it is run on, and what decides whether it became better."""

    path: str  # of the edited file, from the repository's top
    prompt: Prompt  # its text, as the commit has it that is built upon
    halves: Halves  # of the cases that are searched and confirmed with
    use: Use  # takes those cases
    policy: Policy  # of the confirmation; its must-pass cases are absolute in the search, too
    dependents: tuple[Dependent, ...] = ()  # none of them may get worse
    unasked: tuple[str, ...] = ()  # paths of prompts with cases that include it, and are not asked

    @property
    def cases(self) -> Dataset:
        """Both halves."""
        search, sealed = self.halves.search, self.halves.sealed
        return replace(search, cases=(*search.cases, *sealed.cases))

    @property
    def vital(self) -> frozenset[str]:
        """Ids of the search cases that may never get worse."""
        must = set(self.policy.must_pass)
        return frozenset(case.id for case in self.halves.search if must & {case.id, *case.tags})

    @property
    def sealed_calls(self) -> int:
        """What a confirmation may take: both texts, on every case that it may ask."""
        if not self.halves.enough:
            return 0
        aside = (d for d in self.dependents if not d.counts)
        more = sum(2 * len(d.halves.sealed) * d.use.calls_per_case for d in aside)
        return self.halves.sealed_calls * self.use.calls_per_case + more

    @property
    def least_calls(self) -> int:
        """Without which nothing is found and confirmed."""
        searching = self.halves.least_calls - self.halves.sealed_calls
        return searching * self.use.calls_per_case + self.sealed_calls

    def knows(self, prompt: Prompt, cases: Dataset) -> bool:
        """Say whether every answer about these cases is at hand."""
        return not self.use.estimate(prompt, cases).calls
