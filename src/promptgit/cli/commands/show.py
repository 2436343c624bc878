"""`promptgit show`: one commit with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

import click

from promptgit.cli import past
from promptgit.cli.completing import revisions
from promptgit.core.record import Record
from promptgit.core.revision import Revision
from promptgit.errors import UserError
from promptgit.history.diff import Measured, by_comparison, measure, word_diff
from promptgit.history.log import Change, RawCommit, parse_log
from promptgit.report import history_json, history_text
from promptgit.report.history_text import Styled
from promptgit.report.measure_text import recorded_lines


@click.command(
    short_help="Show one commit with its evidence",
    epilog="""\b
Examples:
  promptgit show
  promptgit show 3f2a1c9 prompts/support-reply.md --json

\b
JSON: {schema, commit, message, prompts: [{...the keys of log, words, measured: {score, n,
metrics, fixed, broke, cases, half, stage, records, backwards}, production: [a record of
`flywheel measure`]}]}""",
)
@click.argument("revision", metavar="[REV]", default="HEAD", shell_complete=revisions)
@click.argument("prompt", required=False)
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
def command(revision: str, prompt: str | None, as_json: bool) -> None:
    """
    Show commit REV, or the newest: its message, how far its score can be believed, what changed
    in the prompt, and which cases that fixed and broke.
    """
    with past.here() as here:
        commit = next(parse_log(here.commits.alone([here.git.resolve(revision)])))
        changes = _changes(here, commit, prompt)
        if as_json:
            listed = [_as_json(here, commit, change) for change in changes]
            past.show_json(
                {
                    "schema": history_json.SCHEMA,
                    "commit": commit.id,
                    "message": commit.message,
                    "prompts": listed,
                }
            )
        else:
            past.show(_lines(here, commit, changes))


def _changes(here: past.Here, commit: RawCommit, prompt: str | None) -> tuple[Change, ...]:
    if prompt is None:
        _, wanted = past.prompts()
        return tuple(change for change in commit.changes if wanted(change.path))
    path = here.path(prompt)
    change = commit.change_of(path)
    blob = here.commits.blob_at(commit.id, path)
    if change is None and blob and here.parts((commit.id,), path, commit.changes):
        change = Change(path, blob, blob, "I")
    if change is None:
        raise UserError(
            f"{commit.id[:12]} does not change {path}",
            hint=f"`promptgit log {path}` lists the commits that do",
        )
    return (change,)


def _lines(here: past.Here, commit: RawCommit, changes: tuple[Change, ...]) -> Iterator[Styled]:
    yield from history_text.heading(commit)
    if not changes:
        yield ()
        yield (("this commit changes no prompt", "dim"),)
    for change in changes:
        revision = here.judge.revision(commit, change)
        yield ()
        yield from history_text.evidence_lines(revision)
        yield from history_text.measured_lines(_measured(here, commit, change, revision))
        yield from recorded_lines(_in_production(here, revision), revision.blob)
        yield ()
        included = change.status == "I"
        parts = here.parts((commit.id,), change.path, commit.changes) if included else (change,)
        for part in parts:
            if included:
                yield from history_text.changed_heading(part)
            yield from history_text.word_lines(
                word_diff(here.text(part.before), here.text(part.after))
            )


def _as_json(here: past.Here, commit: RawCommit, change: Change) -> dict[str, object]:
    revision = here.judge.revision(commit, change)
    lines = list(word_diff(here.text(change.before), here.text(change.after)))
    return {
        **history_json.revision(revision),
        "words": history_json.words(lines),
        "measured": history_json.measured(_measured(here, commit, change, revision)),
        "production": [dict(record.body) for record in _in_production(here, revision)],
    }


def _in_production(here: past.Here, revision: Revision) -> list[Record]:
    """What `flywheel measure --record` kept about the text, newest first."""
    found = here.judge.archive.find(revision.blob) if revision.blob else []
    return [record for record in found if record.body.get("kind") == "measurement"]


def _measured(
    here: past.Here, commit: RawCommit, change: Change, revision: Revision
) -> Measured | None:
    """What stands behind the revision's score: its record, or two evaluations."""
    judge = here.judge
    proof = judge.finding(revision)
    if proof and proof.was:
        return by_comparison(judge.archive, proof)
    if not commit.parents or not change.before:
        return None
    before = judge.findings(commit.parents[0], change.old_path or change.path, change.before)
    after = judge.findings(commit.id, change.path, change.after)
    return measure(judge.archive, before, after)
