"""A terminal for tests: type a command line of promptgit in a folder, see what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from promptgit.cli.main import run
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import Server, serving

RULE = re.compile(r"^- (\w+) means (\w+)$", re.MULTILINE)
PROMPT = "prompts/sort.md"
SEED = "Sort the message.\nAnswer with one of: fruit, tool, animal.\n"
WORDS = {
    "fruit": ("apple", "pear", "plum", "cherry", "grape"),
    "tool": ("hammer", "saw", "drill", "wrench", "chisel"),
    "animal": ("otter", "heron", "badger", "lynx", "toad"),
}
FOR_EDITS = ("# Patch", "# Reflect", "# Interview", "# Name the patterns")  # meta-prompts
FRAMES = (
    "I saw one {} at the market, {} times",
    "Could you bring the {} for number {}",
    "There is another {} behind door {}",
    "My {} was not there on day {}",
    "Who left the {} in room {}",
    "We need a new {} before week {}",
)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def promptgit(where: Repository | Path, *words: str) -> Said:
    """Type a command line in a folder."""
    folder = where.path if isinstance(where, Repository) else where
    out, err = StringIO(), StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = run(list(words))
    return Said(code, out.getvalue(), err.getvalue())


def sorting_cases(per_label: int = 30) -> str:
    """A CSV of messages and what each one is about; the words give it away."""
    rows = ["id,message,label"]
    for label, words in WORDS.items():
        for number in range(per_label):
            word, frame = words[number % len(words)], FRAMES[number % len(FRAMES)]
            rows.append(f'case-{label}-{number},"{frame.format(word, number)}",{label}')
    return "\n".join(rows) + "\n"


def clerk(body: dict[str, Any]) -> str:
    """
    What a model says that does as it is told, and a mentor that adds a rule a round.

    As a model it knows what the prompt tells it, `- apple means fruit`, and nothing else.
    """
    asked = body["messages"][-1]["content"]
    if asks_for_edits(body):
        known = set(RULE.findall(section(asked, "prompt")))
        rules = [rule for rule in _rules(asked) if rule not in known]
        lines = "".join(f"+- {word} means {label}\n" for word, label in rules)
        return f"Say what more words mean.\n\n```diff\n@@\n Sort the message.\n{lines}```\n"
    told = RULE.findall(body["messages"][0]["content"])
    return next((label for word, label in told if word in asked), "unknown")


def asks_for_edits(body: Mapping[str, Any]) -> bool:
    """Say whether a request is one to the mentor, by whatever meta-prompt."""
    return str(body["messages"][-1]["content"]).startswith(FOR_EDITS)


def section(text: str, name: str) -> str:
    """The data that a meta-prompt frames under this name."""
    found = re.search(rf'name="{name}">\n(.*?)\n</data-', text, re.DOTALL)
    return found[1] if found else ""


def _rules(patch_request: str) -> list[tuple[str, str]]:
    inputs = re.findall(r'name="input">\n(.*?)\n</data-', patch_request, re.DOTALL)
    labels = re.findall(r'name="expected">\n(.*?)\n</data-', patch_request, re.DOTALL)
    every = [word for words in WORDS.values() for word in words]
    pairs = zip(inputs, labels, strict=True)
    found = [(word, label) for text, label in pairs for word in every if word in text.split()]
    return list(dict.fromkeys(found))


@contextmanager
def a_clerk(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Server]:
    """Serve `clerk` as the model of every provider-less name."""
    with serving(**{"reply": clerk, **options}) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def an_office(
    path: Path, files: Mapping[str, str | bytes] | None = None, *, per_label: int = 30
) -> Repository:
    """A repository with one prompt that can learn, and its cases."""
    return a_repository(
        path,
        {PROMPT: SEED, "prompts/sort.csv": sorting_cases(per_label), **(files or {})},
    )
