"""Git as a program: found once, read without the user's settings, written as the user would."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError
from promptgit.testing.repositories import a_repository


def test_a_repository_is_found_from_any_folder_in_it(tmp_path: Path):
    a_repository(tmp_path, {"sub/dir/a.md": "a\n"})

    git = Git.discover(tmp_path / "sub" / "dir")

    assert (git.cwd, git.prefix, git.bare) == (tmp_path, "sub/dir/", False)
    assert git.git_dir == git.common_dir == tmp_path / ".git"
    assert git.state_dir == tmp_path / ".git" / "promptgit"


def test_a_work_tree_shares_its_state_with_the_others(tmp_path: Path):
    repository = a_repository(tmp_path / "main", {"a.md": "a\n"})
    repository.git("worktree", "add", "--quiet", str(tmp_path / "other"))

    git = Git.discover(tmp_path / "other")

    assert git.git_dir != git.common_dir
    assert git.state_dir == tmp_path / "main" / ".git" / "promptgit"


def test_a_bare_repository_is_found(tmp_path: Path):
    a_repository(tmp_path, bare=True, object_format="sha256")

    git = Git.discover(tmp_path)

    assert (git.bare, git.cwd, git.hex_digits) == (True, tmp_path, 64)


def test_a_shallow_clone_is_seen(tmp_path: Path):
    repository = a_repository(tmp_path / "full", {"a.md": "a\n"})
    repository.commit({"a.md": "b\n"})
    url = f"file://{tmp_path}/full"
    repository.git("clone", "--quiet", "--depth=1", url, str(tmp_path / "shallow"))

    assert Git.discover(tmp_path / "shallow").shallow
    assert not Git.discover(tmp_path / "full").shallow


def test_outside_of_a_repository_the_way_in_is_named(tmp_path: Path):
    with pytest.raises(UserError, match="not in a Git repository") as refused:
        Git.discover(tmp_path)

    assert "git init" in refused.value.hint


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="not a directory"):
        Git.discover(tmp_path / "nowhere")


def test_a_read_says_what_failed(tmp_path: Path):
    a_repository(tmp_path)

    with pytest.raises(GitFailed, match=r"^git cat-file: fatal: ") as failed:
        Git.discover(tmp_path).read("cat-file", "-p", "HEAD")

    assert failed.value.code == 128
    assert failed.value.arguments[0] == "cat-file"


def test_a_stream_that_fails_says_so(tmp_path: Path):
    a_repository(tmp_path)

    with pytest.raises(GitFailed):
        list(Git.discover(tmp_path).stream("log"))


def test_a_stream_may_be_left_early(tmp_path: Path):
    a_repository(tmp_path, {"a.md": "x" * 3_000_000})

    first = next(Git.discover(tmp_path).stream("cat-file", "blob", "HEAD:a.md"))

    assert set(first) == {ord("x")}


def test_records_are_cut_at_their_separator(tmp_path: Path):
    repository = a_repository(tmp_path, {"a.md": "a\n"})
    repository.commit({"a.md": "b\n"}, "second\n")

    found = list(Git.discover(tmp_path).records(b"\0", "log", "-z", "--format=%s"))

    assert found == [b"second", b"first"]


def test_objects_are_read_through_one_process(tmp_path: Path):
    repository = a_repository(tmp_path, {"a.md": "a\n", "b c.md": "\0\n"})

    with Git.discover(tmp_path).objects() as reader:
        found = [reader.read(name) for name in ("HEAD:a.md", "HEAD:none", "HEAD:b c.md", "a\nb")]

    assert found == [
        (repository.blob("a.md"), b"a\n"),
        None,
        (repository.blob("b c.md"), b"\0\n"),
        None,
    ]


HOSTILE_REVISIONS = ["--output=x", "-O", "", "HEAD^{/", ":/", "nothing", "HEAD:a.md", "@{u}", "..."]


@pytest.mark.parametrize("revision", HOSTILE_REVISIONS)
def test_a_revision_is_never_an_option(tmp_path: Path, revision: str):  # case 119
    a_repository(tmp_path, {"a.md": "a\n"})

    with pytest.raises(UserError, match="there is no commit"):
        Git.discover(tmp_path).resolve(revision)

    assert sorted(os.listdir(tmp_path)) == [".git", "a.md"]


def test_a_revision_is_resolved(tmp_path: Path):
    repository = a_repository(tmp_path, {"a.md": "a\n"})
    git = Git.discover(tmp_path)

    assert git.resolve("HEAD") == git.resolve("main") == repository.head
    assert git.resolve("HEAD", "tree") == repository.git("rev-parse", "HEAD:")


@pytest.mark.parametrize("path", ["[a].md", ":x.md", "-x.md", "new\nline.md", "ünicode.md"])
def test_a_blob_is_found_under_any_name(tmp_path: Path, path: str):  # case 77
    repository = a_repository(tmp_path, {path: "hostile\n", "a.md": "a\n"})

    assert Git.discover(tmp_path).blob_at("HEAD", path) == repository.git(
        "hash-object", "--stdin", stdin="hostile\n"
    )


def test_what_is_no_file_has_no_blob(tmp_path: Path):
    a_repository(tmp_path, {"folder/a.md": "a\n"})
    git = Git.discover(tmp_path)

    assert git.blob_at("HEAD", "folder") is None
    assert git.blob_at("HEAD", "none.md") is None


def test_a_read_does_not_see_replaced_objects(tmp_path: Path):
    repository = a_repository(tmp_path, {"a.md": "true\n", "b.md": "false\n"})
    repository.git("replace", repository.blob("a.md"), repository.blob("b.md"))

    assert Git.discover(tmp_path).blob(repository.blob("a.md")) == b"true\n"


def test_a_read_is_blind_to_hostile_settings(tmp_path: Path):  # case 82
    repository = a_repository(tmp_path, {"é.md": "a\n"})
    repository.commit({"é.md": "b\n"}, "é: say b\n\nEval-Score: 1\nEval-Score: 2\n")
    git = Git.discover(tmp_path)

    log = git.text("log", "-1", "--format=%s%n%(trailers:only,unfold)")
    diff = git.text("diff", "--no-ext-diff", "--no-textconv", "HEAD^", "HEAD")

    assert log == "é: say b\nEval-Score: 1\nEval-Score: 2\n"
    assert "--- a/é.md" in diff
    assert "\x1b" not in diff


def test_a_read_runs_no_program_of_the_repository(tmp_path: Path):
    repository = a_repository(tmp_path, {"a.md": "a\n"})
    trap = f"touch {tmp_path}/sprung; false"
    repository.git("config", "core.fsmonitor", trap)
    repository.git("config", "diff.external", trap)

    Git.discover(tmp_path).read("status", "--porcelain")

    assert not (tmp_path / "sprung").exists()


def test_settings_are_the_users(tmp_path: Path):
    a_repository(tmp_path)
    git = Git.discover(tmp_path)

    assert git.setting("user.name") == "Ada Example"
    assert git.setting("trailer.ifexists") == "replace"
    assert git.setting("no.such.setting") == ""
