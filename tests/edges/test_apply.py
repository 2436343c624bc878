"""Git must get the same bytes from our diff, or it is no diff of ours."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from promptgit.core.patch import derive
from promptgit.edges.apply import applies_exactly
from promptgit.edges.git import Git
from promptgit.testing.repositories import a_repository

PAIRS = {
    "a line": ("one\ntwo\n", "one\n2\n"),
    "no end of line": ("one", "one\ntwo"),
    "an end of line gone": ("one\n", "one"),
    "carriage returns": ("one\r\ntwo\r\n", "one\r\n2\r\n"),
    "trailing blanks": ("one\n", "one  \t\n  \n"),
    "from nothing": ("", "one\n"),
    "lines that look like a diff": ("-- sql\n++ x\n", "--- a\n+++ b\n@@ -1 +1 @@\n"),
    "other line ends": ("a\u2028b\x0cc\x85\n", "a\u2028B\x0cc\x85\n"),
}


@pytest.mark.parametrize("what", PAIRS)
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_diff_of_ours_applies_exactly(tmp_path: Path, what: str, object_format: str):
    a_repository(tmp_path, object_format=object_format)
    git = Git.discover(tmp_path)

    assert applies_exactly(git, derive("prompts/a.md", *PAIRS[what]))


@pytest.mark.parametrize("path", ["with space.md", "ünicode.md", 'quote".md', "tab\t.md", "-x.md"])
def test_any_file_name_will_do(tmp_path: Path, path: str):
    a_repository(tmp_path)

    assert applies_exactly(Git.discover(tmp_path), derive(path, "one\n", "two\n"))


def test_a_diff_that_gives_other_bytes_does_not(tmp_path: Path):
    a_repository(tmp_path)
    patch = derive("a.md", "one\n", "two\n")

    assert not applies_exactly(Git.discover(tmp_path), dataclasses.replace(patch, after="two \n"))


def test_a_diff_that_git_refuses_does_not(tmp_path: Path):
    a_repository(tmp_path)
    patch = derive("a.md", "one\n", "two\n")

    assert not applies_exactly(Git.discover(tmp_path), dataclasses.replace(patch, before="uno\n"))


@pytest.mark.parametrize("other", ["b.md", "../a.md", ".git/hooks/pre-commit"])
def test_a_diff_of_another_file_does_not(tmp_path: Path, other: str):
    a_repository(tmp_path)
    patch = dataclasses.replace(derive(other, "one\n", "two\n"), path="a.md")

    assert not applies_exactly(Git.discover(tmp_path), patch)


def test_nothing_is_left_behind(tmp_path: Path):
    a_repository(tmp_path, {"a.md": "one\n"})
    before = sorted(str(file) for file in tmp_path.rglob("*"))

    applies_exactly(Git.discover(tmp_path), derive("a.md", "one\n", "two\n"))

    assert sorted(str(file) for file in tmp_path.rglob("*")) == before


def test_a_bare_repository_will_do(tmp_path: Path):
    a_repository(tmp_path, bare=True)

    assert applies_exactly(Git.discover(tmp_path), derive("a.md", "one\n", "two\n"))
