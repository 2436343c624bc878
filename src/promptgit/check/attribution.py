"""
Find the step of a pipeline that a failure comes from, by replaying cases with recorded outputs.

A failed case is replayed with one step's output put right, and only what comes after it is asked
again: the earliest step whose correction makes the case pass is to blame.  A case that flipped is
replayed with head's outputs up to a step and base's steps after it: the earliest step that takes
base to head's score is the one whose change did it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promptgit.check.flips import line_of
from promptgit.check.pairs import ROUNDING
from promptgit.core.attribution import Attribution, Blame
from promptgit.core.dataset import Case
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.pipeline import Pipeline, pipeline_of, reference
from promptgit.core.ports import Model
from promptgit.core.prompt import Prompt
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.evaluate.crew import Crew
from promptgit.evaluate.evaluate import scored
from promptgit.evaluate.pipelines import play, trace
from promptgit.evaluate.side_by_side import Contender
from promptgit.evaluate.suite import Suite

Known = Mapping[str, Mapping[str, str]]  # case id → step → what it gave when the case passed


@dataclass
class Replay:
    """Iterate, once, for the blames as they come; then `attribution` is there."""

    steps: tuple[str, ...]
    cases: Sequence[Case]
    work: Callable[[Case], Blame]
    concurrency: int
    blames: list[Blame] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Generator[Blame, None, None]:
        """Replay as many at a time as may be; where the budget ends, the rest is left."""
        try:
            for blame in Crew(self.work, iter(self.cases), size=min(self.concurrency, len(self))):
                self.blames.append(blame)
                yield blame
        except BudgetSpent:
            pass

    @property
    def attribution(self) -> Attribution:
        place = {case.id: index for index, case in enumerate(self.cases)}
        found = sorted(self.blames, key=lambda blame: place[blame.case_id])
        return Attribution(self.steps, tuple(found), len(self) - len(found))


@dataclass
class _Stage:
    """A pipeline on which one case is replayed, with a count of what that takes."""

    prompt: Prompt
    case: Case
    model: Model
    suite: Suite
    scores: dict[str, float] = field(default_factory=dict)  # by step that was replaced
    calls: int = 0
    reused: int = 0

    def replay(self, step: str, given: Mapping[str, str], repeat: int) -> float | None:
        """Answer the case with these outputs given; return its score, None for a failed judge."""
        answer = play(self.prompt, self.case, repeat, self.model, given=given)
        made = [one for one in answer.steps if one.calls]
        self.reused += sum(one.cached for one in made)
        self.calls += sum(not one.cached for one in made)
        score = scored(self.case, repeat, answer, self.suite).score
        if score is not None:
            self.scores[step] = score
        return score

    def blame(self, steps: Iterable[str], why: str) -> Blame:
        return Blame(self.case.id, tuple(steps), why, self.scores, self.calls, self.reused)


def blame_failures(
    found: Evaluation, model: Model, suite: Suite, *, known: Known, concurrency: int = 16
) -> Replay:
    """
    Say of each case below the pass line which step is to blame.

    What a step should have given is the case's `expected_<step>`, or what it gave in another
    repeat that passed, or in an evaluation before (`known`).
    """
    pipeline = pipeline_of(found.prompt)
    line = line_of(result.score for result in found.results)
    passed = {**known, **_passing(found.results, line)}
    failing: dict[str, Result] = {}
    for result in found.results:
        if result.score is not None and result.score < line - ROUNDING:
            failing.setdefault(result.case_id, result)

    def work(case: Case) -> Blame:
        stage = _Stage(found.prompt, case, model, suite)
        right = _references(pipeline, case, passed.get(case.id, {}))
        return _failure(pipeline, stage, failing[case.id], right, line)

    cases = [case for case in found.cases if case.id in failing]
    return Replay(pipeline.names, cases, work, concurrency)


def blame_flips(
    pair: tuple[Evaluation, Evaluation],
    contenders: tuple[Contender, Contender],
    suite: Suite,
    flipped: Sequence[str],
    *,
    concurrency: int = 16,
) -> Replay | None:
    """
    Say of each flipped case (ids) which step's change did it; None where the steps are others.

    Both evaluations hold first answers, with the outputs of their steps.  A case that flipped in
    its repeats only is left out.
    """
    base, head = (pipeline_of(contender.prompt) for contender in contenders)
    if base.names != head.names or base.output != head.output:
        return None
    before, after = ({r.case_id: r for r in s.results if r.score is not None} for s in pair)
    changed = frozenset(_changed(base, head))

    def work(case: Case) -> Blame:
        stage = _Stage(contenders[0].prompt, case, contenders[0].model, suite)
        return _flip(stage, before[case.id], after[case.id], changed)

    both = before.keys() & after.keys() & set(flipped)
    other = {name for name in both if before[name].score != after[name].score}
    cases = [case for case in contenders[0].cases if case.id in other]
    return Replay(base.names, cases, work, concurrency)


def _failure(
    pipeline: Pipeline, stage: _Stage, failed: Result, right: Mapping[str, str], line: float
) -> Blame:
    """Put one step right at a time, the earliest first, until the case passes."""
    recorded = trace(failed.steps)
    open_steps = []
    for place, step in enumerate(pipeline.names):
        if step not in right:
            open_steps.append(step)
            continue
        if right[step].strip() == recorded[step].strip():
            continue
        given = {name: recorded[name] for name in pipeline.names[:place]} | {step: right[step]}
        try:
            score = stage.replay(step, given, failed.repeat)
        except CallFailed as error:
            return stage.blame((), f"replaying it failed: {error.message}")
        if score is None or score < line - ROUNDING:
            continue
        if open_steps:
            why = f"nobody says what {' and '.join(open_steps)} should give"
            return stage.blame((*open_steps, step), why)
        return stage.blame((step,), f"with {step} put right it scores {score:.3f}")
    if open_steps and stage.scores:
        return stage.blame(open_steps, f"putting {' or '.join(stage.scores)} right does not help")
    if open_steps and right:
        return stage.blame(open_steps, f"{' and '.join(right)} gave what should be given")
    if open_steps:
        return stage.blame(open_steps, f"nobody says what {' and '.join(open_steps)} should give")
    if stage.scores:
        return stage.blame((), "no step put right makes it pass")
    return stage.blame((), "every step gives what it should, and the assertions say no")


def _flip(stage: _Stage, was: Result, now: Result, changed: frozenset[str]) -> Blame:
    """Take head's outputs up to a step, one step more at a time, until the score is head's."""
    old, new = trace(was.steps), trace(now.steps)
    names = list(old)
    assert was.score is not None
    assert now.score is not None
    midway = (was.score + now.score) / 2
    for place, step in enumerate(names[:-1], 1):
        if all(old[name] == new[name] for name in names[:place]):
            continue
        given = {name: new[name] for name in names[:place]}
        try:
            score = stage.replay(step, given, was.repeat)
        except CallFailed as error:
            return stage.blame((), f"replaying it failed: {error.message}")
        if score is not None and (score > midway) == (now.score > midway):
            return stage.blame((step,), _cause(step, changed))
    return stage.blame(names[-1:], _cause(names[-1], changed))


def _cause(step: str, changed: frozenset[str]) -> str:
    if step in changed:
        return f"{step} changed"
    return f"{step} did not change: it answers differently by itself"


def _changed(base: Pipeline, head: Pipeline) -> Iterator[str]:
    """Yield the steps that are not the same in both: their texts, inputs, models or functions."""
    for old, new in zip(base.steps, head.steps, strict=True):
        texts = [
            (one.prompts[old.name].identity if old.name in one.prompts else "")
            + one.sources.get(old.name, "")
            for one in (base, head)
        ]
        asked = [(s.prompt, s.code, s.function, s.inputs, s.model) for s in (old, new)]
        if texts[0] != texts[1] or asked[0] != asked[1]:
            yield old.name


def _references(pipeline: Pipeline, case: Case, passed: Mapping[str, str]) -> dict[str, str]:
    """What each step should give, as far as anybody says."""
    found = {}
    for step in pipeline.names:
        said = reference(step, pipeline.output, case.columns, case.expected)
        if said is None:
            said = passed.get(step)
        if said is not None:
            found[step] = said
    return found


def _passing(results: Iterable[Result], line: float) -> dict[str, Mapping[str, str]]:
    """The steps' outputs of the first answer to each case that passed."""
    found: dict[str, Mapping[str, str]] = {}
    for result in results:
        if result.steps and result.score is not None and result.score >= line - ROUNDING:
            found.setdefault(result.case_id, trace(result.steps))
    return found
