"""What a turn makes of a candidate: a promotion on a branch, a record, and a line in `status`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.terminal import Said, promptgit
from cli.test_flywheel_run import PROMPT, TALK, WEEK, a_week, an_app, turn
from promptgit.core.prompt import blob_id
from promptgit.testing.repositories import Repository

BETTER = f"{PROMPT}Be kind.\n"
BRANCH = f"flywheel/promote-sort-{blob_id(BETTER)[:10]}-50"


@dataclass(frozen=True)
class Proposed:
    """A repository whose candidate is proven better, after a turn."""

    app: Repository
    head: str  # before the turn
    said: Said
    out: Path  # the folder of `--output`


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Proposed:
    folder = tmp_path_factory.mktemp("proposed")
    app = an_app(folder / "app", TALK * 40, plan="triggers: []\n")
    promptgit(app, "deploy", "sort")
    (app.path / "prompts" / "sort.md").write_text(BETTER)
    app.git("commit", "-qam", "Be kind")
    promptgit(app, "deploy", "sort", "--percent", "10")
    better = a_week(TALK * 40, quality=0.95, version=blob_id(BETTER), variant="candidate")
    logs = app.path / ".git" / "promptgit" / "logs" / "2026-11-02.jsonl"
    apart = better.replace("call-", "better-").replace("feedback-", "kind-")
    logs.write_text(logs.read_text() + apart)
    head = app.head
    return Proposed(app, head, turn(app, *WEEK, "--output", str(folder / "out")), folder / "out")


def test_a_candidate_that_is_proven_better_has_its_next_step_on_a_branch(proposed: Proposed):
    app = proposed.app

    changed = app.git("diff", "--name-only", "main", BRANCH)
    message = app.git("log", "-1", "--format=%B", BRANCH)

    assert f"proposed: promote \\(on branch {BRANCH}\\)" in proposed.said.out
    assert changed == "prompts/rollout.yaml"
    assert "Rollout-Share: 10% -> 50%" in message
    assert "Proposed by turn" in message


def test_nothing_is_in_use_by_that(proposed: Proposed):
    assert proposed.app.head == proposed.head
    assert "share: 10" in (proposed.app.path / "prompts" / "rollout.yaml").read_text()


def test_it_comes_with_all_that_a_pull_request_takes(proposed: Proposed):
    files = {file.name.partition(".")[2]: file.read_text() for file in proposed.out.iterdir()}

    assert files["branch"] == f"{BRANCH}\n"
    assert files["title"].startswith("promote(sort): ")
    assert "Merged, this branch gives" in files["pull-request.md"]
    assert f"git merge {BRANCH}" in proposed.said.out


def test_what_was_measured_is_a_record_of_the_commit_that_brought_the_text(proposed: Proposed):
    shown = promptgit(proposed.app, "show", "HEAD~1")

    assert "quality_score_delta" in shown.out


@pytest.mark.parametrize("where", ["heads", "remotes/origin"])
def test_the_next_turn_does_not_propose_again_what_waits(
    proposed: Proposed, tmp_path: Path, where: str
):
    app = Repository(Path(shutil.copytree(proposed.app.path, tmp_path / "copy")))
    tip = app.git("rev-parse", BRANCH)
    app.git("branch", "-D", BRANCH)
    app.git("update-ref", f"refs/{where}/{BRANCH}", tip)

    said = turn(app, *WEEK)

    branches = app.git("for-each-ref", "--format=%(refname)", "refs/heads/flywheel", "refs/remotes")
    assert f"branch {BRANCH} still waits for review" in said.out
    assert branches == f"refs/{where}/{BRANCH}"


def test_status_tells_of_rollouts_too(proposed: Proposed):
    said = promptgit(proposed.app, "flywheel", "status")
    (told,) = promptgit(proposed.app, "flywheel", "status", "--json").json["turns"]

    assert "sort in production, 10 % of the units: proposed: promote" in said.out
    assert (len(told["rollouts"]), told["aborted"]) == (1, [])
