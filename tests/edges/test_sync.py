"""Evidence between clones: everything that either has, nothing that either loses."""

from __future__ import annotations

from pathlib import Path

import pytest

from edges.desk import AFTER, PATH, a_chain, a_desk, started
from promptgit.core.record import Record
from promptgit.edges.git import Git
from promptgit.edges.records import REF, Records
from promptgit.edges.run_refs import append_run, run_tips
from promptgit.edges.sync import sync
from promptgit.errors import UserError, WorldError
from promptgit.testing.repositories import Repository, a_repository

RUN, OTHER_RUN = "20260102T030405Z-0a1b", "20260103T030405Z-ffff"


def clones(path: Path) -> tuple[Repository, Repository, Repository]:
    """A bare hub, and two clones of it."""
    a_desk(path / "seed").git("clone", "--quiet", "--bare", ".", str(path / "hub"))
    for name in ("left", "right"):
        Repository(path).git("clone", "--quiet", "hub", name)
        clone = Repository(path / name)
        clone.git("config", "user.name", name)
        clone.git("config", "user.email", f"{name}@example.com")
    return Repository(path / "hub"), Repository(path / "left"), Repository(path / "right")


def records(repository: Repository) -> Records:
    return Records(Git.discover(repository.path))


def put(repository: Repository, number: int) -> str:
    return records(repository).put(Record({"schema": 1, "kind": "x", "n": number}), ["b" * 40])


def work(repository: Repository, run: str, text: str = AFTER) -> str:
    git, base = started(repository)
    (commit,) = a_chain(base, text)
    return append_run(git, run, commit, parent=base.commit, when="2026-01-02T03:04:05Z")


def test_records_travel_to_the_other_clone(tmp_path: Path):
    _, left, right = clones(tmp_path)
    digest = put(left, 1)

    sent = sync(Git.discover(left.path), "origin")
    got = sync(Git.discover(right.path), "origin")

    assert (sent.sent, got.received) == (True, 1)
    assert records(right).all_digests() == (digest,)


def test_clones_that_diverged_end_with_the_union(tmp_path: Path):  # case 100
    hub, left, right = clones(tmp_path)
    digests = {put(left, 1), put(right, 2)}

    for repository in (left, right, left):
        sync(Git.discover(repository.path), "origin")

    assert set(records(left).all_digests()) == digests
    assert set(records(right).all_digests()) == digests
    assert hub.git("rev-parse", REF) == left.git("rev-parse", REF)


def test_nothing_leaves_without_push(tmp_path: Path):
    hub, left, _ = clones(tmp_path)
    put(left, 1)

    done = sync(Git.discover(left.path), "origin", push=False)

    assert done.sent is False
    assert hub.git("for-each-ref", "refs/promptgit") == ""


def test_runs_travel_and_those_of_others_are_not_pruned(tmp_path: Path):
    _, left, right = clones(tmp_path)
    work(left, RUN)
    work(right, OTHER_RUN)

    for repository in (left, right, left):
        sync(Git.discover(repository.path), "origin")

    assert set(run_tips(Git.discover(left.path))) == {RUN, OTHER_RUN}
    assert set(run_tips(Git.discover(right.path))) == {RUN, OTHER_RUN}


def test_a_run_that_went_on_here_is_pushed_forward(tmp_path: Path):
    hub, left, _ = clones(tmp_path)
    first = work(left, RUN)
    git = Git.discover(left.path)
    sync(git, "origin")
    _, base = started(left)
    second = a_chain(base, AFTER, "and on\n")[1]
    tip = append_run(git, RUN, second, parent=first, when="2026-01-02T03:04:06Z")

    sync(git, "origin")

    assert hub.git("rev-parse", f"refs/promptgit/runs/{RUN}") == tip


def test_nothing_but_evidence_is_touched(tmp_path: Path):
    hub, left, _ = clones(tmp_path)
    put(left, 1)
    left.commit({PATH: AFTER})
    left.git("tag", "-a", "-m", "one", "v1")
    work(left, RUN, "on top of the tag\n")
    heads = hub.git("for-each-ref", "refs/heads", "refs/tags")
    tracking = left.git("for-each-ref", "refs/remotes")

    sync(Git.discover(left.path), "origin")

    assert hub.git("for-each-ref", "refs/heads", "refs/tags") == heads
    assert left.git("for-each-ref", "refs/remotes") == tracking
    assert left.git("for-each-ref", "refs/promptgit-incoming") == ""


def test_a_remote_that_mirrors_everything_overwrites_no_evidence(tmp_path: Path):
    _, left, right = clones(tmp_path)
    digests = {put(left, 1), put(right, 2)}
    sync(Git.discover(left.path), "origin")
    right.git("config", "--add", "remote.origin.fetch", "+refs/*:refs/*")

    sync(Git.discover(right.path), "origin")

    assert set(records(right).all_digests()) == digests


def test_two_clones_in_step_have_nothing_to_do(tmp_path: Path):
    _, left, _ = clones(tmp_path)
    put(left, 1)
    sync(Git.discover(left.path), "origin")
    tip = left.git("rev-parse", REF)

    done = sync(Git.discover(left.path), "origin")

    assert (done.received, done.sent, done.runs) == (0, True, ())
    assert left.git("rev-parse", REF) == tip


@pytest.mark.parametrize("remote", ["--upload-pack=touch x", "", "ext::touch x"])
def test_a_remote_that_is_an_order_is_refused(tmp_path: Path, remote: str):
    repository = a_repository(tmp_path, {"a": "a"})

    with pytest.raises(UserError, match="is not a remote"):
        sync(Git.discover(repository.path), remote)

    assert not (tmp_path / "x").exists()


def test_a_remote_that_cannot_be_reached_is_the_worlds_fault(tmp_path: Path):
    a_repository(tmp_path / "here", {"a": "a"})

    with pytest.raises(WorldError, match="nowhere"):
        sync(Git.discover(tmp_path / "here"), str(tmp_path / "nowhere"))


def test_a_remote_that_takes_nothing_is_said(tmp_path: Path):
    hub, left, _ = clones(tmp_path)
    put(left, 1)
    hook = hub.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no evidence here >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    with pytest.raises(WorldError, match="rejected"):
        sync(Git.discover(left.path), "origin")
