"""
Text that several prompts share is improved against all of them at once.

The cases are those of every prompt that includes the file, each under the name of its prompt and
in the half that it has there.  Each prompt is run on its own cases, with its own model, and scored
by its own suite; together they make one Evaluation of the shared text, in which each prompt counts
by its weight, however many cases it brings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy
from promptgit.errors import UserError
from promptgit.evaluate.estimate import Estimate
from promptgit.improve.improvement import Halves
from promptgit.improve.lab import Lab, lineage
from promptgit.improve.target import Dependent, Use

Harm = Callable[[Evaluation, Evaluation], str]  # first text and candidate: whom it harms, or ""

WATCHED = 20  # search cases of each dependent on which a survivor is held against the first text


@dataclass(frozen=True)
class Included:
    """The file is text of a prompt, or of a pipeline, and that is what is run."""

    prompt: Prompt  # that includes it, directly or not
    names: tuple[str, ...]  # by which the prompt knows the file
    runs: Use  # of the prompt
    steps: tuple[str, ...] = ()  # of a pipeline: those that the file is the prompt of

    @property
    def model(self) -> ModelIdentity:
        return self.runs.model

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.runs.metrics

    @property
    def suite(self) -> str:
        return self.runs.suite

    @property
    def calls_per_case(self) -> int:
        return self.runs.calls_per_case

    def filled(self, text: Prompt) -> Prompt:
        """The prompt, were `text` what it includes."""
        return replace(
            self.prompt, includes={**self.prompt.includes, **dict.fromkeys(self.names, text.text)}
        )

    def evaluate(self, text: Prompt, cases: Dataset) -> Evaluation:
        return self.runs.evaluate(self.filled(text), cases)

    def seen(self, result: Result) -> str:
        """
        What a mentor has to see of a result: the answer, and what the edited steps gave.

        Who edits a step has to know what it said, not only what became of it.
        """
        gave = [one for one in result.steps[:-1] if one.name in self.steps]
        if not gave:
            return result.output
        told = [f"The step {one.name} gave:\n{one.text}" for one in gave]
        return "\n\n".join([*told, f"The answer of the pipeline:\n{result.output}"])

    def estimate(self, text: Prompt, cases: Dataset, *, anew: bool = False) -> Estimate:
        return self.runs.estimate(self.filled(text), cases, anew=anew)


@dataclass(frozen=True)
class Together:
    """The file is used by several, who share one evaluation: cases are called `<who>/<case>`."""

    dependents: tuple[Dependent, ...]

    @property
    def model(self) -> ModelIdentity:
        """The one that all of them ask; or all that they ask, as if they were one."""
        asked = {one.use.model.digest: one.use.model for one in self.dependents}
        models = [asked[digest] for digest in sorted(asked)]
        if len(models) == 1:
            return models[0]
        hosts = dict.fromkeys(model.host for model in models if model.host)
        return ModelIdentity("several", ", ".join(map(str, models)), ", ".join(hosts))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric of any of them; those of one name are told as one."""
        named = {metric.name: metric for one in self.dependents for metric in one.use.metrics}
        return tuple(named.values())

    @property
    def suite(self) -> str:
        said = "\n".join(f"{one.name} {one.identity} {one.use.suite}" for one in self.dependents)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def calls_per_case(self) -> int:
        return max(one.use.calls_per_case for one in self.dependents)

    def evaluate(self, text: Prompt, cases: Dataset) -> Evaluation:
        answers: dict[str, list[Result]] = {}
        for one, own in self._shares(cases):
            for result in one.use.evaluate(text, own).results:
                case_id = joined(one.name, result.case_id)
                output = one.use.seen(result) if isinstance(one.use, Included) else result.output
                told = replace(result, case_id=case_id, output=output)
                answers.setdefault(case_id, []).append(told)
        results = tuple(result for case in cases for result in answers.get(case.id, ()))
        return Evaluation(text, cases, self.model, self.metrics, results)

    def estimate(self, text: Prompt, cases: Dataset, *, anew: bool = False) -> Estimate:
        return summed(one.use.estimate(text, own, anew=anew) for one, own in self._shares(cases))

    def _shares(self, cases: Dataset) -> Iterable[tuple[Dependent, Dataset]]:
        """Each one's own part of `cases`, under its own ids; who has none is left out."""
        wanted = {case.id for case in cases}
        for one in self.dependents:
            own = own_part(one, wanted)
            if len(own):
                yield one, own


def own_part(one: Dependent, wanted: set[str]) -> Dataset:
    """The cases of one dependent among those that are called `wanted` where all are together."""
    halves = one.halves
    every = (*halves.search.cases, *halves.sealed.cases)
    return replace(
        halves.search, cases=tuple(case for case in every if joined(one.name, case.id) in wanted)
    )


def joined(name: str, case_id: str) -> str:
    """
    Call a case of one dependent so that no other's is called alike.

    >>> joined("support-reply", "refund-abuse")
    'support-reply/refund-abuse'
    """
    return f"{name}/{case_id}"


def union(dependents: Sequence[Dependent], name: str) -> Halves:
    """Put everybody's cases together, half with half; each dependent weighs as much as it says."""
    return Halves(
        _together([(one, one.halves.search) for one in dependents], name),
        _together([(one, one.halves.sealed) for one in dependents], name),
        sum(one.halves.twins for one in dependents),
    )


def _together(parts: Sequence[tuple[Dependent, Dataset]], name: str) -> Dataset:
    """Join cases; the weights of one part add up to its share of how many cases there are."""
    count = sum(len(cases) for _, cases in parts)
    shares = sum(one.weight for one, cases in parts if len(cases))
    found: list[Case] = []
    for one, cases in parts:
        own = sum(case.weight for case in cases)
        scale = count * one.weight / shares / own if own else 0.0
        found += [_renamed(case, one.name, case.weight * scale) for case in cases]
    _refuse_alike(found)
    dropped = tuple(row for _, cases in parts for row in cases.dropped)
    return Dataset(tuple(found), name, dropped)


def _refuse_alike(cases: Sequence[Case]) -> None:
    """Raise UserError for two cases that are called alike once all are together."""
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise UserError(
                f"two cases would be called {case.id!r} here: a name of a prompt and an id make "
                "the same word",
                hint="write the id of one of them without a slash",
            )
        seen.add(case.id)


def _renamed(case: Case, name: str, weight: float) -> Case:
    group = joined(name, case.group) if case.group else ""
    return replace(case, id=joined(name, case.id), group=group, weight=weight, asked_of=name)


def common_policy(policy: Policy, dependents: Sequence[Dependent]) -> Policy:
    """The rules for all of them together: what must pass for one, must pass."""
    must: list[str] = []
    for one in dependents:
        names = set(one.policy.must_pass)
        every = (*one.halves.search, *one.halves.sealed)
        must += [joined(one.name, c.id) for c in every if names & {c.id, *c.tags}]
    return replace(policy, must_pass=tuple(must))


def summed(estimates: Iterable[Estimate]) -> Estimate:
    """Add up; dollars are unknown where one of them is."""
    every = list(estimates)
    usd = [one.usd for one in every if one.usd is not None]
    return Estimate(
        sum(one.calls for one in every),
        sum(one.cached_calls for one in every),
        sum(one.input_tokens for one in every),
        sum(one.output_tokens for one in every),
        sum(usd) if len(usd) == len(every) else None,
    )


def watched(dependents: Sequence[Dependent], search: Dataset) -> Dataset:
    """Draw a few of the search cases of each: always the same ones, so that answers are reused."""
    kept: set[str] = set()
    for one in dependents:
        if one.counts:
            few = one.halves.search.shuffled(one.name).first(WATCHED)
            kept |= {joined(one.name, case.id) for case in few}
    return search.only(kept)


@dataclass
class SharedLab(Lab):
    """A lab that drops what clearly harms one of those that share the text, whatever it gains."""

    watched: Dataset = field(default=Dataset(()))
    harms: Harm = field(default=lambda first, candidate: "")

    def harm(self, parent: Candidate, child: Prompt) -> str:
        """Name a must-pass case, or else a dependent, that the child does worse on at once."""
        found = super().harm(parent, child)
        if found or not len(self.watched):
            return found
        chain = list(lineage(parent))
        first = chain[0].parents[0] if chain else parent
        before = self.evaluate(first.prompt, self.watched)
        return self.harms(before, self.evaluate(child, self.watched))
