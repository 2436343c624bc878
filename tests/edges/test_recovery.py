"""A delivery that is killed at any point: restored or finished by the next start, nothing lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edges.desk import AFTER, BEFORE, LATER, PATH, a_desk, a_hook, improve, locks, state
from promptgit.edges.delivery import recover
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository

DELIVER = f"""
import signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from edges.desk import AFTER, LATER, improve
from promptgit.testing.repositories import Repository
def interrupt(*_): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, interrupt)
improve(Repository(Path(sys.argv[1])), *(AFTER, LATER)[:int(sys.argv[2])])
"""

# Stands in front of git on PATH and counts; at its turn it kills who called it.
COUNTING_GIT = """#!/bin/sh
echo >> "$COUNTED"
if [ "$(wc -l < "$COUNTED")" -eq "$KILL_AT" ]; then kill -9 $PPID; exit 1; fi
exec "{git}" "$@"
"""

PATIENCE_S = 60.0

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals like these")


def delivery(repository: Repository, chain: int = 2, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", DELIVER, str(repository.path), str(chain)],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def killed_at(repository: Repository, folder: Path, call: int) -> bool:
    """Deliver two commits, and be killed with `kill -9` at that call of git; False: too late."""
    wrapper = folder / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(COUNTING_GIT.format(git=shutil.which("git")), encoding="utf-8")
    wrapper.chmod(0o755)
    path = f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"
    counted = str(folder / "counted")
    process = delivery(repository, PATH=path, COUNTED=counted, KILL_AT=str(call))
    process.communicate()
    return process.returncode == -signal.SIGKILL


def assert_all_or_nothing(repository: Repository, base: str) -> None:
    whole = {BEFORE: [], AFTER: None, LATER: [AFTER, LATER]}
    text = (repository.path / PATH).read_text(encoding="utf-8")
    made = repository.git("rev-list", "--reverse", f"{base}..main").split()
    assert [repository.git("show", f"{commit}:{PATH}") + "\n" for commit in made] == whole[text]
    assert repository.status() == ""
    assert [lock for lock in locks(repository) if "promptgit/locks" not in lock] == []


@posix
@pytest.mark.parametrize("call", [1, 20, 28, 30, 32, 34, 36, 38, 41, 44, 47, 50])
def test_a_kill_at_any_call_of_git_leaves_all_or_nothing(tmp_path: Path, call: int):  # case 50
    repository = a_desk(tmp_path / "here")
    base = repository.head

    assert killed_at(repository, tmp_path, call)
    recover(Git.discover(repository.path))

    assert_all_or_nothing(repository, base)
    improve(repository, "and on it goes\n")
    assert locks(repository) == []  # the lock of the dead was broken


def a_kill_in_a_hook(repository: Repository, *, git_too: bool, chain: int = 1) -> None:
    """
    Let a hook kill promptgit, and git with it if asked; wait for what is left.

    The hook is commit-msg: at pre-commit git may not have been handed the message yet, and
    without one there is no commit.
    """
    done = repository.path / ".git" / "done"
    a_hook(repository, "post-commit", f"touch {done}")
    git_dies = f"kill -9 $PPID; touch {done}" if git_too else ":"
    a_hook(repository, "commit-msg", f"kill -9 $(ps -o ppid= -p $PPID); {git_dies}")
    process = delivery(repository, chain)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_for(done)
    for hook in ("commit-msg", "post-commit"):
        (repository.path / ".git" / "hooks" / hook).unlink()


def wait_for(place: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not place.exists():
        assert time.monotonic() < deadline, f"{place} did not come"
        time.sleep(0.01)


needs_ps = pytest.mark.skipif(not shutil.which("ps"), reason="no ps here")


@posix
@needs_ps
def test_a_git_that_was_killed_leaves_its_lock_to_a_person(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    base = repository.head
    a_kill_in_a_hook(repository, git_too=True)

    with pytest.raises(UserError, match=r"index\.lock is left behind"):
        recover(Git.discover(tmp_path))
    (tmp_path / ".git" / "index.lock").unlink()
    (said,) = recover(Git.discover(tmp_path))
    for file in (tmp_path / ".git").glob("next-index-*.lock"):
        file.unlink()

    assert "as it was before" in said
    assert_all_or_nothing(repository, base)


@posix
@needs_ps
def test_a_commit_that_git_finished_alone_is_completed(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    a_kill_in_a_hook(repository, git_too=False)

    (said,) = recover(Git.discover(tmp_path))

    assert "complete" in said
    assert repository.git("show", f"HEAD:{PATH}") + "\n" == AFTER
    assert repository.status() == ""


@posix
@needs_ps
def test_a_chain_of_which_only_the_first_is_there_is_taken_back(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    base = repository.head
    a_kill_in_a_hook(repository, git_too=False, chain=2)
    assert repository.head != base

    (said,) = recover(Git.discover(tmp_path))

    assert "as it was before" in said
    assert repository.head == base
    assert_all_or_nothing(repository, base)


@posix
@needs_ps
def test_an_edit_made_after_the_kill_is_kept(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    base = repository.head
    a_kill_in_a_hook(repository, git_too=True)
    (tmp_path / ".git" / "index.lock").unlink()
    repository.write({PATH: "an edit of mine\n"})

    (said,) = recover(Git.discover(tmp_path))

    assert "an edit of yours" in said
    assert (tmp_path / PATH).read_text(encoding="utf-8") == "an edit of mine\n"
    assert repository.head == base


@posix
@needs_ps
def test_a_prompt_deleted_after_the_kill_stays_deleted(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    a_kill_in_a_hook(repository, git_too=True)
    (tmp_path / ".git" / "index.lock").unlink()
    (tmp_path / PATH).unlink()

    (said,) = recover(Git.discover(tmp_path))

    assert "an edit of yours" in said
    assert not (tmp_path / PATH).exists()
    assert recover(Git.discover(tmp_path)) == ()


@posix
@needs_ps
def test_commits_that_came_on_top_after_the_kill_are_kept(tmp_path: Path):  # case 50
    repository = a_desk(tmp_path)
    a_kill_in_a_hook(repository, git_too=False, chain=2)
    newer = repository.commit({"other.txt": "mine\n"})
    later = repository.commit({"other.txt": "mine too\n"})

    (said,) = recover(Git.discover(tmp_path))

    assert "stays as it is" in said
    assert repository.head == later
    assert repository.git("rev-parse", f"{later}^") == newer
    assert recover(Git.discover(tmp_path)) == ()


def test_nothing_to_recover_is_nothing_said(tmp_path: Path):
    a_desk(tmp_path)

    assert recover(Git.discover(tmp_path)) == ()


def test_a_plan_of_another_version_is_left_to_a_person(tmp_path: Path):
    a_desk(tmp_path)
    folder = tmp_path / ".git" / "promptgit" / "deliveries"
    folder.mkdir(parents=True)
    (folder / "x.json").write_text('{"version": 99}', encoding="utf-8")

    with pytest.raises(UserError, match="not a delivery that this version knows"):
        recover(Git.discover(tmp_path))


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("whom", ["everyone", "promptgit alone"])
def test_an_interruption_leaves_everything_as_it_was(
    tmp_path: Path, name: str, whom: str
):  # case 51
    repository = a_desk(tmp_path / "here")
    before = state(repository)
    ready = tmp_path / "ready"
    script = f"touch {ready}; exec sleep 60"
    a_hook(
        repository, "pre-commit", f"git show :{PATH} | grep -q 'Name the order' || exit 0; {script}"
    )
    process = delivery(repository)
    wait_for(ready)

    if whom == "everyone":
        os.killpg(process.pid, getattr(signal, name))
    else:
        process.send_signal(getattr(signal, name))
    process.communicate()

    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the hook, if nobody told it

    assert process.returncode in (1, 130, -signal.SIGINT)
    assert state(repository) == before
