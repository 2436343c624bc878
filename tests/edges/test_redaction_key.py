"""One key for all who write into a folder of logs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptgit.edges.redaction_key import VARIABLE, redaction_key
from promptgit.errors import WorldError


def test_all_who_ask_get_the_same_key(tmp_path: Path):
    folder = tmp_path / "logs"

    with ThreadPoolExecutor(8) as crew:
        keys = set(crew.map(redaction_key, [folder] * 32))

    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [path.name for path in folder.iterdir()] == ["redaction.key"]
    assert (folder / "redaction.key").stat().st_mode & 0o077 == 0


def test_folders_have_keys_of_their_own(tmp_path: Path):
    assert redaction_key(tmp_path / "a") != redaction_key(tmp_path / "b")


def test_machines_can_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "0123456789abcdef")

    assert redaction_key(tmp_path) == b"0123456789abcdef"
    assert not list(tmp_path.iterdir())


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "short")

    with pytest.raises(WorldError, match="5 characters"):
        redaction_key(tmp_path)
