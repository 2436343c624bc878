"""A commit's files, whatever the work tree looks like."""

import os

import pytest

from promptgit.edges.git import Git
from promptgit.edges.snapshot import Snapshot
from promptgit.errors import UserError
from promptgit.testing.repositories import a_repository


def snapshot(repository, revision="HEAD"):
    git = Git.discover(repository.path)
    return Snapshot(git, git.resolve(revision))


def test_a_commit_is_read_whatever_became_of_the_files(tmp_path):
    repository = a_repository(tmp_path, {"prompts/reply.md": "Be kind.\n"})
    (repository.path / "prompts/reply.md").write_text("Be rude.\n")
    (repository.path / "new.md").write_text("new\n")

    found = snapshot(repository)

    assert found.files() == ["prompts/reply.md"]
    assert found.read("prompts/reply.md") == b"Be kind.\n"
    assert found.read("new.md") is None


def test_text_and_blob_go_together(tmp_path):
    repository = a_repository(tmp_path, {"prompts/reply.md": "Be kind.\n"})

    data, blob = snapshot(repository).as_stored("prompts/reply.md")

    assert data == b"Be kind.\n"
    assert blob == repository.git("rev-parse", "HEAD:prompts/reply.md").strip()


def test_a_symlink_is_no_file(tmp_path):
    repository = a_repository(tmp_path, {"prompts/reply.md": "Be kind.\n"})
    os.symlink("/etc/passwd", repository.path / "prompts/secret.md")
    repository.git("add", ".")
    repository.git("commit", "-q", "-m", "link")

    found = snapshot(repository)

    assert not found.is_file("prompts/secret.md")
    with pytest.raises(UserError, match="not a file"):
        found.as_stored("prompts/secret.md")
