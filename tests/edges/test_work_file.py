"""The prompt's file is replaced whole, or not at all, and never through a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from edges.desk import AFTER, BEFORE, PATH, a_desk
from promptgit.edges.git import Git
from promptgit.edges.work_file import read, replace
from promptgit.errors import UserError, WorldError

DRAFT = ".promptgit-test"


def replaced(folder: Path, *, expected: str = BEFORE) -> None:
    git = Git.discover(folder)
    replace(git, PATH, AFTER.encode(), 0o640, expected=expected.encode(), temporary=DRAFT)


def test_the_new_text_has_the_wanted_permissions(tmp_path: Path):
    a_desk(tmp_path)

    replaced(tmp_path)

    assert read(tmp_path / PATH) == (AFTER.encode(), 0o640)


def test_an_edit_in_the_last_moment_is_kept(tmp_path: Path):  # case 53
    a_desk(tmp_path).write({PATH: "an edit of mine\n"})

    with pytest.raises(UserError, match="edited meanwhile"):
        replaced(tmp_path)

    assert (tmp_path / PATH).read_text(encoding="utf-8") == "an edit of mine\n"


def test_a_link_in_the_last_moment_is_not_followed(tmp_path: Path):  # case 63
    a_desk(tmp_path / "here")
    outside = tmp_path / "outside.md"
    outside.write_text(BEFORE, encoding="utf-8")
    (tmp_path / "here" / PATH).unlink()
    (tmp_path / "here" / PATH).symlink_to(outside)

    with pytest.raises(UserError, match="symbolic link"):
        replaced(tmp_path / "here")

    assert outside.read_text(encoding="utf-8") == BEFORE


@pytest.mark.parametrize("expected", [BEFORE, "something else"])
def test_no_draft_is_left_behind(tmp_path: Path, expected: str):
    a_desk(tmp_path)

    if expected == BEFORE:
        replaced(tmp_path)
    else:
        with pytest.raises(UserError):
            replaced(tmp_path, expected=expected)

    assert not (tmp_path / "prompts" / DRAFT).exists()


def test_a_folder_that_takes_nothing_is_the_worlds_fault(tmp_path: Path):  # case 87
    a_desk(tmp_path)
    (tmp_path / "prompts" / DRAFT).touch()

    with pytest.raises(WorldError, match="cannot be written"):
        replaced(tmp_path)

    assert (tmp_path / PATH).read_text(encoding="utf-8") == BEFORE


def test_a_link_is_not_read(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    with pytest.raises(WorldError, match="cannot be read"):
        read(tmp_path / "link")
