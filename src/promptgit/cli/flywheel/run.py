"""`promptgit flywheel run`: one full turn, stage by stage, that can be gone on with."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptgit.errors import PromptgitError, UserError

if TYPE_CHECKING:
    from promptgit.cli.turns.turn import Stage, Turn

FINDING, NOT_PROVEN = 1, 5  # exit codes


@click.command(
    "run",
    short_help="Do one full turn: logs in, a pull request out",
    epilog="""\b
Examples:
  promptgit flywheel run --dry-run
  promptgit flywheel run --since 7d
  promptgit flywheel run --resume

\b
Exit codes: 0 done; 1 an alarm rang, or a rollout was aborted; 5 an improvement was looked for, and
none was proven.""",
)
@click.option(
    "--since", metavar="LENGTH", help="Look at so much of the logs  [default: the plan's]"
)
@click.option("--until", metavar="TIME", help="Look at what is before TIME (UTC)  [default: now]")
@click.option("--engine", metavar="E", help="duckdb, pyspark, or a URL that Ibis opens")
@click.option("--table", metavar="NAME", default="", help="The table of the logs, of a warehouse")
@click.option("--resume", is_flag=True, help="Go on with a turn that was cut short")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy the summary and the bodies of pull requests to this folder",
)
@click.option(
    "-n", "--dry-run", is_flag=True, help="Look, say what it would do, and change nothing"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
@click.pass_context
def command(
    ctx: click.Context,
    since: str | None,
    until: str | None,
    engine: str | None,
    table: str,
    resume: bool,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Do one turn of the flywheel: close the logs, analyse them, see which triggers fire, draft cases
    and search for a better prompt on a branch, propose its rollout, measure what is in use.

    Nothing is pushed, merged or promoted: the turn ends with branches, the bodies of their pull
    requests, and the commands to type.  One turn runs at a time.
    """
    from promptgit.cli.turns.turn import turned
    from promptgit.edges.lock import lock
    from promptgit.report.turn_markdown import legible, turn_markdown

    if resume and (since or until or dry_run):
        raise click.UsageError(
            "--resume goes on with the turn as it was begun: leave the rest out."
        )
    quiet = bool(ctx.obj["quiet"]) or as_json
    turn, start = _begun(since, until, engine, table, resume=resume, dry_run=dry_run, quiet=quiet)
    locks = turn.repository.git.state_dir / "locks"
    with lock(locks, "flywheel", doing="flywheel run"):
        turn.note("start", start)
        _turned(turn, turned, quiet=quiet)
        code = exit_code(turn.done)
        turn.note("end", {"exit_code": code})
    text = turn_markdown(turn.name, start, turn.done, has_gh=shutil.which("gh") is not None)
    if turn.journal:
        turn.journal.write("summary.md", text)
    _told(text, output, turn)
    shown = legible(text) if sys.stdout.isatty() else text
    click.echo(_json(turn, start, code) if as_json else shown, nl=as_json)
    ctx.exit(code)


def stages() -> list[tuple[str, Stage]]:
    """The stages in their order; each rests on those before it."""
    from promptgit.cli.turns.capture_stage import capture
    from promptgit.cli.turns.improve_stage import improve
    from promptgit.cli.turns.measure_stage import measure
    from promptgit.cli.turns.propose_stage import deploy
    from promptgit.cli.turns.stages import insights, look

    return [
        ("capture", capture),
        ("analyze", look),
        ("insights", insights),
        ("improve", improve),
        ("deploy", deploy),
        ("measure", measure),
    ]


def _begun(
    since: str | None,
    until: str | None,
    engine: str | None,
    table: str,
    *,
    resume: bool,
    dry_run: bool,
    quiet: bool,
) -> tuple[Turn, dict[str, Any]]:
    """Build the turn, and what its journal begins with."""
    from promptgit.cli.analyzing import window_of
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.turns.looking import engine_of
    from promptgit.cli.turns.turn import Turn
    from promptgit.cli.wiring import Repository
    from promptgit.edges.turns import START, TurnJournal, interrupted, new_turn_id
    from promptgit.flywheel.window import Window

    repository = Repository.open()
    plan = flywheel_plan(repository)
    git = repository.git
    held = interrupted(git)
    if resume and held is None:
        raise UserError("no turn was cut short", hint="`promptgit flywheel run` begins one")
    if resume and held:
        start = held.load(START) or {}
        window = Window(start["since"], start["until"])
        return Turn(
            repository, plan, window, engine or start["engine"], start["table"], held, quiet
        ), start
    if held and not quiet:
        click.echo(
            f"turn {held.turn} was cut short: `promptgit flywheel run --resume` goes on with it",
            err=True,
        )
    window = window_of(since, until, plan, datetime.now(UTC))
    start = {
        "since": window.since,
        "until": window.until,
        "engine": engine_of(engine, plan.analyze.engine),
        "table": table,
        "commit": git.resolve("HEAD"),
        "base": _branch(git),
    }
    journal = None if dry_run else TurnJournal(git, new_turn_id())
    return Turn(repository, plan, window, start["engine"], table, journal, quiet), start


def _branch(git: Any) -> str:
    from promptgit.edges.git import GitFailed

    try:
        return str(git.text("symbolic-ref", "--quiet", "--short", "HEAD"))
    except GitFailed:
        return "main"


def _turned(turn: Turn, turned: Any, *, quiet: bool) -> None:
    def told(name: str, held: bool) -> None:
        if not quiet:
            click.echo(f"{name}: {'done before' if held else 'done'}", err=True)

    try:
        turned(turn, stages(), told)
    except KeyboardInterrupt:
        if turn.journal:
            click.echo("interrupted; to go on: promptgit flywheel run --resume", err=True)
        raise click.exceptions.Exit(130) from None
    except PromptgitError as error:
        if turn.journal:
            again = "to go on: promptgit flywheel run --resume"
            error.hint = "; ".join(filter(None, (error.hint, again)))
        raise


def exit_code(done: dict[str, dict[str, Any]]) -> int:
    """1 for an alarm or an abort, 5 where an improvement was looked for and none was proven."""
    from promptgit.improve.improvement import CONFIRMED

    alarms = [one for one in done["insights"]["fired"] if one["do"] == "alarm"]
    if alarms or done["measure"]["aborted"]:
        return FINDING
    states = [one["state"] for one in done["improve"]["improvements"]]
    unproven = [state for state in states if state not in (CONFIRMED, "dry run")]
    return NOT_PROVEN if unproven else 0


def _told(text: str, output: Path | None, turn: Turn) -> None:
    """Put the summary where a workflow shows it, and copy the files that it needs."""
    from promptgit.edges.github_files import add_summary

    if os.environ.get("GITHUB_STEP_SUMMARY"):
        add_summary(os.environ, text)
    if output is None:
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "summary.md").write_text(text, encoding="utf-8", newline="\n")
    for one in turn.done["deploy"]["requests"]:
        body = Path(one["body"])
        for suffix in (".pull-request.md", ".title", ".branch"):
            name = body.name.replace(".pull-request.md", suffix)
            shutil.copyfile(body.with_name(name), output / name)


def _json(turn: Turn, start: dict[str, Any], code: int) -> str:
    facts = {"schema": 1, "turn": turn.name, **start, **turn.done, "exit_code": code}
    return json.dumps(facts, indent=2, ensure_ascii=False)
