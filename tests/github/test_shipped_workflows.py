"""The workflows of `promptgit init --github`, job by job, on a GitHub that was made up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from github.runner import PROMPT, PullRequest, Runner, a_pull_request, a_runner, trial_merge
from github.steps import ROOT, Ran, a_python, run_job, workflow_commands
from promptgit.testing.repositories import Repository, a_repository
from servers.github_server import Github, serving

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the made-up python is a shell script")
DOCS = ROOT / "docs" / "github"
CASES = "input,expected\n" + "".join(
    f"{'an apple' if n % 2 else 'a hammer'} {n},{'fruit' if n % 2 else 'tool'}\n" for n in range(60)
)
GOOD = "Answer with one of: fruit, tool.\n- fruit: apple\n- tool: hammer\n"
WORSE = "Answer with one of: fruit, tool.\n- tool: apple\n- fruit: hammer\n"
FILES = {PROMPT: GOOD, "prompts/sort.csv": CASES, "promptgit.yaml": "model: offline\n"}


@dataclass
class Run:
    """A pull request on GitHub, a checkout on a runner, and the shell that the runner has."""

    folder: Path
    github: Github
    made: PullRequest
    checkout: Repository
    event: str
    payload: dict[str, Any]
    sha: str
    number: int = field(default=0)

    def job(self, name: str, job: str, **known: str) -> tuple[Ran, Runner]:
        self.number += 1
        runner = a_runner(self.folder / f"run-{self.number}", self.event, self.payload, self.sha)
        tools = a_python(self.folder / f"tools-{self.number}", "promptgit", "gh", "sleep")
        environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": os.environ["GIT_CONFIG_GLOBAL"],
            "GITHUB_API_URL": self.github.url,
            "GITHUB_WORKSPACE": str(self.checkout.path),
            "CI": "true",
        }
        expressions = {
            "github.token": self.github.token,
            "github.event_name": self.event,
            "github.event.pull_request.number": "7",
            "github.event.pull_request.head.sha": self.made.head,
            "secrets.OPENAI_API_KEY": "",
            **known,
        }
        return (
            run_job(
                DOCS / name, job, runner, self.checkout.path, expressions, environment=environment
            ),
            runner,
        )


def a_run(
    folder: Path, github: Github, event: str, change: Mapping[str, str], *, fork: bool = False
) -> Run:
    made = a_pull_request(folder / "github", FILES, change)
    payload = made.payload
    request = payload["pull_request"]
    request["merge_commit_sha"] = None
    request["head"]["repo"] = {"id": 2 if fork else 1}
    checkout = a_repository(folder / "workspace")
    checkout.git("remote", "add", "origin", f"file://{made.repository.path}")
    checkout.git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    sha = made.base if event == "pull_request_target" else made.merge
    checkout.git("fetch", "--quiet", "origin", sha)
    checkout.git("checkout", "--quiet", "--detach", sha)
    return Run(folder, github, made, checkout, event, payload, sha)


def test_a_private_pull_request_that_got_worse_is_red_and_commented(tmp_path: Path):
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request", {PROMPT: WORSE})
        plan, _ = run.job("promptgit.yml", "plan")
        check, runner = run.job("promptgit.yml", "check")

    assert plan.outputs == {"changed": "true"}, plan.out
    assert check.codes["Check"] == 1, check.out
    assert check.codes["Tell"] == 0
    assert "REGRESSION" in runner.summary
    assert len(github.comments) == 1


def test_a_change_of_something_else_needs_no_check(tmp_path: Path):
    with serving() as github:
        for event, name in (
            ("pull_request", "promptgit.yml"),
            ("pull_request_target", "promptgit-trusted.yml"),
        ):
            run = a_run(tmp_path / event, github, event, {"docs/page.md": "Words.\n"})
            plan, _ = run.job(name, "plan")
            assert (plan.outputs, plan.failed) == ({"changed": "false"}, False), plan.out


def test_a_merge_group_goes_the_same_way(tmp_path: Path):
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request", {PROMPT: WORSE})
        run.event = "merge_group"
        run.payload = {"merge_group": {"base_sha": run.made.base, "head_sha": run.made.merge}}
        for name in ("promptgit.yml", "promptgit-trusted.yml"):
            plan, _ = run.job(name, "plan")
            check, _ = run.job(name, "check")
            assert plan.outputs == {"changed": "true"}, plan.out
            assert check.codes["Check"] == 1, check.out

    assert github.comments == []


def test_a_fork_is_judged_as_data_by_the_trusted_workflow(tmp_path: Path):
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request_target", {PROMPT: WORSE}, fork=True)
        check, runner = run.job("promptgit-trusted.yml", "check")

    assert check.codes["Check"] == 1, check.out
    assert "REGRESSION" in runner.summary
    assert len(github.comments) == 1
    assert run.checkout.head == run.made.base
    assert (run.checkout.path / PROMPT).read_text() == GOOD


def test_nothing_that_a_fork_brings_along_is_run(tmp_path: Path):
    touch = f"import pathlib\npathlib.Path({str(tmp_path / 'pwned')!r}).touch()\n"
    brought = {
        PROMPT: WORSE,
        "pip.py": touch,
        "venv.py": touch,
        "promptgit/__init__.py": touch,
        "sitecustomize.py": touch,
        "scorer.py": touch + "def score(case, output):\n    return 1.0\n",
        "prompts/sort.eval.yaml": "assert:\n  - {type: python, value: file://../scorer.py}\n",
        ".env": "OPENAI_BASE_URL=http://127.0.0.1:9/\n",
    }
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request_target", brought, fork=True)
        check, _ = run.job("promptgit-trusted.yml", "check")

    assert check.codes["Check"] != 0, check.out
    assert not (tmp_path / "pwned").exists()


def test_what_was_pushed_after_the_approval_is_not_judged(tmp_path: Path):
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request_target", {PROMPT: GOOD + "\n"}, fork=True)
        there = run.made.repository
        there.git("switch", "--quiet", "topic")
        later = there.commit({PROMPT: WORSE}, "after the approval\n")
        there.git("switch", "--quiet", "main")
        merge = trial_merge(there, run.made.base, later)
        there.git("update-ref", "refs/pull/7/merge", merge)
        plan, _ = run.job("promptgit-trusted.yml", "plan")

    assert plan.failed
    assert "has moved on" in plan.out


def test_a_fork_gets_lint_diff_and_replay_without_a_key(tmp_path: Path):
    with serving() as github:
        run = a_run(tmp_path, github, "pull_request", {PROMPT: WORSE}, fork=True)
        ran, _ = run.job("promptgit-forks.yml", "offline")

    assert ran.codes["Lint"] == 0, ran.out
    assert ran.codes["Diff"] == 0, ran.out
    assert ran.codes["Replay the answers that the records hold"] == 0, ran.out
    assert "evaluation needs approval" in ran.out
    assert github.seen == []


JOBS = pytest.mark.parametrize(
    ("event", "name", "job"),
    [
        ("pull_request", "promptgit.yml", "check"),
        ("pull_request_target", "promptgit-trusted.yml", "check"),
        ("pull_request", "promptgit-forks.yml", "offline"),
    ],
)
ORDER = "::error::owned\n  ::add-mask::owned\n::stop-commands::owned\nsay ##[error]owned\n"


def orders(log: str) -> list[str]:
    """What the runner would do that is not an annotation of ours, on a file of the repository."""
    obeyed = workflow_commands(log)
    ours = ("::notice file=prompts/", "::warning file=prompts/", "::error file=prompts/")
    return [line for line in obeyed if not line.startswith((*ours, "::notice::evaluation needs"))]


@JOBS
def test_no_prompt_and_no_case_speaks_to_the_runner(
    tmp_path: Path, event: str, name: str, job: str
):
    brought = {
        PROMPT: f"{WORSE}{ORDER}",
        "prompts/sort.csv": f'{CASES}"{ORDER}",tool\n',
        "prompts/##[error]owned.md": ORDER,
    }
    with serving() as github:
        run = a_run(tmp_path, github, event, brought, fork=True)
        ran, _ = run.job(name, job)

    assert "owned" in ran.out
    assert orders(ran.out) == []


@JOBS
def test_no_error_speaks_to_the_runner(tmp_path: Path, event: str, name: str, job: str):
    brought = {"prompts/sort.eval.yaml": "cases: sort.csv\n'##[error]owned': 1\n"}
    with serving() as github:
        run = a_run(tmp_path, github, event, brought, fork=True)
        ran, _ = run.job(name, job)

    assert ran.failed
    assert "owned" in ran.out
    assert orders(ran.out) == []
