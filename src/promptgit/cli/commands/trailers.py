"""`promptgit trailers`: is the evidence in a commit message as it must be?"""

from __future__ import annotations

from pathlib import Path

import click

KEYS = (b"prompt-", b"promptgit-", b"eval-")


@click.command(
    short_help="Check the evidence in a commit message, as a hook",
    epilog="""\b
Example:
  promptgit trailers .git/COMMIT_EDITMSG
  git log -1 --format=%B > message && promptgit trailers message""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.pass_context
def command(ctx: click.Context, file: str) -> None:
    """
    Check the evidence block of the commit message in FILE, for a commit-msg hook.

    Says which line is wrong and why, and `stale` when Prompt-Blob is not what the index holds for
    Prompt-Path: the text was edited after it was scored.  A message without our keys is none of
    its business.  Where the index cannot be read, the text is said to be not checked; whether the
    numbers are those of a record, `promptgit verify` says of the commit.

    Exits with 1 when a line is wrong or a block is stale.
    """
    data = Path(file).read_bytes()
    if not any(beginning in data.lower() for beginning in KEYS):
        return  # most messages: nothing more is loaded for them
    from promptgit.cli.staged import comment_char, stale
    from promptgit.history.shape import blocks, mistakes

    message = data.decode(errors="replace")
    comment = comment_char(Path.cwd())
    found = list(mistakes(message, comment))
    for mistake in found:
        click.echo(f"{file}:{mistake.line}: {mistake.message}")
        if mistake.hint:
            click.echo(f"    {mistake.hint}")
    old, unchecked = stale(Path.cwd(), blocks(message, comment))
    for line, said in old:
        click.echo(f"{file}:{line}: stale: {said}")
        click.echo("    score the text as it is now, or leave the block out: the record stays")
    if unchecked:
        click.echo(f"{file}: stale blobs were not checked: {unchecked}")
    ctx.exit(1 if found or old else 0)
