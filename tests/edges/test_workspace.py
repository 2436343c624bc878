"""Every reason not to improve a prompt, found before any money is spent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edges.desk import AFTER, BEFORE, HOSTILE_PATHS, OTHER, PATH, a_desk, locks, started, state
from promptgit.edges.git import Git
from promptgit.edges.workspace import MAX_BYTES, locate
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository, a_repository


def refusal(
    repository: Repository, path: str | Path = PATH, *, branch: str | None = None
) -> UserError:
    """Preflight must refuse, with a hint, and leave everything as it is."""
    before = state(repository)

    with pytest.raises(UserError) as refused:
        started(repository, path, branch=branch)

    assert state(repository) == before
    assert refused.value.hint
    assert "\n" not in refused.value.message
    return refused.value


def test_a_clean_prompt_is_read_as_it_is_committed(tmp_path: Path):
    repository = a_desk(tmp_path)

    _, base = started(repository)

    assert (base.path, base.text, base.mode) == (PATH, BEFORE, "100644")
    assert (base.commit, base.blob) == (repository.head, repository.blob(PATH))
    assert (base.ref, base.attached) == ("refs/heads/main", True)


def test_preflight_leaves_no_trace(tmp_path: Path):
    repository = a_desk(tmp_path)
    before = state(repository)
    git_dir = sorted(str(file) for file in (tmp_path / ".git").rglob("*"))

    started(repository)

    assert state(repository) == before
    assert sorted(str(file) for file in (tmp_path / ".git").rglob("*")) == git_dir


def test_an_unborn_branch_is_refused(tmp_path: Path):  # case 40
    repository = a_repository(tmp_path)
    repository.write({PATH: BEFORE})

    with pytest.raises(UserError, match="no commit yet"):
        started(repository)


def test_a_detached_head_is_refused_unless_a_branch_is_named(tmp_path: Path):  # case 41
    repository = a_desk(tmp_path)
    repository.git("switch", "--quiet", "--detach")

    assert "detached" in refusal(repository).message
    _, base = started(repository, branch="better")
    assert (base.ref, base.attached) == ("refs/heads/better", False)


def conflicting(repository: Repository) -> str:
    """Make a side branch whose tip conflicts with HEAD; return that tip."""
    repository.git("switch", "--quiet", "-c", "side")
    side = repository.commit({OTHER: "theirs\n"})
    repository.git("switch", "--quiet", "main")
    repository.commit({OTHER: "ours\n"})
    return side


def fails(repository: Repository, *arguments: str) -> None:
    with pytest.raises(AssertionError):
        repository.git(*arguments)


@pytest.mark.parametrize("attempt", ["merge", "cherry-pick", "rebase", "revert"])
def test_an_unfinished_operation_is_refused(tmp_path: Path, attempt: str):  # cases 42 to 44
    repository = a_desk(tmp_path)
    side = conflicting(repository)
    if attempt == "revert":
        repository.commit({OTHER: "newer\n"})
        fails(repository, "revert", "--no-edit", "HEAD^")
    elif attempt == "merge":
        fails(repository, "merge", "--no-ff", side)
    else:
        fails(repository, attempt, side)

    refused = refusal(repository)

    assert f"a {attempt} is in progress" in refused.message
    assert f"git {attempt} --abort" in refused.hint


def test_an_unfinished_am_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    side = conflicting(repository)
    patch = repository.git("-c", "diff.noprefix=false", "format-patch", "--stdout", "-1", side)
    with pytest.raises(AssertionError):
        repository.git("am", stdin=patch + "\n")

    assert "an am is in progress" in refusal(repository).message


def test_a_bisect_is_refused(tmp_path: Path):  # case 45
    repository = a_desk(tmp_path)
    repository.git("bisect", "start")

    assert "a bisect is in progress" in refusal(repository).message


def test_a_series_of_picks_between_two_commits_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    side = conflicting(repository)
    repository.git("switch", "--quiet", "side")
    second = repository.commit({"second.txt": "theirs\n"})
    repository.git("switch", "--quiet", "main")
    fails(repository, "cherry-pick", side, second)
    repository.write({OTHER: "both\n"})
    repository.git("add", OTHER)
    repository.git("commit", "--quiet", "-m", "picked")

    assert "in progress" in refusal(repository).message


def test_an_unstaged_change_of_the_prompt_is_refused(tmp_path: Path):  # case 46
    repository = a_desk(tmp_path)
    repository.write({PATH: AFTER})

    refused = refusal(repository)

    assert "not committed" in refused.message
    assert "--branch" in refused.hint


def test_a_staged_change_of_the_prompt_is_refused(tmp_path: Path):  # case 47
    repository = a_desk(tmp_path)
    repository.write({PATH: AFTER})
    repository.git("add", PATH)

    assert "staged" in refusal(repository).message


def test_a_prompt_deleted_from_the_work_tree_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    (tmp_path / PATH).unlink()

    assert "missing" in refusal(repository).message


def test_a_mode_change_alone_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    (tmp_path / PATH).chmod(0o755)

    assert "not committed" in refusal(repository).message


def test_a_dirty_prompt_goes_to_a_branch_of_its_own_as_it_is_committed(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.write({PATH: AFTER})

    _, base = started(repository, branch="better")

    assert base.text == BEFORE


def test_changes_of_other_files_do_not_matter(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.write({OTHER: "two\n", "new.txt": "x\n"})
    repository.git("add", OTHER)

    _, base = started(repository)

    assert base.text == BEFORE


def test_a_lock_of_git_is_refused_and_stays(tmp_path: Path):  # case 49
    repository = a_desk(tmp_path)
    (tmp_path / ".git" / "index.lock").touch()

    assert "index.lock" in refusal(repository).message
    assert locks(repository) == ["index.lock"]


def test_a_branch_checked_out_in_another_work_tree_is_refused(tmp_path: Path):  # case 56
    repository = a_desk(tmp_path / "main")
    repository.git("worktree", "add", "--quiet", "-b", "busy", str(tmp_path / "other"))

    refused = refusal(repository, branch="busy")

    assert "busy is checked out" in refused.message
    assert str(tmp_path / "other") in refused.message


def test_the_branch_that_is_checked_out_here_is_no_branch_of_its_own(tmp_path: Path):
    repository = a_desk(tmp_path)

    assert "main is checked out" in refusal(repository, branch="main").message


def test_a_branch_that_is_being_rebased_elsewhere_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path / "main")
    side = conflicting(repository)
    repository.git("worktree", "add", "--quiet", "-b", "busy", str(tmp_path / "other"))
    with pytest.raises(AssertionError):
        Repository(tmp_path / "other").git("rebase", side)

    assert "busy is checked out" in refusal(repository, branch="busy").message


def test_a_work_tree_has_its_own_branch(tmp_path: Path):  # case 57
    repository = a_desk(tmp_path / "main")
    repository.git("worktree", "add", "--quiet", "-b", "busy", str(tmp_path / "other"))

    git, base = started(Repository(tmp_path / "other"))

    assert (base.ref, base.attached) == ("refs/heads/busy", True)
    assert git.state_dir == (tmp_path / "main" / ".git" / "promptgit")


def test_a_bare_repository_moves_its_branch_without_a_work_tree(tmp_path: Path):  # case 58
    a_desk(tmp_path / "full").git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    bare = Repository(tmp_path / "bare")
    bare.git("config", "user.name", "A")
    bare.git("config", "user.email", "a@example.com")

    _, base = started(bare)

    assert (base.ref, base.attached, base.text) == ("refs/heads/main", False, BEFORE)


def test_a_prompt_in_a_submodule_is_refused(tmp_path: Path):  # case 59
    inner = a_desk(tmp_path / "inner")
    outer = a_desk(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", str(inner.path), "lib")
    outer.git("commit", "--quiet", "-m", "add lib")

    refused = refusal(outer, f"lib/{PATH}")

    assert "submodule lib" in refused.message
    assert "inside lib" in refused.hint


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path):  # case 59
    inner = a_desk(tmp_path / "inner")
    outer = a_desk(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", str(inner.path), "lib")
    inside = Repository(outer.path / "lib")
    inside.git("config", "user.name", "A")
    inside.git("config", "user.email", "a@example.com")

    _, base = started(inside)

    assert base.text == BEFORE


def test_a_path_is_read_from_where_the_user_stands(tmp_path: Path):  # case 60
    a_desk(tmp_path)

    git = Git.discover(tmp_path / "prompts")

    assert locate(git, "reply.md") == PATH
    assert locate(git, "./../prompts/reply.md") == PATH
    assert locate(git, tmp_path / PATH) == PATH


def test_an_absolute_path_may_reach_the_top_through_a_link(tmp_path: Path):
    a_desk(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    git = Git.discover(tmp_path / "link")

    assert locate(git, tmp_path / "link" / PATH) == PATH
    assert locate(git, tmp_path / "real" / PATH) == PATH


@pytest.mark.parametrize("path", ["../outside.md", "..", ".", "prompts/../../outside.md"])
def test_a_path_outside_is_refused(tmp_path: Path, path: str):
    repository = a_desk(tmp_path)

    assert "not a file inside" in refusal(repository, path).message


def test_an_absolute_path_outside_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path / "here")

    assert "not a file inside" in refusal(repository, tmp_path / "elsewhere.md").message


def test_a_tracked_symlink_is_refused(tmp_path: Path):  # case 61
    repository = a_desk(tmp_path)
    (tmp_path / "link.md").symlink_to(PATH)
    repository.git("add", "link.md")
    repository.git("commit", "--quiet", "-m", "link")

    assert "symbolic link" in refusal(repository, "link.md").message
    assert "symbolic link" in refusal(repository, "link.md", branch="better").message


def test_a_prompt_that_became_a_symlink_is_refused(tmp_path: Path):  # case 61
    repository = a_desk(tmp_path)
    outside = tmp_path / "outside.md"
    outside.write_text(BEFORE, encoding="utf-8")
    (tmp_path / PATH).unlink()
    (tmp_path / PATH).symlink_to(outside)

    assert "symbolic link" in refusal(repository).message


def test_a_folder_that_is_a_symlink_to_elsewhere_is_refused(tmp_path: Path):  # case 62
    repository = a_desk(tmp_path / "here")
    (tmp_path / "here" / "prompts").rename(tmp_path / "elsewhere")
    (tmp_path / "here" / "prompts").symlink_to(tmp_path / "elsewhere")

    assert "prompts is a symbolic link" in refusal(repository).message


def test_a_path_through_a_tracked_symlink_is_refused(tmp_path: Path):  # case 62
    repository = a_desk(tmp_path)
    (tmp_path / "link").symlink_to("prompts")
    repository.git("add", "link")
    repository.git("commit", "--quiet", "-m", "link")

    assert "link is a symbolic link" in refusal(repository, "link/reply.md").message


BAD_TEXTS = {  # cases 71 to 74
    "a byte order mark": (b"\xef\xbb\xbfBe kind.\n", "byte order mark (byte offset 0)"),
    "UTF-16": ("Be kind.\n".encode("utf-16"), "UTF-16 (byte offset 0)"),
    "Latin-1": ("Be très kind.\n".encode("latin-1"), "0xe8 at byte offset 5"),
    "NUL": (b"Be kind.\0\n", "NUL at byte offset 8"),
    "an LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "LFS"),
    "too much": (b"x" * (MAX_BYTES + 1), "262,145 bytes"),
}


@pytest.mark.parametrize("what", BAD_TEXTS)
def test_what_is_no_plain_text_is_refused_with_its_place(tmp_path: Path, what: str):
    data, reason = BAD_TEXTS[what]
    repository = a_desk(tmp_path, {PATH: data})

    assert reason in refusal(repository).message
    assert reason in refusal(repository, branch="better").message


def test_the_largest_prompt_is_read(tmp_path: Path):
    repository = a_desk(tmp_path, {PATH: "x" * MAX_BYTES})

    _, base = started(repository)

    assert len(base.text) == MAX_BYTES


def test_the_text_is_the_blob_whatever_the_line_ends_of_the_work_tree(tmp_path: Path):  # case 70
    repository = a_desk(tmp_path)
    repository.git("config", "core.autocrlf", "true")
    (tmp_path / PATH).unlink()
    repository.git("checkout", "--", PATH)
    assert b"\r\n" in (tmp_path / PATH).read_bytes()

    _, base = started(repository)

    assert base.text == BEFORE


def test_an_ignored_prompt_is_refused(tmp_path: Path):  # case 78
    repository = a_desk(tmp_path, {".gitignore": "*.secret\n"})
    repository.write({"my.secret": BEFORE})

    refused = refusal(repository, "my.secret")

    assert "ignored" in refused.message
    assert "--force" in refused.hint


def test_an_untracked_prompt_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.write({"new.md": BEFORE})

    assert "does not track new.md" in refusal(repository, "new.md").message


def test_a_prompt_that_is_only_staged_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.write({"new.md": BEFORE})
    repository.git("add", "new.md")

    assert "in no commit yet" in refusal(repository, "new.md").message


def test_a_misspelt_prompt_is_guessed(tmp_path: Path):
    repository = a_desk(tmp_path)

    assert f"did you mean {PATH}?" in refusal(repository, "prompts/repyl.md").hint


def test_a_folder_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)

    assert "is a folder" in refusal(repository, "prompts").message


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_a_prompt_that_git_was_told_to_overlook_is_refused(tmp_path: Path, flag: str):  # case 79
    repository = a_desk(tmp_path)
    repository.git("update-index", f"--{flag}", PATH)
    repository.write({PATH: AFTER})

    refused = refusal(repository)

    assert flag in refused.message
    assert f"--no-{flag}" in refused.hint


def test_a_repository_of_somebody_else_is_explained(tmp_path: Path):  # case 80
    a_desk(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

        with pytest.raises(UserError, match="belongs to another user") as refused:
            Git.discover(tmp_path)

    assert "safe.directory" in refused.value.hint


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_a_repository_named_by_the_environment_is_refused(tmp_path: Path, name: str):  # case 81
    a_desk(tmp_path / "here")
    other = a_desk(tmp_path / "other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, str(other.path / ".git"))

        with pytest.raises(UserError, match=name):
            Git.discover(tmp_path / "here")


def test_nobody_knows_who_commits(tmp_path: Path):  # case 86
    repository = a_desk(tmp_path)
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")

    refused = refusal(repository)

    assert "who commits" in refused.message
    assert "user.email" in refused.hint


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "x.lock", "", "a/", "@{u}"])
def test_a_branch_name_that_git_would_not_take_is_refused(tmp_path: Path, branch: str):
    repository = a_desk(tmp_path)

    assert "cannot be the name" in refusal(repository, branch=branch).message


@pytest.mark.parametrize(("taken", "asked"), [("a", "a/b"), ("a/b", "a")])
def test_a_branch_name_that_clashes_with_a_folder_of_refs_is_refused(
    tmp_path: Path, taken: str, asked: str
):
    repository = a_desk(tmp_path)
    repository.git("branch", taken)

    assert f"{taken} is in the way" in refusal(repository, branch=asked).message


def test_branches_in_one_folder_are_not_in_each_others_way(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.git("branch", "flywheel/reply-2026-11-21")

    for branch in ("flywheel/reply-2026-11-21-2", "flywheel/other"):
        _, base = started(repository, branch=branch)
        assert base.ref == f"refs/heads/{branch}"


def test_a_branch_that_exists_is_continued_from_its_own_tip(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.git("switch", "--quiet", "-c", "better")
    tip = repository.commit({PATH: AFTER})
    repository.git("switch", "--quiet", "main")

    _, base = started(repository, branch="better")

    assert (base.commit, base.text) == (tip, AFTER)


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_any_file_name_is_found(tmp_path: Path, path: str):
    repository = a_desk(tmp_path, {path: "hostile\n"})

    _, base = started(repository, path)

    assert (base.path, base.text) == (path, "hostile\n")


def test_a_name_that_is_not_unicode_is_found(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.md")
    repository = a_desk(tmp_path, {name: "latin\n"})

    _, base = started(repository, name)

    assert (base.path, base.text) == (name, "latin\n")
