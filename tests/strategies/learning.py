"""The toy world for strategies that ask the mentor in words of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from improve.toy import SEED, TOPICS, a_lab, good_mentor
from promptgit import metaprompts
from promptgit.core.dataset import Dataset
from promptgit.core.ports import Request
from promptgit.core.prompt import Prompt
from promptgit.improve.improve import Strategy, improve
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor
from promptgit.testing.scripted import Line, ScriptedModel

OURS = {name: metaprompts.text(name) for name in metaprompts.NAMES}


def a_talking_lab(mentor: Callable[[Request], Line] = good_mentor, **options: Any) -> Lab:
    """A lab whose mentor is asked with the meta-prompts that ship."""
    lab = a_lab(mentor, **options)
    lab.mentor = Mentor(ScriptedModel(mentor), OURS, "prompts/toy.md")
    return lab


def topics_missed(words: str) -> list[str]:
    """The topics of the failures that a request shows, each once."""
    shown = re.findall(r'name="input">\n\s*What of (\w+)', words)
    return list(dict.fromkeys(shown))


def patch_adding(line: str) -> str:
    return f"Say {line!r}.\n\n```diff\n@@\n You know some things.\n+{line}\n```"


def texts(strategy: Strategy, lab: Lab, seed: Prompt = SEED) -> list[str]:
    return [candidate.prompt.text for candidate in improve(seed, strategy, lab)]


def noted(lab: Lab, kind: str) -> list[dict[str, Any]]:
    """What the notebook holds of this kind."""
    events: list[tuple[str, dict[str, Any]]] = lab.notebook.events  # type: ignore[attr-defined]
    return [facts for name, facts in events if name == kind]


def asked_cases(lab: Lab) -> set[str]:
    """Ids of all cases that anything was asked about."""
    return {name for _, name in lab.ran}


def knows_all(text: str) -> bool:
    return all(f"know {topic}" in text for topic in TOPICS)


def only_search(lab: Lab, whole: Dataset) -> bool:
    """Say whether no case of `whole` that is not in the lab was asked about."""
    sealed = {case.id for case in whole} - {case.id for case in lab.search}
    return not sealed & asked_cases(lab)
