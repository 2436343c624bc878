"""`promptgit runs`: what was tried, kept, and why the rest was refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from promptgit.cli.completing import run_names
from promptgit.errors import UserError

JSON_HELP = "Print JSON; its keys are stable"


@click.group(
    "runs",
    short_help="List runs and show what each one tried",
    invoke_without_command=True,
    epilog="Example: promptgit runs show 20261120T154010Z-3f2a",
)
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """
    List the runs of `improve` and `suite` in this repository, newest first.

    A search that was interrupted, or whose verdict is INVALID, goes on with
    `promptgit improve --resume RUN`.
    """
    if ctx.invoked_subcommand is not None:
        return
    from promptgit.cli.console import show_lines, width
    from promptgit.core.journal import read_run
    from promptgit.edges.runs import RunJournal, run_ids
    from promptgit.report import runs_text

    git = _git()
    runs = [read_run(run, RunJournal(git, run).events()) for run in run_ids(git)]
    if as_json:
        told = [runs_text.run_facts(run) for run in runs]
        _print_json({"schema": runs_text.SCHEMA, "runs": told})
    elif runs:
        show_lines(runs_text.runs_lines(runs, width()))
    else:
        click.echo(_none_yet(git))


@command.command(
    "show",
    short_help="Tell one run: every proposal, its critique, diff, fate and reason",
    epilog="Example: promptgit runs show latest",
)
@click.argument("run", metavar="RUN", default="latest", shell_complete=run_names)
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def show_run(run: str, as_json: bool) -> None:
    """
    Tell one RUN (an id, its beginning, or `latest`).

    Every proposal with its critique, diff, fate and reason, the learning curve, and the end.  Of
    a suite its report.
    """
    from promptgit.cli.console import show
    from promptgit.report import runs_text

    found = _run(run)
    if found.command == "suite":
        _tell_suite(found.id, as_json=as_json)
    elif as_json:
        facts = runs_text.run_facts(found, whole=True)
        _print_json({"schema": runs_text.SCHEMA, **facts})
    else:
        show(runs_text.run_story(found))


@command.command(
    "export",
    short_help="Write one run as JSON files and a report, or its lineage",
    epilog="Example: promptgit runs export latest out/",
)
@click.argument("run", metavar="RUN", shell_complete=run_names)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False))
@click.option(
    "--lineage",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every text that was tried, and its parents, as .json or .sqlite",
)
def export(run: str, folder: str | None, lineage: Path | None) -> None:
    """
    Write RUN to DIR: session_data.json, test_iteration_N.json, interview_N.json, and
    optimization_report.md.  Files of the same name are replaced, others stay.
    """
    if not (folder or lineage):
        raise click.UsageError("Missing argument 'DIR', or --lineage FILE.")
    found = _run(run)
    if found.command == "suite":
        raise UserError(
            f"{found.id} is a suite, and no search",
            hint=f"promptgit suite --again {found.id} -o report.html writes its report",
        )
    if lineage:
        _write_lineage(found, lineage)
    if folder:
        _write_files(found, folder)


def _write_files(found: Any, folder: str) -> None:
    from promptgit.report.export import exported

    place = Path(folder)
    files = exported(found)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {len(files)} files to {folder}")


def _write_lineage(found: Any, place: Path) -> None:
    from promptgit.core.lineage import lineage_of
    from promptgit.edges.lineage_file import write
    from promptgit.edges.runs import RunJournal

    variants = lineage_of(RunJournal(_git(), found.id).events())
    write(place, found, variants)
    many = "1 text" if len(variants) == 1 else f"{len(variants)} texts"
    last = max((variant.generation for variant in variants), default=0)
    click.echo(f"wrote {many} in {last + 1} generations to {place}")


def _tell_suite(run: str, *, as_json: bool) -> None:
    from promptgit.cli.console import show
    from promptgit.cli.lineup_reports import written
    from promptgit.cli.lineups import kept_lineup
    from promptgit.report import suite_text

    found = kept_lineup(_git(), run)
    if as_json:
        click.echo(written(found, "json"), nl=False)
    else:
        show(suite_text.lineup(found))


def _git() -> Any:
    from promptgit.edges.git import Git

    return Git.discover(Path.cwd())


def _none_yet(git: Any) -> str:
    """Say that no run was made here; `sync` brings the commits of others', not their journals."""
    from promptgit.edges.run_refs import FOLDER

    if git.text("for-each-ref", "--count=1", "--format=%(refname)", FOLDER):
        return (
            "no run was made here: of those that `promptgit sync` fetched only the commits came, "
            "and the story stays where it ran"
        )
    return "no run yet: promptgit improve PROMPT makes one"


def _run(name: str) -> Any:
    """Find a run by its id, the beginning of it, or `latest`."""
    from promptgit.core.journal import read_run
    from promptgit.edges.runs import RunJournal, latest_run, run_ids

    git = _git()
    if name == "latest":
        name = latest_run(git)
    found = [run for run in run_ids(git) if run.startswith(name)]
    if len(found) != 1:
        many = f"{len(found)} runs begin with" if found else "there is no run"
        raise UserError(f"{many} {name!r}", hint="`promptgit runs` lists them")
    return read_run(found[0], RunJournal(git, found[0]).events())


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
