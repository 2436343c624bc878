"""`promptgit completion`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from promptgit.cli.main import cli
from promptgit.testing.repositories import a_repository


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_where_to_put_it(shell: str):
    result = CliRunner().invoke(cli, ["completion", shell])

    assert result.exit_code == 0
    assert f"# To keep it, {'type once' if shell == 'fish' else 'add to'}" in result.output
    assert "_PROMPTGIT_COMPLETE" in result.output


def test_zsh_finds_its_marker_in_the_first_line():
    result = CliRunner().invoke(cli, ["completion", "zsh"])

    assert result.output.startswith("#compdef promptgit\n# To keep it")


def test_an_unknown_shell_is_a_users_error():
    result = CliRunner().invoke(cli, ["completion", "tcsh"])

    assert result.exit_code == 2
    assert "bash" in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_the_script(shell: str, tmp_path: Path):
    program = shutil.which(shell)
    if program is None:
        return  # this machine does not have it; others do
    script = tmp_path / "script"
    script.write_text(CliRunner().invoke(cli, ["completion", shell]).output, encoding="utf-8")

    done = subprocess.run([program, "-n", str(script)], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_the_words_that_the_script_asks_for_are_our_commands():
    done = subprocess.run(
        [sys.executable, "-m", "promptgit.cli.main"],
        env={
            **os.environ,
            "_PROMPTGIT_COMPLETE": "bash_complete",
            "COMP_WORDS": "promptgit comp",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "plain,completion\n"


def offered(where: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "promptgit.cli.main"],
        cwd=where,
        env={
            **os.environ,
            "_PROMPTGIT_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["promptgit", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "prompts").mkdir()
    for name in ("reply.md", "route.md", "README.md"):
        (tmp_path / "prompts" / name).write_text("Be brief.\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["eval", "improve"])
def test_prompts_are_offered_by_name(shop: Path, command: str):
    assert offered(shop, command, "r") == ["reply", "route"]


@pytest.mark.parametrize("words", [["log"], ["blame"], ["diff", "A", "B"], ["revert", "A"]])
def test_history_commands_are_offered_paths(shop: Path, words: list[str]):
    assert offered(shop, *words, "prompts/rep") == ["prompts/reply.md"]


def test_runs_are_offered_by_id(shop: Path):
    run = "20261120T154010Z-3f2a"
    (shop / ".git" / "promptgit" / "runs" / run).mkdir(parents=True)

    assert offered(shop, "runs", "show", "2026") == [run]
    assert offered(shop, "runs", "export", "2026") == [run]
    assert offered(shop, "improve", "--resume", "2026") == [run]


def test_strategies_and_models_are_offered(shop: Path):
    assert offered(shop, "improve", "--strategy", "cri") == ["critique"]
    assert offered(shop, "eval", "--model", "o") == ["offline", "ollama/", "openai/", "openrouter/"]


@pytest.fixture
def branched(tmp_path: Path) -> Path:
    cases = {
        "prompts/sort.md": "Sort it.\n",
        "prompts/sort.csv": "id,input,expected\nred-1,x,y\nred-2,z,y\n",
    }
    repository = a_repository(tmp_path / "branched", cases)
    repository.git("branch", "feature/a")
    repository.git("tag", "fine")
    return repository.path


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "main"],
        ["review"],
        ["diff"],
        ["diff", "main"],
        ["show"],
        ["blame", "prompts/sort.md"],
        ["revert"],
        ["log", "--ref"],
        ["eval", "--ref"],
        ["bisect", "sort", "--good"],
        ["bisect", "sort", "--bad"],
    ],
)
def test_branches_and_tags_are_offered_as_revisions(branched: Path, words: list[str]):
    assert offered(branched, *words, "f") == ["feature/a", "fine"]


def test_the_other_end_of_a_range_is_offered(branched: Path):
    assert offered(branched, "check", "main..fe") == ["main..feature/a"]


def test_cases_are_offered_by_id_and_rules_and_commands_by_name(branched: Path):
    assert offered(branched, "bisect", "sort", "--case", "r") == ["red-1", "red-2"]
    assert offered(branched, "lint", "--explain", "undefined-h") == ["undefined-hole"]
    assert offered(branched, "lint", "--select", "undefined-h") == ["undefined-hole"]
    assert offered(branched, "lint", "--ignore", "undefined-h") == ["undefined-hole"]
    assert offered(branched, "help", "imp") == ["improve"]


def test_where_nothing_can_be_known_nothing_is_offered(shop: Path):
    (shop / "promptgit.yaml").write_text("nonsense: [", encoding="utf-8")

    assert offered(shop, "eval", "r") == []


def test_the_help_text_says_what_is_completed():
    said = " ".join(CliRunner().invoke(cli, ["completion", "--help"]).output.split())

    assert "commands and options" in said
    assert "names of prompts, models, strategies, runs, revisions, cases and rules" in said
