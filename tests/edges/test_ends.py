"""What is compared with what."""

import pytest

from promptgit.edges.ends import default_branch, ends
from promptgit.edges.git import Git
from promptgit.edges.snapshot import Snapshot
from promptgit.errors import UserError, WorldError
from promptgit.testing.repositories import a_repository

KIND = {"prompts/reply.md": "Be kind.\n"}


@pytest.fixture
def forked(tmp_path):
    """A branch `work` one commit ahead of where it left main, and main one commit further."""
    repository = a_repository(tmp_path / "one", KIND)
    repository.git("switch", "-q", "-c", "work")
    repository.commit({"prompts/reply.md": "Be brief.\n"}, "shorter")
    repository.git("switch", "-q", "main")
    repository.commit({"other.txt": "x\n"}, "other")
    repository.git("switch", "-q", "work")
    return repository


def resolved(repository, base=None, head=None, **more):
    return ends(Git.discover(repository.path), base, head, **more)


def commit(repository, revision):
    return repository.git("rev-parse", revision).strip()


def test_without_a_word_it_is_where_head_left_the_default_branch(forked):
    found = resolved(forked)

    assert found.base == commit(forked, "main~1")
    assert found.head == found.tree == commit(forked, "work")


def test_a_base_that_was_typed_is_taken_as_it_is(forked):
    assert resolved(forked, "main").base == commit(forked, "main")


@pytest.mark.parametrize(
    ("typed", "base"), [("main..work", "main"), ("main...work", "main~1"), ("..work", "work")]
)
def test_a_range_names_both_ends(forked, typed, base):
    found = resolved(forked, typed)

    assert (found.base, found.head) == (commit(forked, base), commit(forked, "work"))


def test_on_the_default_branch_it_is_the_parent_and_said_so(forked):
    forked.git("switch", "-q", "main")

    found = resolved(forked)

    assert found.base == commit(forked, "main~1")
    assert "compared with its parent" in found.notices[0]


def test_the_first_commit_has_nothing_to_be_compared_with(tmp_path):
    with pytest.raises(UserError, match="no parent"):
        resolved(a_repository(tmp_path, KIND))


def test_the_work_tree_is_taken_with_what_is_new_in_it_and_stays_as_it_is(forked):
    (forked.path / "prompts/reply.md").write_text("Be loud.\n")
    (forked.path / "prompts/new.md").write_text("Be new.\n")
    (forked.path / ".gitignore").write_text("*.log\n")
    (forked.path / "x.log").write_text("ignored\n")
    index = (forked.path / ".git/index").read_bytes()
    before = forked.status()

    found = resolved(forked, work_tree=True)

    files = Snapshot(Git.discover(forked.path), found.tree)
    assert files.read("prompts/reply.md") == b"Be loud.\n"
    assert files.read("prompts/new.md") == b"Be new.\n"
    assert not files.is_file("x.log")
    assert (found.head, forked.status()) == ("", before)
    assert (forked.path / ".git/index").read_bytes() == index


def test_a_conflict_in_the_work_tree_is_refused(forked):
    forked.git("switch", "-q", "main")
    forked.commit({"prompts/reply.md": "Be quick.\n"}, "quicker")
    with pytest.raises(AssertionError):
        forked.git("merge", "--no-ff", "work")

    with pytest.raises(UserError, match="conflict"):
        resolved(forked, "main", work_tree=True)


def test_a_shallow_clone_is_told_what_to_fetch(forked, tmp_path):
    clone = tmp_path / "shallow"
    forked.git("switch", "-q", "main")
    depth = ("--depth=1", "--no-single-branch", "--branch=work")
    forked.git("clone", "-q", *depth, f"file://{forked.path}", str(clone))

    with pytest.raises(WorldError) as caught:
        ends(Git.discover(clone), None, None)

    assert "git fetch --depth=1" in caught.value.hint


def test_a_branch_that_is_spelt_wrong_or_only_at_the_remote_is_named(forked, tmp_path):
    clone = tmp_path / "clone"
    forked.git("clone", "-q", "--branch=main", f"file://{forked.path}", str(clone))

    with pytest.raises(UserError) as misspelt:
        ends(Git.discover(clone), "mian", None)
    with pytest.raises(UserError) as remote:
        ends(Git.discover(clone), "work", None)

    assert misspelt.value.hint == "did you mean 'main'?"
    assert remote.value.hint == "did you mean 'origin/work'?"


def test_an_option_in_place_of_a_revision_is_no_option(forked, tmp_path):
    with pytest.raises(UserError, match="no commit called"):
        resolved(forked, f"--output={tmp_path / 'x'}")

    assert not (tmp_path / "x").exists()


def test_the_default_branch_is_what_the_remote_calls_so(forked, tmp_path):
    forked.git("switch", "-q", "-c", "trunk-of-ours", "main")
    forked.git("clone", "-q", str(forked.path), str(tmp_path / "clone"))

    assert default_branch(Git.discover(tmp_path / "clone")) == "refs/remotes/origin/trunk-of-ours"
