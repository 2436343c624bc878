"""`promptgit library`: what one application learnt, for others to try."""

from __future__ import annotations

import click

from promptgit.cli.lazy_group import LazyGroup

SUMMARIES: dict[str, str] = {
    "list": "List the learnings of a shared repository",
    "show": "Show one learning, and where it comes from",
    "publish": "Share what made a prompt better here, or an attack's signature",
    "adopt": "Try a learning here, and keep it if it holds",
}


@click.group(
    "library",
    cls=LazyGroup,
    package="promptgit.cli.library",
    summaries=SUMMARIES,
    short_help="Share what was learnt with other applications, and adopt it",
    epilog="""\b
Examples:
  promptgit library list --from git@example.com:prompts/learnings.git
  promptgit library adopt ask-first support-reply --budget 300calls
  promptgit library publish HEAD --name ask-first""",
)
def command() -> None:
    """
    Share what was learnt with other applications, in a Git repository of its own: texts that made
    a prompt better (patterns), and attacks (signatures).

    Nothing is adopted because somebody says so: a text must win here, on this repository's own
    cases, and a signature is tried on its own logs first.  `library: {url: …}` in flywheel.yaml
    names the shared repository, or --from and --to do.
    """
