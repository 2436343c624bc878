"""Import records into the folder of the logs: redacted, once each, a batch wholly or not at all."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from promptgit.edges.logs.seen import Seen, key_of
from promptgit.edges.logs.sources import Source
from promptgit.errors import UserError
from promptgit.flywheel.importers import Passed, Record, Rejected, detect, interactions
from promptgit.flywheel.importers.columns import missing, unread_columns
from promptgit.flywheel.importers.record import Outcome
from promptgit.flywheel.importers.registry import sampled
from promptgit.flywheel.interaction import CALL, Interaction
from promptgit.flywheel.redaction import Redactor

WRITER = "import"  # 2026-11-21.import.jsonl
QUARANTINE = "quarantine"
BATCH = 5_000  # records
BATCH_BYTES = 8 << 20
_SHOWN = 2_000  # characters of a quarantined record
_LOOKED_AT = 50_000  # of it, when it is redacted


@dataclass(slots=True)
class Imported:
    """What became of the records of one file; it grows while they are read."""

    file: str
    format: str = ""
    why: str = ""  # of the format
    imported: int = 0
    duplicates: int = 0
    quarantined: int = 0
    passed: Counter[str] = field(default_factory=Counter)  # fine, and no call: what they were
    redacted: Counter[str] = field(default_factory=Counter)  # by kind
    days: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)  # of the quarantined
    damage: str = ""  # why the file ended before its time
    replaced: int = 0  # lines that the file had brought before
    unread: tuple[str, ...] = ()  # columns of a table that no field is read from
    suggested: str = ""  # a --map that reads them
    missing: tuple[str, ...] = ()  # columns that --map names and no record had so far

    @property
    def records(self) -> int:
        return self.imported + self.duplicates + self.quarantined + sum(self.passed.values())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked of an import."""

    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""  # the name for lines that have none
    today: str = ""  # 2026-11-21, of the quarantine


@dataclass(slots=True)
class _Batch:
    keys: list[int] = field(default_factory=list)
    lines: list[tuple[str, bytes]] = field(default_factory=list)  # (file, line), by key
    days: list[str] = field(default_factory=list)
    is_bad: list[bool] = field(default_factory=list)
    size: int = 0

    def add(self, key: int, file: str, day: str, line: str, *, is_bad: bool = False) -> None:
        data = line.encode("utf-8", "replace") + b"\n"
        self.keys.append(key)
        self.lines.append((file, data))
        self.days.append(day)
        self.is_bad.append(is_bad)
        self.size += len(data)

    @property
    def is_full(self) -> bool:
        return len(self.keys) >= BATCH or self.size >= BATCH_BYTES


def import_source(
    source: Source, seen: Seen | None, redactor: Redactor, wishes: Wishes
) -> Iterator[Imported]:
    """
    Import one file; yield how far it is after each batch, and at the end.

    seen: of the folder that is written to; None writes nothing, and knows no duplicates but those
    of the file itself.  Raises UserError when nobody knows the format.
    """
    done = Imported(source.name)
    batch = _Batch()
    fresh: set[int] = set()  # of a dry run
    for outcome in _outcomes(source, redactor, wishes, done):
        if isinstance(outcome, Passed):
            done.passed[outcome.what] += 1
            continue
        if isinstance(outcome, Rejected):
            _quarantine(outcome, batch, done, redactor, wishes.today)
        else:
            _take(outcome, batch, done, redactor, wishes)
        if batch.is_full:
            _write(batch, seen, fresh, done)
            batch = _Batch()
            yield done
    done.damage = "; ".join(source.damage)
    _write(batch, seen, fresh, done)
    yield done


def keys_of_source(source: Source, redactor: Redactor, wishes: Wishes) -> Iterator[list[int]]:
    """
    Yield the keys of the lines that an import of a file would write, batch by batch.

    Raises UserError as the import does.
    """
    outcomes = _outcomes(source, redactor, wishes, Imported(source.name))
    lines = (one for one in outcomes if isinstance(one, Interaction))
    while some := list(islice(lines, BATCH)):
        yield [key_of(line.kind, redactor.identity(line.id)) for line in some]


def _outcomes(
    source: Source, redactor: Redactor, wishes: Wishes, done: Imported
) -> Iterator[Outcome]:
    """What the records of a file are; `done` is told the format."""
    head, records = sampled(source.records)
    if not head:
        return
    first = [one for one in head if isinstance(one, Record)]
    done.format, done.why = wishes.format, "as --format says"
    if wishes.columns:
        done.format, done.why = "table", "as --map says"
    elif wishes.format == "auto":
        found = detect(first, source.name)
        done.format, done.why = found.format, found.why
    options: dict[str, Any] = {}
    if done.format in ("table", "openai"):
        options["at"] = source.at
    if done.format == "table":
        options["columns"] = wishes.columns
        rows = [one.value for one in first]
        done.missing = missing(rows, wishes.columns)
        unread = unread_columns(rows, wishes.columns)
        done.unread = tuple(redactor.text(column) for column in unread)
        meant = {field: name for name, field in unread.items() if field}
        if meant:
            columns = {**wishes.columns, **meant}
            done.suggested = ",".join(f"{name}={column}" for name, column in columns.items())
    yield from interactions(done.format, records, **options)


def _take(
    line: Interaction, batch: _Batch, done: Imported, redactor: Redactor, wishes: Wishes
) -> None:
    if wishes.prompt and not line.prompt and line.kind == CALL:
        line = replace(line, prompt=wishes.prompt)
    line = redactor.interaction(line, done.redacted)
    try:
        written = line.line()
    except ValueError as error:
        rejected = Rejected(0, f"{line.id}: {error}")
        _quarantine(rejected, batch, done, redactor, wishes.today)
        return
    name = f"{line.day}.{WRITER}.jsonl"
    batch.add(key_of(line.kind, line.id), name, line.day, written)


def _quarantine(
    rejected: Rejected, batch: _Batch, done: Imported, redactor: Redactor, today: str
) -> None:
    facts = {
        "file": redactor.text(Path(done.file).name),
        "line": rejected.line,
        "reason": redactor.text(rejected.reason, done.redacted),
        "text": redactor.text(rejected.text[:_LOOKED_AT], done.redacted)[:_SHOWN],
    }
    done.reasons[str(facts["reason"])] += 1
    written = json.dumps(facts, ensure_ascii=False)
    batch.add(
        key_of(QUARANTINE, written), f"{QUARANTINE}/{today}.jsonl", today, written, is_bad=True
    )


def _write(batch: _Batch, seen: Seen | None, fresh: set[int], done: Imported) -> None:
    """Write what is new of a batch, and count."""
    known = seen.known(batch.keys) if seen else set(fresh)
    files: defaultdict[str, list[bytes]] = defaultdict(list)
    keys: list[tuple[int, str]] = []
    for key, (name, line), day, is_bad in zip(
        batch.keys, batch.lines, batch.days, batch.is_bad, strict=True
    ):
        done.quarantined += is_bad
        if key in known:
            done.duplicates += not is_bad
            continue
        known.add(key)
        keys.append((key, day))
        files[name].append(line)
        if not is_bad:
            done.imported += 1
            done.days[day] += 1
    if seen and keys:
        seen.write({name: b"".join(lines) for name, lines in files.items()}, keys)
    elif not seen:
        fresh.update(known)


def refuse_unknown(form: str, formats: Mapping[str, str]) -> None:
    """Raise UserError for a format that there is not."""
    if form != "auto" and form not in formats:
        raise UserError(
            f"there is no format {form!r}", hint="auto, or one of: " + ", ".join(formats)
        )
