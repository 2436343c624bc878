"""`promptgit bundle`: what is live as one file, to serve from without Git."""

from __future__ import annotations

import click

from promptgit.cli.completing import revisions


@click.command(
    short_help="Write what is live as one file, to serve from without Git",
    epilog="""\b
Examples:
  promptgit bundle -o prompts.json
  promptgit bundle --to production --ref origin/main -o prompts.json
  PROMPTGIT_ROLLOUT=prompts.json python app.py""",
)
@click.option("--to", "environment", metavar="ENV", help="This environment only")
@click.option(
    "--ref",
    "revision",
    default="HEAD",
    metavar="REV",
    shell_complete=revisions,
    help="What is live as of REV (default: HEAD)",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, not to standard output")
def command(environment: str | None, revision: str, output: str | None) -> None:
    """
    Write the rollouts that are committed, with the text of every variant and what it includes, as
    one JSON file.  `promptgit.load(..., unit=…)` serves from it where PROMPTGIT_ROLLOUT or
    `rollout=` names it: no Git, no repository and no YAML needed.

    The same commit gives the same bytes.  FILE is replaced whole, and running processes take the
    new one up within seconds.
    """
    from pathlib import Path

    from promptgit.cli.bundling import bundle_of, write_file
    from promptgit.edges.git import Git

    text = bundle_of(Git.discover(Path.cwd()), revision, environment)
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(text, output)
    click.echo(f"wrote {output}: {len(text.encode()):,} bytes", err=True)
