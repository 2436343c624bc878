"""`promptgit sync`: exchange evidence records with a remote."""

from __future__ import annotations

from pathlib import Path

import click

from promptgit.cli import past
from promptgit.edges.git import Git
from promptgit.report import history_json, history_text

INCOMPLETE = 3  # exit code: others kept pushing


@click.command(
    short_help="Exchange evidence records with a remote",
    epilog="""\b
Examples:
  promptgit sync --dry-run
  promptgit sync origin --no-outputs

\b
JSON: {schema, remote, received, sent, withheld, runs}; in a dry run {schema, remote, differing:
[{ref, ours, theirs}], records, with_outputs}""",
)
@click.argument("remote", default="origin", required=False)
@click.option("--no-outputs", is_flag=True, help="Send no record that holds what a model wrote")
@click.option("--no-push", is_flag=True, help="Fetch only: nothing leaves this machine")
@click.option("-n", "--dry-run", is_flag=True, help="Say what differs, and stop")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    remote: str,
    no_outputs: bool,
    no_push: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Fetch the evidence that REMOTE (origin) has and push what it lacks, under refs/promptgit/.

    Of a run its commits travel; its journal, which `promptgit runs` reads, stays where it ran.
    Plain `git push` and `git fetch` never carry records, for they may hold model outputs, and
    those your cases.  Records that diverged are joined: nobody's are lost or overwritten.
    """
    git = Git.discover(Path.cwd())
    if dry_run:
        _tell(git, remote, as_json=as_json)
        return
    from promptgit.edges.public import sync_without_outputs
    from promptgit.edges.sync import sync

    if no_outputs and not no_push:
        done, withheld = sync_without_outputs(git, remote)
    else:
        done, withheld = sync(git, remote, push=not no_push), 0
    if as_json:
        past.show_json(
            {
                "schema": history_json.SCHEMA,
                "remote": remote,
                "received": done.received,
                "sent": done.sent,
                "withheld": withheld,
                "runs": list(done.runs),
            }
        )
    else:
        past.show(
            history_text.synced(
                remote, done.received, len(done.runs), done.sent, withheld, pushed=not no_push
            )
        )
    ctx.exit(0 if done.sent or no_push else INCOMPLETE)


def _tell(git: Git, remote: str, *, as_json: bool) -> None:
    from promptgit.edges.public import differing, with_outputs

    found = differing(git, remote)
    private, total = with_outputs(git)
    if as_json:
        past.show_json(
            {
                "schema": history_json.SCHEMA,
                "remote": remote,
                "differing": [
                    {"ref": one.ref, "ours": one.ours, "theirs": one.theirs} for one in found
                ],
                "records": total,
                "with_outputs": private,
            }
        )
        return
    refs = [(one.ref, one.ours, one.theirs) for one in found]
    past.show(history_text.sync_plan(remote, refs, total, private))
