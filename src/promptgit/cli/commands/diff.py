"""`promptgit diff`: a prompt and its scores between two revisions."""

from __future__ import annotations

from collections.abc import Iterator

import click

from promptgit.cli import past
from promptgit.cli.completing import prompt_paths, revisions
from promptgit.errors import UserError
from promptgit.history.diff import Measured, measure, word_diff
from promptgit.history.log import Change
from promptgit.report import history_json, history_text
from promptgit.report.history_text import Styled


@click.command(
    short_help="Compare a prompt and its scores between two revisions",
    epilog="""\b
Examples:
  promptgit diff HEAD~3 HEAD prompts/support-reply.md
  promptgit diff main my-branch --json

\b
JSON: {schema, old, new, prompts: [{path, old_path, before, after, words, included: [{path, before,
after, words}], measured: {score, n, metrics, fixed, broke, cases, half, stage, records,
backwards}}]}""",
)
@click.argument("old", metavar="A", shell_complete=revisions)
@click.argument("new", metavar="B", shell_complete=revisions)
@click.argument("prompt", required=False, shell_complete=prompt_paths)
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
def command(old: str, new: str, prompt: str | None, as_json: bool) -> None:
    """
    Show which words of PROMPT, or of all prompts, differ between A and B, and what that did:
    metrics before and after, cases fixed and broken with both answers.  Of a PROMPT that is named,
    and of a pipeline, the files that it includes or plays are shown too.
    """
    with past.here() as here:
        a, b = here.git.resolve(old), here.git.resolve(new)
        changes, parts = _changes(here, a, b, prompt)
        if as_json:
            listed = [_as_json(here, a, b, change, parts) for change in changes]
            past.show_json({"schema": history_json.SCHEMA, "old": a, "new": b, "prompts": listed})
        else:
            past.show(_lines(here, a, b, changes, parts))


def _changes(
    here: past.Here, old: str, new: str, prompt: str | None
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """The changes of prompts; and of one that is named, those of the files that it includes."""
    changes = here.commits.between(old, new)
    if prompt is None:
        _, wanted = past.prompts()
        return tuple(change for change in changes if wanted(change.path)), ()
    path = here.path(prompt)
    found = tuple(change for change in changes if path in (change.path, change.old_path))
    blob = here.commits.blob_at(new, path)
    parts = here.parts((old, new), path, changes)
    if not found and blob and parts:
        found = (Change(path, blob, blob, "I"),)
    if not found and not blob:
        raise UserError(
            f"there is no {path!r} in {new[:12]}",
            hint="paths are relative to where you stand",
        )
    return found, parts


def _lines(
    here: past.Here,
    old: str,
    new: str,
    changes: tuple[Change, ...],
    parts: tuple[Change, ...],
) -> Iterator[Styled]:
    if not changes:
        yield (("no difference", "dim"),)
    for place, change in enumerate(changes):
        if place:
            yield ()
        yield from history_text.changed_heading(change)
        yield from history_text.word_lines(
            word_diff(here.text(change.before), here.text(change.after))
        )
        for part in parts:
            yield from history_text.changed_heading(part)
            yield from history_text.word_lines(
                word_diff(here.text(part.before), here.text(part.after))
            )
        yield ()
        yield from history_text.measured_lines(_measured(here, old, new, change))


def _as_json(
    here: past.Here, old: str, new: str, change: Change, parts: tuple[Change, ...]
) -> dict[str, object]:
    lines = list(word_diff(here.text(change.before), here.text(change.after)))
    return {
        "path": change.path,
        "old_path": change.old_path or change.path,
        "before": change.before,
        "after": change.after,
        "words": history_json.words(lines),
        "included": [
            {
                "path": part.path,
                "before": part.before,
                "after": part.after,
                "words": history_json.words(
                    list(word_diff(here.text(part.before), here.text(part.after)))
                ),
            }
            for part in parts
        ],
        "measured": history_json.measured(_measured(here, old, new, change)),
    }


def _measured(here: past.Here, old: str, new: str, change: Change) -> Measured | None:
    judge = here.judge
    before = judge.findings(old, change.old_path or change.path, change.before)
    after = judge.findings(new, change.path, change.after)
    return measure(judge.archive, before, after)
