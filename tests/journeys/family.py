"""Three prompts that share a persona, and a model that knows what the persona tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import FRAMES, RULE, WORDS, asks_for_edits, section, sorting_cases
from promptgit.core.dataset import Case, is_sealed
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import Server, serving

PERSONA = "prompts/persona.md"
SEED = "You work for the shop.\nAnswer with one word.\n"
USERS = ("brands", "counter", "post")
EQUALS = 'assert: [{type: equals, value: "{{ expected }}"}]\n'
CONFIG = """\
model: clerk
mentor: mentor
prices: {clerk: {input: 0, output: 0}, mentor: {input: 0, output: 0}}
check: {margin: 0.15}
improve: {rounds: 3}
"""
OWN = {"apple": "brand", "saw": "film", "lynx": "car"}  # what brands.md says that words mean


def brand_cases(count: int = 60, *, hit_search: bool = True, hit_sealed: bool = True) -> str:
    """
    The cases of brands.md.

    Those of a half that is hit use words that the persona will claim for itself; the others use
    one that nobody knows.
    """
    rows = ["id,message,label"]
    for number in range(count):
        name = f"brand-{number}"
        hit = hit_sealed if is_sealed(Case(name, {})) else hit_search
        word, label = list(OWN.items())[number % 3] if hit else ("boat", "unknown")
        rows.append(f'{name},"{FRAMES[number % 6].format(word, number)}",{label}')
    return "\n".join(rows) + "\n"


def a_family(path: Path, brands: str, files: Mapping[str, str] | None = None) -> Repository:
    """A repository with the three of them; `brands` are the cases of the third."""
    family = {PERSONA: SEED, "promptgit.yaml": CONFIG}
    for name in USERS:
        family[f"prompts/{name}.md"] = f'{{% include "persona.md" %}}\nSort the message, {name}.\n'
        family[f"prompts/{name}.csv"] = sorting_cases(20)
        family[f"prompts/{name}.eval.yaml"] = EQUALS
    own = "".join(f"- {word} means {label}\n" for word, label in OWN.items())
    family["prompts/brands.md"] = f'{{% include "persona.md" %}}\nName the brand.\n{own}'
    family["prompts/brands.csv"] = brands
    return a_repository(path, {**family, **(files or {})})


def answer(body: dict[str, Any]) -> str:
    """What the model says, which follows the first rule that fits; and the mentor, who knows."""
    asked = body["messages"][-1]["content"]
    if asks_for_edits(body):
        known = set(RULE.findall(section(asked, "prompt")))
        every = [(word, label) for label, words in WORDS.items() for word in words]
        lines = "".join(
            f"+- {word} means {label}\n" for word, label in every if (word, label) not in known
        )
        return f"Say what the words mean.\n\n```diff\n@@\n You work for the shop.\n{lines}```\n"
    told = RULE.findall(body["messages"][0]["content"])
    return next((label for word, label in told if word in asked), "unknown")


@contextmanager
def a_wise_mentor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve `answer` as the model and the mentor."""
    with serving(reply=answer) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server
