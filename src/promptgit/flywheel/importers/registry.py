"""Which formats there are, and which one a file is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, islice
from typing import Any

from promptgit.errors import UserError
from promptgit.flywheel.importers.record import Outcome, Record, Rejected
from promptgit.flywheel.redaction import Redactor

FORMATS: Mapping[str, str] = {  # in the order in which they are asked
    "promptgit": "promptgit's own log lines",
    "otel": "OpenTelemetry GenAI, OTLP as JSON or JSON Lines: spans and events, old names and new",
    "litellm": "litellm's StandardLoggingPayload",
    "langfuse": "langfuse observations: JSON, JSON Lines or CSV",
    "promptfoo": "promptfoo results, and the messages by session that its guide logs",
    "llm": "the SQLite database of the command llm",
    "openai": "OpenAI stored completions, and chats as JSON Lines",
    "table": "CSV or JSON Lines with columns that --map names",
}
SAMPLE = 20  # records that a format is recognised by


@dataclass(frozen=True, slots=True)
class Found:
    """A format, and how sure that is."""

    format: str
    why: str  # `12 of 12 records`


def detect(sample: Sequence[Record], name: str) -> Found:
    """
    Say which format most of the first records are in.

    Raises UserError, with what there is to choose from, if none or fewer than half are.
    """
    best = ("", 0)
    for form in FORMATS:
        recognises = _module(form).recognises
        count = sum(1 for record in sample if recognises(record.value))
        if count > best[1]:
            best = (form, count)
    if sample and best[1] * 2 > len(sample):
        return Found(best[0], f"{best[1]} of the first {len(sample)} records")
    columns = ", ".join(sorted(sample[0].value)[:12]) if sample else ""
    columns = Redactor(b"nobody keeps this").text(columns)  # a file without a header
    raise UserError(
        f"{name} is in no format that is known"
        + (f": its first record has {columns}" if columns else ": no record in it can be read"),
        hint="name one with --format ("
        + ", ".join(FORMATS)
        + "), or say which column is what: --map output=answer,input=question",
    )


def interactions(
    form: str, records: Iterable[Record | Rejected], **options: Any
) -> Iterator[Outcome]:
    """Read records that are in a format; `table` takes `columns`."""
    outcomes: Iterator[Outcome] = _module(form).interactions(records, **options)
    return outcomes


def sampled(
    records: Iterator[Record | Rejected],
) -> tuple[list[Record | Rejected], Iterator[Record | Rejected]]:
    """The first records, and all of them again."""
    head = list(islice(records, SAMPLE))
    return head, chain(head, records)


def _module(form: str) -> Any:
    return import_module(f"promptgit.flywheel.importers.{form}")
