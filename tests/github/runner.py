"""A GitHub Actions runner, made up: the variables it sets and the files it reads and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from promptgit.testing.repositories import Repository, a_repository

NOTHING = "0" * 40
PROMPT = "prompts/sort.md"


@dataclass
class Runner:
    """Where a step runs, and what it left for GitHub."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text(encoding="utf-8")

    @property
    def outputs(self) -> dict[str, str]:
        """What GITHUB_OUTPUT says, read as the runner does."""
        text = (self.folder / "output").read_text(encoding="utf-8")
        found: dict[str, str] = {}
        while text:
            line, _, text = text.partition("\n")
            if many := re.match(r"([^=<]+)<<(.+)\Z", line):
                value, end, text = text.partition(f"\n{many[2]}\n")
                if not end and value.startswith(f"{many[2]}\n"):
                    value, text = "", value.removeprefix(f"{many[2]}\n")
                found[many[1]] = value
            elif line:
                name, _, value = line.partition("=")
                found[name] = value
        return found


def a_runner(folder: Path, event: str, payload: Mapping[str, Any], sha: str = "") -> Runner:
    """Set up what a step of a run about `event` would see."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("summary.md", "output"):
        (folder / name).touch()
    (folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    return Runner(
        folder,
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_SHA": sha,
            "GITHUB_REPOSITORY": "octo/prompts",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "77",
            "RUNNER_TEMP": str(folder),
        },
    )


@contextmanager
def as_step(monkeypatch: pytest.MonkeyPatch, runner: Runner) -> Iterator[Runner]:
    """Give this process the runner's variables."""
    with monkeypatch.context() as patch:
        for name, value in runner.variables.items():
            patch.setenv(name, value)
        yield runner


@dataclass(frozen=True)
class PullRequest:
    """A repository with a pull request, and GitHub's trial merge of it."""

    repository: Repository
    old_base: str  # where the pull request began
    base: str  # what main is now
    head: str
    merge: str

    @property
    def payload(self) -> dict[str, Any]:
        return pull_request(self)


def a_pull_request(
    path: Path,
    files: Mapping[str, str] | None = None,
    change: Mapping[str, str] | None = None,
) -> PullRequest:
    """Make a pull request of `change`, while main went on with something else."""
    repository = a_repository(path, files or {PROMPT: "Sort the message.\n"})
    old_base = repository.head
    repository.git("switch", "--quiet", "--create", "topic")
    head = repository.commit(change or {PROMPT: "Sort the message.  Be brief.\n"}, "topic\n")
    repository.git("switch", "--quiet", "main")
    base = repository.commit({"README.md": "Read me.\n"}, "elsewhere\n")
    merge = trial_merge(repository, base, head)
    repository.git("update-ref", "refs/pull/7/merge", merge)
    return PullRequest(repository, old_base, base, head, merge)


def trial_merge(repository: Repository, base: str, head: str) -> str:
    """Merge as GitHub does: on a commit of its own, on no branch."""
    repository.git("switch", "--quiet", "--detach", base)
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", head)
    merge = repository.head
    repository.git("switch", "--quiet", "main")
    return merge


def pull_request(made: PullRequest, *, fork: bool = False, **changes: Any) -> dict[str, Any]:
    """The event's payload, as far as it matters; names are a stranger's choice."""
    request = {
        "number": 7,
        "title": "$(touch pwned) `touch pwned` ${{ secrets.KEY }}\n::error::owned",
        "merge_commit_sha": made.merge,
        "base": {"sha": made.old_base, "ref": "main", "repo": {"id": 1}},
        "head": {"sha": made.head, "ref": "x;touch${IFS}pwned", "repo": {"id": 2 if fork else 1}},
        **changes,
    }
    return {"number": 7, "pull_request": request, "repository": {"default_branch": "main"}}
