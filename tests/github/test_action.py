"""The composite action, step by step, on a runner and a GitHub that were made up."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from github.runner import PullRequest, Runner, a_pull_request, a_runner, pull_request
from github.steps import ROOT, Ran, a_python, action, run_action
from servers.github_server import Github, serving

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the made-up python is a shell script")
MARK = "<!-- promptgit:check -->"
PROMPT = "prompts/ticket-triage.md"
FILES = {
    f"prompts/{name}": (ROOT / "prompts" / name).read_text(encoding="utf-8")
    for name in ("ticket-triage.md", "ticket-triage.jsonl", "ticket-triage.eval.yaml")
} | {"promptgit.yaml": "model: offline\n"}
WORSE = "Say something nice.\n"


@dataclass
class Stage:
    """A runner with a checkout and a GitHub."""

    folder: Path
    github: Github
    made: PullRequest

    def run(self, event: Mapping[str, object] | None = None, **inputs: str) -> tuple[Ran, Runner]:
        number = len(list(self.folder.glob("run-*")))
        payload = event or self.made.payload
        runner = a_runner(self.folder / f"run-{number}", "pull_request", payload, self.made.merge)
        python = a_python(self.folder / f"python-{number}")
        environment = {
            "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "GIT_CONFIG_GLOBAL": os.environ["GIT_CONFIG_GLOBAL"],
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.github.token,
            "CI": "true",
        }
        workspace = self.made.repository.path
        self.made.repository.git("switch", "--quiet", "--detach", self.made.merge)
        return run_action(runner, workspace, inputs, environment=environment), runner


def a_stage(folder: Path, github: Github, change: Mapping[str, str]) -> Stage:
    made = a_pull_request(folder / "repository", FILES, change)
    return Stage(folder, github, made)


def test_a_regression_fails_and_is_told_everywhere(tmp_path: Path):
    with serving() as github:
        ran, runner = a_stage(tmp_path, github, {PROMPT: WORSE}).run()

    assert ran.codes["Say what the check said"] == 1, ran.out
    assert ran.outputs["verdict"] == "REGRESSION"
    assert float(ran.outputs["delta"]) < 0
    assert "REGRESSION" in runner.summary
    (comment,) = github.comments
    assert comment["body"].startswith(f"{MARK}\n")
    assert "REGRESSION" in comment["body"]
    assert f"::error file={PROMPT}" in ran.out
    reports = Path(ran.outputs["report"]).parent
    assert {file.name for file in reports.iterdir()} == {
        "report.md",
        "report.json",
        "report.html",
        "junit.xml",
    }
    assert ElementTree.parse(reports / "junit.xml").getroot().tag == "testsuites"


def test_the_report_names_base_head_and_what_would_land(tmp_path: Path):
    with serving() as github:
        stage = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"})
        ran, _ = stage.run()

    report = json.loads(Path(ran.outputs["report"]).read_text(encoding="utf-8"))
    made = stage.made
    assert (report["base"], report["head"], report["merge"]) == (made.base, made.head, made.merge)


def test_a_change_of_no_prompt_passes(tmp_path: Path):
    with serving() as github:
        ran, _ = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"}).run()

    assert not ran.failed, ran.out
    assert ran.outputs["verdict"] == "PASS"


def test_one_comment_is_left_and_kept_up_to_date(tmp_path: Path):
    with serving() as github:
        stage = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"})
        for _ in range(2):
            stage.run()

    assert len(github.comments) == 1


def test_a_check_that_cannot_run_is_invalid_and_fails(tmp_path: Path):
    with serving() as github:
        ran, runner = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"}).run(base="nonsense")

    assert ran.codes["Say what the check said"] == 2
    assert ran.outputs["verdict"] == "INVALID"
    assert "**INVALID**: the check could not run (exit code 2)" in runner.summary
    assert "**INVALID**" in github.comments[0]["body"]


def test_a_github_that_refuses_the_comment_does_not_change_the_verdict(tmp_path: Path):
    with serving() as github:
        github.faults = lambda number, line: "403"
        ran, runner = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"}).run()

    assert not ran.failed, ran.out
    assert "Resource not accessible" in ran.out
    assert runner.summary


def test_a_fork_gets_the_verdict_without_a_comment(tmp_path: Path):
    with serving() as github:
        stage = a_stage(tmp_path, github, {PROMPT: WORSE})
        ran, _ = stage.run(pull_request(stage.made, fork=True))

    assert ran.outputs["verdict"] == "REGRESSION"
    assert github.comments == []


def test_no_input_reaches_a_shell(tmp_path: Path):
    evil = (
        "$(touch pwned) `touch pwned` '; touch pwned; '\"; touch pwned\ntouch pwned\n${{ github }}"
    )
    names = ("base", "head", "prompts", "budget", "strict", "key")
    with serving() as github:
        stage = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"})
        stage.run(**dict.fromkeys(names, evil))
        stage.run(key=evil, prompts=evil)

    assert not list(tmp_path.rglob("pwned"))
    assert github.comments == []


def test_title_and_branch_of_a_stranger_have_no_effect(tmp_path: Path):
    """The payload of every pull request in these tests has both full of shell and expressions."""
    with serving() as github:
        stage = a_stage(tmp_path, github, {"docs/page.md": "Words.\n"})
        ran, _ = stage.run()

    assert "touch pwned" in json.dumps(stage.made.payload)
    assert not list(tmp_path.rglob("pwned"))
    assert "owned" not in ran.out


def test_it_installs_its_own_checkout_by_hash_and_nothing_of_the_repository(tmp_path: Path):
    with serving() as github:
        a_stage(tmp_path, github, {"docs/page.md": "Words.\n"}).run()

    venv, locked, own = (tmp_path / "python-0" / "pip.log").read_text().splitlines()
    assert venv.startswith("-I -m venv ")
    assert f"--require-hashes --requirement {ROOT}/.github/requirements.txt" in locked
    assert own.endswith(f"--no-deps --no-build-isolation {ROOT}")
    assert all(line.startswith("-I ") for line in (venv, locked, own))


def test_what_is_locked_is_all_that_we_need():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / ".github" / "requirements.txt").read_text(encoding="utf-8").lower()

    wanted = [name.split(">")[0].strip().lower() for name in project["dependencies"]]
    assert not [name for name in [*wanted, "hatchling"] if f"\n{name}==" not in locked]


def test_every_input_and_output_is_described():
    described = action()

    for one in (*described["inputs"].values(), *described["outputs"].values()):
        assert one["description"]
