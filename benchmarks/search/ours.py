"""Our strategies in the world: the real lab, mentor and meta-prompts around a simulated model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from search.mentor import SimulatedMentor
from search.world import Meter, Terrain, right_answer, wrong_answer

from promptgit import metaprompts
from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.patch import Patch, Refusal, read_patch
from promptgit.core.ports import Answer, ModelIdentity, Request
from promptgit.core.prompt import Message, Prompt
from promptgit.edges.merging import merged
from promptgit.errors import BudgetSpent
from promptgit.improve.improve import Strategy, improve
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor, Tried
from promptgit.strategies.breeder import breeder
from promptgit.strategies.critique import critique
from promptgit.strategies.exemplars import exemplars
from promptgit.strategies.gepa import gepa
from promptgit.strategies.interview import interview
from promptgit.strategies.mixture import mixture
from promptgit.strategies.patterns import patterns

PATH = "prompts/tickets.md"
IDENTITY = ModelIdentity("simulated", "simulated")
METRIC = Metric("right")
TEMPLATES = {name: metaprompts.text(name) for name in metaprompts.NAMES}
SEVERAL = """# Several patches of a prompt

Write exactly {{ count }} patches, each on its own in a ```diff fence.

{{ prompt }}

{{ misses | join("\n") }}

{{ refused | join("\n") }}
"""


@dataclass
class Quiet:
    """A notebook that nobody reads."""

    def note(self, kind: str, **facts: Any) -> None:
        pass


@dataclass(frozen=True)
class MentorModel:
    """The simulated mentor as a model; it stops answering when the run's budget is gone."""

    mentor: SimulatedMentor
    identity: ModelIdentity = IDENTITY

    def complete(self, request: Request) -> Answer:
        if self.mentor.meter.spent:
            raise BudgetSpent("the budget of this run is spent")
        return Answer(self.mentor.reply(request.messages[-1].text), cost_usd=0.0)


class Direct(Mentor):
    """A mentor that is asked for the patch at once: one call for a proposal, not two."""

    def critique(
        self, parent: Candidate, misses: Sequence[Result], tried: Sequence[Tried], fence: str
    ) -> str:
        return ""


@dataclass
class Evaluator:
    """Asks the task model, and asks it the same thing only once, as our answer cache does."""

    meter: Meter
    known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def __call__(self, prompt: Prompt, cases: Dataset) -> Evaluation:
        results = tuple(self._result(prompt.text, case.id) for case in cases)
        return Evaluation(prompt, cases, IDENTITY, (METRIC,), results)

    def _result(self, text: str, case: str) -> Result:
        if (text, case) not in self.known:
            self.known[text, case] = self.meter.answer(text, case)
        return right_or_wrong(case, self.known[text, case])


def right_or_wrong(case: str, right: bool) -> Result:
    output = right_answer(case) if right else wrong_answer(case)
    score = Score(float(right), "" if right else "a note is missing, or should not be there")
    return Result(case, 0, output=output, scores={METRIC.name: score}, score=score.value)


def allow(_patch: Patch, _prompt: Prompt) -> Refusal | None:
    """Guard nothing: the peers have no guard, and what it catches is measured elsewhere."""
    return None


def a_lab(meter: Meter, seed: int, *, direct: bool = False) -> Lab:
    model = MentorModel(SimulatedMentor(meter))
    return Lab(
        search=meter.terrain.halves[0],
        evaluator=Evaluator(meter),
        mentor=(Direct if direct else Mentor)(model, TEMPLATES, PATH),
        guard=allow,
        rng=random.Random(f"lab {seed}"),
        notebook=Quiet(),
        affordable=lambda calls: not meter.spent,
        merge=merged,
    )


def play(strategy: Strategy, terrain: Terrain, *, direct: bool = False) -> Meter:
    """Run one of our strategies to the end of the budget, or its own."""
    meter = Meter(terrain)
    meter.mark(terrain.start)
    lab = a_lab(meter, terrain.seed, direct=direct)
    for candidate in improve(Prompt.of(terrain.start, name="tickets"), strategy, lab):
        meter.mark(candidate.prompt.text)
    return meter


def racing(
    seed: Prompt,
    lab: Lab,
    *,
    shown: int = 1,
    patches: int = 1,
    longest: int = 40,
    remember: bool = False,
    gate: bool = False,
) -> Iterator[Candidate]:
    """
    Race plainly: one patch for one miss, against its parent on 10, 20, 40, … cases.

    Nothing is evaluated before a race needs it.  shown: misses that the mentor sees.  patches:
    how many it writes in one call.  longest: cases after which a leading patch has won.
    remember: tell the mentor what was refused.  gate: first try the patch on the very misses that
    it is for, and race it only if it mends one.
    """
    best, looked = seed, 20
    order = lab.search.shuffled(f"{lab.rng.random()}")
    refused: list[str] = []
    while True:
        done = lab.evaluate(best, order.first(looked))
        misses = done.misses(0.95)
        if not misses and looked == len(order):
            return  # nothing is left to learn from
        if not misses:
            looked = min(looked + 10, len(order))
            continue
        chosen = lab.rng.sample(misses, min(shown, len(misses)))
        told = refused[-8:] if remember else []
        seen = {miss.case_id for miss in chosen}
        for reply in asked_for(lab, done, chosen, patches, told):
            patch = read_patch(reply, PATH, best.text)
            if not isinstance(patch, Patch):
                continue
            mends = not gate or mended(lab, best.edited(patch.after), chosen)
            if mends and wins(lab, best, patch.after, ordered(lab, order, looked, seen), longest):
                best = best.edited(patch.after)
                yield Candidate(best, done)
                continue
            looked = min(looked + (5 if mends else 1), len(order))  # it may help elsewhere
            refused += [line for line in patch.diff.splitlines() if line[:2] in ("+-", "--")]


def asked_for(
    lab: Lab, done: Evaluation, chosen: Sequence[Result], patches: int, told: Sequence[str]
) -> list[str]:
    """Return the patches that one call to the mentor wrote, each as it wrote it."""
    shown = [f"{done.cases.only([m.case_id]).cases[0].inputs['ticket']} {m.output}" for m in chosen]
    facts = {"prompt": done.prompt.text, "count": patches, "misses": shown, "refused": told}
    words = Prompt.of(SEVERAL, name="several").fill(facts)
    reply = lab.mentor.model.complete(Request((Message("user", words),))).text
    return reply.split("\n\nState the rule.") if patches > 1 else [reply]


def mended(lab: Lab, child: Prompt, misses: Sequence[Result]) -> bool:
    """Say whether the patched prompt gets any miss right: a leak would, an idle line would not."""
    shown = lab.search.only([miss.case_id for miss in misses])
    return any(score > 0.95 for score in lab.evaluate(child, shown).scores.values())


def ordered(lab: Lab, order: Dataset, looked: int, seen: set[str]) -> Dataset:
    """Shuffle the cases that the mentor was not shown: first those that the parent has answered."""
    known = [case for case in order.cases[:looked] if case.id not in seen]
    rest = [case for case in order.cases[looked:] if case.id not in seen]
    lab.rng.shuffle(known)
    return replace(order, cases=(*known, *rest))


def wins(lab: Lab, best: Prompt, text: str, cases: Dataset, longest: int) -> bool:
    """Race on 10, 20, 40, … cases; stop as soon as the running sum is not above 0."""
    child = best.edited(text)
    gain, done, size = 0.0, 0, 10
    while True:
        batch = replace(cases, cases=cases.cases[done:size])
        after = lab.evaluate(child, batch).scores
        before = lab.evaluate(best, batch).scores
        gain += sum(after[case] - before[case] for case in after)
        done = size
        if gain <= 0:
            return False
        if done >= min(longest, len(cases)):
            return True
        size = min(2 * size, longest, len(cases))


ENDLESS: dict[str, Any] = {"rounds": 100_000, "patience": 100_000, "target": 2.0}


@dataclass(frozen=True, slots=True)
class Entry:
    """A strategy of ours, as it enters the comparison."""

    name: str
    strategy: Strategy
    direct: bool = False

    def play(self, terrain: Terrain) -> Meter:
        return play(self.strategy, terrain, direct=self.direct)


def entries() -> list[Entry]:
    """What is compared with the peers."""
    return [
        Entry("critique", critique),
        Entry("critique, all of the budget", partial(critique, **ENDLESS)),
        Entry("mixture", mixture),
        Entry("gepa, ours", gepa),
        Entry("gepa, ours, all of the budget", partial(gepa, **ENDLESS)),
        Entry("breeder", breeder),
        Entry("breeder, all of the budget", partial(breeder, **ENDLESS)),
        Entry("interview", interview),
        Entry("interview, all of the budget", partial(interview, **ENDLESS)),
        Entry("patterns", patterns),
        Entry("patterns, all of the budget", partial(patterns, **ENDLESS)),
        Entry("exemplars", exemplars),
        Entry("plain racing", racing),
        Entry("racing behind a gate", partial(racing, gate=True, longest=10)),
    ]


def ablations() -> list[Entry]:
    """The critique strategy with one thing changed, all of them with all of the budget."""
    full = partial(critique, **ENDLESS)
    changes: list[dict[str, int]] = [
        {"misses_shown": 1},
        {"misses_shown": 4},
        {"validation_sample": 10},
        {"validation_sample": 20},
        {"train_sample": 10},
        {"patience": 4},
        {"patience": 12},
    ]
    races: list[dict[str, Any]] = [
        {},
        {"remember": True},
        {"longest": 10},
        {"longest": 100},
        {"patches": 4, "shown": 4},
        {"gate": True},
        {"gate": True, "longest": 10},
        {"gate": True, "longest": 10, "patches": 4, "shown": 4},
    ]
    found = [Entry("critique, as it is", full), Entry("critique, one call each", full, direct=True)]
    found += [Entry(f"critique, {told(how)}", partial(full, **how)) for how in changes]
    return found + [Entry(f"racing, {told(how)}", partial(racing, **how)) for how in races]


def told(how: dict[str, Any]) -> str:
    """
    Say what was changed.

    >>> told({"gate": True, "longest": 10})
    'gate, longest 10'
    """
    words = [name if value is True else f"{name} {value}" for name, value in how.items()]
    return ", ".join(words).replace("_", " ") or "plain"
