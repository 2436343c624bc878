"""Performs a turn from its beginning, or from where it was cut short, to its summary."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from promptgit.cli.turns.turn import Facts, Stage, Turn, turned
from promptgit.cli.wiring import Repository
from promptgit.edges.git import Git, GitFailed
from promptgit.edges.lock import lock
from promptgit.edges.turns import END, START, TurnJournal, give_up, interrupted, new_turn_id
from promptgit.errors import PromptgitError, UserError
from promptgit.flywheel.window import Window

FINDING, NOT_PROVEN = 1, 5  # exit codes
AGAIN = "promptgit flywheel run --resume"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed; None where flywheel.yaml says."""

    since: str | None = None
    until: str | None = None
    engine: str | None = None
    table: str = ""
    dry_run: bool = False
    quiet: bool = False


def stages(start: Facts) -> dict[str, Stage]:
    """The stages of a turn that begins so, in their order; each rests on those before it."""
    from promptgit.cli.turns.by_hand import by_hand
    from promptgit.cli.turns.capture_stage import capture
    from promptgit.cli.turns.improve_stage import improve
    from promptgit.cli.turns.measure_stage import measure
    from promptgit.cli.turns.propose_stage import deploy
    from promptgit.cli.turns.stages import insights, look

    asked = start.get("asked")
    return {
        "capture": capture,
        "analyze": look,
        "insights": partial(by_hand, asked["prompt"], asked["metrics"]) if asked else insights,
        "improve": improve,
        "deploy": deploy,
        "measure": measure,
    }


def begun(asked: Asked) -> tuple[Turn, Facts]:
    """
    Build a new turn, and what its journal begins with.

    Raises UserError for all that is known to stop it later on: nothing is written before.
    """
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.turns.checking import refuse_unknown_names
    from promptgit.cli.turns.looking import engine_of

    repository = Repository.open()
    plan, git = flywheel_plan(repository), repository.git
    refuse_unknown_names(repository, plan)
    window = window_of(asked.since, asked.until, plan, datetime.now(UTC))
    start = {
        "since": window.since,
        "until": window.until,
        "engine": engine_of(asked.engine, plan.analyze.engine),
        "table": asked.table,
        "commit": git.resolve("HEAD"),
        "base": _branch(git),
    }
    journal = None if asked.dry_run else TurnJournal(git, new_turn_id())
    turn = Turn(repository, plan, window, start["engine"], asked.table, journal, asked.quiet)
    turn.open_logs()
    return turn, start


def resumed(*, engine: str | None, quiet: bool) -> tuple[Turn, Facts]:
    """Build the turn that was cut short, as it was begun; raise UserError where there is none."""
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.turns.checking import refuse_unknown_names

    repository = Repository.open()
    held = interrupted(repository.git)
    if held is None:
        raise UserError("no turn was cut short", hint="`promptgit flywheel run` begins one")
    start = held.load(START) or {}
    window = Window(start["since"], start["until"])
    plan = flywheel_plan(repository)
    refuse_unknown_names(repository, plan)
    engine = engine or start["engine"]
    return Turn(repository, plan, window, engine, start["table"], held, quiet), start


def perform(turn: Turn, start: Facts, ordered: dict[str, Stage], *, anew: bool = False) -> int:
    """
    Run the stages that are not done yet, one turn at a time; return the exit code.

    anew: what was cut short before is given up; its triggers fire again where they still hold.
    """
    locks = turn.repository.git.state_dir / "locks"
    with lock(locks, "flywheel", doing="a turn of the flywheel"):
        turn.note(START, start)
        for line in _left(turn, anew=anew):
            click.echo(line, err=True)
        _turned(turn, ordered)
        code = exit_code(turn.done)
        if turn.journal:
            turn.journal.write("summary.md", summary(turn, start))
        turn.note(END, {"exit_code": code})
    return code


def summary(turn: Turn, start: Facts) -> str:
    """The summary of a turn as Markdown, with the commands that follow from it."""
    from promptgit.report.turn_markdown import turn_markdown

    has_gh = shutil.which("gh") is not None
    name = turn.name if turn.journal else ""
    return turn_markdown(name, start, turn.done, remote=_remote(turn.repository.git), has_gh=has_gh)


def _left(turn: Turn, *, anew: bool) -> Iterator[str]:
    """What becomes of turns that were cut short before this one."""
    git = turn.repository.git
    if anew and turn.journal:
        for name in give_up(git, turn.name):
            yield f"turn {name} was cut short, and is given up: this one begins anew"
    elif not turn.quiet and (held := interrupted(git)) and held.turn != turn.name:
        yield f"turn {held.turn} was cut short: `{AGAIN}` goes on with it"


def _turned(turn: Turn, ordered: dict[str, Stage]) -> None:
    def told(name: str, held: bool) -> None:
        if not turn.quiet:
            click.echo(f"{name}: {'done before' if held else 'done'}", err=True)

    try:
        turned(turn, list(ordered.items()), told)
    except KeyboardInterrupt:
        if turn.journal:
            click.echo(f"interrupted; to go on: {AGAIN}", err=True)
        raise click.exceptions.Exit(130) from None
    except PromptgitError as error:
        if turn.journal:
            error.hint = "; ".join(filter(None, (error.hint, f"to go on: {AGAIN}")))
        raise


def exit_code(done: dict[str, Facts]) -> int:
    """
    1 for an alarm, an abort or a guard that guards nothing; 5 where an improvement was looked for
    and none was proven.
    """
    from promptgit.improve.improvement import CONFIRMED

    alarms = [one for one in done["insights"]["fired"] if one["do"] == "alarm"]
    if alarms or done["measure"]["aborted"] or done["measure"].get("broken"):
        return FINDING
    states = [one["state"] for one in done["improve"]["improvements"]]
    unproven = [state for state in states if state not in (CONFIRMED, "dry run")]
    return NOT_PROVEN if unproven else 0


def tell(turn: Turn, start: Facts, code: int, output: Path | None, *, as_json: bool) -> None:
    """Print the summary, and put it where a workflow shows it."""
    from promptgit.edges.github_files import add_summary

    text = summary(turn, start)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        add_summary(os.environ, text)
    if output is not None:
        _copy(turn, text, output)
    if as_json:
        facts: dict[str, Any] = {"schema": 1, "turn": turn.name, **start, **turn.done}
        click.echo(json.dumps({**facts, "exit_code": code}, indent=2, ensure_ascii=False))
    else:
        if sys.stdout.isatty():
            _show(text)
        else:
            click.echo(text, nl=False)


def _show(text: str) -> None:
    """Lay the summary out for a terminal; commands to type stay lines of their own."""
    from rich.markdown import Markdown

    from promptgit.cli import console
    from promptgit.report.turn_markdown import NEXT, legible

    summary, mark, commands = text.partition(NEXT)
    console.show(Markdown(summary))
    if mark:
        click.echo(f"\n{legible(mark.strip())}\n{legible(commands)}", nl=False)


def _copy(turn: Turn, text: str, output: Path) -> None:
    """Copy what a workflow needs: the summary, and for each pull request body, title, branch."""
    output.mkdir(parents=True, exist_ok=True)
    (output / "summary.md").write_text(text, encoding="utf-8", newline="\n")
    for one in (*turn.done["deploy"]["requests"], *turn.done["measure"].get("requests", ())):
        body = Path(one["body"])
        for suffix in (".pull-request.md", ".title", ".branch"):
            name = body.name.replace(".pull-request.md", suffix)
            shutil.copyfile(body.with_name(name), output / name)


def _remote(git: Git) -> str:
    """What branches are pushed to: `origin`, else the first there is, else nothing."""
    names = git.text("remote").split()
    return "origin" if "origin" in names else next(iter(names), "")


def _branch(git: Git) -> str:
    try:
        return git.text("symbolic-ref", "--quiet", "--short", "HEAD")
    except GitFailed:
        return "main"
