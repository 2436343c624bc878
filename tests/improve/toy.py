"""A toy world: each case is about one topic, and is answered right by a prompt that knows it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.candidate import Proposal
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.patch import Patch, Refusal
from promptgit.core.ports import ModelIdentity, Request
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor
from promptgit.testing.scripted import Line, ScriptedModel

TOPICS = ("apples", "bread", "cheese", "dates")
SEED = Prompt.of("You know some things.\n", name="toy")
TEMPLATES = {
    "critique": "CRITIQUE\n{% for miss in misses %}miss: {{ miss.input }}\n{% endfor %}"
    "{% for item in tried %}tried: {{ item.summary }} / {{ item.reason }}\n{% endfor %}",
    "patch": "PATCH {{ path }}\n{{ critique }}\n{{ prompt }}",
    "patches": "PATCHES {{ path }} {{ groups|length }}\n{{ prompt }}\n"
    "{% for group in groups %}group of {{ group.size }}\n{% for miss in group.misses %}"
    "miss: {{ miss.input }}\n{% endfor %}{% endfor %}"
    "{% for item in tried %}tried: {{ item.summary }} / {{ item.reason }}\n{% endfor %}"
    "{% for item in kept %}kept: {{ item.summary }} / {{ item.reason }}\n{% endfor %}",
    "retry": "RETRY because {{ reason }}\nnearest: {{ nearest }}",
    "whole-file": "WHOLE because {{ reason }}",
}


def a_dataset(per_topic: int = 10) -> Dataset:
    return Dataset(
        tuple(
            Case(f"{topic}-{number}", {"question": f"What of {topic}, {number}?"}, "right")
            for topic in TOPICS
            for number in range(per_topic)
        )
    )


def knows(prompt: Prompt, case: Case) -> bool:
    return f"know {case.id.split('-')[0]}" in prompt.text


def evaluated(prompt: Prompt, cases: Dataset) -> Evaluation:
    """Score 1 where the prompt knows the topic, else 0."""
    results = tuple(
        Result(
            case.id,
            0,
            output="right" if knows(prompt, case) else "wrong",
            scores={"right": Score(float(knows(prompt, case)), "it should be right")},
            score=float(knows(prompt, case)),
        )
        for case in cases
    )
    return Evaluation(prompt, cases, ModelIdentity("toy", "toy"), (Metric("right"),), results)


def adding(line: str) -> str:
    return f"It was missing.\n\n```diff\n@@\n You know some things.\n+{line}\n```\n"


def good_mentor(request: Request) -> Line:
    """Name the topic of the first miss, then add a line that knows it; or one for each topic."""
    words = request.messages[-1].text
    if words.startswith("PATCHES"):
        topics = dict.fromkeys(re.findall(r"What of (\w+)", words))
        return "\n".join(adding(f"You know {topic}.") for topic in topics)
    topic = re.search(r"What of (\w+)", words)
    if words.startswith("CRITIQUE"):
        return f"- The prompt does not know. What of {topic[1]}?" if topic else "- Nothing."
    return adding(f"You know {topic[1]}." if topic else "You know nothing.")


@dataclass
class Notes:
    """A notebook that a test can read."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, kind: str, **facts: Any) -> None:
        self.events.append((kind, facts))

    @property
    def proposals(self) -> list[Proposal]:
        return [facts["proposal"] for kind, facts in self.events if kind == "proposal"]


def a_lab(
    mentor: ScriptedModel | Callable[[Request], Line] = good_mentor,
    *,
    search: Dataset | None = None,
    guard: Callable[[Patch, Prompt], Refusal | None] = lambda patch, prompt: None,
    affordable: Callable[[int], bool] = lambda calls: True,
    evaluator: Callable[[Prompt, Dataset], Evaluation] = evaluated,
    seed: int = 0,
) -> Lab:
    model = mentor if isinstance(mentor, ScriptedModel) else ScriptedModel(mentor)
    return Lab(
        search=search or a_dataset(),
        evaluator=evaluator,
        mentor=Mentor(model, TEMPLATES, "prompts/toy.md"),
        guard=guard,
        rng=random.Random(seed),
        notebook=Notes(),
        affordable=affordable,
    )
