"""What of the disk is a file of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.started import programs_started
from promptgit.edges.git import Git
from promptgit.edges.work_tree import WorkTree
from promptgit.testing.repositories import a_repository


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    (tmp_path / "secret.csv").write_text("comment,response\nkey,sk-1\n")
    a_repository(tmp_path / "r", {"prompts/a.md": "Be kind.\n"})
    return WorkTree(Git.discover(tmp_path / "r"))


def test_a_link_that_leaves_the_repository_is_no_file_of_it(tree: WorkTree, tmp_path: Path):
    (tree.git.cwd / "prompts/a.csv").symlink_to(tmp_path / "secret.csv")

    assert not tree.is_file("prompts/a.csv")
    assert tree.read("prompts/a.csv") is None


def test_a_folder_that_links_out_of_the_repository_holds_no_file_of_it(
    tree: WorkTree, tmp_path: Path
):
    (tree.git.cwd / "data").symlink_to(tmp_path)

    assert not tree.is_file("data/secret.csv")


def test_a_link_within_the_repository_is_followed(tree: WorkTree):
    (tree.git.cwd / "prompts/b.md").symlink_to("a.md")

    assert tree.read("prompts/b.md") == b"Be kind.\n"


def test_an_absolute_path_is_no_path_of_the_repository(tree: WorkTree, tmp_path: Path):
    outside = (tmp_path / "secret.csv").as_posix()

    assert not tree.is_file(outside)
    assert tree.read(outside) is None


@pytest.mark.parametrize("path", [".git/config", ".GIT/config", "prompts/../.git/config"])
def test_what_git_keeps_for_itself_is_no_file_of_the_repository(tree: WorkTree, path: str):
    assert not tree.is_file(path)


def test_git_says_which_files_are_ignored_and_a_tracked_one_never_is(tree: WorkTree):
    (tree.git.cwd / ".gitignore").write_text("*.md\n.env\n")
    (tree.git.cwd / ".env").write_text("KEY=sk-1\n")
    (tree.git.cwd / "new.txt").write_text("Be brief.\n")
    (tree.git.cwd / "link.txt").symlink_to(".env")
    (tree.git.cwd / "own.md").symlink_to("new.txt")
    (tree.git.cwd / "here").symlink_to(".")

    names = (".env", "link.txt", "own.md", "here/.env", "new.txt", "prompts/a.md", "here/new.txt")
    ignored = [name for name in names if tree.is_ignored(name)]

    assert ignored == [".env", "link.txt", "own.md", "here/.env"]


def test_many_files_are_read_at_once_as_each_would_be_alone(tmp_path: Path):
    files = {f"prompts/{name}.md": f"Be {name}.\r\n" for name in ("a", "b", '"c')}
    repository = a_repository(tmp_path / "many", {**files, ".gitattributes": "*.md text eol=lf\n"})
    (repository.path / "prompts/b.md").write_bytes(b"Be bold.\r\n")
    (repository.path / "prompts/new.md").write_bytes(b"Be new.\r\n")
    paths = [*files, "prompts/new.md"]
    git = Git.discover(repository.path)
    alone, together = WorkTree(git), WorkTree(git)

    together.gather([*paths, "prompts/gone.md"])
    with programs_started() as started:
        found = [together.as_stored(path) for path in paths if '"' not in path]

    assert started == []
    assert found == [alone.as_stored(path) for path in paths if '"' not in path]
    assert together.as_stored('prompts/"c.md') == alone.as_stored('prompts/"c.md')
    assert found[-1][0] == b"Be new.\n"
