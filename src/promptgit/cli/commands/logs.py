"""`promptgit logs`: what production said and heard, as files by day."""

from __future__ import annotations

import click

from promptgit.cli.lazy_group import LazyGroup

SUMMARIES: dict[str, str] = {}


@click.group(
    "logs",
    cls=LazyGroup,
    package="promptgit.cli.logs",
    summaries=SUMMARIES,
    short_help="Import and look at what production said and heard",
    epilog="""\b
Examples:
  promptgit logs import traces.jsonl
  promptgit logs top support-reply --above 0.9""",
)
def command() -> None:
    """
    Import and look at the logs of production: JSON lines by day, redacted before they are written.

    They lie in the repository's own folder of state, or where `flywheel.yaml` or PROMPTGIT_LOGS
    says; never in Git.
    """
