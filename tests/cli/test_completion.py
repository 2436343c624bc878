"""`promptgit completion`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from promptgit.cli.main import cli


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
