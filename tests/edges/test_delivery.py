"""Improvements reach the branch as one commit, one file, one parent each; all of them or none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edges.desk import (
    AFTER,
    BEFORE,
    HOSTILE_PATHS,
    LATER,
    OTHER,
    PATH,
    a_chain,
    a_desk,
    a_hook,
    a_message,
    changed_paths,
    improve,
    locks,
    started,
    state,
)
from promptgit.core import trailers
from promptgit.edges import plumbing
from promptgit.edges.delivery import deliver
from promptgit.edges.git import Git
from promptgit.edges.plumbing import Commit, squashed
from promptgit.errors import PromptgitError, UserError, WorldError
from promptgit.testing.repositories import Repository, a_repository


def refused(repository: Repository, kind: type[PromptgitError] = UserError) -> PromptgitError:
    """The delivery must fail and leave everything as it is."""
    git, base = started(repository)
    before = state(repository)

    with pytest.raises(kind) as stopped:
        deliver(git, base, a_chain(base, AFTER, LATER))

    assert state(repository) == before
    return stopped.value


def test_an_improvement_is_one_commit_of_one_file_with_one_parent(tmp_path: Path):
    repository = a_desk(tmp_path)
    parent = repository.head

    (made,) = improve(repository, AFTER)

    assert repository.git("rev-list", "--parents", "-n1", "main").split() == [made, parent]
    assert changed_paths(repository, made) == [PATH]
    assert (tmp_path / PATH).read_text(encoding="utf-8") == AFTER
    assert repository.status() == ""
    assert locks(repository) == []


def test_the_message_arrives_byte_for_byte(tmp_path: Path):
    repository = a_desk(tmp_path)

    (made,) = improve(repository, AFTER)

    blob = repository.blob(PATH)
    assert repository.message(made) == a_message(blob=blob)


def test_git_and_we_read_the_same_evidence_back(tmp_path: Path):  # case 82
    repository = a_desk(tmp_path)

    (made,) = improve(repository, AFTER)

    message = repository.message(made)
    parsed = plumbing.parse_trailers(Git.discover(tmp_path), message)
    assert parsed == trailers.find(message)
    assert [key for key, _ in parsed].count("Eval-Metric") == 2
    assert repository.git("cat-file", "commit", made).count("encoding") == 0


def test_several_improvements_are_a_chain(tmp_path: Path):
    repository = a_desk(tmp_path)
    first = repository.head

    made = improve(repository, AFTER, LATER, BEFORE)

    listed = repository.git("rev-list", "--reverse", "--first-parent", "main").split()
    assert listed == [first, *made]
    assert repository.git("show", f"{made[0]}:{PATH}") + "\n" == AFTER
    assert (tmp_path / PATH).read_text(encoding="utf-8") == BEFORE


def test_a_chain_may_be_delivered_as_one_commit(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    chain = a_chain(base, AFTER, LATER)

    (made,) = deliver(git, base, [squashed(chain, a_message())])

    assert repository.git("rev-parse", f"{made}^") == base.commit
    assert repository.git("show", f"{made}:{PATH}") + "\n" == LATER


def test_other_work_of_the_user_stays_as_it_is(tmp_path: Path):  # case 48
    repository = a_desk(tmp_path, {"third.txt": "1\n"})
    repository.write({OTHER: "staged\n", "new.txt": "untracked\n", "added.txt": "added\n"})
    repository.git("add", OTHER, "added.txt")
    repository.write({OTHER: "and dirty\n", "third.txt": "dirty\n"})
    status = repository.status()
    others = repository.git("ls-files", "--stage", OTHER, "third.txt", "added.txt")

    (made,) = improve(repository, AFTER)

    assert changed_paths(repository, made) == [PATH]
    assert repository.status() == status
    assert repository.git("ls-files", "--stage", OTHER, "third.txt", "added.txt") == others


def test_the_permission_bits_of_the_file_stay(tmp_path: Path):
    repository = a_desk(tmp_path)
    (tmp_path / PATH).chmod(0o755)
    repository.git("commit", "--quiet", "-am", "executable")

    (made,) = improve(repository, AFTER)

    assert (tmp_path / PATH).stat().st_mode & 0o777 == 0o755
    assert repository.git("ls-tree", made, PATH).startswith("100755")


def test_a_branch_of_its_own_leaves_head_index_and_files_alone(tmp_path: Path):  # case 41
    repository = a_desk(tmp_path)
    repository.git("switch", "--quiet", "--detach")
    repository.write({PATH: "a draft of mine\n", OTHER: "dirty\n"})
    repository.git("add", OTHER)
    before = state(repository)

    made = improve(repository, AFTER, LATER, branch="team/better")

    after = state(repository)
    assert after.pop("refs") != before.pop("refs")
    assert after == before
    assert repository.git("rev-parse", "team/better") == made[-1]
    assert repository.git("show", f"team/better:{PATH}") + "\n" == LATER
    assert changed_paths(repository, made[1]) == [PATH]


def test_a_branch_that_exists_is_continued(tmp_path: Path):
    repository = a_desk(tmp_path)
    (first,) = improve(repository, AFTER, branch="better")

    (second,) = improve(repository, LATER, branch="better")

    assert repository.git("rev-parse", f"{second}^") == first


def test_a_branch_checked_out_during_the_evaluation_is_not_moved(tmp_path: Path):  # case 56
    repository = a_desk(tmp_path)
    git, base = started(repository, branch="better")
    repository.git("switch", "--quiet", "-c", "better")

    with pytest.raises(UserError, match="checked out"):
        deliver(git, base, a_chain(base, AFTER))

    assert repository.status() == ""


def test_another_commit_of_the_same_prompt_makes_the_measure_stale(tmp_path: Path):  # case 52
    repository = a_desk(tmp_path)
    git, base = started(repository)
    repository.commit({PATH: "mine\n"})
    before = state(repository)

    with pytest.raises(UserError, match="stale base"):
        deliver(git, base, a_chain(base, AFTER))

    assert state(repository) == before


@pytest.mark.parametrize("branch", [None, "better"])
def test_another_commit_of_another_file_is_built_upon(
    tmp_path: Path, branch: str | None
):  # case 52
    repository = a_desk(tmp_path)
    if branch:
        repository.git("branch", branch)
    git, base = started(repository, branch=branch)
    repository.git("switch", "--quiet", branch or "main")
    newer = repository.commit({OTHER: "newer\n"})
    if branch:
        repository.git("switch", "--quiet", "main")

    (made,) = deliver(git, base, a_chain(base, AFTER))

    assert repository.git("rev-parse", f"{made}^") == newer
    assert repository.git("show", f"{made}:{OTHER}") == "newer"


def test_an_edit_during_the_evaluation_is_kept(tmp_path: Path):  # case 53
    repository = a_desk(tmp_path)
    git, base = started(repository)
    repository.write({PATH: "an edit of mine\n"})
    before = state(repository)

    with pytest.raises(UserError, match="not committed"):
        deliver(git, base, a_chain(base, AFTER))

    assert state(repository) == before


def test_a_merge_begun_during_the_evaluation_stops_the_delivery(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.git("switch", "--quiet", "-c", "side")
    repository.commit({OTHER: "theirs\n"})
    repository.git("switch", "--quiet", "main")
    git, base = started(repository)
    repository.git("merge", "--quiet", "--no-commit", "--no-ff", "side")

    with pytest.raises(UserError, match="a merge is in progress"):
        deliver(git, base, a_chain(base, AFTER))


def test_a_branch_switched_during_the_evaluation_stops_the_delivery(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    repository.git("switch", "--quiet", "-c", "elsewhere")

    with pytest.raises(UserError, match="no longer checked out"):
        deliver(git, base, a_chain(base, AFTER))


def test_a_symlink_swapped_in_during_the_evaluation_is_not_followed(tmp_path: Path):  # case 63
    repository = a_desk(tmp_path / "here")
    git, base = started(repository)
    outside = tmp_path / "outside.md"
    outside.write_text(BEFORE, encoding="utf-8")
    (repository.path / PATH).unlink()
    (repository.path / PATH).symlink_to(outside)

    with pytest.raises(UserError, match="symbolic link"):
        deliver(git, base, a_chain(base, AFTER))

    assert outside.read_text(encoding="utf-8") == BEFORE
    assert repository.git("rev-parse", "main") == base.commit


def test_a_folder_swapped_for_a_symlink_is_not_followed(tmp_path: Path):  # case 63
    repository = a_desk(tmp_path / "here")
    git, base = started(repository)
    (repository.path / "prompts").rename(tmp_path / "outside")
    (repository.path / "prompts").symlink_to(tmp_path / "outside")

    with pytest.raises(UserError, match="symbolic link"):
        deliver(git, base, a_chain(base, AFTER))

    assert (tmp_path / "outside" / "reply.md").read_text(encoding="utf-8") == BEFORE


def test_the_other_name_of_a_hard_linked_prompt_keeps_the_old_text(tmp_path: Path):  # case 64
    repository = a_desk(tmp_path / "here")
    os.link(repository.path / PATH, tmp_path / "other-name.md")

    improve(repository, AFTER)

    assert (tmp_path / "other-name.md").read_text(encoding="utf-8") == BEFORE
    assert (repository.path / PATH).read_text(encoding="utf-8") == AFTER


def test_a_linked_work_tree_gets_its_own_file_and_branch(tmp_path: Path):  # case 57
    repository = a_desk(tmp_path / "main")
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    there = Repository(tmp_path / "side")
    before = state(repository)

    (made,) = improve(there, AFTER)

    after = state(repository)
    assert there.head == made
    assert there.status() == ""
    assert (after["status"], after["files"]) == (before["status"], before["files"])


def test_a_bare_repository_gets_the_commit_on_its_branch(tmp_path: Path):  # case 58
    a_desk(tmp_path / "full").git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    bare = Repository(tmp_path / "bare")
    bare.git("config", "user.name", "A")
    bare.git("config", "user.email", "a@example.com")

    (made,) = improve(bare, AFTER)

    assert bare.git("rev-parse", "main") == made
    assert bare.git("show", f"main:{PATH}") + "\n" == AFTER


def test_a_submodule_gets_the_commit_and_its_parent_does_not(tmp_path: Path):  # case 59
    inner = a_desk(tmp_path / "inner")
    outer = a_desk(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", str(inner.path), "lib")
    outer.git("commit", "--quiet", "-m", "add lib")
    inside = Repository(outer.path / "lib")
    inside.git("config", "user.name", "A")
    inside.git("config", "user.email", "a@example.com")
    head = outer.head

    (made,) = improve(inside, AFTER)

    assert inside.head == made
    assert outer.head == head


def test_one_may_stand_in_a_folder_below(tmp_path: Path):  # case 60
    repository = a_desk(tmp_path)
    inside = Repository(tmp_path / "prompts")

    (made,) = improve(inside, AFTER, path="reply.md")

    assert changed_paths(repository, made) == [PATH]
    assert repository.status() == ""


@pytest.mark.parametrize("branch", [None, "better"])
def test_a_repository_with_sha256_ids_works(tmp_path: Path, branch: str | None):  # case 68
    repository = a_desk(tmp_path, object_format="sha256")

    made = improve(repository, AFTER, LATER, branch=branch)

    assert len(made[-1]) == 64
    assert repository.git("show", f"{made[-1]}:{PATH}") + "\n" == LATER
    assert repository.status() == ""


def has_reftable() -> bool:
    found = subprocess.run(["git", "version"], capture_output=True, text=True, check=True)
    major, minor = found.stdout.split()[2].split(".")[:2]
    return (int(major), int(minor)) >= (2, 45)


@pytest.mark.skipif(not has_reftable(), reason="this git is older than reftable (2.45)")
@pytest.mark.parametrize("branch", [None, "better"])
def test_a_repository_with_reftable_works(tmp_path: Path, branch: str | None):  # case 69
    repository = a_repository(tmp_path, {PATH: BEFORE})
    repository.git("refs", "migrate", "--ref-format=reftable")

    made = improve(repository, AFTER, LATER, branch=branch)

    assert repository.git("show", f"{made[-1]}:{PATH}") + "\n" == LATER


def test_the_work_tree_has_the_line_ends_of_a_checkout_and_the_blob_has_ours(
    tmp_path: Path,
):  # case 70
    repository = a_desk(tmp_path)
    repository.git("config", "core.autocrlf", "true")
    (tmp_path / PATH).unlink()
    repository.git("checkout", "--", PATH)

    (made,) = improve(repository, AFTER)

    assert (tmp_path / PATH).read_bytes() == AFTER.replace("\n", "\r\n").encode()
    assert repository.git("cat-file", "-p", f"{made}:{PATH}") + "\n" == AFTER
    assert repository.status() == ""


def test_a_prompt_with_carriage_returns_of_its_own_keeps_them(tmp_path: Path):
    repository = a_desk(tmp_path, {PATH: "Be kind.\r\n"})

    (made,) = improve(repository, "Be kind.\r\nBe brief.\r\n")

    assert (tmp_path / PATH).read_bytes() == b"Be kind.\r\nBe brief.\r\n"
    assert repository.git("cat-file", "-s", f"{made}:{PATH}") == "21"


def test_a_smudge_filter_writes_the_work_tree_file(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.git("config", "filter.shout.smudge", "tr a-z A-Z")
    repository.git("config", "filter.shout.clean", "tr A-Z a-z")
    repository.commit({".gitattributes": "quiet.md filter=shout\n", "quiet.md": "hello\n"})

    (made,) = improve(repository, "hello there\n", path="quiet.md")

    assert (tmp_path / "quiet.md").read_bytes() == b"HELLO THERE\n"
    assert repository.git("show", f"{made}:quiet.md") == "hello there"
    assert repository.status() == ""


def test_a_filter_that_does_not_give_the_measured_text_back_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    repository.git("config", "filter.shout.clean", "tr A-Z a-z")
    repository.commit({".gitattributes": "quiet.md filter=shout\n", "quiet.md": "hello\n"})
    git, base = started(repository, "quiet.md")
    before = state(repository)

    with pytest.raises(UserError, match="another text"):
        deliver(git, base, a_chain(base, "Hello There\n"))

    assert state(repository) == before


@pytest.mark.parametrize("branch", [None, "better"])
@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_any_file_name_is_the_only_one_touched(tmp_path: Path, path: str, branch: str | None):
    repository = a_desk(tmp_path, {path: "hostile\n", "a.md": "a\n", "x.md": "x\n"})

    (made,) = improve(repository, "tamed\n", path=path, branch=branch)

    assert changed_paths(repository, made) == [path]
    assert repository.status() == ""


def test_a_hook_that_fails_leaves_everything_as_it_was(tmp_path: Path):  # case 84
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", "echo 'the prompt is too long' >&2; exit 1")

    error = refused(repository)

    assert "the prompt is too long" in error.message
    assert (tmp_path / PATH).read_text(encoding="utf-8") == BEFORE


def test_a_hook_that_fails_on_the_second_commit_takes_the_first_back(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", f"! git show :{PATH} | grep -q 'Name the order'")

    refused(repository)


def test_a_hook_that_rewrites_the_prompt_makes_its_score_a_lie(tmp_path: Path):  # case 84
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", f"echo formatted >> {PATH}; git add {PATH}")

    error = refused(repository)

    assert "rewrote" in error.message


def test_a_hook_that_rewrites_the_file_after_the_commit_is_noticed(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "post-commit", f"echo formatted >> {PATH}")

    error = refused(repository)

    assert "rewrote" in error.message


def test_a_prompt_that_a_hook_deletes_comes_back(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "post-commit", f"rm {PATH}")

    refused(repository, WorldError)


def test_what_a_hook_wrote_over_the_prompt_is_kept_as_a_copy(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "post-commit", f"echo formatted >> {PATH}")

    refused(repository)

    (copy,) = (tmp_path / ".git" / "promptgit" / "rescued").iterdir()
    assert copy.read_text(encoding="utf-8") == f"{AFTER}formatted\n"


def test_a_hook_that_changes_the_mode_of_the_prompt_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", f"chmod +x {PATH}; git add {PATH}")

    error = refused(repository)

    assert "rewrote" in error.message
    assert not os.access(tmp_path / PATH, os.X_OK)


def test_a_hook_that_adds_another_file_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", f"echo more >> {OTHER}; git add {OTHER}; git checkout {OTHER}")
    git, base = started(repository)

    with pytest.raises(UserError, match="alone"):
        deliver(git, base, a_chain(base, AFTER))

    assert repository.head == base.commit
    assert (tmp_path / PATH).read_text(encoding="utf-8") == BEFORE
    assert locks(repository) == []


@pytest.mark.parametrize("branch", [None, "better"])
def test_a_hook_that_strips_the_evidence_is_refused(tmp_path: Path, branch: str | None):
    repository = a_desk(tmp_path)
    a_hook(repository, "commit-msg", 'echo "short" > "$1"')
    git, base = started(repository, branch=branch)
    before = state(repository)

    with pytest.raises(UserError, match="rewrote the evidence"):
        deliver(git, base, a_chain(base, AFTER))

    assert state(repository)["refs"] == before["refs"]
    assert state(repository)["files"] == before["files"]


@pytest.mark.parametrize("branch", [None, "better"])
def test_a_hook_may_add_a_trailer(tmp_path: Path, branch: str | None):
    repository = a_desk(tmp_path)
    a_hook(repository, "commit-msg", 'echo "Change-Id: I123" >> "$1"')

    (made,) = improve(repository, AFTER, branch=branch)

    assert trailers.value(trailers.find(repository.message(made)), "Change-Id") == "I123"


COMMITLINT = 'head -1 "$1" | grep -qE "^(feat|fix|chore)(\\([^)]*\\))?: " || { echo type; exit 1; }'


@pytest.mark.parametrize("branch", [None, "better"])
def test_a_commit_msg_hook_is_heard_in_both_ways(tmp_path: Path, branch: str | None):  # case 85
    repository = a_desk(tmp_path)
    a_hook(repository, "commit-msg", COMMITLINT)

    with pytest.raises(UserError, match="type"):
        improve(repository, AFTER, branch=branch)
    made = improve(repository, AFTER, branch=branch, kind="feat")

    assert repository.message(made[0]).startswith("feat(reply): ")


def test_a_hook_may_use_patterns_of_paths(tmp_path: Path):
    repository = a_desk(tmp_path)
    a_hook(repository, "pre-commit", "git diff --cached --name-only -- '*.md' | grep -q reply")

    improve(repository, AFTER)

    assert repository.git("show", f"HEAD:{PATH}") + "\n" == AFTER


def test_hooks_are_found_where_the_settings_say(tmp_path: Path):  # case 82
    repository = a_desk(tmp_path / "here")
    folder = tmp_path / "shared-hooks"
    folder.mkdir()
    (folder / "commit-msg").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (folder / "commit-msg").chmod(0o755)
    repository.git("config", "core.hooksPath", str(folder))

    with pytest.raises(UserError, match="hook refused"):
        improve(repository, AFTER)
    with pytest.raises(UserError, match="hook refused"):
        improve(repository, AFTER, branch="better")


def a_signing_key(repository: Repository, folder: Path) -> None:
    key = folder / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key)], check=True
    )
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    allowed = folder / "allowed"
    allowed.write_text(f"ada@example.com {public}", encoding="utf-8")
    repository.git("config", "gpg.format", "ssh")
    repository.git("config", "user.signingKey", str(key.with_suffix(".pub")))
    repository.git("config", "gpg.ssh.allowedSignersFile", str(allowed))
    repository.git("config", "commit.gpgSign", "true")


needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no ssh-keygen here")


@needs_ssh_keygen
@pytest.mark.parametrize("branch", [None, "better"])
def test_commits_are_signed_in_both_ways(tmp_path: Path, branch: str | None):  # case 83
    repository = a_desk(tmp_path / "here")
    a_signing_key(repository, tmp_path)

    made = improve(repository, AFTER, LATER, branch=branch)

    signatures = repository.git(
        *("-c", "log.showSignature=false", "show", "--no-patch", "--format=%G?"), *made
    )
    assert signatures.split() == ["G", "G"]


@needs_ssh_keygen
@pytest.mark.parametrize("branch", [None, "better"])
def test_a_missing_signing_key_leaves_everything_as_it_was(
    tmp_path: Path, branch: str | None
):  # case 83
    repository = a_desk(tmp_path / "here")
    a_signing_key(repository, tmp_path)
    (tmp_path / "key").unlink()
    (tmp_path / "key.pub").unlink()
    git, base = started(repository, branch=branch)
    before = state(repository)

    with pytest.raises(WorldError):
        deliver(git, base, a_chain(base, AFTER))

    assert state(repository) == before


def test_an_object_store_that_takes_nothing_leaves_no_half_state(tmp_path: Path):  # case 87
    repository = a_desk(tmp_path)
    git, base = started(repository)
    before = state(repository)
    objects = tmp_path / ".git" / "objects"
    chain = a_chain(base, AFTER)
    folder = objects / plumbing.blob_of(git, AFTER)[:2]
    folder.write_text("a file where Git needs a folder", encoding="utf-8")

    with pytest.raises(PromptgitError):
        deliver(git, base, chain)

    folder.unlink()
    assert state(repository) == before


def test_a_state_folder_that_cannot_be_made_is_an_error_before_anything_changes(
    tmp_path: Path,
):  # case 87
    repository = a_desk(tmp_path)
    git, base = started(repository)
    before = state(repository)
    (tmp_path / ".git" / "promptgit").write_text("in the way", encoding="utf-8")

    with pytest.raises(WorldError, match="cannot be made"):
        deliver(git, base, a_chain(base, AFTER))

    assert state(repository) == before


def test_a_message_whose_evidence_git_cannot_read_is_never_committed(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    message = "improve: x\n\nPrompt-Path: a\nnot a trailer\nPromptgit-Schema: 1\n\nfooter: no \n"

    commits = [Commit(base.path, base.blob, AFTER, message + "x = y\n: z\n")]

    deliver(git, base, commits)  # no evidence at all is no lie
    assert repository.head != base.commit


def test_a_chain_with_a_gap_is_refused(tmp_path: Path):
    repository = a_desk(tmp_path)
    git, base = started(repository)
    first, _, third = a_chain(base, AFTER, LATER, BEFORE)

    with pytest.raises(UserError, match="do not follow"):
        deliver(git, base, [first, third])

    assert repository.head == base.commit


IMPROVE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from edges.desk import improve
from promptgit.testing.repositories import Repository
improve(Repository(Path(sys.argv[1])), "measured\\n", path=sys.argv[2])
"""


def test_two_prompts_delivered_at_once_both_arrive(tmp_path: Path):  # case 54
    names = [f"prompts/{number}.md" for number in range(4)]
    repository = a_desk(tmp_path, dict.fromkeys(names, "old\n"))
    tests = str(Path(__file__).parent.parent)

    processes = [
        subprocess.Popen([sys.executable, "-c", IMPROVE, str(tmp_path), name, tests])
        for name in names
    ]

    assert [process.wait() for process in processes] == [0] * len(names)
    assert [repository.git("show", f"HEAD:{name}") for name in names] == ["measured"] * len(names)
    assert repository.git("rev-list", "--count", "HEAD") == str(1 + len(names))
    assert repository.status() == ""


@pytest.mark.parametrize("branch", [None, "better"])
def test_hooks_that_are_switched_off_stay_off(tmp_path: Path, branch: str | None):
    repository = a_desk(tmp_path)
    repository.git("config", "core.hooksPath", os.devnull)

    (made,) = improve(repository, AFTER, branch=branch)

    assert changed_paths(repository, made) == [PATH]
