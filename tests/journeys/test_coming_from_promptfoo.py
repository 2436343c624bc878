"""A team comes from promptfoo: its config is taken over, and every command works on it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from cli.terminal import FRAMES, WORDS, promptgit
from promptgit.testing.repositories import Repository, a_repository

CHAT = [
    {
        "role": "system",
        "content": "Sort the message for {{company}}. Answer fruit, tool or animal.",
    },
    {"role": "user", "content": "{{message}}"},
]
CONFIG = """\
# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: Sorting
prompts:
  - file://prompts/sort.txt
  - id: file://prompts/chat.json
    label: Polite chat
  - label: Short
    raw: |-
      Sort the message. Answer with one of: fruit, tool, animal.
      {{ message }}
providers:
  - id: openai:chat:gpt-5-mini
    config: {temperature: 0, apiKey: "{{env.OPENAI_API_KEY}}"}
  - anthropic:messages:claude-x
defaultTest:
  vars: {company: Acme}
  assert:
    - {type: not-is-refusal}
    - {type: word-count, value: {max: 3}, metric: short, weight: 0.5}
    - type: javascript
      value: output.length < 40
tests: file://tests/*.csv
evaluateOptions: {maxConcurrency: 8}
outputPath: results.html
"""
SORT = "Sort the message.\nAnswer with one of: fruit, tool, animal.\n{{message}}\n"


def a_table() -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["message", "__expected", "__description", "__metadata:kind"])
    for label, words in WORDS.items():
        for n in range(25):
            message = FRAMES[n % len(FRAMES)].format(words[n % len(words)], n)
            rows.writerow([message, f"icontains: {label}", f"{label} {n}", label])
    return out.getvalue()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    files = {
        "promptfooconfig.yaml": CONFIG,
        "prompts/sort.txt": SORT,
        "prompts/chat.json": json.dumps(CHAT),
        "tests/sorting.csv": a_table(),
    }
    return a_repository(tmp_path / "team", files)


def test_from_a_promptfoo_config_to_an_improvement(repository: Repository):
    foreseen = promptgit(repository, "init", "--from", "promptfooconfig.yaml", "--dry-run")
    assert foreseen.code == 0
    assert repository.status() == ""

    said = promptgit(repository, "init", "--from", "promptfooconfig.yaml")
    assert said.lines[:3] == [
        "prompts/sort.txt: 75 cases",
        "prompts/polite-chat.md: 75 cases",
        "prompts/short.md: 75 cases",
    ]
    lost = [line.split(": ")[:2] for line in said.lines if line.startswith("  promptfooconfig")]
    assert [where.strip() for where, _ in lost] == [
        f"promptfooconfig.yaml:{line}" for line in (12, 14, 14, 20, 24)
    ]

    repository.git("add", "-A")
    repository.git("commit", "-qm", "Take over promptfooconfig.yaml")
    assert promptgit(repository, "lint").code == 0

    for name in ("sort", "polite-chat", "short"):
        found = promptgit(repository, "eval", name, "--model", "offline", "--json")
        assert found.code == 0, found.err
        assert found.json["cases"] == 75
        assert set(found.json["metrics"]) == {"not-is-refusal", "short", "icontains"}
        assert found.json["score"]["n"] == 75

    planned = promptgit(repository, "improve", "sort", "--model", "offline", "--dry-run")
    assert planned.code == 0, planned.err
    assert "75" in planned.out + planned.err or "cached" in planned.out + planned.err

    handed = promptgit(repository, "export", "--to", "promptfoo", "sort", "--with-outputs")
    assert handed.code == 0
    assert handed.out.count("providerOutput") == 75
