# ruff: noqa: N999  (a command is in the file of its name)
"""`promptgit logs import`: what others logged becomes log lines, redacted, once each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from promptgit.cli.log_place import LogPlace, show_json
from promptgit.errors import UserError
from promptgit.report import logs_text

if TYPE_CHECKING:
    from promptgit.edges.logs.importing import Imported
    from promptgit.edges.logs.seen import Seen


_SHOWN = 12  # columns that are not read


@click.command(
    "import",
    short_help="Import what others logged, redacted and once each",
    epilog="""\b
Examples:
  promptgit logs import traces.jsonl
  promptgit logs import --map output=answer,input=question,at=time chats.csv.gz
  promptgit logs import --again chats.csv --map scores.quality=rating
  llm-proxy-export | promptgit logs import - --format litellm --dry-run

\b
Formats: otel, openai, litellm, langfuse, promptfoo, llm, promptgit, table (CSV and JSON Lines).
JSON: {schema, folder, dry_run, files: [{file, format, why, records, imported, duplicates,
quarantined, reasons, passed, redacted, days, damage, replaced, unread, missing}]}""",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "form", default="auto", help="The format of FILE; found out by default")
@click.option("--map", "columns", default="", metavar="FIELD=COLUMN,…", help="Columns of a table")
@click.option("--prompt", default="", metavar="NAME", help="The prompt of calls that name none")
@click.option("--again", is_flag=True, help="Replace what FILE brought before")
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and write nothing")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(
    files: tuple[str, ...],
    form: str,
    columns: str,
    prompt: str,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Import calls and feedback from FILE (`-`: standard input; gzip is unpacked) into the logs.

    What is personal or secret is replaced by pseudonyms before anything is written.  A record that
    was imported before is left out, so an import that was killed is just run again; --again takes
    it out first, for another --map.  Lines that cannot be read go to the quarantine, with the
    reason.
    """
    from promptgit.core.naming import name_of
    from promptgit.edges.logs.importing import Wishes, import_source, keys_of_source, refuse_unknown
    from promptgit.edges.logs.sources import STDIN, opened
    from promptgit.flywheel.importers import FORMATS
    from promptgit.flywheel.importers.table import columns_of

    refuse_unknown(form, FORMATS)
    if columns and form not in ("auto", "table"):
        raise UserError(
            f"--map is for tables, and --format says {form}", hint="leave one of them out"
        )
    if again and STDIN in files:
        raise UserError(
            "--again reads a file twice, and standard input can be read once",
            hint="write it to a file, and import that",
        )
    place = LogPlace.here()
    if place.is_in_git:
        raise UserError(
            f"Git does not ignore {place.folder}: the logs could be committed",
            hint="name it in .gitignore, or leave `capture.folder` out of flywheel.yaml",
        )
    named = name_of(prompt) if "/" in prompt else prompt
    today = datetime.now(UTC).date().isoformat()
    wishes = Wishes(form, columns_of(columns), named, today)
    redactor = place.redactor()
    done: list[Imported] = []
    if named and (note := _unknown_prompt(named, place)):
        click.echo(f"note: {note}", err=True)
    with _seen(place, dry_run) as seen:
        for path in files:
            replaced = 0
            if again and seen:
                with opened(path) as source:
                    replaced = seen.take_back(keys_of_source(source, redactor, wishes))
            with opened(path) as source:
                state = None
                for state in import_source(source, seen, redactor, wishes):
                    _progress(state)
                if state is not None:
                    state.replaced = replaced
                    done.append(state)
                    if not as_json:
                        _show(state, place, dry_run)
    if as_json:
        listed = [_as_json(state) for state in done]
        show_json({"schema": 1, "folder": str(place.folder), "dry_run": dry_run, "files": listed})


@contextmanager
def _seen(place: LogPlace, dry_run: bool) -> Iterator[Seen | None]:
    if dry_run:
        yield None
        return
    from promptgit.edges.logs.seen import Seen

    with Seen.held(place.folder, doing="logs import") as seen:
        yield seen


def _progress(state: Imported) -> None:
    if sys.stderr.isatty():
        name = logs_text.glance(state.file, 40)
        sys.stderr.write(f"\r\x1b[K{name}: {state.records:,} records")
        sys.stderr.flush()


def _show(state: Imported, place: LogPlace, dry_run: bool) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    click.echo(f"{logs_text.glance(state.file, 200)}: {_format(state)}")
    would = "would import" if dry_run else "imported"
    of = f" of {logs_text.days(state.days)}" if state.imported else ""
    rows = [(would, f"{state.imported:,}{of}")]
    if state.replaced:
        rows.append(("replaced", f"{state.replaced:,} that it brought before"))
    if state.duplicates:
        known = f"{state.duplicates:,} were imported before"
        rows.append(("known", f"{known}; `--again` replaces them"))
    rows += [("left out", f"{count:,} × {what}") for what, count in state.passed.most_common(5)]
    if state.quarantined:
        where = "" if dry_run else f", in {place.folder / 'quarantine'}"
        rows.append(("unreadable", f"{state.quarantined:,}{where}"))
        rows += [("", reason) for reason in logs_text.reasons(state.reasons)]
    if state.redacted:
        rows.append(("redacted", logs_text.counted(state.redacted)))
    if state.unread:
        rows += _not_read(state)
    if state.missing:
        lost = ", ".join(logs_text.glance(column, 40) for column in state.missing)
        rows.append(("note", f"no record at the beginning has {lost}, which --map names"))
    if state.damage:
        rows.append(("cut off", f"the file ends before its time: {state.damage}"))
    if note := _too_old(state, place):
        rows.append(("note", note))
    for name, said in rows:
        click.echo(f"  {name:<12} {said}")


def _not_read(state: Imported) -> Iterator[tuple[str, str]]:
    shown = state.unread[:_SHOWN]
    more = len(state.unread) - len(shown)
    names = ", ".join(logs_text.glance(column, 40) for column in shown)
    yield "not read", names + (f" and {more:,} more columns" if more else "")
    if state.suggested:
        again = "--again " if state.imported or state.duplicates else ""
        yield "", f"{again}--map {state.suggested} reads them"


def _unknown_prompt(name: str, place: LogPlace) -> str:
    """What to say of a name that no prompt of the repository has; empty when one has it."""
    from difflib import get_close_matches

    from promptgit.cli.wiring import Repository
    from promptgit.core.naming import name_of

    if place.git is None or place.git.bare:
        return ""
    known = {name_of(path) for path in Repository.at(place.git, "").prompts}
    if name in known:
        return ""
    close = get_close_matches(name, sorted(known), n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"this repository has no prompt {logs_text.glance(name, 60)!r}{meant}"


def _format(state: Imported) -> str:
    return f"format {state.format}, {state.why}" if state.format else "empty"


def _too_old(state: Imported, place: LogPlace) -> str:
    retention = place.plan.capture.retention
    if retention is None:
        return ""
    oldest = (datetime.now(UTC).date() - retention).isoformat()
    old = sum(count for day, count in state.days.items() if day < oldest)
    if not old:
        return ""
    return (
        f"{old:,} are older than {retention.days} days, which `capture.retention` keeps: "
        "the next `promptgit logs retention` deletes them"
    )


def _as_json(state: Imported) -> dict[str, object]:
    return {
        "file": state.file,
        "format": state.format,
        "why": state.why,
        "records": state.records,
        "imported": state.imported,
        "duplicates": state.duplicates,
        "quarantined": state.quarantined,
        "reasons": dict(state.reasons),
        "passed": dict(state.passed),
        "redacted": dict(state.redacted),
        "days": dict(sorted(state.days.items())),
        "damage": state.damage,
        "replaced": state.replaced,
        "unread": list(state.unread),
        "missing": list(state.missing),
    }
