"""`promptgit logs retention`: pack the days that are over, delete those that are too old."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from promptgit.cli.log_place import LogPlace, show_json


@click.command(
    "retention",
    short_help="Pack days that are over, delete those that are too old",
    epilog="""\b
Examples:
  promptgit logs retention --dry-run
  promptgit logs retention

\b
JSON: {schema, folder, dry_run, retention_days, closed, bytes_before, bytes_after, deleted,
bytes_freed, busy}""",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(dry_run: bool, as_json: bool) -> None:
    """
    Pack the files of days that are over (UTC), and delete those of days before `capture.retention`
    of flywheel.yaml, which is 30 days by default.

    Only files of log lines are touched, by their names: `2026-11-21.jsonl` and its like.
    """
    from promptgit.edges.logs.keeping import keep

    place = LogPlace.here()
    folder = place.folder if dry_run else place.logs.path
    retention = place.plan.capture.retention
    kept = keep(folder, datetime.now(UTC).date(), retention, dry_run=dry_run)
    if as_json:
        show_json(
            {
                "schema": 1,
                "folder": str(folder),
                "dry_run": dry_run,
                "retention_days": None if retention is None else retention.days,
                "closed": kept.closed,
                "bytes_before": kept.bytes_before,
                "bytes_after": kept.bytes_after,
                "deleted": kept.deleted,
                "bytes_freed": kept.bytes_freed,
                "busy": kept.busy,
            }
        )
        return
    said = "kept for ever" if retention is None else f"kept for {retention.days} days"
    click.echo(f"{folder}: lines are {said}")
    would = "would " if dry_run else ""
    for name in kept.deleted:
        click.echo(f"  {would}delete {name}" if dry_run else f"  deleted {name}")
    if kept.closed:
        files = f"{len(kept.closed):,} {'file' if len(kept.closed) == 1 else 'files'}"
        after = "" if dry_run else f", {_size(kept.bytes_before)} to {_size(kept.bytes_after)}"
        click.echo(f"  {would}pack {files}" if dry_run else f"  packed {files}{after}")
    for name in kept.busy:
        click.echo(f"  {name} is in use: next time")
    if not kept.deleted and not kept.closed and not kept.busy:
        click.echo("  nothing to do")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
