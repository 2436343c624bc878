"""The verbs of `promptgit github`, in a step of a run that was made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Said, promptgit
from github.runner import PullRequest, Runner, a_pull_request, a_runner, as_step, pull_request
from servers.github_server import Github, serving

MARK = "<!-- promptgit:check -->"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Github]:
    with serving() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", server.token)
        yield server


@pytest.fixture
def made(tmp_path: Path) -> PullRequest:
    return a_pull_request(tmp_path / "repository")


@pytest.fixture
def runner(tmp_path: Path, made: PullRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    run = a_runner(tmp_path / "run", "pull_request", made.payload, made.merge)
    with as_step(monkeypatch, run):
        yield run


def a_report(**changes: Any) -> str:
    report = {
        "schema": 1,
        "verdict": "REGRESSION",
        "delta": -0.125,
        "sentence": "prompts/sort.md got worse by 0.125.",
        "base": "1a" * 20,
        "head": "2b" * 20,
        "merge": "3c" * 20,
        "prompts": [
            {"path": "prompts/ok.md", "verdict": "PASS", "gates": []},
            {
                "path": "prompts/sort.md",
                "verdict": "REGRESSION",
                "line": 3,
                "gates": [{"verdict": "REGRESSION", "sentence": "It got worse."}],
            },
        ],
    }
    return json.dumps({**report, **changes})


def in_step(runner: Runner, *words: str, **files: str) -> Said:
    for name, text in files.items():
        (runner.folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return promptgit(runner.folder, "github", *words)


def test_the_event_is_written_as_outputs(runner: Runner, made: PullRequest):
    said = promptgit(made.repository, "github", "event")

    assert said.code == 0
    assert runner.outputs == {
        "base": made.base,
        "head": made.head,
        "merge": made.merge,
        "number": "7",
        "fork": "false",
        "changed": "true",
    }
    assert said.lines[0] == f"base {made.base}"


def test_a_change_that_concerns_no_prompt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = a_pull_request(tmp_path / "docs", change={"docs/page.md": "Words.\n"})
    run = a_runner(tmp_path / "run", "pull_request", made.payload, made.merge)
    with as_step(monkeypatch, run):
        promptgit(made.repository, "github", "event")

    assert run.outputs["changed"] == "false"


def test_verdict_delta_and_report_are_outputs(runner: Runner):
    said = in_step(runner, "output", "report.json", report_json=a_report())

    assert said.code == 0
    assert runner.outputs == {"verdict": "REGRESSION", "delta": "-0.1250", "report": "report.json"}


def test_no_value_can_write_another_output(runner: Runner):
    forged = "PASS\nverdict=PASS\nEOF\nverdict<<EOF\nPASS"

    in_step(runner, "output", "report.json", report_json=a_report(verdict=forged, delta=None))

    assert runner.outputs["verdict"] == forged
    assert runner.outputs["delta"] == ""
    assert len(runner.outputs) == 3


def test_a_file_that_is_no_report_is_refused(runner: Runner):
    for text in ("", "[]", "{}", "{", "null"):
        assert in_step(runner, "output", "report.json", report_json=text).code == 2
    assert in_step(runner, "output", "missing.json").code == 2


def test_the_summary_is_appended(runner: Runner):
    for text in ("# one\n", "# two\n"):
        in_step(runner, "summary", "report.md", report_md=text)

    assert runner.summary == "# one\n\n# two\n\n"


def test_a_summary_stays_below_what_github_drops(runner: Runner):
    row = "| a case | 🙂 it broke |\n"

    for _ in range(2):
        in_step(runner, "summary", "report.md", report_md=row * 60_000)

    assert 1_000_000 < len(runner.summary.encode()) < 1 << 20
    assert "… cut" in runner.summary


def test_a_comment_is_made_and_then_edited(runner: Runner, github: Github):
    first = in_step(runner, "comment", "report.md", report_md="one")
    second = in_step(runner, "comment", "report.md", report_md="two")

    assert first.out.startswith("created https://")
    assert second.out.startswith("updated https://")
    assert [comment["body"] for comment in github.comments] == [f"{MARK}\ntwo"]


def test_a_long_comment_is_cut_where_its_blocks_can_be_closed(runner: Runner, github: Github):
    text = "<details>\n\n```text\n" + "an answer\n" * 20_000 + "```\n</details>\n"

    said = in_step(runner, "comment", "report.md", report_md=text)

    (comment,) = github.comments
    assert said.code == 0
    assert len(comment["body"]) < 60_100
    assert comment["body"].endswith(
        "an answer\n```\n\n</details>\n\n"
        "… cut: the whole report is in the summary and the artifacts of this run."
    )


def test_a_fork_gets_no_comment_and_no_failure(
    tmp_path: Path, made: PullRequest, monkeypatch: pytest.MonkeyPatch, github: Github
):
    run = a_runner(tmp_path / "run", "pull_request", pull_request(made, fork=True), made.merge)
    with as_step(monkeypatch, run):
        said = in_step(run, "comment", "report.md", report_md="words")

    assert said.code == 0
    assert said.out.startswith("no comment: a pull request from a fork")
    assert github.seen == []


def test_a_push_gets_no_comment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: Github):
    run = a_runner(tmp_path / "run", "push", {})
    with as_step(monkeypatch, run):
        said = in_step(run, "comment", "report.md", report_md="words")

    assert (said.code, github.seen) == (0, [])
    assert said.out.startswith("no comment: this run is not about a pull request")


def test_without_a_token_it_says_where_to_get_one(runner: Runner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)

    said = in_step(runner, "comment", "report.md", report_md="words")

    assert said.code == 2
    assert "${{ github.token }}" in said.err


def test_a_refusal_is_the_worlds_and_holds_no_token(runner: Runner, github: Github):
    github.faults = lambda number, line: "leak" if "issues" in line else ""

    said = in_step(runner, "comment", "report.md", report_md="words")

    assert said.code == 3
    assert github.token not in said.out + said.err
    assert "[secret redacted]" in said.err


@pytest.mark.parametrize(
    ("verdict", "policy", "conclusion"),
    [
        ("PASS", "warn", "success"),
        ("REGRESSION", "warn", "failure"),
        ("INCONCLUSIVE", "warn", "neutral"),
        ("INCONCLUSIVE", "fail", "failure"),
        ("INVALID", "warn", "failure"),
        ("anything else", "pass", "failure"),
    ],
)
def test_a_check_run_is_green_only_for_what_passed(
    runner: Runner, github: Github, verdict: str, policy: str, conclusion: str
):
    report = a_report(verdict=verdict, on_inconclusive=policy)

    said = in_step(runner, "check-run", "report.json", report_json=report)

    (check,) = github.checks
    assert said.code == 0
    assert (check["conclusion"], check["head_sha"]) == (conclusion, "2b" * 20)


def test_a_check_run_points_at_the_prompts_that_did_not_pass(runner: Runner, github: Github):
    in_step(runner, "check-run", "report.json", report_json=a_report())

    (annotation,) = github.checks[0]["output"]["annotations"]
    assert (annotation["path"], annotation["message"]) == ("prompts/sort.md", "It got worse.")
    assert (annotation["start_line"], annotation["annotation_level"]) == (3, "failure")


def test_a_check_run_needs_a_head_commit(runner: Runner, github: Github):
    said = in_step(runner, "check-run", "report.json", report_json=a_report(head=""))

    assert said.code == 2
    assert github.seen == []
