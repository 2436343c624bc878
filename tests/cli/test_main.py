"""The command line itself: help, unknown words, exit codes."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cli.terminal import an_office, promptgit
from promptgit import __version__
from promptgit.cli.main import SECTIONS

SUMMARIES = {name: said for section in SECTIONS.values() for name, said in section.items()}
HEAVY = ("git", "numpy", "openai", "pydantic", "rich", "jinja2", "urllib3", "yaml", "asyncio")


@pytest.mark.parametrize(("name", "summary"), SUMMARIES.items())
def test_the_summary_of_a_command_is_the_same_in_both_places(name: str, summary: str):
    command = import_module(f"promptgit.cli.commands.{name.replace('-', '_')}").command

    assert command.get_short_help_str(200) == summary


GROUPED = [
    (f"{group} {name}", group, name)
    for group in ("flywheel", "library", "logs")
    for name in import_module(f"promptgit.cli.commands.{group}").SUMMARIES
]


@pytest.mark.parametrize(("typed", "group", "name"), GROUPED)
def test_a_subcommand_is_explained_like_a_command(
    typed: str, group: str, name: str, tmp_path: Path
):
    summaries = import_module(f"promptgit.cli.commands.{group}").SUMMARIES
    module = import_module(f"promptgit.cli.{group}.{name.replace('-', '_')}")
    said = promptgit(tmp_path, group, name, "--help")

    assert module.command.get_short_help_str(200) == summaries[name]
    assert said.code == 0
    assert "Example" in said.out
    assert f"promptgit {typed}" in said.out


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_explains_itself_with_an_example(name: str, tmp_path: Path):
    said = promptgit(tmp_path, name, "--help")

    assert said.code == 0
    assert "Example" in said.out
    assert "promptgit " + name in said.out


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_option_has_a_help_line_without_a_full_stop(name: str):
    command = import_module(f"promptgit.cli.commands.{name.replace('-', '_')}").command

    for option in command.params:
        if option.param_type_name == "option":
            assert option.help, option.name
            assert not option.help.endswith("."), option.name


def test_the_version_is_said(tmp_path: Path):
    assert __version__ in promptgit(tmp_path, "--version").out


def test_an_unknown_command_is_answered_with_the_nearest(tmp_path: Path):
    said = promptgit(tmp_path, "imporve")

    assert said.code == 2
    assert "Did you mean 'improve'?" in said.err


def test_a_wrong_option_is_a_usage_error(tmp_path: Path):
    assert promptgit(tmp_path, "log", "--frobnicate").code == 2


def test_it_acts_elsewhere_with_dash_c(tmp_path: Path):
    said = promptgit(tmp_path, "-C", str(tmp_path / "nowhere"), "log")

    assert said.code == 2
    assert "nowhere" in said.err


def test_help_starts_without_anything_heavy():
    code = (
        "import sys; from promptgit.cli.main import run; run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
    assert "improve" in done.stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path):
    script = f"{sys.executable} -m promptgit.cli.main --help | true"

    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr


def test_no_colour_reaches_a_pipe(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "promptgit.cli.main", "eval", "x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "not in a Git repository" in done.stderr


@pytest.mark.parametrize("words", [("-q", "lint"), ("lint", "-q"), ("lint", "--quiet")])
def test_quiet_and_verbose_may_stand_behind_the_command(tmp_path: Path, words: tuple[str, ...]):
    office = an_office(tmp_path / "office", per_label=2)

    quiet = promptgit(office, "eval", "sort", "-q")
    loud = promptgit(office, "eval", "sort", "--verbose")

    assert promptgit(office, *words).code == 0
    assert (quiet.code, quiet.err) == (0, "")
    assert "config: promptgit.yaml" in loud.err


def test_help_shows_what_the_option_shows(tmp_path: Path):
    for words in ((), ("improve",), ("runs", "show")):
        asked = promptgit(tmp_path, "help", *words)

        assert asked.code == 0
        assert asked.out == promptgit(tmp_path, *words, "--help").out


@pytest.mark.parametrize(
    ("words", "said"),
    [(("imporve",), "Did you mean 'improve'?"), (("log", "x"), "has no command 'x'")],
)
def test_help_for_what_there_is_not(tmp_path: Path, words: tuple[str, ...], said: str):
    asked = promptgit(tmp_path, "help", *words)

    assert asked.code == 2
    assert said in asked.err
