"""`promptgit flywheel run`: one full turn, stage by stage, that can be gone on with."""

from __future__ import annotations

from pathlib import Path

import click

from promptgit.cli.past import JSON_HELP


@click.command(
    "run",
    short_help="Do one full turn: logs in, a pull request out",
    epilog="""\b
Examples:
  promptgit flywheel run --dry-run
  promptgit flywheel run --since 7d
  promptgit flywheel run --resume

\b
Exit codes: 0 done; 1 an alarm rang, a rollout was aborted, or one of its guards names what nobody
measures; 5 an improvement was looked for, and none was proven.""",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Begin so long ago (7d, 12 hours), or on a day  [default: window of flywheel.yaml]",
)
@click.option("--until", metavar="TIME", help="End so long ago, or before a day  [default: now]")
@click.option(
    "--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL  [default: flywheel.yaml's]"
)
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--resume", is_flag=True, help="Go on with the turn that was cut short")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy the summary, and the bodies of pull requests, to DIR",
)
@click.option("-n", "--dry-run", is_flag=True, help="Look, say what it would do, change nothing")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
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
    requests, and the commands to type.  One turn runs at a time.  A turn that was cut short waits
    for --resume; a new one gives it up, and its triggers may fire again.
    """
    from promptgit.cli.turns import performing

    if resume and (since or until or dry_run):
        raise click.UsageError(
            "--resume goes on with the turn as it was begun: leave the rest out."
        )
    quiet = bool(ctx.obj["quiet"]) or as_json
    if resume:
        turn, start = performing.resumed(engine=engine, quiet=quiet)
    else:
        asked = performing.Asked(since, until, engine, table, dry_run, quiet)
        turn, start = performing.begun(asked)
    code = performing.perform(turn, start, performing.stages(start), anew=not resume)
    performing.tell(turn, start, code, output, as_json=as_json)
    ctx.exit(code)
