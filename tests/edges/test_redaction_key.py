"""One key for all who write into a folder of logs."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptgit.edges.redaction_key import VARIABLE, redaction_key
from promptgit.errors import UserError, WorldError


def test_threads_that_ask_at_once_get_the_same_key_and_nobody_else_may_read_it(tmp_path: Path):
    state = tmp_path / "state"

    with ThreadPoolExecutor(8) as crew:
        keys = set(crew.map(redaction_key, [state] * 32))

    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert sorted(path.name for path in state.iterdir()) == ["locks", "redaction.key"]
    assert (state / "redaction.key").stat().st_mode & 0o077 == 0


def test_processes_that_ask_at_once_get_the_same_key(tmp_path: Path):
    code = (
        "import sys, pathlib; from promptgit.edges.redaction_key import redaction_key; "
        "print(redaction_key(pathlib.Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "state")]

    children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    said = {child.communicate()[0] for child in children}

    assert len(said) == 1


def test_folders_have_keys_of_their_own(tmp_path: Path):
    assert redaction_key(tmp_path / "a") != redaction_key(tmp_path / "b")


def test_machines_can_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "0123456789abcdef")

    assert redaction_key(tmp_path) == b"0123456789abcdef"
    assert not list(tmp_path.iterdir())


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "short")

    with pytest.raises(UserError, match="5 characters"):
        redaction_key(tmp_path)


def test_a_damaged_key_is_not_replaced_for_old_pseudonyms_would_join_no_new_ones(tmp_path: Path):
    (tmp_path / "redaction.key").write_bytes(b"half")

    with pytest.raises(WorldError, match="4 bytes"):
        redaction_key(tmp_path)

    assert (tmp_path / "redaction.key").read_bytes() == b"half"
