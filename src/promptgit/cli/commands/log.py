"""`promptgit log`: the history of prompts with their scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import click

from promptgit.cli import past
from promptgit.cli.completing import prompt_paths, revisions
from promptgit.cli.console import width
from promptgit.core.revision import Evidence, Revision
from promptgit.core.trailers import path_of
from promptgit.errors import UserError
from promptgit.history.log import Change, RawCommit, every_change, follow
from promptgit.report import history_json, history_text, log_text
from promptgit.report.log_text import Layout

INCOMPLETE = 3  # exit code: the history goes on where this clone ends


@click.command(
    short_help="Show the history of prompts with their scores",
    epilog="""\b
Examples:
  promptgit log prompts/support-reply.md
  promptgit log -n 20 --json | jq '.commits[] | {commit, score}'

\b
JSON: {schema, complete, commits: [{commit, parents, when, author, subject, path,
blob, was, evidence, score, before, n, fixed, broke, record, problem, steps,
half, whole_run: {score, before, half, n, fixed, broke, record, steps}, terms, takes_back}]};
scores make a trend where terms are equal.""",
)
@click.argument("prompt", required=False, shell_complete=prompt_paths)
@click.option("-n", "--max-count", type=click.IntRange(min=1), help="Show the newest N only")
@click.option(
    "--ref",
    "revision",
    default="HEAD",
    metavar="REV",
    shell_complete=revisions,
    help="Start from REV, not HEAD",
)
@click.option("--ci", is_flag=True, help="Ask who vouches for each claim, as verify --ci does")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str | None,
    max_count: int | None,
    revision: str,
    ci: bool,
    as_json: bool,
) -> None:
    """
    Show the history of PROMPT, or of all prompts, newest first.

    A score belongs to a text: it is looked up by what the commit holds, and so survives squash,
    rebase, amend and revert.  The word beside it says how far to believe it: confirmed (proven
    on sealed cases), screening (a gain seen while searching), evaluated (measured, which proves
    no gain), claimed (only the message says so), stale (the message speaks of another text) or
    unevaluated; with --ci also verified-ci (somebody who may vouches for it, see `promptgit
    verify`).

    What follows is what the commit itself bought, and on which cases; where a run was confirmed as
    a whole, its last commit has a second line with the run's own score on the sealed cases.  A
    row whose score is of other cases than that of the row above has a `*`.

    Exits with 3 where a shallow clone hides older commits.
    """
    with past.here() as here:
        tip = here.git.resolve(revision)
        found = _walk(here, tip, prompt)
        newest = islice(found, max_count)
        revisions = (here.judge.revision(commit, change) for commit, change in newest)
        shown = _Counted(_vouched(here, tip, newest) if ci else revisions)
        if as_json:
            listed = [history_json.revision(one) for one in shown]
            hidden = _hidden(here, len(listed), max_count)
            past.show_json(
                {"schema": history_json.SCHEMA, "complete": not hidden, "commits": listed}
            )
        else:
            layout = _layout(here, prompt)
            past.show(log_text.history_lines(shown, layout))
            hidden = _hidden(here, shown.count, max_count)
            if hidden:
                past.show([history_text.incomplete(hidden)])
        if not shown.count and not hidden:
            raise UserError(
                f"no commit that {revision} reaches changes {prompt or 'a prompt'}",
                hint="is it committed?  `git log -- PATH` would show it",
            )
    ctx.exit(INCOMPLETE if hidden else 0)


def _vouched(
    here: past.Here, tip: str, found: Iterator[tuple[RawCommit, Change]]
) -> Iterator[Revision]:
    """Call verified what the list on base vouches for; signatures are asked for all at once."""
    from promptgit.cli.trusting import notary, vouched_for

    pairs = list(found)
    commits = list(dict.fromkeys(commit for commit, _ in pairs))
    judge = notary(here, tip, base=None, path=None)
    verified = vouched_for(list(judge.judged(commits)))
    for commit, change in pairs:
        one = here.judge.revision(commit, change)
        named = one.trailers.get("Prompt-Path", "")
        if (commit.id, path_of(named)) in verified and one.evidence is not Evidence.STALE:
            one = replace(one, evidence=Evidence.VERIFIED_CI)
        yield one


class _Counted:
    """Counts revisions as they pass."""

    def __init__(self, revisions: Iterator[Revision]) -> None:
        self._revisions = revisions
        self.count = 0

    def __iter__(self) -> Iterator[Revision]:
        for one in self._revisions:
            self.count += 1
            yield one


def _walk(here: past.Here, tip: str, prompt: str | None) -> Iterator[tuple[RawCommit, Change]]:
    if prompt is not None:
        path = here.path(prompt)
        return follow(here.commits, tip, path, here.included(tip, path))
    roots, wanted = past.prompts()
    return every_change(here.commits, tip, roots, wanted)


def _layout(here: past.Here, prompt: str | None) -> Layout:
    """Columns for every state that may come: only a shallow clone has incomplete history."""
    widest = Evidence.INCOMPLETE if here.commits.shallow else Evidence.UNEVALUATED
    return Layout(width(), evidence=len(widest), with_path=prompt is None)


def _hidden(here: past.Here, shown: int, wanted: int | None) -> int:
    """How many commits of this clone have parents it lacks, if the list could go on there."""
    return 0 if wanted is not None and shown >= wanted else len(here.commits.shallow)
