"""`promptgit flywheel dashboard`: the state of every prompt in use, as one page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "dashboard",
    short_help="Write trends, alarms, experiments and rollouts as one page",
    epilog="""\b
Examples:
  promptgit flywheel dashboard --html flywheel.html
  promptgit flywheel dashboard --html week.html --since 2026-11-02 --until 2026-11-09""",
)
@click.option(
    "--html",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("flywheel.html"),
    show_default=True,
    help="Write the page to FILE",
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
def command(
    file: Path, since: str | None, until: str | None, engine: str | None, table: str
) -> None:
    """
    Write one page with the trends of security, quality and business by day, with alarms and drifts,
    running experiments, what is live where, and the turns of the flywheel.

    The page needs nothing else: it opens from disk, has no script and asks no server.
    """
    from promptgit.cli.dashboarding import Asked, dashboard
    from promptgit.cli.wiring import Repository
    from promptgit.errors import UserError
    from promptgit.report.dashboard_html import page

    if not file.absolute().parent.is_dir():
        raise UserError(f"there is no folder for {file}")
    board = dashboard(Repository.open(), Asked(since, until, engine, table))
    file.write_text(page(board), encoding="utf-8", newline="\n")
    prompts, alarms = len(board.now.values("prompt")), len(board.alarms)
    click.echo(
        f"wrote {file}: {board.now.conversations:,} conversations of {prompts} "
        f"prompt{'s' * (prompts != 1)}, {alarms} alarm{'s' * (alarms != 1)}"
    )
