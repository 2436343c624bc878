"""The worked examples that come with the package, and a repository to try them in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import promptgit
from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError, WorldError

MARK = "promptgit.demo"  # a Git setting: this repository is ours to throw away
CONFIG = """\
# Written by `promptgit demo`.  `offline` is a text program, not a language model.
model: offline
"""
SETTINGS = {MARK: "true", "commit.gpgSign": "false", "core.hooksPath": os.devnull}
SOMEBODY = {"user.name": "A promptgit demo", "user.email": "demo@promptgit.invalid"}


def examples_folder() -> Path:
    """Where the examples are: inside an installed package, or beside `src` in a checkout."""
    package = Path(promptgit.__file__).parent
    for place in (package / "examples", package.parent.parent / "prompts"):
        if (place / "support-reply.md").is_file():
            return place
    raise WorldError("the worked examples are missing from this installation")


def make_demo(folder: Path, *, again: bool) -> Git:
    """
    Make a Git repository in `folder` with the examples in its first commit.

    Raises UserError when there is something else in the folder; `again` allows to throw away
    what an earlier demo made there, and nothing else.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file", hint="name a new folder: promptgit demo my-demo")
    if folder.exists() and any(folder.iterdir()):
        if not _is_demo(folder):
            raise UserError(
                f"{folder} is not empty", hint="name a new folder: promptgit demo my-demo"
            )
        if not again:
            raise UserError(f"{folder} holds an earlier demo", hint="pass --again to throw it away")
        _throw_away(folder)
    prompts = folder / "prompts"
    try:
        prompts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be made: {error.strerror}", hint="name a folder that you may write"
        ) from error
    for source in sorted(examples_folder().iterdir()):
        if source.is_file():
            (prompts / source.name).write_bytes(source.read_bytes())
    (folder / "promptgit.yaml").write_text(CONFIG, encoding="utf-8", newline="\n")
    return _committed(folder)


def _committed(folder: Path) -> Git:
    try:
        subprocess.run(
            ["git", "init", "--quiet", "--template=", "--initial-branch=main", str(folder)],
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise WorldError(
            f"git could not make a repository: {error}",
            hint="install Git 2.31 or newer, and check PATH",
        ) from error
    git = Git.discover(folder)
    for name, value in SETTINGS.items():
        git.write("config", name, value)
    for name, value in SOMEBODY.items():
        if not git.setting(name):
            git.write("config", name, value)
    git.write("add", "--all")
    git.write("commit", "--quiet", "--message", "Add prompts and the cases they must serve")
    return git


def _is_demo(folder: Path) -> bool:
    try:
        git = Git.discover(folder)
    except (UserError, GitFailed):
        return False
    return git.cwd.resolve() == folder.resolve() and git.setting(MARK) == "true"


def _throw_away(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
