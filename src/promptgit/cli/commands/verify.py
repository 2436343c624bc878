"""`promptgit verify`: the claims in commit messages against the records."""

from __future__ import annotations

from collections import Counter

import click

from promptgit.cli import past
from promptgit.edges.records import Records
from promptgit.errors import UserError
from promptgit.history.log import parse_log
from promptgit.history.verify import State, verify
from promptgit.report import history_json, history_text

FOUND, INCOMPLETE = 1, 3  # exit codes


@click.command(
    short_help="Check the claims in commit messages against the records",
    epilog="""\b
Examples:
  promptgit verify
  promptgit verify origin/main..HEAD --strict

\b
JSON: {schema, complete, counts: {ok, claimed, stale, mismatch, altered}, claims: [{commit,
subject, path, state, why, record}], broken: [{path, what}]}""",
)
@click.argument("revisions", metavar="[RANGE]", default="HEAD")
@click.option("--strict", is_flag=True, help="Also fail on claims that have no record here")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(ctx: click.Context, revisions: str, strict: bool, as_json: bool) -> None:
    """
    Check every claim that commit messages in RANGE (A..B, or all that a revision reaches) make
    about a prompt: is it about the text the commit holds, and are its numbers the record's?

    Each claim is ok, claimed (no record here), stale (another text), mismatch (other numbers) or
    altered (the record was edited).  The records themselves are read too.  Exits with 1 on the
    last three or a broken record, with --strict on claimed too, and with 3 where a shallow clone
    hides older commits.
    """
    with past.here() as here:
        commits = parse_log(here.commits.claiming(_tips(here, revisions)))
        claims = list(verify(commits, here.judge.archive, here.commits))
        counts = Counter(claim.state for claim in claims)
        broken = Records(here.git).verify()
        complete = ".." in revisions or not here.commits.shallow
        if as_json:
            past.show_json(
                {
                    "schema": history_json.SCHEMA,
                    "complete": complete,
                    "counts": {state.word: counts[state] for state in State},
                    "claims": [history_json.checked(claim) for claim in claims],
                    "broken": [{"path": one.path, "what": one.what} for one in broken],
                }
            )
        else:
            past.show(line for claim in claims for line in history_text.verify_lines(claim))
            past.show(history_text.broken_record(one.path, one.what) for one in broken)
            past.show([history_text.verified(counts)])
            if not complete:
                past.show([history_text.incomplete(len(here.commits.shallow))])
    worst = max(counts, default=State.OK)
    if broken or worst > (State.OK if strict else State.CLAIMED):
        ctx.exit(FOUND)
    ctx.exit(0 if complete else INCOMPLETE)


def _tips(here: past.Here, revisions: str) -> tuple[str, ...]:
    if "..." in revisions:
        raise UserError(
            f"{revisions} has three dots, which needs a common ancestor",
            hint=f"write {revisions.replace('...', '..')}",
        )
    old, dots, new = revisions.partition("..")
    if not dots:
        return (here.git.resolve(old),)
    return (here.git.resolve(new or "HEAD"), f"^{here.git.resolve(old or 'HEAD')}")
