"""A team keeps a pipeline of two steps; a pull request breaks the first, and is told so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.terminal import promptgit
from cli.test_pipelines import BLIND, CASES, FLOW, REPLY, REPLYING, SORT, SORTING, STEPS, some_cases
from promptgit.testing.repositories import a_repository
from servers.openai_server import serving


def test_a_pull_request_that_breaks_the_first_step_is_blocked_and_laid_to_it(tmp_path: Path):
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    desk = a_repository(tmp_path / "desk", files)
    assert promptgit(desk, "eval", "answer").code == 0
    desk.git("switch", "--quiet", "--create", "rockets")
    desk.commit({SORT: BLIND, REPLY: REPLYING + "Be brief.\n"}, "sort: rockets\n")

    said = promptgit(desk, "check", "main", "rockets")
    found = promptgit(desk, "check", "main", "rockets", "--json")

    assert said.code == 1
    assert f"{FLOW}  (it includes {REPLY}, which changed, it includes {SORT}" in said.out
    assert "by step: sort changed, and broke" in said.out
    (flow,) = found.json["prompts"]
    assert flow["verdict"] == "REGRESSION"
    shares = {step["step"]: step["share"] for step in flow["attribution"]["steps"]}
    assert shares == {"sort": 1.0, "reply": 0.0}
    assert (
        "sort changed, and broke"
        in promptgit(desk, "check", "main", "rockets", "--format", "markdown").out
    )


def test_the_way_back_passes_and_the_step_is_named_that_fixed_the_cases(tmp_path: Path):
    files = {SORT: BLIND, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    desk = a_repository(tmp_path / "desk", files)
    desk.git("switch", "--quiet", "--create", "parcels")
    desk.commit({SORT: SORTING}, "sort: parcels again\n")

    said = promptgit(desk, "check", "main", "parcels")

    assert said.code == 0
    assert "by step: sort changed, and fixed" in said.out


def test_code_that_a_pull_request_brings_into_a_pipeline_is_not_run_unread(tmp_path: Path):
    code = "  - {name: clean, python: 'steps/clean.py:trim'}\n"
    trim = "def trim(output, context):\n    return output.strip()\n"
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS + code, CASES: some_cases()}
    desk = a_repository(tmp_path / "desk", {**files, "steps/clean.py": trim})
    desk.git("switch", "--quiet", "--create", "other")
    desk.commit({"steps/clean.py": trim.replace("strip()", "strip()[::-1]")}, "clean: mirror\n")

    off = promptgit(desk, "check", "main", "other")
    base_only = promptgit(desk, "check", "main", "other", "--allow-code")
    read = promptgit(desk, "check", "main", "other", "--allow-head-code")

    assert (off.code, base_only.code, read.code) == (3, 3, 1)
    assert "--allow-head-code runs it" in base_only.out
    assert "by step: clean changed, and broke" in read.out


def test_a_pull_request_cannot_answer_a_step_by_itself(tmp_path: Path):
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    config = {"promptgit.yaml": "model: gpt-5-mini\n"}
    desk = a_repository(tmp_path / "desk", {**files, **config})
    desk.git("switch", "--quiet", "--create", "cheap")
    desk.commit({FLOW: STEPS.replace("name: sort", "name: sort, model: offline")}, "cheap\n")

    said = promptgit(desk, "check", "main", "cheap")

    assert said.code == 3
    assert "head's step sort asks offline in place of gpt-5-mini" in said.out


def test_a_step_that_did_not_change_is_paid_for_once_though_both_sides_ask_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    desk = a_repository(tmp_path / "desk", {**files, "promptgit.yaml": "model: gpt-5-mini\n"})
    desk.commit({REPLY: REPLYING + "Be brief.\n"}, "reply: brief\n")
    sorted_: list[str] = []

    def answer(body: dict[str, Any]) -> str:
        if body["messages"][0]["content"] == SORTING:
            sorted_.append(body["messages"][1]["content"])
            return "refund"
        return "refund team"

    with serving(reply=answer, latency_s=0.05) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        promptgit(desk, "check", "HEAD~1", "HEAD", "--budget", "1000calls")

    assert len(sorted_) == len(set(sorted_)) == 32
