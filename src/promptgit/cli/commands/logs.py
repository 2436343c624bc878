"""`promptgit logs`: what production said and heard, as files by day."""

from __future__ import annotations

import click

from promptgit.cli.lazy_group import LazyGroup

SUMMARIES: dict[str, str] = {
    "import": "Import what others logged, redacted and once each",
    "show": "Show a call, a conversation, a unit's calls, or the newest",
    "top": "Show the calls of a prompt that were scored best",
    "sample": "Show conversations drawn by chance",
    "retention": "Pack days that are over, delete those that are too old",
}


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
