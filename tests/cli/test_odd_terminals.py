"""Streams, environments and values that a shell hands over by mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

FILES = {
    "prompts/p.txt": "Sort it.\n",
    "prompts/p.csv": "comment,response\nhello there,hi\nbye now,grüß dich\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "desk", FILES)


def in_a_shell(
    where: Repository, line: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `$promptgit` is our program, as its own process."""
    return subprocess.run(
        line.replace("$promptgit", f"'{sys.executable}' -m promptgit.cli.main"),
        shell=True,
        cwd=where.path,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def test_without_git_on_the_path_every_command_says_so(desk: Repository, tmp_path: Path):
    nowhere = {"PATH": str(tmp_path / "empty")}

    for words in ("eval p", "log", "doctor --no-network", f"demo {tmp_path / 'demo'}"):
        done = in_a_shell(desk, f"$promptgit {words}", nowhere)
        assert done.returncode in (1, 3), words
        assert "install Git" in done.stdout + done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_old_terminal_gets_what_it_can_show(desk: Repository, encoding: str):
    told = {"PYTHONIOENCODING": encoding}

    for words in ("eval p", "eval p --json", "improve p --rounds 1", "log", "doctor --no-network"):
        done = in_a_shell(desk, f"$promptgit {words}", told)
        assert done.returncode in (0, 5), done.stderr
        assert "Traceback" not in done.stderr


def test_json_is_whole_in_an_old_terminal(desk: Repository):
    import json

    done = in_a_shell(desk, "$promptgit eval p --json", {"PYTHONIOENCODING": "ascii"})

    whys = [result["scores"]["similar"]["why"] for result in json.loads(done.stdout)["results"]]
    assert any("grü" in why for why in whys)


@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_stream_that_is_closed_is_no_error(desk: Repository, stream: str):
    if os.name == "nt":
        return  # its shell closes no stream

    for words in ("--help", "log", "eval p"):
        done = in_a_shell(desk, f"$promptgit {words} {stream}")
        assert done.returncode == 0, done.stderr
        assert "bug" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "log", "log --json", "eval p --json", "blame p"])
def test_a_reader_who_has_gone_is_no_answer(desk: Repository, words: str):
    """1 would say no; `git log | head -1` says nothing either."""
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "promptgit.cli.main", *words.split()]

    done = subprocess.run(line, cwd=desk.path, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", ["--help", "log", "eval p", "eval p --json"])
def test_a_disk_that_is_full_is_the_worlds_fault(desk: Repository, words: str):
    if not Path("/dev/full").exists():
        return  # only Linux has it

    done = in_a_shell(desk, f"$promptgit {words} > /dev/full")

    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("option", ["--budget", "--model", "--cases", "--ref"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_value_does_not_pass_for_none(desk: Repository, option: str, value: str):
    said = promptgit(desk, "eval", "p", option, value)

    assert said.code == 2
    assert option in said.err


@pytest.mark.parametrize("option", ["--budget", "--model", "--mentor", "--cases", "--branch"])
def test_an_empty_value_does_not_pass_for_none_in_improve(desk: Repository, option: str):
    said = promptgit(desk, "improve", "p", option, "", "--dry-run")

    assert said.code == 2
    assert option in said.err


def test_an_address_that_is_none_is_a_users_error(
    desk: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://[::1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")

    said = promptgit(desk, "eval", "p", "--model", "gpt-5-mini")

    assert said.code == 2
    assert "base URL" in said.err


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_demo_where_no_folder_can_be_is_a_users_error(tmp_path: Path, place: str):
    (tmp_path / "file").write_text("mine")

    said = promptgit(tmp_path, "demo", place)

    assert said.code == 2
    assert (tmp_path / "file").read_text() == "mine"


def test_a_branch_called_head_is_refused(desk: Repository):
    said = promptgit(desk, "improve", "p", "--branch", "HEAD", "--dry-run")

    assert said.code == 2
    assert "cannot be the name of a branch" in said.err


def test_control_characters_in_what_was_typed_reach_no_terminal(desk: Repository):
    said = promptgit(desk, "show", "a\x1b[31mb")

    assert said.code == 2
    assert "\x1b" not in said.err
