"""Base, head and merge of a run, whatever started it and however little was fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from github.runner import NOTHING, PROMPT, a_pull_request, a_runner, pull_request
from promptgit.edges.git import Git
from promptgit.edges.github_event import Event, in_actions, pull_request_number, read_event
from promptgit.errors import UserError, WorldError
from promptgit.testing.repositories import Repository, a_repository


def event_of(
    repository: Repository, folder: Path, name: str, payload: dict[str, Any], sha: str
) -> Event:
    runner = a_runner(folder, name, payload, sha)
    return read_event(Git.discover(repository.path), runner.variables)


def a_shallow_clone(source: Repository, path: Path, commit: str, *, depth: int) -> Repository:
    """Check out one commit as actions/checkout does."""
    clone = a_repository(path)
    clone.git("remote", "add", "origin", f"file://{source.path}")
    source.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone.git("fetch", "--quiet", "--no-tags", f"--depth={depth}", "origin", commit)
    clone.git("checkout", "--quiet", "--detach", commit)
    return clone


def test_a_pull_request_compares_what_would_land_with_what_main_is_now(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")

    found = event_of(
        made.repository, tmp_path / "run", "pull_request", pull_request(made), made.merge
    )

    assert found == Event("pull_request", made.base, made.head, made.merge, 7)
    assert found.subject == made.merge
    assert found.base != made.old_base, "the event's own base was older than what was merged"


def test_a_checkout_of_depth_two_is_enough(tmp_path: Path):
    made = a_pull_request(tmp_path / "there")
    clone = a_shallow_clone(made.repository, tmp_path / "here", made.merge, depth=2)

    found = event_of(clone, tmp_path / "run", "pull_request", pull_request(made), made.merge)

    assert (found.base, found.head, found.merge) == (made.base, made.head, made.merge)


def test_a_checkout_of_depth_one_is_told_which_commit_to_fetch(tmp_path: Path):
    made = a_pull_request(tmp_path / "there")
    clone = a_shallow_clone(made.repository, tmp_path / "here", made.merge, depth=1)

    with pytest.raises(WorldError) as refused:
        event_of(clone, tmp_path / "run", "pull_request", pull_request(made), made.merge)

    assert refused.value.hint == f"git fetch --depth=1 origin {made.base}"


def test_a_checkout_of_the_head_alone_is_told_to_fetch_the_merge(tmp_path: Path):
    made = a_pull_request(tmp_path / "there")
    clone = a_shallow_clone(made.repository, tmp_path / "here", made.head, depth=1)

    with pytest.raises(WorldError, match="merge of pull request 7") as refused:
        event_of(clone, tmp_path / "run", "pull_request", pull_request(made), made.merge)

    assert refused.value.hint.startswith(f"git fetch --depth=2 origin {made.merge}")


def test_a_commit_that_is_no_merge_is_not_taken_for_one(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")

    with pytest.raises(UserError, match="not GitHub's merge"):
        event_of(made.repository, tmp_path / "run", "pull_request", pull_request(made), made.head)


def test_a_fork_is_told_by_repository_not_by_name(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    gone = pull_request(made, head={"sha": made.head, "repo": None})

    from_fork = event_of(
        made.repository,
        tmp_path / "one",
        "pull_request",
        pull_request(made, fork=True),
        made.merge,
    )
    from_nowhere = event_of(made.repository, tmp_path / "two", "pull_request", gone, made.merge)
    gone["pull_request"]["base"]["repo"] = None
    unsaid = event_of(made.repository, tmp_path / "three", "pull_request", gone, made.merge)

    assert from_fork.fork
    assert unsaid.fork
    assert from_nowhere.fork


def test_a_trusted_run_finds_the_merge_that_was_fetched_as_data(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    payload = pull_request(made, merge_commit_sha=None)

    found = event_of(made.repository, tmp_path / "run", "pull_request_target", payload, made.base)

    assert (found.base, found.head, found.merge) == (made.base, made.head, made.merge)


def test_what_was_pushed_after_the_approval_is_not_judged(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    approved = pull_request(made, merge_commit_sha=None)
    made.repository.git("switch", "--quiet", "topic")
    later = made.repository.commit({PROMPT: "Something nobody has seen.\n"}, "later\n")
    swapped = Repository(made.repository.path)
    made.repository.git("switch", "--quiet", "main")
    made.repository.git("switch", "--quiet", "--detach", made.base)
    made.repository.git("merge", "--quiet", "--no-ff", "--no-edit", later)
    made.repository.git("update-ref", "refs/pull/7/merge", "HEAD")

    with pytest.raises(WorldError, match="has moved on"):
        event_of(swapped, tmp_path / "run", "pull_request_target", approved, made.base)


def test_a_trusted_run_without_the_merge_is_told_to_fetch_it(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    made.repository.git("update-ref", "-d", "refs/pull/7/merge")
    payload = pull_request(made, merge_commit_sha=None)

    with pytest.raises(WorldError) as refused:
        event_of(made.repository, tmp_path / "run", "pull_request_target", payload, made.base)

    assert "git fetch --depth=2 origin refs/pull/7/merge:refs/pull/7/merge" in refused.value.hint


def test_a_merge_group_says_its_own_base_and_head(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    payload = {"merge_group": {"base_sha": made.base, "head_sha": made.merge}}

    found = event_of(made.repository, tmp_path / "run", "merge_group", payload, made.merge)

    assert found == Event("merge_group", made.base, made.merge)


def test_a_push_compares_before_with_after(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    payload = {"before": made.old_base, "after": made.base}

    found = event_of(made.repository, tmp_path / "run", "push", payload, made.base)

    assert found == Event("push", made.old_base, made.base)


def test_a_new_branch_is_compared_with_where_it_left_the_default_branch(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    made.repository.git("update-ref", "refs/remotes/origin/main", made.base)
    payload = {
        "before": NOTHING,
        "after": made.head,
        "repository": {"default_branch": "main"},
    }

    found = event_of(made.repository, tmp_path / "run", "push", payload, made.head)

    assert (found.base, found.head) == (made.old_base, made.head)


def test_a_run_by_hand_is_compared_with_where_it_left_the_default_branch(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")
    made.repository.git("update-ref", "refs/remotes/origin/main", made.base)
    payload = {"repository": {"default_branch": "main"}}

    found = event_of(made.repository, tmp_path / "run", "workflow_dispatch", payload, made.head)

    assert (found.base, found.head) == (made.old_base, made.head)


@pytest.mark.parametrize("branch", ["--output=/tmp/x", "a..b", "$(id)", "x y", "", None, 3])
def test_a_default_branch_that_is_no_plain_name_is_refused(tmp_path: Path, branch: object):
    made = a_pull_request(tmp_path / "here")
    payload = {"before": NOTHING, "after": made.head, "repository": {"default_branch": branch}}

    with pytest.raises(UserError, match="no default branch"):
        event_of(made.repository, tmp_path / "run", "push", payload, made.head)


def test_a_deleted_branch_has_nothing_to_compare(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")

    with pytest.raises(UserError, match="deleted"):
        event_of(
            made.repository,
            tmp_path / "run",
            "push",
            {"before": made.base, "after": NOTHING},
            made.base,
        )


@pytest.mark.parametrize(
    "value", ["main", "--output=x", "HEAD", "1234567", "A" * 40, "$(id)", None, 5, "f" * 41]
)
def test_only_whole_commit_ids_are_taken_from_an_event(tmp_path: Path, value: object):
    made = a_pull_request(tmp_path / "here")
    payload = {"merge_group": {"base_sha": value, "head_sha": made.merge}}

    with pytest.raises(UserError, match="is not a commit id"):
        event_of(made.repository, tmp_path / "run", "merge_group", payload, made.merge)


def test_an_event_that_compares_nothing_says_what_to_do(tmp_path: Path):
    made = a_pull_request(tmp_path / "here")

    with pytest.raises(UserError, match="issues") as refused:
        event_of(made.repository, tmp_path / "run", "issues", {}, made.base)

    assert "promptgit check BASE HEAD" in refused.value.hint


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", "null"])
def test_a_broken_event_file_is_the_users_to_mend(tmp_path: Path, text: str):
    made = a_pull_request(tmp_path / "here")
    runner = a_runner(tmp_path / "run", "push", {}, made.base)
    (tmp_path / "run" / "event.json").write_text(text)

    with pytest.raises(UserError, match="event file"):
        read_event(Git.discover(made.repository.path), runner.variables)


def test_outside_of_actions_there_is_no_event(tmp_path: Path):
    repository = a_repository(tmp_path / "here")

    assert not in_actions({})
    assert in_actions({"GITHUB_ACTIONS": "true"})
    assert pull_request_number({"GITHUB_EVENT_NAME": "push"}) is None
    with pytest.raises(UserError, match="no GitHub Actions run"):
        read_event(Git.discover(repository.path), {})
