"""Our own workflows: what the gate's plan says, and the weekly search up to its pull request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from github.runner import PullRequest, a_pull_request, a_runner
from github.steps import ROOT, Ran, a_python, run_job
from promptgit.core.trailers import last_block, value
from promptgit.testing.repositories import Repository, a_repository

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the made-up python is a shell script")
FILES = {
    f"prompts/{name}": (ROOT / "prompts" / name).read_text(encoding="utf-8")
    for name in ("ticket-triage.md", "ticket-triage.jsonl", "ticket-triage.eval.yaml")
} | {"promptgit.yaml": "model: offline\n"}


def job(
    folder: Path, repository: Repository, name: str, job_name: str, **known: str
) -> tuple[Ran, Path]:
    """Run a job of ours; also return where the made-up programs wrote down what they were told."""
    runner = a_runner(folder / "run", "schedule", {}, repository.head)
    tools = a_python(folder / "tools", "promptgit", "gh")
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.environ["GIT_CONFIG_GLOBAL"],
    }
    expressions = {"github.token": "ghs_x", **known}
    file = ROOT / ".github" / "workflows" / name
    ran = run_job(file, job_name, runner, repository.path, expressions, environment=environment)
    return ran, tools


@pytest.mark.parametrize(
    ("event", "change", "changed"),
    [
        ("pull_request", {"prompts/ticket-triage.md": "Sort.\n"}, "true"),
        ("pull_request", {"promptgit.yaml": "model: offline\nbudget: 1usd\n"}, "true"),
        ("pull_request", {"docs/x.md": "x\n"}, "false"),
        ("merge_group", {"prompts/ticket-triage.md": "Sort.\n"}, "true"),
        ("workflow_dispatch", {"docs/x.md": "x\n"}, "false"),
    ],
)
def test_the_plan_says_what_the_gate_compares_with(
    tmp_path: Path, event: str, change: Mapping[str, str], changed: str
):
    made: PullRequest = a_pull_request(tmp_path / "here", FILES, change)
    made.repository.git("update-ref", "refs/remotes/origin/main", made.base)
    made.repository.git("switch", "--quiet", "--detach", made.merge)
    known = {
        "github.event_name": event,
        "github.event.merge_group.base_sha": made.base if event == "merge_group" else "",
    }

    ran, _ = job(tmp_path, made.repository, "prompts.yml", "plan", **known)

    assert ran.outputs == {"base": made.base, "changed": changed}, ran.out


@pytest.mark.slow
def test_the_weekly_search_ends_in_a_pull_request_whose_body_ends_in_the_evidence(tmp_path: Path):
    remote = a_repository(tmp_path / "remote.git", bare=True)
    repository = a_repository(tmp_path / "here", FILES)
    repository.git("remote", "add", "origin", str(remote.path))
    repository.git("push", "--quiet", "origin", "main")
    known = {"matrix.prompt": "ticket-triage"}

    ran, tools = job(tmp_path, repository, "improve.yml", "improve", **known)

    assert not ran.failed, ran.out
    branch = "promptgit/improve-ticket-triage"
    assert remote.git("rev-parse", branch) == repository.git("rev-parse", branch)
    assert remote.git("for-each-ref", "refs/promptgit/records")
    body = (tmp_path / "run" / "body.md").read_text(encoding="utf-8")
    block = last_block(f"title\n\n{body}")
    assert value(block, "Eval-Stage") == "confirmed"
    assert value(block, "Prompt-Blob") == remote.blob("prompts/ticket-triage.md", branch)
    told = (tools / "gh.log").read_text(encoding="utf-8")
    assert f"pr create --base main --head {branch} --title improve(ticket-triage): " in told
    assert f"workflow run prompts.yml --ref {branch}" in told
