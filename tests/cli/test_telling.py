"""What `-v` says on standard error, and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import PROMPT, a_clerk, an_office, promptgit
from promptgit.cli import telling
from promptgit.cli.main import cli
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

CONFIG = "model: {name: clerk, temperature: 0}\nprices: {clerk: {input: 0.5, output: 2}}\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    with a_clerk(monkeypatch, retry_after_s=0.01) as server:
        yield server


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", {"promptgit.yaml": CONFIG}, per_label=3)


def told(err: str) -> list[str]:
    return [line.removeprefix("# ") for line in err.splitlines() if line.startswith("# ")]


def test_eval_says_what_it_reads_and_whom_it_asks(
    office: Repository, server: Server, tmp_path: Path
):
    said = promptgit(office, "-v", "eval", "sort")

    lines = told(said.err)
    assert "config: promptgit.yaml, read" in lines
    assert f"config: {tmp_path / 'home/promptgit/config.yaml'}, not there" in lines
    assert f"eval file of {PROMPT}: none" in lines
    assert any(line.startswith(f"prompt: {PROMPT}, blob {office.blob(PROMPT)}") for line in lines)
    assert any(
        line.startswith("cases: prompts/sort.csv, 9 of them, sha256:")
        and line.endswith(", 0 rows left out")
        for line in lines
    )
    asked = f"model: openai/clerk temperature=0, at 127.0.0.1:{server.port}; "
    assert f"{asked}0.5 USD in and 2 USD out per million tokens" in lines
    assert "model: 0 answers from the cache, 9 asked for" in lines
    assert any(line.startswith("record: sha256:") for line in lines)


def test_a_second_time_the_answers_come_from_the_cache(office: Repository, server: Server):
    promptgit(office, "eval", "sort")

    said = promptgit(office, "-v", "eval", "sort")

    assert "model: 9 answers from the cache, 0 asked for" in told(said.err)


def test_a_retry_is_told_with_its_reason_and_its_wait(office: Repository, server: Server):
    server.faults = lambda number, _seen: "429" if number == 0 else ""

    said = promptgit(office, "-v", "eval", "sort")

    (line,) = [line for line in told(said.err) if "attempt" in line]
    assert line.startswith("model: attempt 1 failed (rate-limit): ")
    assert "; again in " in line


def test_a_call_that_brings_no_answer_is_told(office: Repository, server: Server):
    office.commit({"promptgit.yaml": f"{CONFIG}retries: 0\n"})
    server.faults = lambda number, _seen: "500" if number == 0 else ""

    said = promptgit(office, "-v", "eval", "sort")

    assert any(line.startswith("model: no answer (server): ") for line in told(said.err))


def test_no_secret_is_told(office: Repository, server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "plain-words-as-a-key")
    server.faults = lambda _number, _seen: "401"  # quotes the key

    said = promptgit(office, "-v", "eval", "sort")

    assert said.code == 3
    assert told(said.err)
    assert "plain-words-as-a-key" not in said.err


def test_secrets_and_control_characters_are_struck_out_of_every_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("MY_GATEWAY_TOKEN", "plain-words-as-a-token")

    with telling.aloud():
        telling.event("asked with sk-proj-4f9a8b7c6d5e4f3a2b1c and plain-words-as-a-token")
        telling.event("`git fetch https://bob:hunter2@example.com/x`")
        telling.event("a\x1b[31mb")

    assert capsys.readouterr().err.splitlines() == [
        "# asked with [API key redacted] and [secret redacted]",
        "# `git fetch https://[login redacted]@example.com/x`",
        "# a [31mb",
    ]


def test_improve_tells_of_the_mentor_too_and_leaves_standard_output_alone(
    office: Repository, server: Server
):
    said = promptgit(office, "-v", "improve", "sort", "--rounds", "1", "--json")

    lines = told(said.err)
    assert said.json["prompt"] == PROMPT
    assert any(line.startswith("mentor: openai/clerk") for line in lines)
    assert any(line.startswith("mentor: 0 answers from the cache, ") for line in lines)
    assert len(lines) == len(set(lines))  # a fact is told once, however often it is met


def test_a_git_command_that_fails_is_told_with_its_reason(tmp_path: Path):
    said = promptgit(tmp_path, "-v", "log")

    (line,) = [line for line in told(said.err) if line.startswith("`git rev-parse")]
    assert "exit 128: " in line
    assert "not a git repository" in line


def test_without_v_nothing_is_told_not_even_by_the_next_command(office: Repository, server: Server):
    promptgit(office, "-v", "eval", "sort")

    assert not told(promptgit(office, "eval", "sort").err)


def test_the_help_text_says_what_v_does():
    (option,) = [parameter for parameter in cli.params if parameter.name == "verbose"]

    assert option.help == "Say what is read, asked and retried"
