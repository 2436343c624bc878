"""`promptgit blame`: which commit wrote each line of a prompt, and what it bought."""

from __future__ import annotations

import click

from promptgit.cli import past
from promptgit.cli.completing import prompt_paths, revisions
from promptgit.cli.console import width
from promptgit.errors import UserError
from promptgit.history.blame import blame, parse_blame
from promptgit.history.log import parse_log
from promptgit.report import history_json, log_text
from promptgit.report.log_text import Layout


@click.command(
    short_help="Show which commit wrote each line and what it bought",
    epilog="""\b
Examples:
  promptgit blame prompts/support-reply.md
  promptgit blame prompts/support-reply.md v1.0 --json

\b
JSON: {schema, path, revision, lines: [{line, text, commit}], commits: {id: {...the keys of
log}}}""",
)
@click.argument("prompt", shell_complete=prompt_paths)
@click.argument("revision", metavar="[REV]", default="HEAD", shell_complete=revisions)
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
def command(prompt: str, revision: str, as_json: bool) -> None:
    """
    Show, for each line of PROMPT as of REV, the commit that wrote it, how far its score can be
    believed, the score before and after, and how many cases it fixed (+) and broke (-).  What
    confirmed a commit together with others is told below the lines.
    """
    with past.here() as here:
        tip, path = here.git.resolve(revision), here.path(prompt)
        if not here.commits.blob_at(tip, path):
            raise UserError(
                f"there is no {path!r} in {revision}",
                hint="`promptgit log` lists the prompts that were ever committed",
            )
        lines = tuple(parse_blame(here.commits.blame(tip, path)))
        ids = list(dict.fromkeys(line.commit for line in lines))
        commits = parse_log(here.commits.alone(ids)) if ids else ()
        found = blame(lines, commits, here.judge)
        if as_json:
            past.show_json(
                {
                    "schema": history_json.SCHEMA,
                    "path": path,
                    "revision": tip,
                    "lines": [history_json.blamed(one) for one in found],
                    "commits": {
                        one.line.commit: history_json.revision(one.revision) for one in found
                    },
                }
            )
        else:
            digits = len(str(len(found)))
            layout = Layout.of((one.revision for one in found), width())
            past.show(log_text.blame_line(one, digits, layout) for one in found)
            past.show(log_text.blame_notes(found))
