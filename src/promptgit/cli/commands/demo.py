"""`promptgit demo`: the whole way once, in a repository made for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command(
    "demo",
    short_help="Make a repository and improve a worked example, offline",
    epilog="Example: promptgit demo my-demo",
)
@click.argument("folder", metavar="[DIR]", default="promptgit-demo")
@click.option("--again", is_flag=True, help="Throw away what an earlier demo left in DIR")
@click.pass_context
def command(ctx: click.Context, folder: str, again: bool) -> None:
    """
    Make a Git repository in DIR and improve a prompt in it, without network or key.

    Shows every command before it runs it, so that you can type them yourself.  The model is
    `offline`, a text program that follows the instructions it recognises; it is not a language
    model.
    """
    from promptgit.edges.examples import make_demo

    place = Path(folder).absolute()
    git = make_demo(place, again=again)
    os.chdir(place)
    click.echo(f"A repository with two prompts and their cases, in {place}")

    code = _typed("promptgit improve support-reply")
    if code:
        ctx.exit(code)
    _shown(git.text("log", "--oneline", "--stat", "-2"), "git log --oneline --stat -2")
    _shown(git.text("show", "--format=%B", "HEAD"), "git show HEAD")
    _typed("promptgit revert HEAD")
    _shown(git.text("status", "--short", "--branch"), "git status --short --branch")
    _typed("promptgit log support-reply")
    click.echo(f"\nIt is all yours to try: cd {folder}")


def _typed(line: str) -> int:
    """Show a command of ours, and run it as if it had been typed."""
    from promptgit.cli.main import run

    _prompt(line)
    return run(line.split()[1:])


def _shown(output: str, line: str) -> None:
    _prompt(line)
    click.echo(output)


def _prompt(line: str) -> None:
    click.secho(f"\n$ {line}", bold=True)
    sys.stdout.flush()
