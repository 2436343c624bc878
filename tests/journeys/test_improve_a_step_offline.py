"""The pipeline of docs/pipelines.md, "To try it without a key", with the demo's ticket sorter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

ROOT = Path(__file__).parents[2]
STEP = "prompts/ticket-triage.md"


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    """The demo's prompt and cases, and the files that the page says to write."""
    page = (ROOT / "docs/pipelines.md").read_text(encoding="utf-8")
    section = page.partition("## To try it without a key")[2]
    blocks = re.findall(r"```(?:yaml|text)\n# (\S+)\n(.*?)```", section, re.DOTALL)
    files = {"promptgit.yaml": "model: offline\n", **dict(blocks)}
    for name in (STEP, "prompts/ticket-triage.jsonl", "prompts/ticket-triage.eval.yaml"):
        files[name] = (ROOT / name).read_text(encoding="utf-8")
    return a_repository(tmp_path / "desk", files)


@pytest.mark.slow
def test_a_step_on_the_way_is_improved_by_what_comes_out_at_the_end(desk: Repository):
    words = ("--step", "triage", "--budget", "2000calls", "--json")

    said = promptgit(desk, "improve", "intake", *words)

    assert (said.code, said.json["state"]) == (0, "confirmed"), said.err
    assert said.json["verdict"]["effect"] > 0.05
    assert {one["name"] for one in said.json["used_by"]} == {"intake", "ticket-triage"}
    assert desk.git("diff", "--name-only", "HEAD~1", "HEAD") == STEP
