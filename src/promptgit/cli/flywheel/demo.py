"""`promptgit flywheel demo`: two weeks of made-up production, and the turns between them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

WEEKS = ("2026-11-09", "2026-11-16")  # the days on which the generated weeks end


@click.command(
    "demo",
    short_help="Turn it once on made-up logs, offline, in a repository made for it",
    epilog="Example: promptgit flywheel demo my-flywheel",
)
@click.argument("folder", metavar="[DIR]", default="promptgit-flywheel-demo")
@click.option("--again", is_flag=True, help="Throw away what an earlier demo left in DIR")
@click.option(
    "--conversations",
    type=click.IntRange(500, 1_000_000),
    default=10_000,
    show_default=True,
    help="Make so many a week",
)
@click.pass_context
def command(ctx: click.Context, folder: str, again: bool, conversations: int) -> None:
    """
    Make a Git repository in DIR with a week of generated conversations, do one full turn, merge
    what it found, and look at the week after, which is generated to be better.

    Needs no network and no key.  Shows every command before it runs it.  The model is `offline`,
    a text program; the customers and the better answers of the second week are made up, so the
    numbers say how the commands go, and nothing of how well they do for you.
    """
    from promptgit.edges.examples import make_demo
    from promptgit.edges.logs import LogFolder
    from promptgit.testing.flywheel_weeks import write_week
    from promptgit.testing.periods import OTHER

    place = Path(folder).absolute()
    git = make_demo(place, again=again)
    os.chdir(place)
    logs = git.state_dir / "logs"
    click.echo(f"A repository with support-reply, ticket-triage and their cases, in {place}")

    text = place / "prompts" / "support-reply.md"
    write_week(logs, text.read_text(encoding="utf-8"), conversations=conversations)
    files = len(LogFolder(logs).files())
    click.echo(
        f"A week of production, made up: {conversations:,} conversations in {files} files; what\n"
        "went on after the last midnight is in a file of its own, and not of this week.\n"
        f"It is of support-reply, and of {OTHER}, a prompt of another repository that logs to the\n"
        "same place: that one is told, and never changed."
    )
    _typed("promptgit flywheel init")
    git.write("add", "flywheel.yaml")
    git.write("commit", "--quiet", "--message", "Set up the flywheel")
    code = _typed(f"promptgit -q flywheel run --until {WEEKS[0]}")
    if code not in (0, 5):
        ctx.exit(code)
    branch = f"flywheel/support-reply-{WEEKS[0]}"
    _shown(git.text("diff", "--stat", f"main...{branch}"), f"git diff --stat main...{branch}")

    click.echo(
        "\nA person reviews the branch, writes answers for the drafted cases, and merges it:"
    )
    _shown(git.write("merge", "--quiet", "--no-edit", branch).decode(), f"git merge {branch}")
    improved = text.read_text(encoding="utf-8")
    write_week(logs, improved, improved=True, conversations=conversations)
    click.echo("\nAnother week of production, made up to be better:")
    _typed(f"promptgit -q flywheel run --until {WEEKS[1]}")
    _typed("promptgit flywheel status")
    click.echo(
        f"\nIt is all yours to try: cd {folder}\n"
        f"  promptgit flywheel analyze --until {WEEKS[1]} --by version\n"
        "  promptgit logs top support-reply\n"
        f"  cat .git/promptgit/flywheel/turns/*/*.pull-request.md\n"
        "With your own logs: promptgit logs import FILE, then promptgit flywheel run"
    )


def _typed(line: str) -> int:
    """Show a command of ours, and run it as if it had been typed."""
    from promptgit.cli.main import run

    _prompt(line.replace("promptgit -q ", "promptgit "))
    return run(line.split()[1:])


def _shown(output: str, line: str) -> None:
    _prompt(line)
    if output.strip():
        click.echo(output)


def _prompt(line: str) -> None:
    click.secho(f"\n$ {line}", bold=True)
    sys.stdout.flush()
